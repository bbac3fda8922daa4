import { EINVAL } from "@bpf-ts/uapi/errno";
import {
  BPF_DYNPTR_TYPE_LOCAL,
  BPF_DYNPTR_TYPE_RINGBUF,
  BPF_DYNPTR_TYPE_SKB,
  BPF_DYNPTR_TYPE_SKB_META,
  BPF_DYNPTR_TYPE_XDP,
} from "@bpf-ts/uapi/helper-flags";
import * as prog from "@bpf-ts/uapi/prog-types";
import { reject, verifierBug } from "../../reject.ts";
import type { Env } from "../../state/env.ts";
import { btfReg, memReg, type RegState } from "../../state/reg-state.ts";
import {
  DYNPTR_TYPE_LOCAL,
  DYNPTR_TYPE_RINGBUF,
  DYNPTR_TYPE_SKB,
  DYNPTR_TYPE_SKB_META,
  DYNPTR_TYPE_XDP,
  MEM_RDONLY,
  PTR_TO_BTF_ID,
  PTR_TO_MEM,
  PTR_TRUSTED,
  PTR_UNTRUSTED,
} from "../../state/reg-type.ts";
import { unsupported } from "../../unsupported.ts";
import { isStructOrUnion } from "../btf/type-class.ts";
import { mayAccessPacket } from "../mem/packet.ts";
import { graphNodeResult } from "./graph.ts";
import type { KfuncMeta } from "./meta.ts";
import { objectResult } from "./object.ts";

/** Functions that acquire what BTF describes as a pointer to nothing in particular. */
export const ACQUIRES_UNTYPED: ReadonlySet<string> = new Set([
  "bpf_obj_new_impl",
  "bpf_percpu_obj_new_impl",
  "bpf_refcount_acquire_impl",
]);

/**
 * Results that depend on arguments: undefined where the function's BTF says it all.
 *
 * @param targetId Type that the function's BTF has its result point to.
 * @see v6.18 kernel/bpf/verifier.c, check_special_kfunc
 */
export function specialResult(env: Env, meta: KfuncMeta, targetId: number): RegState | undefined {
  switch (meta.name) {
    case "bpf_obj_new_impl":
    case "bpf_percpu_obj_new_impl":
    case "bpf_refcount_acquire_impl":
      return objectResult(env, meta);
    case "bpf_cast_to_kern_ctx":
      return kernCtx(env, meta);
    case "bpf_rdonly_cast":
      return readOnlyCast(env, meta);
    case "bpf_dynptr_slice":
    case "bpf_dynptr_slice_rdwr":
      return slice(env, meta);
    default:
      return graphNodeResult(meta, targetId);
  }
}

/** The kernel's structure behind each program type's context. @see v6.18 include/linux/bpf_types.h */
const KERN_CTX: ReadonlyMap<number, string> = new Map([
  [prog.BPF_PROG_TYPE_SOCKET_FILTER, "sk_buff"],
  [prog.BPF_PROG_TYPE_SCHED_CLS, "sk_buff"],
  [prog.BPF_PROG_TYPE_SCHED_ACT, "sk_buff"],
  [prog.BPF_PROG_TYPE_XDP, "xdp_buff"],
  [prog.BPF_PROG_TYPE_CGROUP_SKB, "sk_buff"],
  [prog.BPF_PROG_TYPE_CGROUP_SOCK, "sock"],
  [prog.BPF_PROG_TYPE_CGROUP_SOCK_ADDR, "bpf_sock_addr_kern"],
  [prog.BPF_PROG_TYPE_LWT_IN, "sk_buff"],
  [prog.BPF_PROG_TYPE_LWT_OUT, "sk_buff"],
  [prog.BPF_PROG_TYPE_LWT_XMIT, "sk_buff"],
  [prog.BPF_PROG_TYPE_LWT_SEG6LOCAL, "sk_buff"],
  [prog.BPF_PROG_TYPE_SOCK_OPS, "bpf_sock_ops_kern"],
  [prog.BPF_PROG_TYPE_SK_SKB, "sk_buff"],
  [prog.BPF_PROG_TYPE_SK_MSG, "sk_msg"],
  [prog.BPF_PROG_TYPE_FLOW_DISSECTOR, "bpf_flow_dissector"],
  [prog.BPF_PROG_TYPE_KPROBE, "pt_regs"],
  [prog.BPF_PROG_TYPE_PERF_EVENT, "bpf_perf_event_data_kern"],
  [prog.BPF_PROG_TYPE_CGROUP_DEVICE, "bpf_cgroup_dev_ctx"],
  [prog.BPF_PROG_TYPE_CGROUP_SYSCTL, "bpf_sysctl_kern"],
  [prog.BPF_PROG_TYPE_CGROUP_SOCKOPT, "bpf_sockopt_kern"],
  [prog.BPF_PROG_TYPE_SK_REUSEPORT, "sk_reuseport_kern"],
  [prog.BPF_PROG_TYPE_SK_LOOKUP, "bpf_sk_lookup_kern"],
  [prog.BPF_PROG_TYPE_NETFILTER, "bpf_nf_ctx"],
]);

