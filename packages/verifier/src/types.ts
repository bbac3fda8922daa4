import type { Btf } from "@bpf-ts/btf";
import type { HelperProto, MapDef, RawInfo, VerifiedProgram } from "@bpf-ts/uapi";
import type { ProgTypeRow } from "./progType/types.ts";
import type { UnsupportedFeature } from "./unsupported.ts";

/** A map as the verifier sees it. Compared by identity: one object a map. */
export interface VerifierMap {
  readonly def: MapDef;
  /** Global id, shown nowhere; for callers. */
  readonly id: number;
  /** What ld_imm64 of the map holds in the xlated program: its address in the machine's memory. */
  readonly handle: number;
  readonly name: string;
  /** BPF_MAP_FREEZE was called: user space can't write to it any more. */
  readonly frozen: boolean;
  /** Template of map-in-map types. */
  readonly inner?: VerifierMap;
  readonly btf?: Btf | undefined;
  readonly keyTypeId?: number;
  readonly valueTypeId?: number;
  /** struct_ops maps: type in the kernel's BTF. */
  readonly btfVmlinuxValueTypeId?: number;
  /**
   * `map_direct_value_addr`: address in the machine's memory of byte `off` of the only value, or a negative errno: -ENOTSUPP where there are more,
   * -EINVAL beyond it. Absent where the map type has none (only arrays have it).
   */
  readonly valueAddress?: ((off: number) => number) | undefined;
  /** Contents of a frozen read-only array: unsigned little-endian value of `size` (1, 2, 4, 8) bytes at `off`; undefined if it can't be read. */
  readConst?(off: number, size: number): bigint | undefined;
}

/** Capabilities of the loading process. */
export interface VerifierCaps {
  readonly bpf: boolean;
  readonly perfmon: boolean;
  readonly netAdmin: boolean;
  readonly sysAdmin: boolean;
}

/** What `verify` takes: a program load after its file descriptors are resolved. Nothing in it is modified. */
export interface VerifierInput {
  /** `BPF_PROG_TYPE_*`. */
  readonly progType: number;
  /** `BPF_*` attach type, 0 where the program type has none. */
  readonly expectedAttachType: number;
  /** `BPF_F_*` load flags. */
  readonly progFlags: number;
  readonly license: string;
  readonly name: string;
  /** Little-endian `struct bpf_insn` records, 8 bytes each. */
  readonly insns: Uint8Array;
  /** The map behind an fd, or the positive errno of looking it up (EBADF closed, EINVAL not a map). */
  mapByFd(fd: number): VerifierMap | number;
  /** fds that instructions name by index. */
  readonly fdArray?: readonly number[];
  /** The program's own types. */
  readonly btf?: Btf | undefined;
  readonly funcInfo?: RawInfo;
  readonly lineInfo?: RawInfo;
  /** Id in the kernel's BTF. */
  readonly attachBtfId?: number;
  /** The program is to be attached to another BPF program. */
  readonly attachProg?: boolean;
  readonly kernVersion?: number;
  /** Bits: 1, 2 = verbosity; 4 = statistics. Never changes the verdict. */
  readonly logLevel?: number;
  /** Characters of log to keep, the last ones; default 16 Mi. */
  readonly logSize?: number;
  /** Default: all. */
  readonly caps?: VerifierCaps;
}

/** Kinds of access to a context. */
export interface CtxAccess {
  /** Bytes into the context. */
  readonly off: number;
  /** 1, 2, 4 or 8 bytes. */
  readonly size: number;
  readonly write: boolean;
  /** A sign-extending load (BPF_MEMSX). */
  readonly ldsx?: boolean;
}

