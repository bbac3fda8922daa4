import type { Btf } from "@bpf-ts/btf";
import {
  BPF_MODIFY_RETURN,
  BPF_TRACE_FENTRY,
  BPF_TRACE_FEXIT,
  BPF_TRACE_ITER,
  BPF_TRACE_RAW_TP,
} from "@bpf-ts/uapi/attach-types";
import * as prog from "@bpf-ts/uapi/prog-types";
import { isModifier, isStructOrUnion } from "./type-class.ts";

/**
 * The type of which a program type's context is, as programs write it. '' where there is no struct of its own (`void *`, numbers).
 *
 * @see v6.18 include/linux/bpf_types.h
 */
const CTX_TYPE: ReadonlyMap<number, string> = new Map([
  [prog.BPF_PROG_TYPE_SOCKET_FILTER, "__sk_buff"],
  [prog.BPF_PROG_TYPE_SCHED_CLS, "__sk_buff"],
  [prog.BPF_PROG_TYPE_SCHED_ACT, "__sk_buff"],
  [prog.BPF_PROG_TYPE_XDP, "xdp_md"],
  [prog.BPF_PROG_TYPE_CGROUP_SKB, "__sk_buff"],
  [prog.BPF_PROG_TYPE_CGROUP_SOCK, "bpf_sock"],
  [prog.BPF_PROG_TYPE_CGROUP_SOCK_ADDR, "bpf_sock_addr"],
  [prog.BPF_PROG_TYPE_LWT_IN, "__sk_buff"],
  [prog.BPF_PROG_TYPE_LWT_OUT, "__sk_buff"],
  [prog.BPF_PROG_TYPE_LWT_XMIT, "__sk_buff"],
  [prog.BPF_PROG_TYPE_LWT_SEG6LOCAL, "__sk_buff"],
  [prog.BPF_PROG_TYPE_SOCK_OPS, "bpf_sock_ops"],
  [prog.BPF_PROG_TYPE_SK_SKB, "__sk_buff"],
  [prog.BPF_PROG_TYPE_SK_MSG, "sk_msg_md"],
  [prog.BPF_PROG_TYPE_FLOW_DISSECTOR, "__sk_buff"],
  [prog.BPF_PROG_TYPE_KPROBE, "bpf_user_pt_regs_t"],
  [prog.BPF_PROG_TYPE_PERF_EVENT, "bpf_perf_event_data"],
  [prog.BPF_PROG_TYPE_RAW_TRACEPOINT, "bpf_raw_tracepoint_args"],
  [prog.BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE, "bpf_raw_tracepoint_args"],
  [prog.BPF_PROG_TYPE_CGROUP_DEVICE, "bpf_cgroup_dev_ctx"],
  [prog.BPF_PROG_TYPE_CGROUP_SYSCTL, "bpf_sysctl"],
  [prog.BPF_PROG_TYPE_CGROUP_SOCKOPT, "bpf_sockopt"],
  [prog.BPF_PROG_TYPE_SK_REUSEPORT, "sk_reuseport_md"],
  [prog.BPF_PROG_TYPE_SK_LOOKUP, "bpf_sk_lookup"],
  [prog.BPF_PROG_TYPE_NETFILTER, "bpf_nf_ctx"],
]);

const PT_REGS_TYPEDEF = "bpf_user_pt_regs_t";
const PT_REGS = "pt_regs";

/** Contexts that show a part of a kernel structure under a name of their own. @see v6.18 kernel/bpf/btf.c, btf_is_projection_of */
const PROJECTIONS: ReadonlyMap<string, string> = new Map([
  ["__sk_buff", "sk_buff"],
  ["xdp_md", "xdp_buff"],
]);

/** Whether `ctxName` is what programs see of the kernel's `kernelName`. */
export function isProjectionOf(ctxName: string, kernelName: string): boolean {
  return PROJECTIONS.get(ctxName) === kernelName;
}

/** Goes over modifiers up to a typedef, or over all. */
function skipToTypedef(btf: Btf, id: number): number {
  let at = id;
  while (at !== 0 && isModifier(btf, at) && btf.kindOf(at) !== "typedef") at = btf.sizeOrTypeOf(at);
  return at;
}

