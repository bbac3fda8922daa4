import type { MapDef } from "@bpf-ts/uapi";
import { E2BIG, EINVAL } from "@bpf-ts/uapi/errno";
import {
  BPF_F_INNER_MAP,
  BPF_F_MMAPABLE,
  BPF_F_NUMA_NODE,
  BPF_F_PRESERVE_ELEMS,
  BPF_F_RDONLY_PROG,
  BPF_F_WRONLY_PROG,
} from "@bpf-ts/uapi/map-flags";
import { BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_PERCPU_ARRAY, BPF_MAP_TYPE_PERF_EVENT_ARRAY } from "@bpf-ts/uapi/map-types";
import { ACCESS_FLAGS, accessFlagsOk, PCPU_MIN_UNIT_SIZE, round8 } from "../hash/check.ts";
import { numaNodeOf } from "../numa.ts";

const ARRAY_FLAGS = BPF_F_NUMA_NODE | BPF_F_MMAPABLE | ACCESS_FLAGS | BPF_F_PRESERVE_ELEMS | BPF_F_INNER_MAP;
const INT_MAX = 0x7fff_ffff;

/**
 * The checks of all array types.
 *
 * @see v6.18 kernel/bpf/arraymap.c, array_map_alloc_check
 */
export function checkArray(def: MapDef): number {
  const { type, mapFlags: flags } = def;
  const percpu = type === BPF_MAP_TYPE_PERCPU_ARRAY;
  if (def.maxEntries === 0 || def.keySize !== 4 || def.valueSize === 0) return -EINVAL;
  if ((flags & ~ARRAY_FLAGS) !== 0 || !accessFlagsOk(flags) || (percpu && numaNodeOf(def) !== -1)) return -EINVAL;
  if (type !== BPF_MAP_TYPE_ARRAY && (flags & (BPF_F_MMAPABLE | BPF_F_INNER_MAP)) !== 0) return -EINVAL;
  if (type !== BPF_MAP_TYPE_PERF_EVENT_ARRAY && (flags & BPF_F_PRESERVE_ELEMS) !== 0) return -EINVAL;
  if (def.valueSize > INT_MAX) return -E2BIG;
  if (percpu && round8(def.valueSize) > PCPU_MIN_UNIT_SIZE) return -E2BIG;
  return 0;
}

/**
 * The checks of arrays of fds.
 *
 * @see v6.18 kernel/bpf/arraymap.c, fd_array_map_alloc_check
 */
export function checkFdArray(def: MapDef): number {
  if (def.valueSize !== 4) return -EINVAL;
  if ((def.mapFlags & (BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG)) !== 0) return -EINVAL;
  return checkArray(def);
}
