import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { cpuNs } from "./frame/clock.ts";
import { type MeasureOptions, measureRow, type Result } from "./frame/measure.ts";
import { formatTable } from "./frame/report.ts";
import { Unavailable } from "./frame/unavailable.ts";
import { ROWS } from "./rows/table.ts";

const USAGE = `usage: pnpm bench [--filter TEXT] [--rounds N] [--quick] [--json FILE] [--list]

  --filter TEXT  only rows whose names hold TEXT
  --rounds N     samples of each side, 11 by default
  --quick        smaller and fewer samples
  --json FILE    the results for programs
  --list         the rows' names`;

/** Where lines go, and who measures cold rows. */
export interface BenchIo {
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
  /** Shows which row is being measured; undefined when none is any more. */
  readonly progress: (row: string | undefined) => void;
  readonly cold: MeasureOptions["cold"];
}

interface Arguments {
  readonly filter: string;
  readonly rounds: number;
  readonly isQuick: boolean;
  readonly json: string | undefined;
  readonly isList: boolean;
  readonly isHelp: boolean;
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
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const rounds = Number(values.rounds ?? (values.quick ? 3 : 11));
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new RangeError(`--rounds: expected a number from 1, got ${values.rounds}`);
  return {
    filter: values.filter,
    rounds,
    isQuick: values.quick,
    json: values.json,
    isList: values.list,
    isHelp: values.help,
  };
}

/** Runs one command line. @returns the exit code: 2 for arguments that are none */
export function bench(args: string[], io: BenchIo): number {
  let wanted: Arguments;
  try {
    wanted = readArguments(args);
  } catch (error) {
    io.err(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    return 2;
  }
  if (wanted.isHelp) {
    io.out(USAGE);
    return 0;
  }
  const rows = ROWS.filter((row) => row.name.includes(wanted.filter));
  if (wanted.isList || rows.length === 0) {
    for (const { name } of wanted.isList ? rows : ROWS) io.out(name);
    if (rows.length > 0) return 0;
    io.err(`no row's name holds "${wanted.filter}"; these are the names`);
    return 2;
  }
  const options: MeasureOptions = {
    rounds: wanted.rounds,
    sampleNs: wanted.isQuick ? 5e6 : 40e6,
    warmUpNs: wanted.isQuick ? 10e6 : 300e6,
    now: cpuNs,
    cold: io.cold,
  };
  const results: Result[] = [];
  const missing: { name: string; reason: string }[] = [];
  for (const row of rows) {
    io.progress(row.name);
    try {
      results.push(measureRow(row, options));
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      missing.push({ name: row.name, reason: error.message });
    }
  }
  io.progress(undefined);
  if (results.length > 0) io.out(formatTable(results));
  for (const { name, reason } of missing) io.out(`n/a: ${name}: ${reason}`);
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
