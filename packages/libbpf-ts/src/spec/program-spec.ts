import type { RawInfo } from "@bpf-ts/uapi";
import type { SectionDef } from "../sections/section-def.ts";

/** What an instruction refers to by name; resolved when the object is loaded. */
export interface Reference {
  /** Slot of the instruction. */
  readonly insn: number;
  readonly kind: "map" | "map-value" | "function" | "call";
  /** Name of the map, or of the function in this object. */
  readonly name: string;
  /** `map-value`: bytes into the value. */
  readonly offset: number;
}

/** A function of the object: a program's own code, or a subprogram that several programs may call. */
export interface FunctionSpec {
  readonly name: string;
  readonly section: string;
  /** Little-endian `struct bpf_insn` slots. */
  readonly insns: Uint8Array;
  readonly references: readonly Reference[];
  /** Records of BTF.ext that concern it, offsets counted from its first slot. */
  readonly funcInfo?: RawInfo;
  readonly lineInfo?: RawInfo;
  /** Number of CO-RE relocations recorded for it. */
  readonly coreRelocations: number;
}

/**
 * One program of an object, before it is loaded. Plain and editable.
 */
export interface ProgramSpec {
  /** The C function's name. */
  readonly name: string;
  readonly section: string;
  /** The row of the section table, undefined for names that libbpf does not know: then set `progType`. */
  readonly sectionDef: SectionDef | undefined;
  /** `BPF_PROG_TYPE_*`, 0 if the section's name does not say. */
  progType: number;
  attachType: number;
  /** What the section's name says behind the `/`: a function, a tracepoint, `map/OPERATION`. */
  attachTarget: string;
  progFlags: number;
  /** Load it with the object. False for sections whose name begins with `?`. */
  autoload: boolean;
  /** Let `BpfObject.attach` attach it. */
  autoattach: boolean;
  readonly code: FunctionSpec;
}
