/** `struct bpf_func_info` or `struct bpf_line_info` records as they lie in BTF.ext, in the machine's byte order. */
export interface RawInfo {
  /** Bytes a record. */
  recSize: number;
  bytes: Uint8Array;
}

/**
 * What `BPF_PROG_LOAD` takes.
 *
 * @see v6.18 include/uapi/linux/bpf.h, union bpf_attr, BPF_PROG_LOAD
 */
export interface ProgLoadAttr {
  /** `BPF_PROG_TYPE_*`. */
  progType: number;
  /** `BPF_*` attach type, 0 where the program type has none. */
  expectedAttachType?: number;
  /** Little-endian `struct bpf_insn` records, 8 bytes each. Not modified. */
  insns: Uint8Array;
  license: string;
  name?: string;
  /** `BPF_F_*` load flags. */
  progFlags?: number;
  kernVersion?: number;
  btfFd?: number;
  funcInfo?: RawInfo;
  lineInfo?: RawInfo;
  /** A type id of the kernel's BTF, or of the program's named by `attachProgFd`. */
  attachBtfId?: number;
  attachProgFd?: number;
  /** fds of maps and BTFs that instructions name by index. */
  fdArray?: readonly number[];
  /** 0: no log (but on failure libbpf's callers ask again with 1). Bits: 1, 2 = verbosity; 4 = statistics only. */
  logLevel?: number;
}

/** What a successful `BPF_PROG_LOAD` answers. */
export interface ProgLoadResult {
  fd: number;
  /** The verifier's log, '' at level 0. */
  log: string;
}

/** One subprogram of a verified program. */
export interface SubprogFacts {
  /** Index of its first instruction slot in the xlated program. */
  start: number;
  /** Bytes of stack that one activation of it needs; may exceed 512 after rewrites. Multiple of 8. */
  stackDepth: number;
  name?: string;
  /** True for subprograms that are only ever called by helpers (timer, loop, for_each callbacks). */
  isCallback?: boolean;
}

/**
 * A verified program as it will run, and what later stages need to know about it. The one record that goes from verifier to kernel to vm.
 */
export interface VerifiedProgram {
  /**
   * Instructions as they will run ("xlated"), 8 bytes a slot. ld_imm64 of a map holds the map's handle (an address in the machine's
   * memory), of a map value its address, of a function its subprogram's index + 1. Calls of internal functions (those that rewrites insert)
   * have `src_reg = BPF_PSEUDO_INTERNAL_CALL` and `imm` = index into `internalCalls`.
   */
  xlated: Uint8Array;
  /** The main program first. */
  subprogs: readonly SubprogFacts[];
  /** Names of the internal functions that rewrites inserted calls of, e.g. `bpf_trace_map_update_elem`. */
  internalCalls: readonly string[];
  /** For each slot of `xlated`, the slot of the original program that it stems from. */
  origin: Uint32Array;
  /** Ids of the maps that the program mentions, in order of first mention; dead code and subprograms count. */
  usedMaps: readonly number[];
  /** Highest byte read + 1 through each read-only buffer argument of the context, by argument index (0-based): tracers' key and value. */
  maxCtxBufferAccess: readonly number[];
  /** Highest packet offset read + 1, bytes. */
  maxPktOffset: number;
  /** Highest byte of the context that it may touch + 1. Test runs refuse a smaller `ctx_in`. */
  maxCtxOffset?: number;
  /** Helpers that the program calls, by id. */
  helpers: ReadonlySet<number>;
  /** It may call bpf_tail_call. */
  hasTailCall: boolean;
  /** bpf_func_proto `might_sleep` and BPF_F_SLEEPABLE. */
  sleepable: boolean;
  /** Instructions that the verifier walked: the N of `processed N insns`. */
  verifiedInsns: number;
}

/** `src_reg` of an xlated call whose target is an internal function of the kernel; programs can't contain it. */
export const BPF_PSEUDO_INTERNAL_CALL = 15;
