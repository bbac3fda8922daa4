/** Programs from a stream of rows in the corpus' format, to a stream of verdicts. */
export { rowInput, type TypeSource } from "./input.ts";
export { parseRow } from "./parse-row.ts";
export type { BatchRecord, LineErrorRecord, RowErrorRecord, VerdictRecord } from "./record.ts";
export type { BatchInfo, BatchLoad, BatchMap, BatchRow } from "./row.ts";
export { type BatchContext, runBatch } from "./run.ts";