/** What a read of the context yields. */
export interface CtxField {
  /** Base type and modifiers of the value read; SCALAR_VALUE by default. */
  readonly regType?: number;
  /** Width in bytes of the field if narrower loads of it are rewritten (`ctx_field_size`). */
  readonly fieldSize?: number;
  /** PTR_TO_BTF_ID. */
  readonly btf?: Btf | undefined;
  readonly btfId?: number;
  /** The value is the traced function's or hook's return value: sign and range are known from the attach point. */
  readonly isRetval?: boolean;
  /** PTR_TO_BUF, PTR_TO_MEM: bytes, where bounded. */
  readonly memSize?: number;
  /** 0-based number of the argument that a PTR_TO_BUF is: the largest access is recorded in `VerifiedProgram.maxCtxBufferAccess`. */
  readonly bufferArg?: number;
}

/** Facts about the program that tables of contexts and helpers depend on. */
export interface ProgFacts {
  readonly progType: number;
  readonly expectedAttachType: number;
  readonly license: string;
  readonly gplCompatible: boolean;
  readonly sleepable: boolean;
  readonly caps: VerifierCaps;
  readonly kernelBtf: Btf;
  readonly attachBtfId: number;
  /** Prefix-free name of the attach target in the kernel's BTF, '' if none. */
  readonly attachFuncName: string;
  /** FUNC_PROTO of the attach target in the kernel's BTF, 0 if none. */
  readonly attachFuncProto: number;
  /** BPF_F_ANY_ALIGNMENT / STRICT_ALIGNMENT decided. */
  readonly strictAlignment: boolean;
}

/** One program type: what its context looks like. One file each under progType/. */
export interface ProgTypeDef {
  /** `BPF_PROG_TYPE_*`. */
  readonly id: number;
  /** `socket_filter`, `xdp` … */
  readonly name: string;
  /**
   * is_valid_access: the field, or undefined if the access is refused with `invalid bpf_context access off=%d size=%d`. A string
   * is logged before that line (one line, without newline).
   */
  ctxAccess(facts: ProgFacts, access: CtxAccess): CtxField | undefined | string;
  /** The context is plain memory to helpers (the type has no `convert_ctx_access`): it may be passed where they take memory. */
  readonly plainContext?: boolean;
  /** Packet pointers may be written through (`may_access_direct_pkt_data` with t == BPF_WRITE). */
  readonly pktWrite?: boolean;
  /** Packet pointers may be read through. */
  readonly pktRead?: boolean;
  /** LD_ABS and LD_IND are allowed (may_access_skb). */
  readonly ldAbs?: boolean;
}

/** Limits of Linux 6.18. */
export interface VerifierLimits {
  /** BPF_COMPLEXITY_LIMIT_INSNS. */
  readonly maxProcessedInsns: number;
  /** BPF_COMPLEXITY_LIMIT_JMP_SEQ. */
  readonly maxPendingBranches: number;
  /** BPF_COMPLEXITY_LIMIT_STATES. */
  readonly maxStatesPerInsn: number;
  /** BPF_MAX_SUBPROGS. */
  readonly maxSubprogs: number;
  /** MAX_BPF_STACK, bytes. */
  readonly maxStack: number;
  /** MAX_USED_MAPS. */
  readonly maxUsedMaps: number;
  /** Number of possible CPUs: what bpf_get_smp_processor_id answers is below. */
  readonly nrCpuIds: number;
  /** BPF_MAXINSNS for loaders without CAP_BPF. */
  readonly maxInsnsUnprivileged: number;
}

/** An argument in a BTF-typed context whose register type is not the one that its BTF type gives. */
export interface CtxArg {
  /** 0-based. */
  readonly arg: number;
  /** Base type and modifiers; of PTR_TO_BTF_ID the struct is the one in the prototype. */
  readonly regType: number;
}

/** What an attach point says about a program's context and exit. */
export interface AttachTarget {
  /** FUNC in the kernel's BTF. */
  readonly name: string;
  /** FUNC_PROTO id. */
  readonly protoId: number;
  /** Arguments that are read-only buffers instead of what BTF says: map tracing's key and value. By 0-based argument index. */
  readonly bufferArgs?: readonly { readonly arg: number; readonly maxSize?: number }[];
  /** Arguments that the attach point types itself: those of iterators. */
  readonly ctxArgs?: readonly CtxArg[];
  /** R0 at exit: inclusive range; undefined = anything readable. */
  readonly retval?: { readonly minval: number; readonly maxval: number };
}

