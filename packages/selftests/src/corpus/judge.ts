import type { Verdict } from "@bpf-ts/verifier";
import { normaliseLog, normaliseMessage, processedCount, statsLine } from "./normalise.ts";
import type { CorpusAnswer, CorpusRow } from "./row.ts";

/** Points in which our answer can differ from the kernel's, the gravest first. */
export const DIFFERENCES = [
  "false-accept",
  "false-reject",
  "crash",
  "errno",
  "message",
  "processed",
  "statistics",
  "log1",
  "log2",
] as const;
export type Difference = (typeof DIFFERENCES)[number];

/** What a verifier gave for a row: its verdict, or what it threw. */
export type Answer = { readonly verdict: Verdict } | { readonly thrown: unknown };

/** How our answer to a row compares. */
export interface Judgement {
  readonly id: string;
  /** unjudged: the kernel gave no verdict. */
  readonly outcome: "agree" | "wrong" | "unsupported" | "unjudged";
  /** All points in which it differs. `agree` rows may still differ in statistics and logs. */
  readonly differences: readonly Difference[];
  /** Unsupported feature, or the first difference in words. */
  readonly detail: string;
  /** Milliseconds that our verifier took. */
  readonly ms: number;
}

/** Differences that make a decided row wrong: verdict, errno, message, number of instructions walked. */
const WRONG: ReadonlySet<Difference> = new Set([
  "false-accept",
  "false-reject",
  "crash",
  "errno",
  "message",
  "processed",
]);

function describeThrown(thrown: unknown): string {
  return thrown instanceof Error
    ? (thrown.stack ?? thrown.message).split("\n").slice(0, 4).join(" | ")
    : String(thrown);
}

/** ENOSPC, which the kernel answers, whatever its verdict, where the log did not fit: neither log nor errno nor message is known then. */
const LOG_FULL = 28;

function compareVerdicts(row: CorpusRow, kernel: CorpusAnswer, ours: Verdict): [Difference, string][] {
  const found: [Difference, string][] = [];
  if (ours.kind === "accept" && row.kernel.verdict === "reject") {
    found.push(["false-accept", `kernel: ${kernel.lastLine ?? ""} (errno ${kernel.errno})`]);
  } else if (ours.kind === "reject" && row.kernel.verdict === "accept") {
    found.push(["false-reject", `ours: ${ours.message} (errno ${ours.errno})`]);
  } else if (ours.kind === "reject" && kernel.errno !== LOG_FULL) {
    if (ours.errno !== kernel.errno) found.push(["errno", `kernel ${kernel.errno}, ours ${ours.errno}`]);
    const message = normaliseMessage(kernel.lastLine ?? "");
    if (normaliseMessage(ours.message) !== message)
      found.push(["message", `kernel: ${message}  ours: ${ours.message}`]);
  }
  if (found.some(([d]) => d === "false-accept" || d === "false-reject")) return found;
  const processed = processedCount(kernel.stats);
  if (processed >= 0 && ours.stats.processed !== processed) {
    found.push(["processed", `kernel ${processed}, ours ${ours.stats.processed}`]);
  }
  return found;
}

function compareLogs(kernel: CorpusAnswer | undefined, log: string, which: "log1" | "log2"): [Difference, string][] {
  if (kernel?.log === undefined || kernel.errno === LOG_FULL) return [];
  const found: [Difference, string][] = [];
  if (which === "log1" && statsLine(kernel.log) !== statsLine(log)) {
    found.push(["statistics", `kernel: ${statsLine(kernel.log)}  ours: ${statsLine(log)}`]);
  }
  const a = normaliseLog(kernel.log).split("\n");
  const b = normaliseLog(log).split("\n");
  const at = a.findIndex((line, i) => line !== b[i]);
  if (at >= 0 || a.length !== b.length) {
    const line = at < 0 ? a.length : at;
    found.push([which, `line ${line + 1}: kernel: ${a[line] ?? "(ends)"}  ours: ${b[line] ?? "(ends)"}`]);
  }
  return found;
}

/**
 * Compares our answers at log level 1, and at level 2 if given, with the kernel's.
 *
 * @param ms Milliseconds that the answer at level 1 took.
 */
export function judge(row: CorpusRow, level1: Answer, ms: number, level2?: Answer): Judgement {
  const { id } = row;
  const kernel = row.kernel.level1;
  if ("thrown" in level1) {
    return { id, outcome: "wrong", differences: ["crash"], detail: describeThrown(level1.thrown), ms };
  }
  const ours = level1.verdict;
  if (ours.kind === "unsupported") {
    return { id, outcome: "unsupported", differences: [], detail: `${ours.feature}: ${ours.detail}`, ms };
  }
  if (kernel === undefined || row.kernel.verdict === "env-refused") {
    return { id, outcome: "unjudged", differences: [], detail: `ours: ${ours.kind}`, ms };
  }
  const found = [...compareVerdicts(row, kernel, ours), ...compareLogs(kernel, ours.log, "log1")];
  if (level2 !== undefined) {
    if ("thrown" in level2) found.push(["crash", `at level 2: ${describeThrown(level2.thrown)}`]);
    else found.push(...compareLogs(row.kernel.level2, level2.verdict.log, "log2"));
  }
  const wrong = found.some(([difference]) => WRONG.has(difference));
  return {
    id,
    outcome: wrong ? "wrong" : "agree",
    differences: found.map(([difference]) => difference),
    detail: found[0]?.[1] ?? "",
    ms,
  };
}

/** A feature's name out of an `unsupported` judgement. */
export function featureOf(judgement: Judgement): string {
  return judgement.detail.slice(0, judgement.detail.indexOf(":"));
}
