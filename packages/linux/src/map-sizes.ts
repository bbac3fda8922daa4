import type { MapDef } from "@bpf-ts/uapi";
import {
  BPF_MAP_TYPE_ARRAY_OF_MAPS,
  BPF_MAP_TYPE_CGROUP_ARRAY,
  BPF_MAP_TYPE_HASH_OF_MAPS,
  BPF_MAP_TYPE_LRU_PERCPU_HASH,
  BPF_MAP_TYPE_PERCPU_ARRAY,
  BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE,
  BPF_MAP_TYPE_PERCPU_HASH,
  BPF_MAP_TYPE_PERF_EVENT_ARRAY,
  BPF_MAP_TYPE_PROG_ARRAY,
} from "@bpf-ts/uapi/map-types";

/** How many bytes bpf(2) reads and writes for a key and for a value. */
export interface MapSizes {
  readonly key: number;
  readonly value: number;
}

const PERCPU: readonly number[] = [
  BPF_MAP_TYPE_PERCPU_HASH,
  BPF_MAP_TYPE_PERCPU_ARRAY,
  BPF_MAP_TYPE_LRU_PERCPU_HASH,
  BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE,
];
const FDS: readonly number[] = [
  BPF_MAP_TYPE_PROG_ARRAY,
  BPF_MAP_TYPE_PERF_EVENT_ARRAY,
  BPF_MAP_TYPE_CGROUP_ARRAY,
  BPF_MAP_TYPE_ARRAY_OF_MAPS,
  BPF_MAP_TYPE_HASH_OF_MAPS,
];

/**
 * The sizes of a map's keys and values as bpf(2) moves them.
 *
 * @see v6.18 kernel/bpf/syscall.c, bpf_map_value_size
 */
export function mapSizes(def: Pick<MapDef, "type" | "keySize" | "valueSize">, cpus: number): MapSizes {
  if (PERCPU.includes(def.type)) return { key: def.keySize, value: Math.ceil(def.valueSize / 8) * 8 * cpus };
  return { key: def.keySize, value: FDS.includes(def.type) ? 4 : def.valueSize };
}
