/**
 * Which helpers each program type may call, and by which prototype: the sets of the type in the kernel's order, then the base by capability.
 *
 * @see v6.18 kernel/bpf/verifier.c, get_helper_proto; struct bpf_verifier_ops, get_func_proto
 */

import type { HelperProto } from "@bpf-ts/uapi";
import { BPF_LSM_CGROUP } from "@bpf-ts/uapi/attach-types";
import { helperById, helperVariant } from "@bpf-ts/uapi/helpers";
import {
  BPF_PROG_TYPE_CGROUP_DEVICE,
  BPF_PROG_TYPE_CGROUP_SKB,
  BPF_PROG_TYPE_CGROUP_SOCK,
  BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
  BPF_PROG_TYPE_CGROUP_SOCKOPT,
  BPF_PROG_TYPE_CGROUP_SYSCTL,
  BPF_PROG_TYPE_FLOW_DISSECTOR,
  BPF_PROG_TYPE_KPROBE,
  BPF_PROG_TYPE_LIRC_MODE2,
  BPF_PROG_TYPE_LSM,
  BPF_PROG_TYPE_LWT_IN,
  BPF_PROG_TYPE_LWT_OUT,
  BPF_PROG_TYPE_LWT_SEG6LOCAL,
  BPF_PROG_TYPE_LWT_XMIT,
  BPF_PROG_TYPE_NETFILTER,
  BPF_PROG_TYPE_PERF_EVENT,
  BPF_PROG_TYPE_RAW_TRACEPOINT,
  BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE,
  BPF_PROG_TYPE_SCHED_ACT,
  BPF_PROG_TYPE_SCHED_CLS,
  BPF_PROG_TYPE_SK_LOOKUP,
  BPF_PROG_TYPE_SK_MSG,
  BPF_PROG_TYPE_SK_REUSEPORT,
  BPF_PROG_TYPE_SK_SKB,
  BPF_PROG_TYPE_SOCK_OPS,
  BPF_PROG_TYPE_SOCKET_FILTER,
  BPF_PROG_TYPE_SYSCALL,
  BPF_PROG_TYPE_TRACEPOINT,
  BPF_PROG_TYPE_TRACING,
  BPF_PROG_TYPE_XDP,
} from "@bpf-ts/uapi/prog-types";
import { bpfCapable, perfmonCapable } from "../progType/fields.ts";
import type { ProgFacts } from "../types.ts";
import { BASE_BPF, BASE_PERFMON, BASE_UNPRIVILEGED } from "./base.ts";
import { CGROUP_DEVICE_HELPERS, CGROUP_HELPERS, CGROUP_SYSCTL_HELPERS } from "./cgroup.ts";
import { LIRC_HELPERS } from "./lirc.ts";
import {
  CGROUP_SKB_HELPERS,
  FLOW_DISSECTOR_HELPERS,
  LWT_HELPERS,
  LWT_IN_HELPERS,
  LWT_SEG6LOCAL_HELPERS,
  LWT_XMIT_HELPERS,
  NET_BASE,
  SK_SKB_HELPERS,
  SOCKET_FILTER_HELPERS,
  TC_HELPERS,
  XDP_HELPERS,
} from "./packet.ts";
import {
  CGROUP_SOCK_HELPERS,
  CGROUP_SOCKOPT_HELPERS,
  SK_LOOKUP_HELPERS,
  SK_MSG_HELPERS,
  SK_REUSEPORT_HELPERS,
  SOCK_ADDR_HELPERS,
  SOCK_OPS_HELPERS,
} from "./socket.ts";
import {
  KPROBE_HELPERS,
  LSM_HELPERS,
  PERF_EVENT_HELPERS,
  RAW_TP_HELPERS,
  SYSCALL_HELPERS,
  TRACEPOINT_HELPERS,
  TRACING_BASE,
  TRACING_HELPERS,
} from "./tracing.ts";
import type { Grant, HelperKernelOptions, HelperSet } from "./types.ts";

const RAW_TP: readonly HelperSet[] = [RAW_TP_HELPERS, TRACING_BASE];
const TRACING: readonly HelperSet[] = [TRACING_HELPERS, ...RAW_TP];
const TC: readonly HelperSet[] = [TC_HELPERS, NET_BASE];
const LSM: readonly HelperSet[] = [LSM_HELPERS, ...TRACING];

