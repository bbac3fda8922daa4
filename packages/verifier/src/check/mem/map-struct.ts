import * as types from "@bpf-ts/uapi/map-types";

const STRUCTS: ReadonlyMap<number, string> = new Map([
  [types.BPF_MAP_TYPE_HASH, "bpf_htab"],
  [types.BPF_MAP_TYPE_PERCPU_HASH, "bpf_htab"],
  [types.BPF_MAP_TYPE_LRU_HASH, "bpf_htab"],
  [types.BPF_MAP_TYPE_LRU_PERCPU_HASH, "bpf_htab"],
  [types.BPF_MAP_TYPE_HASH_OF_MAPS, "bpf_htab"],
  [types.BPF_MAP_TYPE_ARRAY, "bpf_array"],
  [types.BPF_MAP_TYPE_PERCPU_ARRAY, "bpf_array"],
  [types.BPF_MAP_TYPE_PROG_ARRAY, "bpf_array"],
  [types.BPF_MAP_TYPE_PERF_EVENT_ARRAY, "bpf_array"],
  [types.BPF_MAP_TYPE_CGROUP_ARRAY, "bpf_array"],
  [types.BPF_MAP_TYPE_ARRAY_OF_MAPS, "bpf_array"],
  [types.BPF_MAP_TYPE_STACK_TRACE, "bpf_stack_map"],
  [types.BPF_MAP_TYPE_LPM_TRIE, "lpm_trie"],
  [types.BPF_MAP_TYPE_DEVMAP, "bpf_dtab"],
  [types.BPF_MAP_TYPE_DEVMAP_HASH, "bpf_dtab"],
  [types.BPF_MAP_TYPE_SOCKMAP, "bpf_stab"],
  [types.BPF_MAP_TYPE_SOCKHASH, "bpf_shtab"],
  [types.BPF_MAP_TYPE_CPUMAP, "bpf_cpu_map"],
  [types.BPF_MAP_TYPE_XSKMAP, "xsk_map"],
  [types.BPF_MAP_TYPE_CGROUP_STORAGE, "bpf_cgroup_storage_map"],
  [types.BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE, "bpf_cgroup_storage_map"],
  [types.BPF_MAP_TYPE_REUSEPORT_SOCKARRAY, "reuseport_array"],
  [types.BPF_MAP_TYPE_QUEUE, "bpf_queue_stack"],
  [types.BPF_MAP_TYPE_STACK, "bpf_queue_stack"],
  [types.BPF_MAP_TYPE_SK_STORAGE, "bpf_local_storage_map"],
  [types.BPF_MAP_TYPE_INODE_STORAGE, "bpf_local_storage_map"],
  [types.BPF_MAP_TYPE_TASK_STORAGE, "bpf_local_storage_map"],
  [types.BPF_MAP_TYPE_CGRP_STORAGE, "bpf_local_storage_map"],
  [types.BPF_MAP_TYPE_STRUCT_OPS, "bpf_struct_ops_map"],
  [types.BPF_MAP_TYPE_RINGBUF, "bpf_ringbuf_map"],
  [types.BPF_MAP_TYPE_USER_RINGBUF, "bpf_ringbuf_map"],
  [types.BPF_MAP_TYPE_BLOOM_FILTER, "bpf_bloom_filter"],
  [types.BPF_MAP_TYPE_ARENA, "bpf_arena"],
]);

/** The kernel's own structure behind a map of a type: what a constant map pointer can be read as. `map_btf_id` of its operations. */
export function mapStructName(mapType: number): string | undefined {
  return STRUCTS.get(mapType);
}
