import type { Btf } from "@bpf-ts/btf";
import { type Bpf, BpfError, type ProgLoadAttr, type ProgLoadResult, UnsupportedError } from "@bpf-ts/uapi";
import { LibbpfError } from "../error.ts";
import { kernelName } from "../spec/names.ts";
import type { ObjectSpec } from "../spec/object-spec.ts";
import type { ProgramSpec } from "../spec/program-spec.ts";
import { attachTarget } from "./attach-target.ts";
import { type LinkedMap, linkProgram, POISON_MAP_BASE } from "./link-program.ts";

/** What a program is loaded with. */
export interface ProgramContext {
  /** The kernel; only programs that attach to other programs need it here. */
  bpf: Bpf | undefined;
  object: ObjectSpec;
  /** The object's BTF in the kernel; undefined if it has none, or the kernel refused it. */
  btfFd: number | undefined;
  /** The kernel's types, read when they are needed. */
  kernelBtf: () => Btf;
  /** A map of the object by declared name. */
  map: (name: string) => LinkedMap | undefined;
  logLevel: number;
}

/**
 * Puts a program together as `BPF_PROG_LOAD` takes it.
 *
 * @throws LibbpfError SECTION_UNKNOWN, LOAD, EXTERN_UNRESOLVED, NOT_FOUND, BTF_INVALID
 * @throws UnsupportedError CO-RE relocations, externs
 */
export function progLoadAttr(context: ProgramContext, program: ProgramSpec): ProgLoadAttr {
  const { object, btfFd } = context;
  if (program.progType === 0)
    throw new LibbpfError(
      "SECTION_UNKNOWN",
      `program ${program.name}: section "${program.section}" is no name that libbpf knows: set progType and attachType, or autoload to false`,
      { details: { program: program.name, section: program.section } },
    );
  const { insns, funcInfo, lineInfo } = linkProgram(program, object.functions, context.map);
  const withBtf = btfFd === undefined ? {} : { btfFd };
  return {
    progType: program.progType,
    expectedAttachType: program.attachType,
    insns,
    license: object.license,
    name: kernelName(program.name),
    progFlags: program.progFlags,
    kernVersion: object.kernVersion,
    logLevel: context.logLevel,
    ...withBtf,
    ...(btfFd === undefined || funcInfo === undefined ? {} : { funcInfo }),
    ...(btfFd === undefined || lineInfo === undefined ? {} : { lineInfo }),
    ...attachTarget(context.bpf, program, context.kernelBtf),
  };
}

/**
 * Loads a program. A refusal without a log is asked for again with one.
 *
 * @throws LibbpfError, with the kernel's whole log in `details.log`
 * @throws UnsupportedError
 * @see v6.12 tools/lib/bpf/libbpf.c, bpf_object_load_prog
 */
export function loadProgram(context: ProgramContext & { bpf: Bpf }, program: ProgramSpec): ProgLoadResult {
  const attr = progLoadAttr(context, program);
  try {
    return context.bpf.progLoad(attr);
  } catch (error) {
    if (!(error instanceof BpfError)) throw error;
    if (error instanceof UnsupportedError || (attr.logLevel ?? 0) !== 0) throw loadError(context, program, error);
    try {
      return context.bpf.progLoad({ ...attr, logLevel: 1 });
    } catch (again) {
      if (!(again instanceof BpfError)) throw again;
      throw loadError(context, program, again);
    }
  }
}

function loadError(context: ProgramContext, program: ProgramSpec, cause: BpfError): BpfError {
  const details = { ...cause.details, program: program.name };
  if (cause instanceof UnsupportedError)
    return new UnsupportedError(cause.feature, { detail: `program ${program.name}`, details, cause });
  const log = logOf(cause);
  const message = `program ${program.name}: ${missingMap(context.object, log) ?? cause.message}${summary(log)}`;
  return new LibbpfError("LOAD", message, {
    ...(cause.errno === undefined ? {} : { errno: cause.errno }),
    cause,
    details: { ...details, log },
  });
}

function logOf(error: BpfError): string {
  const log: unknown = "log" in error ? error.log : undefined;
  return typeof log === "string" ? log : "";
}

/** What a call of a helper that does not exist was before, if that is why the program was refused. */
function missingMap(object: ObjectSpec, log: string): string | undefined {
  const match = /invalid func unknown#(\d+)/.exec(log);
  const index = match === null ? -1 : Number(match[1]) - POISON_MAP_BASE;
  const map = [...object.maps.keys()][index];
  return map === undefined ? undefined : `map ${map} is used, but was not created (autocreate is off)`;
}

/** The last lines of a log, and how many were left out. */
function summary(log: string): string {
  const shown = 3;
  const lines = log
    .split("\n")
    .filter((line) => line !== "" && !/^(processed \d|verification time |stack depth )/.test(line));
  if (lines.length === 0) return "";
  const rest = lines.length - shown;
  return `:\n\t${lines.slice(-shown).join("\n\t")}${rest > 0 ? ` (${rest} line(s) omitted)` : ""}`;
}
