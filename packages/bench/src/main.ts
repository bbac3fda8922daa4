/**
 * `pnpm bench [--filter TEXT] [--rounds N] [--quick] [--json FILE] [--list]`: measures the rows whose names hold the text, ours and what it is
 * compared with in turns, and prints medians of CPU time as a table. Exit code 2 for arguments that are none.
 */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { bench } from "./command.ts";
import { cpuNs } from "./frame/clock.ts";
import type { Row } from "./frame/row.ts";
import { Unavailable } from "./frame/unavailable.ts";
import { ROWS } from "./rows/table.ts";

/** What a child process is told: to measure one unit of a row's side. */
const COLD = "--cold-sample";

/** The program of this process, to be run again. */
const program = fileURLToPath(import.meta.url);

function coldSample(row: Row, side: "ours" | "peer"): number {
  const output = execFileSync(process.execPath, [program, COLD, row.name, side], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  const answer = JSON.parse(output) as { ns: number } | { unavailable: string };
  if ("unavailable" in answer) throw new Unavailable(answer.unavailable);
  return answer.ns;
}

function answerColdSample(name: string | undefined, side: string | undefined): void {
  const row = ROWS.find((one) => one.name === name);
  const open = side === "peer" ? row?.peer?.open : row?.ours;
  if (open === undefined) throw new Error(`no ${side} of ${name}`);
  try {
    const opened = open();
    const start = cpuNs();
    opened.run(1);
    const ns = cpuNs() - start;
    opened.close?.();
    console.log(JSON.stringify({ ns }));
  } catch (error) {
    console.log(JSON.stringify({ unavailable: error instanceof Error ? error.message : String(error) }));
  }
}

const args = process.argv.slice(2);
if (args[0] === COLD) answerColdSample(args[1], args[2]);
else
  process.exitCode = bench(args, {
    out: (line) => console.log(line),
    err: (line) => console.error(line),
    progress(row) {
      if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${row ?? ""}`);
    },
    cold: coldSample,
  });
