import type { TestRunAttr, TestRunResult } from "@bpf-ts/uapi";
import {
  BPF_PROG_TYPE_CGROUP_SKB,
  BPF_PROG_TYPE_LWT_IN,
  BPF_PROG_TYPE_LWT_OUT,
  BPF_PROG_TYPE_LWT_SEG6LOCAL,
  BPF_PROG_TYPE_LWT_XMIT,
  BPF_PROG_TYPE_RAW_TRACEPOINT,
  BPF_PROG_TYPE_SCHED_ACT,
  BPF_PROG_TYPE_SCHED_CLS,
  BPF_PROG_TYPE_SOCKET_FILTER,
  BPF_PROG_TYPE_SYSCALL,
  BPF_PROG_TYPE_XDP,
} from "@bpf-ts/uapi/prog-types";
import type { Machine } from "../machine.ts";
import type { ProgObject } from "../objects/prog-object.ts";
import { testRunRawTracepoint, testRunSyscall } from "./raw-context.ts";
import { testRunSkb } from "./skb.ts";
import { testRunXdp } from "./xdp.ts";

/** How programs of one type are test-run. */
export type TestRunner = (machine: Machine, prog: ProgObject, cpu: number, attr: TestRunAttr) => TestRunResult;

/** By program type. */
export const TEST_RUNNERS: ReadonlyMap<number, TestRunner> = new Map<number, TestRunner>([
  [BPF_PROG_TYPE_XDP, testRunXdp],
  [BPF_PROG_TYPE_SOCKET_FILTER, testRunSkb],
  [BPF_PROG_TYPE_SCHED_CLS, testRunSkb],
  [BPF_PROG_TYPE_SCHED_ACT, testRunSkb],
  [BPF_PROG_TYPE_CGROUP_SKB, testRunSkb],
  [BPF_PROG_TYPE_LWT_IN, testRunSkb],
  [BPF_PROG_TYPE_LWT_OUT, testRunSkb],
  [BPF_PROG_TYPE_LWT_XMIT, testRunSkb],
  [BPF_PROG_TYPE_LWT_SEG6LOCAL, testRunSkb],
  [BPF_PROG_TYPE_RAW_TRACEPOINT, testRunRawTracepoint],
  [BPF_PROG_TYPE_SYSCALL, testRunSyscall],
]);
