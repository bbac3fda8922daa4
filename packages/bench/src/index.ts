/** Paired, interleaved benchmarks. */
export { cpuNs } from "./frame/clock.ts";
export { type MeasureOptions, measureRow, type Result, type Summary } from "./frame/measure.ts";
export { median } from "./frame/median.ts";
export { formatTable } from "./frame/report.ts";
export type { Peer, Row, Side } from "./frame/row.ts";
export { Unavailable } from "./frame/unavailable.ts";
export { ROWS } from "./rows/table.ts";
