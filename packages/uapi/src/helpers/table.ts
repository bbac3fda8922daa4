/**
 * The one table of helpers: what the verifier checks, what the kernel implements and what C headers declare. Facts are Linux 6.18's.
 *
 * @see v6.18 include/uapi/linux/bpf.h, ___BPF_FUNC_MAPPER; kernel/bpf/helpers.c, kernel/trace/bpf_trace.c, net/core/filter.c (`*_proto`)
 */
import type { HelperProto } from "../helper-proto.ts";
import { CGROUP_HELPERS } from "./cgroup.ts";
import { CONTROL_HELPERS } from "./control.ts";
import { DYNPTR_HELPERS } from "./dynptr.ts";
import { FORMAT_HELPERS } from "./format.ts";
import { LIRC_HELPERS } from "./lirc.ts";
import { LSM_HELPERS } from "./lsm.ts";
import { LWT_HELPERS } from "./lwt.ts";
import { MAP_HELPERS } from "./map.ts";
import { PERF_HELPERS } from "./perf.ts";
import { PROBE_HELPERS } from "./probe.ts";
import { RINGBUF_HELPERS } from "./ringbuf.ts";
import { SKB_HELPERS } from "./skb.ts";
import { SOCKET_HELPERS } from "./socket.ts";
import { SOCKMAP_HELPERS } from "./sockmap.ts";
import { SOCKOPT_HELPERS } from "./sockopt.ts";
import { STORAGE_HELPERS } from "./storage.ts";
import { SYSCALL_HELPERS } from "./syscall.ts";
import { TASK_HELPERS } from "./task.ts";
import { TIME_HELPERS } from "./time.ts";
import { TIMER_HELPERS } from "./timer.ts";
import { TRACE_HELPERS } from "./trace.ts";
import { XDP_HELPERS } from "./xdp.ts";

const FAMILIES: readonly (readonly HelperProto[])[] = [
  CGROUP_HELPERS,
  CONTROL_HELPERS,
  DYNPTR_HELPERS,
  FORMAT_HELPERS,
  LIRC_HELPERS,
  LSM_HELPERS,
  LWT_HELPERS,
  MAP_HELPERS,
  PERF_HELPERS,
  PROBE_HELPERS,
  RINGBUF_HELPERS,
  SKB_HELPERS,
  SOCKET_HELPERS,
  SOCKMAP_HELPERS,
  SOCKOPT_HELPERS,
  STORAGE_HELPERS,
  SYSCALL_HELPERS,
  TASK_HELPERS,
  TIME_HELPERS,
  TIMER_HELPERS,
  TRACE_HELPERS,
  XDP_HELPERS,
];

/** Number 0 is no helper; it has no prototype. */
const UNSPEC: HelperProto = { id: 0, name: "unspec", signature: "void bpf_unspec(void)" };

/** Every helper of Linux 6.18, at the index that is its id; index 0 holds `unspec`, which has neither `args` nor `ret`. */
export const HELPER_PROTOS: readonly HelperProto[] = [UNSPEC, ...FAMILIES.flat()].sort((a, b) => a.id - b.id);

/** The helper of a number, undefined where Linux 6.18 has none (0 included). */
export function helperById(id: number): HelperProto | undefined {
  return id === 0 ? undefined : HELPER_PROTOS[id];
}

/** The helper of a name, with or without `bpf_`. */
export function helperByName(name: string): HelperProto | undefined {
  const short = name.startsWith("bpf_") ? name.slice(4) : name;
  return HELPER_PROTOS.find((proto) => proto.name === short && proto.id !== 0);
}

/**
 * The row of a helper as one of its prototypes describes it: the row itself for its own prototype's name (`bpf_<name>` or `proto`), else the
 * row with that variant's facts in place of its own.
 *
 * @param protoName the kernel's name of the prototype without `_proto`, e.g. `bpf_xdp_event_output`.
 * @returns undefined if the helper has no such prototype.
 */
export function helperVariant(helper: HelperProto, protoName: string): HelperProto | undefined {
  if (protoName === (helper.proto ?? `bpf_${helper.name}`)) return helper;
  const variant = helper.variants?.[protoName];
  if (variant === undefined) return undefined;
  const { id, name, signature, changesPktData } = helper;
  return {
    id,
    name,
    signature,
    proto: protoName,
    ...variant,
    ...(changesPktData === undefined ? {} : { changesPktData }),
  };
}
