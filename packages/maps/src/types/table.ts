import {
  BPF_MAP_TYPE_ARENA,
  BPF_MAP_TYPE_ARRAY,
  BPF_MAP_TYPE_ARRAY_OF_MAPS,
  BPF_MAP_TYPE_BLOOM_FILTER,
  BPF_MAP_TYPE_CGROUP_ARRAY,
  BPF_MAP_TYPE_CGROUP_STORAGE,
  BPF_MAP_TYPE_CGRP_STORAGE,
  BPF_MAP_TYPE_CPUMAP,
  BPF_MAP_TYPE_DEVMAP,
  BPF_MAP_TYPE_DEVMAP_HASH,
  BPF_MAP_TYPE_HASH,
  BPF_MAP_TYPE_HASH_OF_MAPS,
  BPF_MAP_TYPE_INODE_STORAGE,
  BPF_MAP_TYPE_LPM_TRIE,
  BPF_MAP_TYPE_LRU_HASH,
  BPF_MAP_TYPE_LRU_PERCPU_HASH,
  BPF_MAP_TYPE_PERCPU_ARRAY,
  BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE,
  BPF_MAP_TYPE_PERCPU_HASH,
  BPF_MAP_TYPE_PERF_EVENT_ARRAY,
  BPF_MAP_TYPE_PROG_ARRAY,
  BPF_MAP_TYPE_QUEUE,
  BPF_MAP_TYPE_REUSEPORT_SOCKARRAY,
  BPF_MAP_TYPE_RINGBUF,
  BPF_MAP_TYPE_SK_STORAGE,
  BPF_MAP_TYPE_SOCKHASH,
  BPF_MAP_TYPE_SOCKMAP,
  BPF_MAP_TYPE_STACK,
  BPF_MAP_TYPE_STACK_TRACE,
  BPF_MAP_TYPE_STRUCT_OPS,
  BPF_MAP_TYPE_TASK_STORAGE,
  BPF_MAP_TYPE_USER_RINGBUF,
  BPF_MAP_TYPE_XSKMAP,
} from "@bpf-ts/uapi/map-types";
import { arenaType } from "./arena.ts";
import { arrayType } from "./array.ts";
import { arrayOfMapsType } from "./array-of-maps.ts";
import { bloomFilterType } from "./bloom-filter.ts";
import { cgroupArrayType } from "./cgroup-array.ts";
import { cgroupStorageType } from "./cgroup-storage.ts";
import { cgrpStorageType } from "./cgrp-storage.ts";
import { cpuMapType } from "./cpumap.ts";
import { devMapType } from "./devmap.ts";
import { devMapHashType } from "./devmap-hash.ts";
import { hashType } from "./hash.ts";
import { hashOfMapsType } from "./hash-of-maps.ts";
import { inodeStorageType } from "./inode-storage.ts";
import { lpmTrieType } from "./lpm-trie.ts";
import { lruHashType } from "./lru-hash.ts";
import { lruPercpuHashType } from "./lru-percpu-hash.ts";
import type { MapType } from "./map-type.ts";
import { percpuArrayType } from "./percpu-array.ts";
import { percpuCgroupStorageType } from "./percpu-cgroup-storage.ts";
import { percpuHashType } from "./percpu-hash.ts";
import { perfEventArrayType } from "./perf-event-array.ts";
import { progArrayType } from "./prog-array.ts";
import { queueType } from "./queue.ts";
import { reuseportSockArrayType } from "./reuseport-sockarray.ts";
import { ringbufType } from "./ringbuf.ts";
import { skStorageType } from "./sk-storage.ts";
import { sockHashType } from "./sockhash.ts";
import { sockMapType } from "./sockmap.ts";
import { stackType } from "./stack.ts";
import { stackTraceType } from "./stack-trace.ts";
import { structOpsType } from "./struct-ops.ts";
import { taskStorageType } from "./task-storage.ts";
import { userRingbufType } from "./user-ringbuf.ts";
import { xskMapType } from "./xskmap.ts";

/** The map types: a new one is a file beside this one and a line here. */
const MAP_TYPES: Readonly<Record<number, MapType>> = {
  [BPF_MAP_TYPE_HASH]: hashType,
  [BPF_MAP_TYPE_ARRAY]: arrayType,
  [BPF_MAP_TYPE_PROG_ARRAY]: progArrayType,
  [BPF_MAP_TYPE_PERCPU_HASH]: percpuHashType,
  [BPF_MAP_TYPE_PERCPU_ARRAY]: percpuArrayType,
  [BPF_MAP_TYPE_LRU_HASH]: lruHashType,
  [BPF_MAP_TYPE_LRU_PERCPU_HASH]: lruPercpuHashType,
  [BPF_MAP_TYPE_ARRAY_OF_MAPS]: arrayOfMapsType,
  [BPF_MAP_TYPE_BLOOM_FILTER]: bloomFilterType,
  [BPF_MAP_TYPE_CGROUP_ARRAY]: cgroupArrayType,
  [BPF_MAP_TYPE_HASH_OF_MAPS]: hashOfMapsType,
  [BPF_MAP_TYPE_LPM_TRIE]: lpmTrieType,
  [BPF_MAP_TYPE_PERF_EVENT_ARRAY]: perfEventArrayType,
  [BPF_MAP_TYPE_QUEUE]: queueType,
  [BPF_MAP_TYPE_STACK]: stackType,
  [BPF_MAP_TYPE_STACK_TRACE]: stackTraceType,
  [BPF_MAP_TYPE_XSKMAP]: xskMapType,
  [BPF_MAP_TYPE_SOCKMAP]: sockMapType,
  [BPF_MAP_TYPE_SOCKHASH]: sockHashType,
  [BPF_MAP_TYPE_REUSEPORT_SOCKARRAY]: reuseportSockArrayType,
  [BPF_MAP_TYPE_DEVMAP]: devMapType,
  [BPF_MAP_TYPE_DEVMAP_HASH]: devMapHashType,
  [BPF_MAP_TYPE_CPUMAP]: cpuMapType,
  [BPF_MAP_TYPE_RINGBUF]: ringbufType,
  [BPF_MAP_TYPE_USER_RINGBUF]: userRingbufType,
  [BPF_MAP_TYPE_CGROUP_STORAGE]: cgroupStorageType,
  [BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE]: percpuCgroupStorageType,
  [BPF_MAP_TYPE_SK_STORAGE]: skStorageType,
  [BPF_MAP_TYPE_TASK_STORAGE]: taskStorageType,
  [BPF_MAP_TYPE_INODE_STORAGE]: inodeStorageType,
  [BPF_MAP_TYPE_CGRP_STORAGE]: cgrpStorageType,
  [BPF_MAP_TYPE_STRUCT_OPS]: structOpsType,
  [BPF_MAP_TYPE_ARENA]: arenaType,
};

/** The implementation of a `BPF_MAP_TYPE_*`; undefined for numbers that are none. */
export function mapTypeOf(type: number): MapType | undefined {
  return MAP_TYPES[type];
}
