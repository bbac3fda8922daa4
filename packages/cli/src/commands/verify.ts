import { errnoName } from "@bpf-ts/uapi/errno-names";
import { Command, InvalidArgumentError, Option } from "commander";
import { runBatch } from "../batch/run.ts";
import { TypeDirectory } from "../batch/type-directory.ts";
import { CliError } from "../error.ts";
import { matchesGlob } from "../glob.ts";
import { EXIT_BROKEN, EXIT_OK, EXIT_REJECTED, EXIT_UNSUPPORTED, type ExitCode, type Io } from "../io.ts";
import { toJson } from "../json.ts";
import { targetKernel } from "../object/kernel-types.ts";
import { assumeSection, readObject } from "../object/open.ts";
import { type ProgramResult, verifyObject } from "../object/verify-object.ts";
import { repeatable } from "../options.ts";
import { type Column, formatCsv, formatTable } from "../table.ts";

/** Lines of a refused program's log that are shown without -v. */
const SHOWN_LINES = 20;

interface VerifyFlags {
  batch?: true;
  btfDir?: string;
  kernelBtf?: string;
  section?: string;
  filter?: string[];
  logLevel?: number;
  verbose?: true;
  outputFormat: "table" | "csv";
  json?: true;
}

/** `bpf-ts verify OBJ`, `bpf-ts verify --batch`. */
export function verifyCommand(io: Io, exit: (code: ExitCode) => void): Command {
  return new Command("verify")
    .summary("what the kernel's verifier says of an object's programs")
    .description(
      "Verifies the programs of an object as Linux 6.18 would, each as if it were loaded alone; or, with --batch, programs from standard input.",
    )
    .argument("[OBJ]", "a BPF object file")
    .option("-f, --filter <GLOB>", "only programs whose name matches (* and ?); repeatable", repeatable)
    .option("-l, --log-level <N>", "verbosity of the log: 1 or 2, and 4 for statistics", logLevel)
    .option("-v, --verbose", "print whole logs")
    .addOption(new Option("-o, --output-format <FORMAT>", "of the summary").choices(["table", "csv"]).default("table"))
    .option("--section <NAME>", "take programs whose section's name is unknown for programs of this section")
    .option("--kernel-btf <FILE>", "types of the kernel to verify for (default: the in-process one's)")
    .option("--json", "one JSON object for all programs")
    .option("--batch", "read programs from standard input, a JSON object a line, and answer each with one")
    .option("--btf-dir <DIR>", "with --batch: folder of the BTF files that lines name, NAME.btf or NAME.btf.gz")
    .action(async (object: string | undefined, flags: VerifyFlags) => {
      if (flags.batch !== undefined) exit(await verifyBatch(io, object, flags));
      else exit(await verifyFile(io, object, flags));
    });
}

function logLevel(text: string): number {
  if (!/^[0-7]$/.test(text)) throw new InvalidArgumentError("must be 0 to 7.");
  return Number(text);
}

async function verifyBatch(io: Io, object: string | undefined, flags: VerifyFlags): Promise<ExitCode> {
  const given = [
    object === undefined ? undefined : "OBJ",
    flags.filter === undefined ? undefined : "--filter",
    flags.section === undefined ? undefined : "--section",
    flags.logLevel === undefined ? undefined : "--log-level",
  ].filter((name) => name !== undefined);
  if (given.length > 0) throw new CliError("USAGE", `--batch does not go together with ${given.join(", ")}`);
  const { profile } = targetKernel(io, flags.kernelBtf);
  await runBatch({
    lines: io.stdin,
    types: new TypeDirectory(io, flags.btfDir),
    profile,
    write: (record) => io.stdout.write(`${JSON.stringify(record)}\n`),
  });
  return EXIT_OK;
}

