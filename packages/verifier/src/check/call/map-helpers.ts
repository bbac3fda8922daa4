import * as fn from "@bpf-ts/uapi/helper-ids";
import * as map from "@bpf-ts/uapi/map-types";

/**
 * Which helper takes which type of map. Two tables, because the rule is checked from both sides: some map types can only be given to
 * certain helpers, some helpers only take certain map types, and whatever neither table mentions goes.
 *
 * @see v6.18 kernel/bpf/verifier.c, check_map_func_compatibility
 */

const PERF_EVENT = [
  fn.BPF_FUNC_perf_event_read,
  fn.BPF_FUNC_perf_event_output,
  fn.BPF_FUNC_skb_output,
  fn.BPF_FUNC_perf_event_read_value,
  fn.BPF_FUNC_xdp_output,
];
const RINGBUF = [
  fn.BPF_FUNC_ringbuf_output,
  fn.BPF_FUNC_ringbuf_reserve,
  fn.BPF_FUNC_ringbuf_query,
  fn.BPF_FUNC_ringbuf_reserve_dynptr,
  fn.BPF_FUNC_ringbuf_submit_dynptr,
  fn.BPF_FUNC_ringbuf_discard_dynptr,
];
const UNDER_CGROUP = [fn.BPF_FUNC_skb_under_cgroup, fn.BPF_FUNC_current_task_under_cgroup];
const QUEUE = [fn.BPF_FUNC_map_peek_elem, fn.BPF_FUNC_map_pop_elem, fn.BPF_FUNC_map_push_elem];
const REDIRECT_OR_LOOKUP = [fn.BPF_FUNC_redirect_map, fn.BPF_FUNC_map_lookup_elem];
const LOOKUP = [fn.BPF_FUNC_map_lookup_elem];

/** Map type → the helpers that may take it. */
const HELPERS_OF_MAP: ReadonlyMap<number, readonly number[]> = new Map<number, readonly number[]>([
  [map.BPF_MAP_TYPE_PROG_ARRAY, [fn.BPF_FUNC_tail_call]],
  [map.BPF_MAP_TYPE_PERF_EVENT_ARRAY, PERF_EVENT],
  [map.BPF_MAP_TYPE_RINGBUF, RINGBUF],
  [map.BPF_MAP_TYPE_USER_RINGBUF, [fn.BPF_FUNC_user_ringbuf_drain]],
  [map.BPF_MAP_TYPE_STACK_TRACE, [fn.BPF_FUNC_get_stackid]],
  [map.BPF_MAP_TYPE_CGROUP_ARRAY, UNDER_CGROUP],
  [map.BPF_MAP_TYPE_CGROUP_STORAGE, [fn.BPF_FUNC_get_local_storage]],
  [map.BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE, [fn.BPF_FUNC_get_local_storage]],
  [map.BPF_MAP_TYPE_DEVMAP, REDIRECT_OR_LOOKUP],
  [map.BPF_MAP_TYPE_DEVMAP_HASH, REDIRECT_OR_LOOKUP],
  [map.BPF_MAP_TYPE_CPUMAP, [fn.BPF_FUNC_redirect_map]],
  [map.BPF_MAP_TYPE_XSKMAP, REDIRECT_OR_LOOKUP],
  [map.BPF_MAP_TYPE_ARRAY_OF_MAPS, LOOKUP],
  [map.BPF_MAP_TYPE_HASH_OF_MAPS, LOOKUP],
  [
    map.BPF_MAP_TYPE_SOCKMAP,
    [
      fn.BPF_FUNC_sk_redirect_map,
      fn.BPF_FUNC_sock_map_update,
      fn.BPF_FUNC_msg_redirect_map,
      fn.BPF_FUNC_sk_select_reuseport,
      fn.BPF_FUNC_map_lookup_elem,
    ],
  ],
  [
    map.BPF_MAP_TYPE_SOCKHASH,
    [
      fn.BPF_FUNC_sk_redirect_hash,
      fn.BPF_FUNC_sock_hash_update,
      fn.BPF_FUNC_msg_redirect_hash,
      fn.BPF_FUNC_sk_select_reuseport,
      fn.BPF_FUNC_map_lookup_elem,
    ],
  ],
  [map.BPF_MAP_TYPE_REUSEPORT_SOCKARRAY, [fn.BPF_FUNC_sk_select_reuseport]],
  [map.BPF_MAP_TYPE_QUEUE, QUEUE],
  [map.BPF_MAP_TYPE_STACK, QUEUE],
  [map.BPF_MAP_TYPE_SK_STORAGE, [fn.BPF_FUNC_sk_storage_get, fn.BPF_FUNC_sk_storage_delete, fn.BPF_FUNC_kptr_xchg]],
  [
    map.BPF_MAP_TYPE_INODE_STORAGE,
    [fn.BPF_FUNC_inode_storage_get, fn.BPF_FUNC_inode_storage_delete, fn.BPF_FUNC_kptr_xchg],
  ],
  [
    map.BPF_MAP_TYPE_TASK_STORAGE,
    [fn.BPF_FUNC_task_storage_get, fn.BPF_FUNC_task_storage_delete, fn.BPF_FUNC_kptr_xchg],
  ],
  [
    map.BPF_MAP_TYPE_CGRP_STORAGE,
    [fn.BPF_FUNC_cgrp_storage_get, fn.BPF_FUNC_cgrp_storage_delete, fn.BPF_FUNC_kptr_xchg],
  ],
  [map.BPF_MAP_TYPE_BLOOM_FILTER, [fn.BPF_FUNC_map_peek_elem, fn.BPF_FUNC_map_push_elem]],
]);

