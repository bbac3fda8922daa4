import type { MapDef } from "@bpf-ts/uapi";
import { EBADF, EINVAL } from "@bpf-ts/uapi/errno";
import { BPF_F_NUMA_NODE, BPF_F_RDONLY, BPF_F_WRONLY } from "@bpf-ts/uapi/map-flags";
import type { BpfMap, FdValue } from "../map.ts";

/**
 * The checks of both device maps.
 *
 * @see v6.18 kernel/bpf/devmap.c, dev_map_alloc_check
 */
export function checkDevices(def: MapDef): number {
  if (def.maxEntries === 0 || def.keySize !== 4 || (def.valueSize !== 4 && def.valueSize !== 8)) return -EINVAL;
  return (def.mapFlags & ~(BPF_F_NUMA_NODE | BPF_F_RDONLY | BPF_F_WRONLY)) !== 0 ? -EINVAL : 0;
}

/**
 * Whether there is such a device, and the program for it: whatever is wrong, the kernel answers -EINVAL.
 *
 * @see v6.18 kernel/bpf/devmap.c, __dev_map_alloc_node
 */
export function deviceProgram(map: BpfMap, ifindex: number, fd: number): FdValue | undefined | number {
  const { hooks } = map.table;
  if (hooks.hasDevice?.(ifindex) !== true) return -EINVAL;
  if (fd <= 0) return undefined;
  const program = hooks.getProgram?.(map, fd) ?? -EBADF;
  return typeof program === "number" ? -EINVAL : program;
}