function kernCtx(env: Env, meta: KfuncMeta): RegState {
  const name = KERN_CTX.get(env.facts.progType);
  const id = name === undefined ? undefined : meta.btf.findByName(name, "struct");
  if (id === undefined) return unsupported("kernel-symbol", "the context as the kernel has it");
  return btfReg(PTR_TO_BTF_ID | PTR_TRUSTED, meta.btf, id);
}

function readOnlyCast(env: Env, meta: KfuncMeta): RegState {
  const refuse = (text: string): never => reject(env, env.insnIdx, "call", EINVAL, text);
  const value = meta.argConstant ?? verifierBug("no type given");
  // The kernel looks the id up as a 32-bit number.
  const id = Number(value & 0xffffffffn);
  if (id >= meta.btf.typeCount) {
    return refuse(`Unknown type ID ${BigInt.asIntN(64, value)} passed to kfunc bpf_rdonly_cast`);
  }
  if (isStructOrUnion(meta.btf, id)) return btfReg(PTR_TO_BTF_ID | PTR_UNTRUSTED, meta.btf, id);
  if (id === 0) return memReg(PTR_TO_MEM | MEM_RDONLY | PTR_UNTRUSTED, 0);
  return refuse("kfunc bpf_rdonly_cast type ID argument must be of a struct or void");
}

const DYNPTR_FLAGS: ReadonlyMap<number, number> = new Map([
  [BPF_DYNPTR_TYPE_LOCAL, DYNPTR_TYPE_LOCAL],
  [BPF_DYNPTR_TYPE_RINGBUF, DYNPTR_TYPE_RINGBUF],
  [BPF_DYNPTR_TYPE_SKB, DYNPTR_TYPE_SKB],
  [BPF_DYNPTR_TYPE_XDP, DYNPTR_TYPE_XDP],
  [BPF_DYNPTR_TYPE_SKB_META, DYNPTR_TYPE_SKB_META],
]);

/** A part of a dynptr's memory, copied if it can't be pointed to. */
function slice(env: Env, meta: KfuncMeta): RegState {
  const { dynptr, argConstant } = meta;
  if (dynptr === undefined || argConstant === undefined) verifierBug("slice without dynptr or size");
  let type = PTR_TO_MEM | (DYNPTR_FLAGS.get(dynptr.type) ?? 0);
  if (meta.name === "bpf_dynptr_slice") type |= MEM_RDONLY;
  else if (!mayAccessPacket(env, true)) {
    reject(env, env.insnIdx, "packet", EINVAL, "the prog does not allow writes to packet data");
  }
  const r = memReg(type, Number(argConstant & 0xffffffffn));
  return r.withUnion(null, r.memSize, dynptr.id);
}
