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

/** The answer to a line that is no row. */
export interface LineErrorRecord {
  id: null;
  /** Number of the line, from 1. */
  line: number;
  verdict: "error";
  message: string;
}

/** The answer to a row that could not be judged: it names types that are not there, or does not fit together. */
export interface RowErrorRecord {
  id: string;
  /** Number of the line, from 1. */
  line: number;
  verdict: "error";
  errno: 0;
  message: string;
  processed: 0;
  usec: 0;
}

export type BatchRecord = VerdictRecord | RowErrorRecord | LineErrorRecord;

/** What is wrong with a line, or with the row that it holds. */
export function errorRecord(id: string | null, line: number, message: string): BatchRecord {
  if (id === null) return { id, line, verdict: "error", message };
  return { id, line, verdict: "error", errno: 0, message, processed: 0, usec: 0 };
}

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
