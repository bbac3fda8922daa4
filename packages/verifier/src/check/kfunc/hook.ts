import { BPF_TRACE_ITER } from "@bpf-ts/uapi/attach-types";
import * as prog from "@bpf-ts/uapi/prog-types";
import type { ProgFacts } from "../../types.ts";
import type { KfuncHook, KfuncRow } from "./table.ts";

/** @see v6.18 kernel/bpf/btf.c, bpf_prog_type_to_kfunc_hook */
const HOOKS: ReadonlyMap<number, KfuncHook> = new Map<number, KfuncHook>([
  [prog.BPF_PROG_TYPE_XDP, "xdp"],
  [prog.BPF_PROG_TYPE_SCHED_CLS, "sched_cls"],
  [prog.BPF_PROG_TYPE_SCHED_ACT, "sched_act"],
  [prog.BPF_PROG_TYPE_STRUCT_OPS, "struct_ops"],
  [prog.BPF_PROG_TYPE_TRACING, "tracing"],
  [prog.BPF_PROG_TYPE_TRACEPOINT, "tracing"],
  [prog.BPF_PROG_TYPE_PERF_EVENT, "tracing"],
  [prog.BPF_PROG_TYPE_LSM, "tracing"],
  [prog.BPF_PROG_TYPE_SYSCALL, "syscall"],
  [prog.BPF_PROG_TYPE_CGROUP_SKB, "cgroup"],
  [prog.BPF_PROG_TYPE_CGROUP_SOCK, "cgroup"],
  [prog.BPF_PROG_TYPE_CGROUP_DEVICE, "cgroup"],
  [prog.BPF_PROG_TYPE_CGROUP_SOCK_ADDR, "cgroup"],
  [prog.BPF_PROG_TYPE_CGROUP_SOCKOPT, "cgroup"],
  [prog.BPF_PROG_TYPE_CGROUP_SYSCTL, "cgroup"],
  [prog.BPF_PROG_TYPE_SOCK_OPS, "cgroup"],
  [prog.BPF_PROG_TYPE_SK_SKB, "sk_skb"],
  [prog.BPF_PROG_TYPE_SOCKET_FILTER, "socket_filter"],
  [prog.BPF_PROG_TYPE_LWT_IN, "lwt"],
  [prog.BPF_PROG_TYPE_LWT_OUT, "lwt"],
  [prog.BPF_PROG_TYPE_LWT_XMIT, "lwt"],
  [prog.BPF_PROG_TYPE_LWT_SEG6LOCAL, "lwt"],
  [prog.BPF_PROG_TYPE_NETFILTER, "netfilter"],
  [prog.BPF_PROG_TYPE_KPROBE, "kprobe"],
]);

/** Whether programs such as this one may call the function. */
export function isKfuncAllowed(row: KfuncRow, facts: ProgFacts): boolean {
  const { hooks } = row;
  if (hooks === undefined) return true;
  const hook = HOOKS.get(facts.progType);
  if (hook !== undefined && hooks.includes(hook)) return true;
  if (hooks.includes("lsm")) return facts.progType === prog.BPF_PROG_TYPE_LSM;
  return hooks.includes("iter") && hook === "tracing" && facts.expectedAttachType === BPF_TRACE_ITER;
}
