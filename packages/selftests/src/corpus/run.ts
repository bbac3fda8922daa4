import type { Verdict, VerifierInput } from "@bpf-ts/verifier";
import type { Corpus } from "./corpus.ts";
import { inputOf } from "./input.ts";
import { type Answer, type Judgement, judge } from "./judge.ts";
import type { CorpusRow } from "./row.ts";

/** Log levels that the corpus was recorded at: 1 or 2, and the statistics. */
export const LEVEL1: number = 1 | 4;
export const LEVEL2: number = 2 | 4;

/** The verifier under test. */
export type Verifier = (input: VerifierInput) => Verdict;

/** What to do with each row. */
export interface RunOptions {
  /** Rows to look at; default all. */
  wanted?: (id: string) => boolean;
  /** Verify a second time at log level 2 and compare that log too. */
  level2?: boolean;
  /** Called after each row. */
  onRow?: (judgement: Judgement, row: CorpusRow) => void;
}

function ask(verifier: Verifier, row: CorpusRow, corpus: Corpus, logLevel: number): Answer {
  try {
    return { verdict: verifier(inputOf(row, corpus, logLevel)) };
  } catch (thrown) {
    return { thrown };
  }
}

/**
 * The level that a row's first answer was recorded at: programs whose selftest asks for more detail were always loaded at level 2, which the
 * list of subprograms at the log's beginning shows.
 */
export function firstLevel(row: CorpusRow): number {
  return row.kernel.level1?.log?.startsWith("func#0 @0\n") === true ? LEVEL2 : LEVEL1;
}

/** Runs a verifier over the corpus. The rows on which the kernel has a verdict are told by the second part of the answer. */
export async function runCorpus(
  corpus: Corpus,
  verifier: Verifier,
  options: RunOptions = {},
): Promise<{ judgements: Judgement[]; kernelDecided: (id: string) => boolean }> {
  const judgements: Judgement[] = [];
  const undecided = new Set<string>();
  for await (const row of corpus.rows(options.wanted)) {
    if (row.kernel.verdict === "env-refused") undecided.add(row.id);
    const start = performance.now();
    const level1 = ask(verifier, row, corpus, firstLevel(row));
    const ms = performance.now() - start;
    const unsupported = "verdict" in level1 && level1.verdict.kind === "unsupported";
    // Logs that the corpus leaves out are too long to be made in vain.
    const wanted = options.level2 === true && !unsupported && row.kernel.level2?.log !== undefined;
    const level2 = wanted ? ask(verifier, row, corpus, LEVEL2) : undefined;
    const judgement = judge(row, level1, ms, level2);
    judgements.push(judgement);
    options.onRow?.(judgement, row);
  }
  return { judgements, kernelDecided: (id) => !undecided.has(id) };
}
