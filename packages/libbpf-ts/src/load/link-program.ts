import { BPF_CALL, BPF_JMP, INSN_SIZE } from "@bpf-ts/isa";
import type { RawInfo } from "@bpf-ts/uapi";
import { BPF_PSEUDO_CALL, BPF_PSEUDO_FUNC, BPF_PSEUDO_MAP_FD, BPF_PSEUDO_MAP_VALUE } from "@bpf-ts/uapi/pseudo";
import { LibbpfError } from "../error.ts";
import type { FunctionSpec, ProgramSpec, Reference } from "../spec/program-spec.ts";
import { collectFunctions } from "./collect-functions.ts";
import { joinInfos } from "./join-infos.ts";

/** A program as `BPF_PROG_LOAD` takes it: with the functions that it calls behind it, and file descriptors in place. */
export interface LinkedProgram {
  /** Little-endian `struct bpf_insn` slots; bytes of its own. */
  insns: Uint8Array;
  /** Offsets in slots from the program's start. */
  funcInfo: RawInfo | undefined;
  lineInfo: RawInfo | undefined;
}

/**
 * What a map is to a program that is put together: its fd, or, for a map that was not created, its number among the object's maps.
 */
export type LinkedMap = { readonly fd: number } | { readonly missing: number };

/** Helper that does not exist: called where a map would be loaded that was not created. @see v6.12 tools/lib/bpf/libbpf.c, poison_map_ldimm64 */
export const POISON_MAP_BASE = 2001000000;

/**
 * Puts a program together: its own code, then each function that it reaches; then every reference resolved.
 *
 * @param map a map of the object by declared name, undefined if there is none
 * @throws LibbpfError EXTERN_UNRESOLVED, NOT_FOUND, BTF_INVALID
 * @throws UnsupportedError CO-RE relocations, externs
 */
export function linkProgram(
  program: ProgramSpec,
  functions: ReadonlyMap<string, FunctionSpec>,
  map: (name: string) => LinkedMap | undefined,
): LinkedProgram {
  const parts = collectFunctions(program, functions);
  const startOf = new Map<FunctionSpec, number>();
  let slots = 0;
  for (const part of parts) {
    startOf.set(part, slots);
    slots += part.insns.length / INSN_SIZE;
  }
  const startOfName = (name: string): number =>
    startOf.get(name === program.code.name ? program.code : functions.get(name)!)!;
  const mapOf = (name: string): LinkedMap => {
    const found = map(name);
    if (found === undefined)
      throw new LibbpfError("NOT_FOUND", `program ${program.name}: map "${name}", which it uses, does not exist`);
    return found;
  };
  const insns = new Uint8Array(slots * INSN_SIZE);
  const view = new DataView(insns.buffer);
  for (const part of parts) {
    const start = startOf.get(part)!;
    insns.set(part.insns, start * INSN_SIZE);
    for (const reference of part.references) resolve(view, start + reference.insn, reference, startOfName, mapOf);
  }
  return {
    insns,
    funcInfo: joinInfos(parts, startOf, "funcInfo"),
    lineInfo: joinInfos(parts, startOf, "lineInfo"),
  };
}

function resolve(
  view: DataView,
  slot: number,
  reference: Reference,
  startOf: (name: string) => number,
  mapOf: (name: string) => LinkedMap,
): void {
  const at = slot * INSN_SIZE;
  const set = (source: number, imm: number, secondImm?: number): void => {
    view.setUint8(at + 1, (view.getUint8(at + 1) & 0x0f) | (source << 4));
    view.setInt32(at + 4, imm, true);
    if (secondImm !== undefined) view.setInt32(at + INSN_SIZE + 4, secondImm, true);
  };
  switch (reference.kind) {
    case "call":
      set(BPF_PSEUDO_CALL, startOf(reference.name) - slot - 1);
      break;
    case "function":
      set(BPF_PSEUDO_FUNC, startOf(reference.name) - slot - 1, 0);
      break;
    case "map":
    case "map-value": {
      const map = mapOf(reference.name);
      if ("missing" in map) poison(view, at, map.missing);
      else if (reference.kind === "map") set(BPF_PSEUDO_MAP_FD, map.fd, 0);
      else set(BPF_PSEUDO_MAP_VALUE, map.fd, reference.offset);
      break;
    }
    case "arena":
    case "extern":
      throw new Error(`${reference.kind} reference to ${reference.name} was let through`);
  }
}

/** Both slots become calls that no verifier accepts; in dead code nobody sees them. */
function poison(view: DataView, at: number, map: number): void {
  for (const slot of [at, at + INSN_SIZE]) {
    view.setUint32(slot, BPF_JMP | BPF_CALL, true);
    view.setInt32(slot + 4, POISON_MAP_BASE + map, true);
  }
}
