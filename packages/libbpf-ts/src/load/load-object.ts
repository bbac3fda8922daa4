import { Btf } from "@bpf-ts/btf";
import { type Bpf, BpfError, type ProgLoadAttr } from "@bpf-ts/uapi";
import { LibbpfError } from "../error.ts";
import { kernelName } from "../spec/legacy-maps.ts";
import type { ObjectSpec } from "../spec/object-spec.ts";
import type { ProgramSpec } from "../spec/program-spec.ts";
import { attachBtfId } from "./attach-target.ts";
import { BpfMap } from "./bpf-map.ts";
import { BpfObject } from "./bpf-object.ts";
import { BpfProgram } from "./bpf-program.ts";
import { createMap, fillDataMap } from "./create-map.ts";
import { linkProgram } from "./link-program.ts";

/** How an object is loaded. */
export interface LoadOptions {
  /** Verifier verbosity of every program: 0 (default), 1, 2. A refused program's log is always in the error. */
  logLevel?: number;
}

/**
 * Loads a spec into a kernel: BTF, maps, global data, programs, initial map slots.
 *
 * @throws LibbpfError; everything made so far is closed again
 */
export function loadObject(spec: ObjectSpec, bpf: Bpf, options: LoadOptions): BpfObject {
  const owned: number[] = [];
  const warnings: string[] = [];
  try {
    const btf = spec.btf === undefined ? undefined : loadBtf(bpf, spec.btf, warnings);
    if (btf !== undefined) owned.push(btf.fd);
    const types = spec.btf === undefined ? undefined : Btf.parse(spec.btf);

    const maps = new Map<string, BpfMap>();
    for (const mapSpec of spec.maps.values()) {
      const { fd, def, isOwned, warning } = createMap(bpf, mapSpec, btf?.fd);
      if (isOwned) owned.push(fd);
      if (warning !== undefined) warnings.push(warning);
      if (isOwned) fillDataMap(bpf, fd, mapSpec);
      maps.set(mapSpec.declaredName, new BpfMap(bpf, fd, def, mapSpec, types));
    }

    const programs = new Map<string, BpfProgram>();
    for (const program of spec.programs.values()) {
      if (!program.autoload) continue;
      const { fd, log } = loadProgram(spec, program, bpf, btf?.fd, maps, options);
      owned.push(fd);
      programs.set(program.name, new BpfProgram(bpf, fd, program, log, maps));
    }
    for (const mapSpec of spec.maps.values()) fillSlots(bpf, mapSpec.declaredName, mapSpec.slots, maps, programs);
    return new BpfObject(spec.name, bpf, maps, programs, owned, warnings);
  } catch (error) {
    for (const fd of owned.reverse()) bpf.close(fd);
    throw error;
  }
}

/** As libbpf, an object whose BTF the kernel refuses is loaded without it. */
function loadBtf(bpf: Bpf, data: Uint8Array, warnings: string[]): { fd: number } | undefined {
  try {
    return bpf.btfLoad(data);
  } catch (error) {
    if (!(error instanceof BpfError)) throw error;
    warnings.push(`the kernel refused the object's BTF: ${error.message}`);
    return undefined;
  }
}

function loadProgram(
  spec: ObjectSpec,
  program: ProgramSpec,
  bpf: Bpf,
  btfFd: number | undefined,
  maps: ReadonlyMap<string, BpfMap>,
  options: LoadOptions,
): { fd: number; log: string } {
  if (program.progType === 0) {
    throw new LibbpfError(
      "SECTION_UNKNOWN",
      `program ${program.name}: section "${program.section}" is no name that libbpf knows: set progType and attachType, or autoload = false`,
    );
  }
  const linked = linkProgram(program, spec.functions, (name) => maps.get(name)!.fd);
  const attr: ProgLoadAttr = {
    progType: program.progType,
    expectedAttachType: program.attachType,
    insns: linked.insns,
    license: spec.license,
    name: kernelName(program.name),
    progFlags: program.progFlags,
    kernVersion: spec.kernVersion,
    logLevel: options.logLevel ?? 0,
  };
  if (btfFd !== undefined) {
    attr.btfFd = btfFd;
    if (linked.funcInfo !== undefined) attr.funcInfo = linked.funcInfo;
    if (linked.lineInfo !== undefined) attr.lineInfo = linked.lineInfo;
  }
  const attachId = attachBtfId(bpf, program);
  if (attachId !== undefined) attr.attachBtfId = attachId;
  try {
    return bpf.progLoad(attr);
  } catch (error) {
    throw loadError(program, bpf, attr, error);
  }
}

/** A refusal without a log is asked for again with one, as libbpf does. */
function loadError(program: ProgramSpec, bpf: Bpf, attr: ProgLoadAttr, error: unknown): unknown {
  if (!(error instanceof BpfError) || error.code === "UNSUPPORTED") return error;
  let cause: BpfError = error;
  if ((attr.logLevel ?? 0) === 0) {
    try {
      bpf.close(bpf.progLoad({ ...attr, logLevel: 1 }).fd);
    } catch (again) {
      if (again instanceof BpfError) cause = again;
    }
  }
  const log = logOf(cause);
  return new LibbpfError("LOAD", `program ${program.name}: ${cause.message}${summary(log)}`, {
    ...(cause.errno === undefined ? {} : { errno: cause.errno }),
    cause,
    details: { program: program.name, log },
  });
}

function logOf(error: BpfError): string {
  const log: unknown = "log" in error ? error.log : undefined;
  return typeof log === "string" ? log : "";
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

/** Initial values of PROG_ARRAYs and map-in-maps. */
function fillSlots(
  bpf: Bpf,
  mapName: string,
  slots: ReadonlyMap<number, string> | undefined,
  maps: ReadonlyMap<string, BpfMap>,
  programs: ReadonlyMap<string, BpfProgram>,
): void {
  if (slots === undefined) return;
  for (const [slot, name] of slots) {
    const fd = programs.get(name)?.fd ?? maps.get(name)?.fd;
    // A program that is not loaded leaves its slot empty.
    if (fd === undefined) continue;
    bpf.mapUpdateElem(maps.get(mapName)!.fd, u32(slot), u32(fd), 0n);
  }
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}
