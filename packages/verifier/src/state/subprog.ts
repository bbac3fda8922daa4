import type { Btf } from "@bpf-ts/btf";

/** What a global function expects of one argument. @see v6.18 include/linux/bpf_verifier.h, struct bpf_subprog_arg_info */
export interface SubprogArg {
  /** ARG_* base kind with modifiers, as `check/btf` derives it. */
  readonly kind: "anything" | "ctx" | "mem" | "dynptr" | "trusted-btf" | "untrusted-btf" | "arena";
  readonly nullable: boolean;
  /** `mem`: untrusted memory (read only through faulting loads). */
  readonly untrusted?: boolean;
  /** Bytes. */
  readonly memSize: number;
  readonly btf?: Btf;
  readonly btfId: number;
}

/** One function of the program. @see v6.18 include/linux/bpf_verifier.h, struct bpf_subprog_info */
export interface SubprogInfo {
  /** First slot. */
  start: number;
  /** First line record of it, index into the line records. */
  linfoIdx: number;
  /** Bytes of stack used, as they are found during the walk; rounded by the stack depth check. */
  stackDepth: number;
  fastcallStackOff: number;
  keepFastcallStack: boolean;
  hasTailCall: boolean;
  tailCallReachable: boolean;
  hasLdAbs: boolean;
  isCb: boolean;
  isAsyncCb: boolean;
  isExceptionCb: boolean;
  changesPktData: boolean;
  mightSleep: boolean;
  /** Global functions: what the BTF says about the arguments, once asked. */
  args: readonly SubprogArg[] | undefined;
  /** From func_info, '' without BTF. */
  name: string;
  /** FUNC type id in the program's BTF, 0 without. */
  typeId: number;
  /** BTF_FUNC_STATIC, GLOBAL or EXTERN. */
  linkage: number;
  /** BTF's types can't be trusted (`func_info_aux.unreliable`). */
  unreliable: boolean;
  /** Global functions: called from verified code. */
  called: boolean;
  /** Global functions: walked as a program of its own. */
  verified: boolean;
}

/** A subprogram of which only the beginning is known. */
export function newSubprog(start: number): SubprogInfo {
  return {
    start,
    linfoIdx: 0,
    stackDepth: 0,
    fastcallStackOff: 0,
    keepFastcallStack: false,
    hasTailCall: false,
    tailCallReachable: false,
    hasLdAbs: false,
    isCb: false,
    isAsyncCb: false,
    isExceptionCb: false,
    changesPktData: false,
    mightSleep: false,
    args: undefined,
    name: "",
    typeId: 0,
    linkage: 0,
    unreliable: false,
    called: false,
    verified: false,
  };
}
