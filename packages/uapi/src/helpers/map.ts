/** Helpers over maps: look-up, update, delete, push, pop, walk. */
import type { HelperProto } from "../helper-proto.ts";
import { ANY, FUNC, MAP, MAP_KEY, MAP_VALUE, STACK_OR_NULL, UNINIT_MAP_VALUE } from "./arg.ts";
import { INTEGER, TO_MAP_VALUE_OR_NULL } from "./ret.ts";

/** Operations on maps of any kind. */
export const MAP_HELPERS: readonly HelperProto[] = [
  {
    id: 1,
    name: "map_lookup_elem",
    signature: "void *bpf_map_lookup_elem(void *map, const void *key)",
    args: [MAP, MAP_KEY],
    ret: TO_MAP_VALUE_OR_NULL,
    pktAccess: true,
  },
  {
    id: 2,
    name: "map_update_elem",
    signature: "long bpf_map_update_elem(void *map, const void *key, const void *value, __u64 flags)",
    args: [MAP, MAP_KEY, MAP_VALUE, ANY],
    ret: INTEGER,
    pktAccess: true,
  },
  {
    id: 3,
    name: "map_delete_elem",
    signature: "long bpf_map_delete_elem(void *map, const void *key)",
    args: [MAP, MAP_KEY],
    ret: INTEGER,
    pktAccess: true,
  },
  {
    id: 87,
    name: "map_push_elem",
    signature: "long bpf_map_push_elem(void *map, const void *value, __u64 flags)",
    args: [MAP, MAP_VALUE, ANY],
    ret: INTEGER,
    pktAccess: true,
  },
  {
    id: 88,
    name: "map_pop_elem",
    signature: "long bpf_map_pop_elem(void *map, void *value)",
    args: [MAP, UNINIT_MAP_VALUE],
    ret: INTEGER,
  },
  {
    id: 89,
    name: "map_peek_elem",
    signature: "long bpf_map_peek_elem(void *map, void *value)",
    args: [MAP, UNINIT_MAP_VALUE],
    ret: INTEGER,
  },
  {
    id: 164,
    name: "for_each_map_elem",
    signature: "long bpf_for_each_map_elem(void *map, void *callback_fn, void *callback_ctx, __u64 flags)",
    args: [MAP, FUNC, STACK_OR_NULL, ANY],
    ret: INTEGER,
  },
  {
    id: 195,
    name: "map_lookup_percpu_elem",
    signature: "void *bpf_map_lookup_percpu_elem(void *map, const void *key, __u32 cpu)",
    args: [MAP, MAP_KEY, ANY],
    ret: TO_MAP_VALUE_OR_NULL,
    pktAccess: true,
  },
];
