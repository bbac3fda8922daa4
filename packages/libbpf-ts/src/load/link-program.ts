import { INSN_SIZE } from "@bpf-ts/isa";
import { type RawInfo, UnsupportedError } from "@bpf-ts/uapi";
import { BPF_PSEUDO_CALL, BPF_PSEUDO_FUNC, BPF_PSEUDO_MAP_FD, BPF_PSEUDO_MAP_VALUE } from "@bpf-ts/uapi/pseudo";
import { LibbpfError } from "../error.ts";
import { EXTERN } from "../spec/functions.ts";
import type { FunctionSpec, ProgramSpec, Reference } from "../spec/program-spec.ts";

/** A program as `BPF_PROG_LOAD` takes it: with the functions that it calls behind it, and file descriptors in place. */
export interface LinkedProgram {
  insns: Uint8Array;
  funcInfo: RawInfo | undefined;
  lineInfo: RawInfo | undefined;
}

/**
 * Puts a program together: its own code, then each function that it reaches, once, in order of first mention; then every reference resolved.
 *
 * @param mapFd the fd of a map of the object, by declared name
 * @throws LibbpfError EXTERN_UNRESOLVED, NOT_FOUND
 * @throws UnsupportedError CO-RE relocations
 */
export function linkProgram(
  program: ProgramSpec,
  functions: ReadonlyMap<string, FunctionSpec>,
  mapFd: (name: string) => number,
): LinkedProgram {
  const parts = collectFunctions(program, functions);
  const startOf = new Map<string, number>();
  let slots = 0;
  for (const part of parts) {
    startOf.set(part.name, slots);
    slots += part.insns.length / INSN_SIZE;
  }
  const insns = new Uint8Array(slots * INSN_SIZE);
  const view = new DataView(insns.buffer);
  for (const part of parts) {
    const start = startOf.get(part.name)!;
    insns.set(part.insns, start * INSN_SIZE);
    for (const reference of part.references) resolve(view, start + reference.insn, reference, startOf, mapFd);
  }
  return {
    insns,
    funcInfo: joinInfos(parts, startOf, (part) => part.funcInfo),
    lineInfo: joinInfos(parts, startOf, (part) => part.lineInfo),
  };
}

function collectFunctions(program: ProgramSpec, functions: ReadonlyMap<string, FunctionSpec>): FunctionSpec[] {
  const parts: FunctionSpec[] = [];
  const seen = new Set<string>();
  const work: FunctionSpec[] = [program.code];
  for (let part = work.shift(); part !== undefined; part = work.shift()) {
    if (seen.has(part.name)) continue;
    seen.add(part.name);
    if (part.coreRelocations > 0) {
      throw new UnsupportedError("CO-RE relocations", {
        details: { program: program.name, function: part.name, count: part.coreRelocations },
      });
    }
    parts.push(part);
    for (const { kind, name, offset } of part.references) {
      if (offset === EXTERN) {
        throw new LibbpfError(
          "EXTERN_UNRESOLVED",
          `program ${program.name}: extern "${name}" (used by ${part.name}) is not defined in the object`,
        );
      }
      if (kind !== "call" && kind !== "function") continue;
      const callee = functions.get(name);
      if (callee === undefined)
        throw new LibbpfError(
          "NOT_FOUND",
          `program ${program.name}: function "${name}" (used by ${part.name}) does not exist`,
        );
      work.push(callee);
    }
  }
  return parts;
}

function resolve(
  view: DataView,
  slot: number,
  reference: Reference,
  startOf: ReadonlyMap<string, number>,
  mapFd: (name: string) => number,
): void {
  const at = slot * INSN_SIZE;
  const setSource = (pseudo: number): void => view.setUint8(at + 1, (view.getUint8(at + 1) & 0x0f) | (pseudo << 4));
  switch (reference.kind) {
    case "call":
      setSource(BPF_PSEUDO_CALL);
      view.setInt32(at + 4, startOf.get(reference.name)! - slot - 1, true);
      break;
    case "function":
      setSource(BPF_PSEUDO_FUNC);
      view.setInt32(at + 4, startOf.get(reference.name)! - slot - 1, true);
      view.setInt32(at + INSN_SIZE + 4, 0, true);
      break;
    case "map":
      setSource(BPF_PSEUDO_MAP_FD);
      view.setInt32(at + 4, mapFd(reference.name), true);
      view.setInt32(at + INSN_SIZE + 4, 0, true);
      break;
    case "map-value":
      setSource(BPF_PSEUDO_MAP_VALUE);
      view.setInt32(at + 4, mapFd(reference.name), true);
      view.setUint32(at + INSN_SIZE + 4, reference.offset, true);
      break;
  }
}

/** All parts' records in one table, instruction offsets (their first word, in slots) counted from the program's start. */
function joinInfos(
  parts: readonly FunctionSpec[],
  startOf: ReadonlyMap<string, number>,
  infoOf: (part: FunctionSpec) => RawInfo | undefined,
): RawInfo | undefined {
  const infos = parts.flatMap((part) => {
    const info = infoOf(part);
    return info === undefined ? [] : [{ part, info }];
  });
  const first = infos[0];
  // The main program must be described, or the kernel refuses the rest.
  if (first === undefined || first.part !== parts[0]) return undefined;
  const { recSize } = first.info;
  const same = infos.filter(({ info }) => info.recSize === recSize);
  const bytes = new Uint8Array(same.reduce((sum, { info }) => sum + info.bytes.length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const { part, info } of same) {
    bytes.set(info.bytes, at);
    const start = startOf.get(part.name)!;
    for (const end = at + info.bytes.length; at < end; at += recSize)
      view.setUint32(at, view.getUint32(at, true) + start, true);
  }
  return { recSize, bytes };
}
