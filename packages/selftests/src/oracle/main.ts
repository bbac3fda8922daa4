import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Btf } from "@bpf-ts/btf";
import { defaultProfile, verify } from "@bpf-ts/verifier";
import { Corpus } from "../corpus/corpus.ts";
import { inputOf } from "../corpus/input.ts";
import { type Answer, type Judgement, judge } from "../corpus/judge.ts";
import { normaliseMessage, statsLine } from "../corpus/normalise.ts";
import { formatJudgement, formatSummary, sortBySeverity, summarise } from "../corpus/report.ts";
import type { CorpusAnswer, CorpusRow } from "../corpus/row.ts";
import { LEVEL1, LEVEL2 } from "../corpus/run.ts";
import { type LoadAnswer, loadRows } from "./kernel.ts";
import { isTyped, renumber } from "./kernel-ids.ts";
import { type Mutant, mutate } from "./mutate.ts";
import { Random } from "./random.ts";

const USAGE = `usage: mutate [options]      compares the verifier with the running kernel on changed programs of the corpus

Needs root on Linux 6.18, python3 and the corpus (BPF_TS_CORPUS). Programs are loaded at log level 2 and let go at once.
Exits with 1 if any differs.

  --runs N       changed programs (default 2000)
  --seed N       (default 1)
  --id TEXT      only programs whose id contains TEXT
  --typed        only programs that use types of the kernel: attach targets, kernel functions and variables
  --list N       show at most N that differ (default 20)
  --logs         count differences in logs as differences
  --out DIR      write each program that differs to DIR, a file in the corpus' format`;

/** Programs that are small, and whose maps the running kernel takes. */
function suits(row: CorpusRow): boolean {
  if (row.load.insns.length > 16 * 500) return false;
  return !row.maps.some((m) => m.btf_vmlinux_value_type_id !== undefined);
}

function lastLine(log: string): string {
  // The statistics may follow on the same line, where the kernel forgets to end the one before.
  const lines = log.replace(/verification time \d+ usec\n[\s\S]*$/, "").split("\n");
  return (lines.at(-1) === "" ? lines.at(-2) : lines.at(-1)) ?? "";
}

function asCorpusAnswer(answer: { errno: number; log: string }): CorpusAnswer {
  const { errno, log } = answer;
  return { verdict: errno === 0 ? "accept" : "reject", errno, log, stats: statsLine(log), lastLine: lastLine(log) };
}

function ask(row: CorpusRow, corpus: Corpus, profile: ReturnType<typeof defaultProfile>): Answer {
  try {
    return { verdict: verify(inputOf(row, corpus, LEVEL2), profile) };
  } catch (thrown) {
    return { thrown };
  }
}

/** EPERM, and not a word about the program: this machine lets nobody load such programs. */
function notAllowed({ errno, log }: { errno: number; log: string }): boolean {
  return errno === 1 && !/^(?!func#|verification time|stack depth|processed |$)/m.test(log);
}

/** Whether the running kernel still says of an unchanged program what the recorded one said: builds of one version differ. */
function isAsRecorded(base: CorpusRow, dir: string): boolean {
  const [now] = loadRows(process.cwd(), join(dir, "btf"), [{ load: base.load, maps: base.maps, log_level: LEVEL1 }]);
  const recorded = base.kernel.level1;
  if (now === undefined || "error" in now || recorded === undefined) return true;
  return (
    now.errno === recorded.errno &&
    (now.errno === 0 || normaliseMessage(lastLine(now.log)) === recordedMessage(recorded))
  );
}

function recordedMessage(recorded: CorpusAnswer): string {
  return normaliseMessage((recorded.lastLine ?? "").replace(/verification time \d+ usec$/, ""));
}

interface Case {
  base: CorpusRow;
  row: CorpusRow;
  mutant: Mutant;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      runs: { type: "string", default: "2000" },
      seed: { type: "string", default: "1" },
      id: { type: "string", default: "" },
      list: { type: "string", default: "20" },
      logs: { type: "boolean", default: false },
      out: { type: "string" },
      typed: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const dir = process.env["BPF_TS_CORPUS"];
  if (values.help || dir === undefined) {
    console.log(USAGE);
    return values.help ? 0 : 2;
  }
  const corpus = new Corpus(dir);
  const running = Btf.parse(readFileSync("/sys/kernel/btf/vmlinux"));
  const profile = defaultProfile(running);
  const bases: CorpusRow[] = [];
  for await (const row of corpus.rows((id) => id.includes(values.id))) {
    const base = suits(row) ? renumber(row, corpus.kernelBtf, running) : undefined;
    if (base !== undefined && (!values.typed || isTyped(base))) bases.push(base);
  }

  const r = new Random(Number(values.seed));
  const runs = Number(values.runs);
  const judgements: Judgement[] = [];
  const changes = new Map<string, string[]>();
  /** Programs of which the running kernel, unchanged as they are, says something else than the recorded one. */
  const otherKernel = new Set<string>();
  let unusable = 0;
  for (let done = 0; done < runs; ) {
    const batch: Case[] = Array.from({ length: Math.min(200, runs - done) }, (_, i) => {
      const base = r.pick(bases);
      const mutant = mutate(r, base);
      const row = { ...base, load: mutant.load, maps: mutant.maps, id: `${base.id} #${done + i}` };
      return { base, row, mutant };
    });
    done += batch.length;
    const answers: LoadAnswer[] = loadRows(
      process.cwd(),
      join(dir, "btf"),
      batch.map(({ row }) => ({ load: row.load, maps: row.maps, log_level: LEVEL2 })),
    );
    for (const [i, { base, row, mutant }] of batch.entries()) {
      const answer = answers[i]!;
      if ("error" in answer || answer.errno === 28 || notAllowed(answer)) {
        unusable++;
        continue;
      }
      const kernel = asCorpusAnswer(answer);
      row.kernel = { verdict: kernel.verdict, level1: kernel };
      const start = performance.now();
      const judgement = judge(row, ask(row, corpus, profile), performance.now() - start);
      const differs = judgement.outcome === "wrong" || (values.logs && judgement.differences.length > 0);
      if (differs && !isAsRecorded(base, dir)) {
        otherKernel.add(base.id);
        continue;
      }
      judgements.push(judgement);
      if (!differs) continue;
      changes.set(row.id, mutant.changes);
      if (values.out !== undefined) {
        mkdirSync(values.out, { recursive: true });
        const name = `${judgement.differences[0]}-${row.id.replaceAll(/[^\w.#-]+/g, "_")}`.slice(0, 120);
        writeFileSync(join(values.out, `${name}.json`), `${JSON.stringify(row)}\n`);
      }
    }
  }
  const differing = sortBySeverity(judgements.filter((j) => changes.has(j.id)));
  for (const j of differing.slice(0, Number(values.list))) {
    console.log(formatJudgement(j));
    for (const change of changes.get(j.id)!) console.log(`               ${change}`);
  }
  for (const id of otherKernel) console.log(`not judged, as this kernel is not the recorded one: ${id}`);
  console.log(`\n${unusable} could not be judged (map or BTF refused, not allowed here, log too long)`);
  console.log(formatSummary(summarise(judgements, () => true)));
  return changes.size > 0 ? 1 : 0;
}

process.exitCode = await main();