/** Asks for replacement of one instruction of the verified program. */
export interface RewritePatch {
  /** Instructions (encoded, 8 bytes a slot) that stand in for the original one. Jumps inside are relative as written; to leave, fall through. */
  readonly insns: Uint8Array;
  /** Bytes of stack below the subprogram's own depth that the patch uses. */
  readonly extraStack?: number;
}

/** What a rewrite is told about a call of a helper. */
export interface CallSite {
  /** Slot in the original program. */
  readonly insnIdx: number;
  /** Helper id. */
  readonly helper: number;
  readonly subprog: number;
  /** Bytes of stack of the containing subprogram, before rewrites: rounded up to 8. */
  readonly stackDepth: number;
  /** The one map that this call can be made with, undefined if several. */
  readonly map: VerifierMap | undefined;
  /** Types of map that this call was seen with. */
  readonly mapTypes: ReadonlySet<number>;
  /** Never reached: will be removed. */
  readonly dead: boolean;
}

/** An extra rewrite of a profile, e.g. map tracing's. */
export interface CallRewrite {
  /** Helper ids that it looks at. */
  readonly helpers: ReadonlySet<number>;
  /** The call's replacement, undefined to keep it. `internalCall(name)` answers the imm for a call of an internal function. */
  rewrite(site: CallSite, internalCall: (name: string) => number): RewritePatch | undefined;
}

/** Everything in which one kernel differs from another. A plain value: derive others by spreading. */
export interface KernelProfile {
  readonly limits: VerifierLimits;
  readonly kernelBtf: Btf;
  progType(id: number): ProgTypeRow | undefined;
  /** Prototype of a helper for this program: undefined where `get_func_proto` answers NULL. A number is an id unknown to the kernel. */
  helperProto(facts: ProgFacts, id: number): HelperProto | undefined;
  /**
   * bpf_check_attach_target for tracing, LSM and iterator programs: the target, or the errno and the log line ('' for none) of the refusal.
   */
  checkAttach(
    input: VerifierInput,
  ): AttachTarget | { readonly errno: number; readonly text: string } | { readonly unsupported: UnsupportedFeature };
  readonly callRewrites: readonly CallRewrite[];
}

/** The numbers of the statistics line. */
export interface VerifierStats {
  /** Instructions walked. */
  processed: number;
  maxStatesPerInsn: number;
  totalStates: number;
  peakStates: number;
  /** Longest read chain of register liveness: 0 since Linux 6.18. */
  markRead: number;
  /** Wall time in microseconds. */
  usec: number;
}

/** Common to all verdicts. */
interface VerdictBase {
  /** '' at log level 0. */
  readonly log: string;
  readonly stats: VerifierStats;
}

export interface AcceptVerdict extends VerdictBase {
  readonly kind: "accept";
  readonly program: VerifiedProgram;
}

export interface RejectVerdict extends VerdictBase {
  readonly kind: "reject";
  /** Positive. */
  readonly errno: number;
  /** The last log line before the statistics, '' if the kernel says nothing. */
  readonly message: string;
  readonly code: RejectCode;
  /** Slot at which verification stopped, -1 if none in particular. */
  readonly insn: number;
}

export interface UnsupportedVerdict extends VerdictBase {
  readonly kind: "unsupported";
  readonly feature: UnsupportedFeature;
  /** Which one, e.g. a function's name. */
  readonly detail: string;
}

export type Verdict = AcceptVerdict | RejectVerdict | UnsupportedVerdict;

/** What a rejection is about. */
export type RejectCode =
  | "attach"
  | "btf"
  | "call"
  | "cfg"
  | "context"
  | "instruction"
  | "limit"
  | "load"
  | "lock"
  | "map"
  | "memory"
  | "packet"
  | "pointer"
  | "reference"
  | "register"
  | "return"
  | "stack";
/** State handed to helper-argument checks that record what a call does; owned by check/call. */
