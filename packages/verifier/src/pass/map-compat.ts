import { EBUSY, EINVAL } from "@bpf-ts/uapi/errno";
import {
  BPF_MAP_TYPE_ARENA,
  BPF_MAP_TYPE_ARRAY,
  BPF_MAP_TYPE_ARRAY_OF_MAPS,
  BPF_MAP_TYPE_CGROUP_STORAGE,
  BPF_MAP_TYPE_CGRP_STORAGE,
  BPF_MAP_TYPE_HASH,
  BPF_MAP_TYPE_HASH_OF_MAPS,
  BPF_MAP_TYPE_INODE_STORAGE,
  BPF_MAP_TYPE_LRU_HASH,
  BPF_MAP_TYPE_LRU_PERCPU_HASH,
  BPF_MAP_TYPE_PERCPU_ARRAY,
  BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE,
  BPF_MAP_TYPE_PERCPU_HASH,
  BPF_MAP_TYPE_QUEUE,
  BPF_MAP_TYPE_RINGBUF,
  BPF_MAP_TYPE_SK_STORAGE,
  BPF_MAP_TYPE_STACK,
  BPF_MAP_TYPE_STRUCT_OPS,
  BPF_MAP_TYPE_TASK_STORAGE,
  BPF_MAP_TYPE_USER_RINGBUF,
} from "@bpf-ts/uapi/map-types";
import {
  BPF_PROG_TYPE_KPROBE,
  BPF_PROG_TYPE_PERF_EVENT,
  BPF_PROG_TYPE_RAW_TRACEPOINT,
  BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE,
  BPF_PROG_TYPE_SOCKET_FILTER,
  BPF_PROG_TYPE_TRACEPOINT,
} from "@bpf-ts/uapi/prog-types";
import { hasField, mapRecord } from "../check/record/record.ts";
import { reject } from "../reject.ts";
import type { Env } from "../state/env.ts";
import type { VerifierMap } from "../types.ts";
import { unsupported } from "../unsupported.ts";

const SLEEPABLE_MAPS: ReadonlySet<number> = new Set([
  BPF_MAP_TYPE_HASH,
  BPF_MAP_TYPE_LRU_HASH,
  BPF_MAP_TYPE_ARRAY,
  BPF_MAP_TYPE_PERCPU_HASH,
  BPF_MAP_TYPE_PERCPU_ARRAY,
  BPF_MAP_TYPE_LRU_PERCPU_HASH,
  BPF_MAP_TYPE_ARRAY_OF_MAPS,
  BPF_MAP_TYPE_HASH_OF_MAPS,
  BPF_MAP_TYPE_RINGBUF,
  BPF_MAP_TYPE_USER_RINGBUF,
  BPF_MAP_TYPE_INODE_STORAGE,
  BPF_MAP_TYPE_SK_STORAGE,
  BPF_MAP_TYPE_TASK_STORAGE,
  BPF_MAP_TYPE_CGRP_STORAGE,
  BPF_MAP_TYPE_QUEUE,
  BPF_MAP_TYPE_STACK,
  BPF_MAP_TYPE_ARENA,
]);

function isTracingProgType(type: number): boolean {
  return (
    type === BPF_PROG_TYPE_KPROBE ||
    type === BPF_PROG_TYPE_TRACEPOINT ||
    type === BPF_PROG_TYPE_PERF_EVENT ||
    type === BPF_PROG_TYPE_RAW_TRACEPOINT ||
    type === BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE
  );
}

function isCgroupStorage(type: number): boolean {
  return type === BPF_MAP_TYPE_CGROUP_STORAGE || type === BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE;
}

/** May a program of this type use this map? @see v6.18 kernel/bpf/verifier.c, check_map_prog_compatibility */
export function checkMapProgCompatibility(env: Env, at: number, map: VerifierMap): void {
  const record = mapRecord(env, map);
  const progType = env.facts.progType;
  const refuse = (text: string): never => reject(env, at, "map", EINVAL, text);
  if (record !== undefined) {
    const tracing = isTracingProgType(progType);
    if (tracing && hasField(record, "list_head", "rb_root")) {
      refuse("tracing progs cannot use bpf_{list_head,rb_root} yet");
    }
    if (hasField(record, "spin_lock", "res_spin_lock")) {
      if (progType === BPF_PROG_TYPE_SOCKET_FILTER) refuse("socket filter progs cannot use bpf_spin_lock yet");
      if (tracing) refuse("tracing progs cannot use bpf_spin_lock yet");
    }
    if (tracing && hasField(record, "timer")) refuse("tracing progs cannot use bpf_timer yet");
    if (tracing && hasField(record, "wq")) refuse("tracing progs cannot use bpf_wq yet");
  }
  const type = map.def.type;
  if (type === BPF_MAP_TYPE_STRUCT_OPS) refuse("bpf_struct_ops map cannot be used in prog");
  if (env.facts.sleepable && !SLEEPABLE_MAPS.has(type)) {
    refuse("Sleepable programs can only use array, hash, ringbuf and local storage maps");
  }
  if (isCgroupStorage(type) && env.usedMaps.some((m) => m.def.type === type)) {
    reject(env, at, "map", EBUSY, "only one cgroup storage of each type is allowed");
  }
  if (type === BPF_MAP_TYPE_ARENA) unsupported("arena");
}
