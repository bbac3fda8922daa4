import type { Result } from "./measure.ts";

/** The results as a table, numbers aligned. */
export function formatTable(results: readonly Result[]): string {
  const head = ["", "ours", "", "compared with", "", "ours / it", "aim"];
  const rows = results.map((result) => [
    result.name,
    formatNs(result.ours.median),
    `± ${Math.round((50 * (result.ours.most - result.ours.least)) / result.ours.median)} %  per ${result.unit}`,
    result.peer?.name ?? result.peerMissing?.name ?? "",
    result.peer !== undefined ? formatNs(result.peer.median) : result.peerMissing !== undefined ? "n/a" : "",
    result.ratio === undefined ? "" : formatRatio(result.ratio),
    result.aim !== undefined
      ? `≤ ${formatRatio(result.aim)}`
      : result.aimNs !== undefined
        ? `≤ ${formatNs(result.aimNs)}`
        : "",
  ]);
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => [...row[column]!].length)));
  const isNumber = [false, true, false, false, true, true, true];
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => {
        const space = " ".repeat(widths[i]! - [...cell].length);
        return isNumber[i] ? space + cell : cell + space;
      })
      .join("  ")
      .trimEnd();
  const missing = new Map(
    results.flatMap(({ peerMissing: p }) => (p === undefined ? [] : [[p.name, p.reason] as const])),
  );
  return [line(head), ...rows.map(line), ...[...missing].map(([name, reason]) => `n/a: ${name}: ${reason}`)].join("\n");
}

/** Three significant digits, in the unit that suits. */
export function formatNs(ns: number): string {
  if (ns < 1e3) return `${digits(ns)} ns`;
  if (ns < 1e6) return `${digits(ns / 1e3)} µs`;
  return ns < 1e9 ? `${digits(ns / 1e6)} ms` : `${digits(ns / 1e9)} s`;
}

function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function formatRatio(ratio: number): string {
  return `${ratio >= 100 ? ratio.toFixed(0) : ratio >= 10 ? ratio.toFixed(1) : ratio.toFixed(2)} ×`;
}
