import {
  BPF_MAP_TYPE_ARRAY,
  BPF_MAP_TYPE_ARRAY_OF_MAPS,
  BPF_MAP_TYPE_BLOOM_FILTER,
  BPF_MAP_TYPE_CGROUP_ARRAY,
  BPF_MAP_TYPE_HASH,
  BPF_MAP_TYPE_HASH_OF_MAPS,
  BPF_MAP_TYPE_LPM_TRIE,
  BPF_MAP_TYPE_LRU_HASH,
  BPF_MAP_TYPE_LRU_PERCPU_HASH,
  BPF_MAP_TYPE_PERCPU_ARRAY,
  BPF_MAP_TYPE_PERCPU_HASH,
  BPF_MAP_TYPE_PERF_EVENT_ARRAY,
  BPF_MAP_TYPE_PROG_ARRAY,
  BPF_MAP_TYPE_QUEUE,
  BPF_MAP_TYPE_STACK,
  BPF_MAP_TYPE_STACK_TRACE,
} from "@bpf-ts/uapi/map-types";
import { arrayType } from "./array.ts";
import { arrayOfMapsType } from "./array-of-maps.ts";
import { bloomFilterType } from "./bloom-filter.ts";
import { cgroupArrayType } from "./cgroup-array.ts";
import { hashType } from "./hash.ts";
import { hashOfMapsType } from "./hash-of-maps.ts";
import { lpmTrieType } from "./lpm-trie.ts";
import { lruHashType } from "./lru-hash.ts";
import { lruPercpuHashType } from "./lru-percpu-hash.ts";
import type { MapType } from "./map-type.ts";
import { percpuArrayType } from "./percpu-array.ts";
import { percpuHashType } from "./percpu-hash.ts";
import { perfEventArrayType } from "./perf-event-array.ts";
import { progArrayType } from "./prog-array.ts";
import { queueType } from "./queue.ts";
import { stackType } from "./stack.ts";
import { stackTraceType } from "./stack-trace.ts";

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
};

/** The implementation of a `BPF_MAP_TYPE_*`; undefined for numbers that are none. */
export function mapTypeOf(type: number): MapType | undefined {
  return MAP_TYPES[type];
}