async function verifyFile(io: Io, path: string | undefined, flags: VerifyFlags): Promise<ExitCode> {
  if (path === undefined) throw new CliError("USAGE", "an object file is missing (or --batch)");
  if (flags.btfDir !== undefined) throw new CliError("USAGE", "--btf-dir goes together with --batch only");
  const spec = readObject(io, path);
  assumeSection(spec, flags.section);
  const { filter } = flags;
  const isWanted = ({ name }: { name: string }): boolean =>
    filter === undefined || filter.some((pattern) => matchesGlob(pattern, name));
  const names = [...spec.programs.keys()];
  if (names.length > 0 && ![...spec.programs.values()].some(isWanted))
    throw new CliError("USAGE", `--filter ${filter!.join(", ")} matches no program: there are ${names.join(", ")}`);
  const { results, warnings } = verifyObject(spec, {
    kernel: targetKernel(io, flags.kernelBtf),
    logLevel: flags.logLevel ?? 1,
    wanted: isWanted,
  });
  if (flags.json !== undefined) {
    await io.stdout.write(`${toJson({ object: path, programs: results.map(jsonResult), warnings }, 2)}\n`);
    return exitCode(results);
  }
  for (const warning of warnings) await io.stderr.write(`warning: ${warning}\n`);
  if (flags.verbose !== undefined) await io.stdout.write(results.map((result) => verboseText(path, result)).join(""));
  await io.stdout.write(summary(path, results, flags.outputFormat));
  if (flags.verbose === undefined) await io.stdout.write(results.map(shortText).join(""));
  return exitCode(results);
}

/** The gravest of all: broken before refused before unsupported. */
function exitCode(results: readonly ProgramResult[]): ExitCode {
  const has = (verdict: ProgramResult["verdict"]): boolean => results.some((result) => result.verdict === verdict);
  if (has("error")) return EXIT_BROKEN;
  if (has("reject")) return EXIT_REJECTED;
  return has("unsupported") ? EXIT_UNSUPPORTED : EXIT_OK;
}

/** The same names as a batch's answers. */
function jsonResult({ stats, log, ...result }: ProgramResult): unknown {
  return {
    ...result,
    processed: stats.processed,
    total_states: stats.totalStates,
    peak_states: stats.peakStates,
    max_states_per_insn: stats.maxStatesPerInsn,
    ...(log === "" ? {} : { log }),
    usec: stats.usec,
  };
}

/** veristat's words. */
const VERDICTS: Readonly<Record<ProgramResult["verdict"], string>> = {
  accept: "success",
  reject: "failure",
  unsupported: "unsupported",
  error: "error",
};

const COLUMNS: readonly (Column & { name: string })[] = [
  { head: "File", name: "file_name" },
  { head: "Program", name: "prog_name" },
  { head: "Verdict", name: "verdict" },
  { head: "Duration (us)", name: "duration", isNumber: true },
  { head: "Insns", name: "total_insns", isNumber: true },
  { head: "States", name: "total_states", isNumber: true },
  { head: "Peak states", name: "peak_states", isNumber: true },
];

function summary(path: string, results: readonly ProgramResult[], format: "table" | "csv"): string {
  const file = path.split("/").at(-1)!;
  const rows = results.map(({ program, verdict, stats }) => [
    file,
    program,
    VERDICTS[verdict],
    ...[stats.usec, stats.processed, stats.totalStates, stats.peakStates].map(String),
  ]);
  if (format === "csv")
    return formatCsv(
      COLUMNS.map(({ name }) => name),
      rows,
    );
  return formatTable(COLUMNS, rows);
}

/** What is to be said of a program that was not accepted. */
function shortText(result: ProgramResult): string {
  const { program, verdict, errno, message } = result;
  if (verdict === "accept") return "";
  if (verdict !== "reject") return `\n${program}: ${message}\n`;
  const lines = result.log.trimEnd().split("\n");
  const shown = lines.slice(-SHOWN_LINES);
  const omitted = lines.length - shown.length;
  const log = result.log === "" ? "" : `${shown.join("\n")}\n`;
  return [
    `\n${program}: program load failed: ${errnoName(errno)} (${errno})${message === "" ? "" : `: ${message}`}\n`,
    omitted > 0 ? `(${omitted} line(s) omitted: -v shows them)\n` : "",
    log,
  ].join("");
}

/** Everything, as veristat -v prints it. */
function verboseText(path: string, { program, verdict, stats, log, message }: ProgramResult): string {
  const file = path.split("/").at(-1)!;
  const said = verdict === "unsupported" || verdict === "error" ? `${message}\n` : "";
  return `PROCESSING ${file}/${program}, DURATION US: ${stats.usec}, VERDICT: ${VERDICTS[verdict]}, VERIFIER LOG:\n${log}${said}\n`;
}
