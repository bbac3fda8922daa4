/** A column of a table: its head, and whether it holds numbers, which stand to the right. */
export interface Column {
  readonly head: string;
  readonly isNumber?: boolean;
}

/** A table as veristat prints it: heads, a rule, rows; two blanks between columns. */
export function formatTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map(({ head }, i) => Math.max(head.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (columns[i]!.isNumber === true ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join("  ")
      .trimEnd();
  const rule = widths.map((width) => "-".repeat(width)).join("  ");
  const heads = columns
    .map(({ head }, i) => head.padEnd(widths[i]!))
    .join("  ")
    .trimEnd();
  return `${[heads, rule, ...rows.map(line)].join("\n")}\n`;
}

/** The same as CSV, names for heads. */
export function formatCsv(names: readonly string[], rows: readonly (readonly string[])[]): string {
  const quote = (cell: string): string => (/[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
  return [names, ...rows].map((row) => `${row.map(quote).join(",")}\n`).join("");
}