/**
 * Whether a pointer type is one to the program type's context, by name alone.
 *
 * @param ptrId PTR in `btf`.
 * @see v6.18 kernel/bpf/btf.c, btf_is_prog_ctx_type
 */
export function isProgCtxType(btf: Btf, ptrId: number, progType: number): boolean {
  const target = btf.sizeOrTypeOf(ptrId);
  if (progType === prog.BPF_PROG_TYPE_KPROBE) {
    const at = skipToTypedef(btf, target);
    if (btf.kindOf(at) === "typedef" && btf.nameOf(at) === PT_REGS_TYPEDEF) return true;
  }
  const id = btf.resolve(target);
  if (!isStructOrUnion(btf, id)) return false;
  const ctxName = CTX_TYPE.get(progType);
  if (ctxName === undefined) return false;
  const name = btf.nameOf(id);
  if (name === ctxName || isProjectionOf(ctxName, name)) return true;
  return ctxName === PT_REGS_TYPEDEF && name === PT_REGS;
}

/** Program types that any type may stand for the context of, once the argument is tagged so. */
const ANY_CTX: ReadonlySet<number> = new Set([
  prog.BPF_PROG_TYPE_TRACEPOINT,
  prog.BPF_PROG_TYPE_SYSCALL,
  prog.BPF_PROG_TYPE_EXT,
]);

/** Program types that see their context as an array of 64-bit words, too. */
const WORDS_CTX: ReadonlySet<number> = new Set([
  prog.BPF_PROG_TYPE_RAW_TRACEPOINT,
  prog.BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE,
  prog.BPF_PROG_TYPE_LSM,
  prog.BPF_PROG_TYPE_STRUCT_OPS,
]);

const WORDS_TRACE: ReadonlySet<number> = new Set([
  BPF_TRACE_RAW_TP,
  BPF_TRACE_FENTRY,
  BPF_TRACE_FEXIT,
  BPF_MODIFY_RETURN,
]);

/**
 * Checks an argument that is tagged `arg:ctx`.
 *
 * @param typeId The argument's type without modifiers.
 * @returns What is wrong, behind `arg#%d `; undefined if nothing.
 * @see v6.18 kernel/bpf/btf.c, btf_validate_prog_ctx_type
 */
export function progCtxTypeFault(btf: Btf, typeId: number, progType: number, attachType: number): string | undefined {
  if (btf.kindOf(typeId) !== "ptr") return "type isn't a pointer";
  const target = btf.sizeOrTypeOf(typeId);
  const usesPtRegs = progType === prog.BPF_PROG_TYPE_KPROBE || progType === prog.BPF_PROG_TYPE_PERF_EVENT;
  if (usesPtRegs) {
    const at = skipToTypedef(btf, target);
    if (btf.kindOf(at) === "typedef" && btf.nameOf(at) === PT_REGS_TYPEDEF) return undefined;
  }
  const id = btf.resolve(target);
  if (id === 0) return undefined;
  const name = btf.nameOf(id);
  if (name === "") return "type doesn't have a name";
  const isStruct = isStructOrUnion(btf, id);
  const isWord = btf.kindOf(id) === "int" && btf.sizeOrTypeOf(id) === 8;

  if (usesPtRegs && isStruct && name === PT_REGS) return undefined;
  if (ANY_CTX.has(progType)) return undefined;
  if (isWord && WORDS_CTX.has(progType)) return undefined;
  if (progType === prog.BPF_PROG_TYPE_TRACING) {
    if (isWord && WORDS_TRACE.has(attachType)) return undefined;
    if (isStruct && attachType === BPF_TRACE_RAW_TP && name === "bpf_raw_tracepoint_args") return undefined;
    if (isStruct && attachType === BPF_TRACE_ITER && name.startsWith("bpf_iter__")) return undefined;
  }

  const ctxName = CTX_TYPE.get(progType);
  if (ctxName === undefined) return "should be void pointer";
  const structName = ctxName === PT_REGS_TYPEDEF ? PT_REGS : ctxName;
  return isStruct && name === structName ? undefined : `should be \`struct ${structName} *\``;
}
