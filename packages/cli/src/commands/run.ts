import { createKernel, type Kernel } from "@bpf-ts/kernel";
import { BpfError, type TestRunResult } from "@bpf-ts/uapi";
import { EINVAL } from "@bpf-ts/uapi/errno";
import { BPF_PROG_TYPE_UNSPEC } from "@bpf-ts/uapi/prog-types";
import { Command, InvalidArgumentError } from "commander";
import type { BpfProgram, ObjectSpec, ProgramSpec, RunInput } from "libbpf-ts";
import { hexBytes } from "../batch/hex.ts";
import { CliError } from "../error.ts";
import { readInput, writeOutput } from "../files.ts";
import { hexDump } from "../hex-dump.ts";
import { EXIT_OK, type ExitCode, type Io } from "../io.ts";
import { toJson } from "../json.ts";
import { assumeSection, readObject, unknownSection } from "../object/open.ts";
import { repeatable } from "../options.ts";

interface RunFlags {
  program?: string;
  section?: string;
  data?: Uint8Array;
  dataIn?: string;
  dataOut?: string;
  ctxIn?: string;
  ctxOut?: string;
  repeat?: number;
  dumpMap?: string[];
  json?: true;
}

/** `bpf-ts run OBJ`. */
export function runCommand(io: Io, exit: (code: ExitCode) => void): Command {
  return new Command("run")
    .summary("test-run a program of an object on the in-process kernel")
    .description(
      "Loads one program of an object into the in-process kernel and runs it on the input given, as BPF_PROG_TEST_RUN does.",
    )
    .argument("<OBJ>", "a BPF object file")
    .option("-p, --program <NAME>", "which program (default: the only one)")
    .option("--data <HEX>", "input of the program as hexadecimal digits, e.g. a packet", digits)
    .option("--data-in <FILE>", "the same from a file")
    .option("--data-out <FILE>", "write the data as the program left it; - prints it")
    .option("--ctx-in <FILE>", "the context, in the layout of the kernel's interface")
    .option("--ctx-out <FILE>", "write the context as the program left it; - prints it")
    .option("--repeat <N>", "run it N times", count)
    .option("--dump-map <NAME>", "print what a map holds afterwards; repeatable", repeatable)
    .option("--section <NAME>", "take programs whose section's name is unknown for programs of this section")
    .option("--json", "the result as a JSON object")
    .action(async (object: string, flags: RunFlags) => {
      exit(await run(io, object, flags));
    });
}

function digits(text: string): Uint8Array {
  try {
    return hexBytes(text, "--data");
  } catch {
    throw new InvalidArgumentError("must be pairs of hexadecimal digits.");
  }
}

function count(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value === 0 || value > 0x7fffffff) throw new InvalidArgumentError("must be 1 or more.");
  return value;
}

async function run(io: Io, path: string, flags: RunFlags): Promise<ExitCode> {
  if (flags.data !== undefined && flags.dataIn !== undefined)
    throw new CliError("USAGE", "--data and --data-in say the same thing: give one");
  const spec = readObject(io, path);
  assumeSection(spec, flags.section);
  const program = choose(spec, path, flags.program);
  if (program.progType === BPF_PROG_TYPE_UNSPEC)
    throw new CliError("INPUT", `program ${program.name}: ${unknownSection(program.section)}`);
  for (const other of spec.programs.values()) other.autoload = other === program;
  for (const map of spec.maps.values()) map.pinning = 0;
  const input = inputOf(io, flags);
  const kernel = createKernel();
  try {
    const object = spec.load(kernel.bpf);
    try {
      const result = testRun(object.program(program.name), input);
      const maps = new Map(
        (flags.dumpMap ?? []).map((name) => [name, [...object.map(name)].map(([key, value]) => ({ key, value }))]),
      );
      await report(io, program, result, maps, kernel, flags, object.warnings);
    } finally {
      object.close();
    }
  } finally {
    kernel[Symbol.dispose]();
  }
  return EXIT_OK;
}

function choose(spec: ObjectSpec, path: string, name: string | undefined): ProgramSpec {
  if (name !== undefined) return spec.program(name);
  const [only, ...others] = spec.programs.values();
  if (only === undefined) throw new CliError("INPUT", `${path} has no programs`);
  if (others.length > 0)
    throw new CliError(
      "USAGE",
      `${path} has several programs: choose one by --program: ${[...spec.programs.keys()].join(", ")}`,
    );
  return only;
}

/** A packet that nobody gave is the first thing that goes wrong: the way out is said with it. What the input is refused for is the user's to change. */
function testRun(program: BpfProgram, input: RunInput): TestRunResult {
  try {
    return program.run(input);
  } catch (error) {
    if (!(error instanceof BpfError) || error.errno !== EINVAL) throw error;
    if (!/\b(data|ctx)_in\b/.test(error.message)) throw error;
    const hint = input.data === undefined && /\bdata_in\b/.test(error.message) ? " (--data or --data-in gives it)" : "";
    throw new CliError("INPUT", `${error.message}${hint}`, { cause: error });
  }
}

function inputOf(io: Io, flags: RunFlags): RunInput {
  const data = flags.dataIn === undefined ? flags.data : readInput(io, flags.dataIn);
  return {
    ...(data === undefined ? {} : { data }),
    ...(flags.ctxIn === undefined ? {} : { ctx: readInput(io, flags.ctxIn) }),
    ...(flags.repeat === undefined ? {} : { repeat: flags.repeat }),
  };
}

async function report(
  io: Io,
  program: ProgramSpec,
  result: TestRunResult,
  maps: ReadonlyMap<string, readonly { key: unknown; value: unknown }[]>,
  kernel: Kernel,
  flags: RunFlags,
  warnings: readonly string[],
): Promise<void> {
  const { retval, durationNs, dataOut, ctxOut } = result;
  const outputs = [
    ["data", flags.dataOut, dataOut],
    ["context", flags.ctxOut, ctxOut],
  ] as const;
  for (const [, file, bytes] of outputs) if (file !== undefined && file !== "-") writeOutput(io, file, bytes);
  const trace = kernel.traceLog.lines;
  if (flags.json !== undefined) {
    const fields = {
      program: program.name,
      retval,
      duration: durationNs,
      data_out: dataOut,
      ...(ctxOut.length === 0 ? {} : { ctx_out: ctxOut }),
      trace,
      ...(maps.size === 0 ? {} : { maps }),
      warnings,
    };
    await io.stdout.write(`${toJson(fields, 2)}\n`);
    return;
  }
  for (const warning of warnings) await io.stderr.write(`warning: ${warning}\n`);
  for (const line of trace) await io.stdout.write(`${line.replace(/\n?$/, "\n")}`);
  for (const [what, file, bytes] of outputs) if (file === "-") await io.stdout.write(`${what}:\n${hexDump(bytes)}`);
  await io.stdout.write(`Return value: ${retval}, duration (average): ${Math.round(durationNs)}ns\n`);
  for (const [name, entries] of maps) await io.stdout.write(`${name}: ${toJson(entries, 2)}\n`);
}
