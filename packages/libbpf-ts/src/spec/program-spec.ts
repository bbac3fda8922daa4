import type { RawInfo } from "@bpf-ts/uapi";
import type { AttachKind, SectionDef } from "../sections/section-def.ts";

/** What the object expects somebody else to define. */
export type ExternKind =
  /** A configuration option or property of the running kernel (`__kconfig`). */
  | "kconfig"
  /** A variable of the kernel (`__ksym`). */
  | "kernel-variable"
  /** A function of the kernel that programs may call (`__ksym`). */
  | "kernel-function"
  /** A symbol that nothing describes: a missing definition. */
  | "undefined";

/** What an instruction refers to by name; resolved when the object is loaded. */
export type Reference =
  /** The address of a map. */
  | { readonly insn: number; readonly kind: "map"; readonly name: string }
  /** The address of a byte of a map's first value: a global variable. */
  | { readonly insn: number; readonly kind: "map-value"; readonly name: string; readonly offset: number }
  /** The address of a function, for helpers that call it. */
  | { readonly insn: number; readonly kind: "function"; readonly name: string }
  /** A call of a function. */
  | { readonly insn: number; readonly kind: "call"; readonly name: string }
  /** The address of a global variable in an arena. */
  | { readonly insn: number; readonly kind: "arena"; readonly name: string }
  /** Something that the object does not define. */
  | {
      readonly insn: number;
      readonly kind: "extern";
      readonly name: string;
      readonly extern: ExternKind;
      /** It may be missing. */
      readonly isWeak: boolean;
    };

/** A function of the object: a program's own code, or a subprogram that several programs may call. */
export interface FunctionSpec {
  /** Its C name; with the place behind it (`name@section+0x40`) where an earlier function has the same. References use it. */
  readonly name: string;
  readonly section: string;
  /** Little-endian `struct bpf_insn` slots, 8 bytes each; a copy. What `references` name is filled in when a program is loaded. */
  readonly insns: Uint8Array;
  /** In order of their instructions; `insn` counts slots from the function's first. */
  readonly references: readonly Reference[];
  /** Records of BTF.ext that concern it, offsets counted in slots from its first. */
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
  /** Without the `?` that sections of programs begin with that are not loaded by default. */
  readonly section: string;
  /** The row of the section table, undefined for names that libbpf does not know: then set `progType`. */
  readonly sectionDef: SectionDef | undefined;
  /** `BPF_PROG_TYPE_*`, 0 if the section's name does not say. */
  progType: number;
  /** `BPF_*` attach type: what the kernel's `expected_attach_type` becomes. */
  attachType: number;
  /** How {@link BpfProgram.attach} attaches it. */
  attachKind: AttachKind;
  /** What the section's name says behind the `/`: a function, a tracepoint, `map/OPERATION`; '' for nothing. */
  attachTarget: string;
  /** Attach to a function of the program behind this fd instead of the kernel's. */
  attachProgFd?: number;
  /** `BPF_F_*`. */
  progFlags: number;
  /** Load it with the object. False for sections whose name begins with `?`. */
  autoload: boolean;
  /** Let `BpfObject.attach` attach it. */
  autoattach: boolean;
  readonly code: FunctionSpec;
  /** The function that runs when the program throws an exception: loaded with it though nothing calls it. */
  readonly exceptionCallback?: string;
}
