/** The one place where program types are registered. */
import { CGROUP_DEVICE } from "./cgroup-device.ts";
import { CGROUP_SKB } from "./cgroup-skb.ts";
import { CGROUP_SOCK } from "./cgroup-sock.ts";
import { CGROUP_SOCK_ADDR } from "./cgroup-sock-addr.ts";
import { CGROUP_SOCKOPT } from "./cgroup-sockopt.ts";
import { CGROUP_SYSCTL } from "./cgroup-sysctl.ts";
import { FLOW_DISSECTOR } from "./flow-dissector.ts";
import { KPROBE } from "./kprobe.ts";
import { LIRC_MODE2 } from "./lirc-mode2.ts";
import { LWT_IN, LWT_OUT, LWT_SEG6LOCAL, LWT_XMIT } from "./lwt.ts";
import { NETFILTER } from "./netfilter.ts";
import { PERF_EVENT } from "./perf-event.ts";
import { RAW_TRACEPOINT, RAW_TRACEPOINT_WRITABLE } from "./raw-tracepoint.ts";
import { SCHED_ACT, SCHED_CLS } from "./sched-cls.ts";
import { SK_LOOKUP } from "./sk-lookup.ts";
import { SK_MSG } from "./sk-msg.ts";
import { SK_REUSEPORT } from "./sk-reuseport.ts";
import { SK_SKB } from "./sk-skb.ts";
import { SOCK_OPS } from "./sock-ops.ts";
import { SOCKET_FILTER } from "./socket-filter.ts";
import { SYSCALL } from "./syscall.ts";
import { TRACEPOINT } from "./tracepoint.ts";
import { TRACING } from "./tracing.ts";
import type { ProgTypeRow } from "./types.ts";
import { EXT, LSM, STRUCT_OPS } from "./unmodelled.ts";
import { XDP } from "./xdp.ts";

/** Every program type of Linux 6.18, by number. */
export const PROG_TYPES: ReadonlyMap<number, ProgTypeRow> = new Map(
  [
    SOCKET_FILTER,
    KPROBE,
    SCHED_CLS,
    SCHED_ACT,
    TRACEPOINT,
    XDP,
    PERF_EVENT,
    CGROUP_SKB,
    CGROUP_SOCK,
    LWT_IN,
    LWT_OUT,
    LWT_XMIT,
    SOCK_OPS,
    SK_SKB,
    CGROUP_DEVICE,
    SK_MSG,
    RAW_TRACEPOINT,
    CGROUP_SOCK_ADDR,
    LWT_SEG6LOCAL,
    LIRC_MODE2,
    SK_REUSEPORT,
    FLOW_DISSECTOR,
    CGROUP_SYSCTL,
    RAW_TRACEPOINT_WRITABLE,
    CGROUP_SOCKOPT,
    TRACING,
    STRUCT_OPS,
    EXT,
    LSM,
    SK_LOOKUP,
    SYSCALL,
    NETFILTER,
  ].map((row) => [row.id, row]),
);

/** The program type of a `BPF_PROG_TYPE_*`, undefined where Linux 6.18 has none. */
export function progTypeById(id: number): ProgTypeRow | undefined {
  return PROG_TYPES.get(id);
}
