/**
 * `pnpm bench [--filter TEXT] [--rounds N] [--quick] [--json FILE] [--list]`: measures the rows whose names hold the text, ours and what it is
 * compared with in turns, and prints medians of CPU time as a table. Exit code 2 for arguments that are none.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { cpuNs } from "./frame/clock.ts";
import { type MeasureOptions, measureRow, type Result } from "./frame/measure.ts";
import { formatTable } from "./frame/report.ts";
import type { Row } from "./frame/row.ts";
import { Unavailable } from "./frame/unavailable.ts";
import { ROWS } from "./rows/table.ts";

const USAGE = "usage: pnpm bench [--filter TEXT] [--rounds N] [--quick] [--json FILE] [--list]";

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

interface Arguments {
  readonly filter: string;
  readonly rounds: number;
  readonly isQuick: boolean;
  readonly json: string | undefined;
  readonly isList: boolean;
}

/** @throws TypeError for what is no option, RangeError for a number that is none */
function readArguments(args: string[]): Arguments {
  const { values } = parseArgs({
    args,
    options: {
      filter: { type: "string", default: "" },
      rounds: { type: "string" },
      quick: { type: "boolean", default: false },
      json: { type: "string" },
      list: { type: "boolean", default: false },
    },
  });
  const rounds = Number(values.rounds ?? (values.quick ? 3 : 11));
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new RangeError(`--rounds: expected a number from 1, got ${values.rounds}`);
  return { filter: values.filter, rounds, isQuick: values.quick, json: values.json, isList: values.list };
}

function main(args: string[]): number {
  let wanted: Arguments;
  try {
    wanted = readArguments(args);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    return 2;
  }
  const rows = ROWS.filter((row) => row.name.includes(wanted.filter));
  if (wanted.isList || rows.length === 0) {
    for (const { name } of wanted.isList ? rows : ROWS) console.log(name);
    if (rows.length > 0) return 0;
    console.error(`no row's name holds "${wanted.filter}"; these are the names`);
    return 2;
  }
  const options: MeasureOptions = {
    rounds: wanted.rounds,
    sampleNs: wanted.isQuick ? 5e6 : 40e6,
    warmUpNs: wanted.isQuick ? 10e6 : 300e6,
    now: cpuNs,
    cold: coldSample,
  };
  const results: Result[] = [];
  const missing: { name: string; reason: string }[] = [];
  for (const row of rows) {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${row.name}`);
    try {
      results.push(measureRow(row, options));
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      missing.push({ name: row.name, reason: error.message });
    }
  }
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  if (results.length > 0) console.log(formatTable(results));
  for (const { name, reason } of missing) console.log(`n/a: ${name}: ${reason}`);
  if (wanted.json !== undefined) {
    const machine = {
      node: process.version,
      cpu: cpus()[0]?.model ?? "",
      platform: `${process.platform} ${process.arch}`,
    };
    writeFileSync(wanted.json, `${JSON.stringify({ machine, results, missing }, undefined, 2)}\n`);
  }
  return 0;
}

const args = process.argv.slice(2);
if (args[0] === COLD) answerColdSample(args[1], args[2]);
else process.exitCode = main(args);