const CGROUP_STORAGES = [map.BPF_MAP_TYPE_CGROUP_STORAGE, map.BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE];
const QUEUES = [map.BPF_MAP_TYPE_QUEUE, map.BPF_MAP_TYPE_STACK];

/** Helper → the map types that it takes. */
const MAPS_OF_HELPER: ReadonlyMap<number, readonly number[]> = new Map<number, readonly number[]>([
  [fn.BPF_FUNC_tail_call, [map.BPF_MAP_TYPE_PROG_ARRAY]],
  ...PERF_EVENT.map((f) => [f, [map.BPF_MAP_TYPE_PERF_EVENT_ARRAY]] as const),
  ...RINGBUF.map((f) => [f, [map.BPF_MAP_TYPE_RINGBUF]] as const),
  [fn.BPF_FUNC_user_ringbuf_drain, [map.BPF_MAP_TYPE_USER_RINGBUF]],
  [fn.BPF_FUNC_get_stackid, [map.BPF_MAP_TYPE_STACK_TRACE]],
  ...UNDER_CGROUP.map((f) => [f, [map.BPF_MAP_TYPE_CGROUP_ARRAY]] as const),
  [
    fn.BPF_FUNC_redirect_map,
    [map.BPF_MAP_TYPE_DEVMAP, map.BPF_MAP_TYPE_DEVMAP_HASH, map.BPF_MAP_TYPE_CPUMAP, map.BPF_MAP_TYPE_XSKMAP],
  ],
  [fn.BPF_FUNC_sk_redirect_map, [map.BPF_MAP_TYPE_SOCKMAP]],
  [fn.BPF_FUNC_msg_redirect_map, [map.BPF_MAP_TYPE_SOCKMAP]],
  [fn.BPF_FUNC_sock_map_update, [map.BPF_MAP_TYPE_SOCKMAP]],
  [fn.BPF_FUNC_sk_redirect_hash, [map.BPF_MAP_TYPE_SOCKHASH]],
  [fn.BPF_FUNC_msg_redirect_hash, [map.BPF_MAP_TYPE_SOCKHASH]],
  [fn.BPF_FUNC_sock_hash_update, [map.BPF_MAP_TYPE_SOCKHASH]],
  [fn.BPF_FUNC_get_local_storage, CGROUP_STORAGES],
  [
    fn.BPF_FUNC_sk_select_reuseport,
    [map.BPF_MAP_TYPE_REUSEPORT_SOCKARRAY, map.BPF_MAP_TYPE_SOCKMAP, map.BPF_MAP_TYPE_SOCKHASH],
  ],
  [fn.BPF_FUNC_map_pop_elem, QUEUES],
  [fn.BPF_FUNC_map_peek_elem, [...QUEUES, map.BPF_MAP_TYPE_BLOOM_FILTER]],
  [fn.BPF_FUNC_map_push_elem, [...QUEUES, map.BPF_MAP_TYPE_BLOOM_FILTER]],
  [
    fn.BPF_FUNC_map_lookup_percpu_elem,
    [map.BPF_MAP_TYPE_PERCPU_ARRAY, map.BPF_MAP_TYPE_PERCPU_HASH, map.BPF_MAP_TYPE_LRU_PERCPU_HASH],
  ],
  [fn.BPF_FUNC_sk_storage_get, [map.BPF_MAP_TYPE_SK_STORAGE]],
  [fn.BPF_FUNC_sk_storage_delete, [map.BPF_MAP_TYPE_SK_STORAGE]],
  [fn.BPF_FUNC_inode_storage_get, [map.BPF_MAP_TYPE_INODE_STORAGE]],
  [fn.BPF_FUNC_inode_storage_delete, [map.BPF_MAP_TYPE_INODE_STORAGE]],
  [fn.BPF_FUNC_task_storage_get, [map.BPF_MAP_TYPE_TASK_STORAGE]],
  [fn.BPF_FUNC_task_storage_delete, [map.BPF_MAP_TYPE_TASK_STORAGE]],
  [fn.BPF_FUNC_cgrp_storage_get, [map.BPF_MAP_TYPE_CGRP_STORAGE]],
  [fn.BPF_FUNC_cgrp_storage_delete, [map.BPF_MAP_TYPE_CGRP_STORAGE]],
]);

/** False if maps of the type go to a closed list of helpers and this one is not on it. */
export function mapAcceptsHelper(mapType: number, funcId: number): boolean {
  const helpers = HELPERS_OF_MAP.get(mapType);
  return helpers === undefined || helpers.includes(funcId);
}

/** False if the helper takes a closed list of map types and this one is not on it. */
export function helperAcceptsMap(funcId: number, mapType: number): boolean {
  const types = MAPS_OF_HELPER.get(funcId);
  return types === undefined || types.includes(mapType);
}
