import type { MapDef } from "@bpf-ts/uapi";
import { BPF_F_NUMA_NODE } from "@bpf-ts/uapi/map-flags";

/** The NUMA node that a definition asks for, -1 for none (`NUMA_NO_NODE`). */
export function numaNodeOf(def: MapDef): number {
  return (def.mapFlags & BPF_F_NUMA_NODE) !== 0 ? (def.numaNode ?? 0) | 0 : -1;
}
