/**
 * BPF maps in a linear memory: Linux's behaviour, flags and errno.
 */
export { FdArrayMap } from "./array/fd-array.ts";
export type { CreateOptions, StructOpsType } from "./create.ts";
export { createMap } from "./create-map.ts";
export { MapError } from "./error.ts";
export { flags32, UNKNOWN_FLAG } from "./flags.ts";
export {
  HEADER_ID,
  HEADER_KEY_SIZE,
  HEADER_MAP_EXTRA,
  HEADER_MAP_FLAGS,
  HEADER_MAP_TYPE,
  HEADER_MAX_ENTRIES,
  HEADER_NAME,
  HEADER_NUMA_NODE,
  HEADER_TRACERS,
  HEADER_VALUE_SIZE,
  HEADER_VISIBLE,
} from "./header.ts";
export type {
  BatchResult,
  BpfMap,
  FdValue,
  InnerRule,
  IterateOptions,
  LookupBatch,
  MapHooks,
  MapIterator,
  MapMeta,
  MappableRange,
} from "./map.ts";
export {
  type MachineFacts,
  type MapOperation,
  type MapOperations,
  MapTable,
  type MapTableOptions,
} from "./map-table.ts";
export { ObjectArrayMap } from "./objects/object-array.ts";
export type { SpecialField, SpecialFieldKind } from "./record.ts";
export { RedirectMap } from "./redirect/targets.ts";
export { RingMap } from "./ring/ring.ts";
export { CgroupStorageMap } from "./storage/cgroup-storage.ts";
export { LocalStorageMap } from "./storage/local-storage.ts";
export { ArenaMap } from "./types/arena.ts";
export { PerfEventArrayMap } from "./types/perf-event-array.ts";
export { RingbufMap } from "./types/ringbuf.ts";
export { SockHashMap } from "./types/sockhash.ts";
export { SockMap } from "./types/sockmap.ts";
export { type StackStoreOptions, StackTraceMap } from "./types/stack-trace.ts";
export {
  STRUCT_OPS_INIT,
  STRUCT_OPS_INUSE,
  STRUCT_OPS_READY,
  STRUCT_OPS_TOBEFREE,
  StructOpsMap,
} from "./types/struct-ops.ts";
export { UserRingbufMap, type UserSample } from "./types/user-ringbuf.ts";
