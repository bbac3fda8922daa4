import type { Verdict } from "@bpf-ts/verifier";

/** The answer to a row. */
export interface VerdictRecord {
  id: string;
  verdict: "accept" | "reject" | "unsupported";
  /** Positive; 0 unless rejected. */
  errno: number;
  /** The last line of the log before the statistics; '' on accept; `unsupported: …` on unsupported. */
  message: string;
  /** Instructions that the verifier walked. */
  processed: number;
  /** What is not modelled: a name of the verifier's closed table. */
  unsupported?: string;
  /** The whole log, in the kernel's format; without it the log is empty. */
  log?: string;
  /** Microseconds that it took. */
  usec: number;
}

/** The answer to a line that is no row, with `id` null, or to a row that could not be judged. */
export interface ErrorRecord {
  id: string | null;
  /** Number of the line, from 1. */
  line: number;
  verdict: "error";
  message: string;
}

export type BatchRecord = VerdictRecord | ErrorRecord;

/** A verdict as a line's answer. */
export function verdictRecord(id: string, verdict: Verdict, usec: number): VerdictRecord {
  const { kind, log, stats } = verdict;
  return {
    id,
    verdict: kind,
    errno: kind === "reject" ? verdict.errno : 0,
    message: kind === "accept" ? "" : kind === "reject" ? verdict.message : unsupportedMessage(verdict),
    processed: stats.processed,
    ...(kind === "unsupported" ? { unsupported: verdict.feature } : {}),
    ...(log === "" ? {} : { log }),
    usec,
  };
}

/** `unsupported: kfunc (bpf_foo)`. */
export function unsupportedMessage({ feature, detail }: { feature: string; detail: string }): string {
  return `unsupported: ${feature}${detail === "" ? "" : ` (${detail})`}`;
}