/** The sets of each type, first match first. Types that are missing have the base alone. */
const SETS: ReadonlyMap<number, readonly HelperSet[]> = new Map<number, readonly HelperSet[]>([
  [BPF_PROG_TYPE_SOCKET_FILTER, [SOCKET_FILTER_HELPERS, NET_BASE]],
  [BPF_PROG_TYPE_KPROBE, [KPROBE_HELPERS, TRACING_BASE]],
  [BPF_PROG_TYPE_SCHED_CLS, TC],
  [BPF_PROG_TYPE_SCHED_ACT, TC],
  [BPF_PROG_TYPE_TRACEPOINT, [TRACEPOINT_HELPERS, TRACING_BASE]],
  [BPF_PROG_TYPE_XDP, [XDP_HELPERS, NET_BASE]],
  [BPF_PROG_TYPE_PERF_EVENT, [PERF_EVENT_HELPERS, TRACING_BASE]],
  [BPF_PROG_TYPE_CGROUP_SKB, [CGROUP_HELPERS, CGROUP_SKB_HELPERS, NET_BASE]],
  [BPF_PROG_TYPE_CGROUP_SOCK, [CGROUP_HELPERS, CGROUP_SOCK_HELPERS]],
  [BPF_PROG_TYPE_LWT_IN, [LWT_IN_HELPERS, LWT_HELPERS, NET_BASE]],
  [BPF_PROG_TYPE_LWT_OUT, [LWT_HELPERS, NET_BASE]],
  [BPF_PROG_TYPE_LWT_XMIT, [LWT_XMIT_HELPERS, LWT_HELPERS, NET_BASE]],
  [BPF_PROG_TYPE_LWT_SEG6LOCAL, [LWT_SEG6LOCAL_HELPERS, LWT_HELPERS, NET_BASE]],
  [BPF_PROG_TYPE_SOCK_OPS, [CGROUP_HELPERS, SOCK_OPS_HELPERS, NET_BASE]],
  [BPF_PROG_TYPE_SK_SKB, [SK_SKB_HELPERS, NET_BASE]],
  [BPF_PROG_TYPE_CGROUP_DEVICE, [CGROUP_HELPERS, CGROUP_DEVICE_HELPERS]],
  [BPF_PROG_TYPE_SK_MSG, [SK_MSG_HELPERS, NET_BASE]],
  [BPF_PROG_TYPE_RAW_TRACEPOINT, RAW_TP],
  [BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE, RAW_TP],
  [BPF_PROG_TYPE_CGROUP_SOCK_ADDR, [CGROUP_HELPERS, SOCK_ADDR_HELPERS, NET_BASE]],
  [BPF_PROG_TYPE_SK_REUSEPORT, [SK_REUSEPORT_HELPERS]],
  [BPF_PROG_TYPE_FLOW_DISSECTOR, [FLOW_DISSECTOR_HELPERS, NET_BASE]],
  [BPF_PROG_TYPE_CGROUP_SYSCTL, [CGROUP_HELPERS, CGROUP_SYSCTL_HELPERS]],
  [BPF_PROG_TYPE_CGROUP_SOCKOPT, [CGROUP_HELPERS, CGROUP_SOCKOPT_HELPERS]],
  [BPF_PROG_TYPE_TRACING, TRACING],
  [BPF_PROG_TYPE_LSM, LSM],
  [BPF_PROG_TYPE_SK_LOOKUP, [SK_LOOKUP_HELPERS, NET_BASE]],
  [BPF_PROG_TYPE_SYSCALL, [SYSCALL_HELPERS, ...TRACING]],
  [BPF_PROG_TYPE_NETFILTER, []],
]);

const LSM_CGROUP_SETS: readonly HelperSet[] = [CGROUP_HELPERS, ...LSM];

function setsOf(facts: ProgFacts): readonly HelperSet[] {
  if (facts.progType === BPF_PROG_TYPE_LIRC_MODE2) return [LIRC_HELPERS];
  const own =
    facts.progType === BPF_PROG_TYPE_LSM && facts.expectedAttachType === BPF_LSM_CGROUP
      ? LSM_CGROUP_SETS
      : (SETS.get(facts.progType) ?? []);
  const tiers = [BASE_UNPRIVILEGED];
  if (bpfCapable(facts)) tiers.push(BASE_BPF);
  if (bpfCapable(facts) && perfmonCapable(facts)) tiers.push(BASE_PERFMON);
  return [...own, ...tiers];
}

/** The reference kernel: locked down, without CONFIG_BPF_KPROBE_OVERRIDE. */
export const KERNEL_OPTIONS: HelperKernelOptions = { kprobeOverride: false, probeWriteUser: false };

/**
 * The helper as this program may call it: with the arguments and result of the prototype that its type gets.
 *
 * @returns undefined where the kernel says `program of this type cannot use helper`, and for numbers that are no helper's.
 * @throws Error if a set names a variant that the table of helpers lacks: a defect of these tables.
 */
export function helperProtoFor(
  facts: ProgFacts,
  id: number,
  options: HelperKernelOptions = KERNEL_OPTIONS,
): HelperProto | undefined {
  const helper = helperById(id);
  if (helper === undefined) return undefined;
  for (const set of setsOf(facts)) {
    const rule = set.get(id);
    if (rule === undefined) continue;
    const grant: Grant = typeof rule === "function" ? rule(facts, options) : rule;
    if (typeof grant === "boolean") return grant ? helper : undefined;
    const variant = helperVariant(helper, grant);
    if (variant === undefined) throw new Error(`helper ${helper.name} has no prototype ${grant}`);
    return variant;
  }
  return undefined;
}
