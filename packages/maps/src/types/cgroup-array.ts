import { checkFdArray } from "../array/check.ts";
import { FdArrayMap } from "../array/fd-array.ts";
import { makeMap } from "../make.ts";
import type { MapType } from "./map-type.ts";

/**
 * `BPF_MAP_TYPE_CGROUP_ARRAY`: cgroups, for helpers that ask whether a task or packet is under one. Nobody can read them back.
 *
 * @see v6.18 kernel/bpf/arraymap.c, cgroup_array_map_ops
 */
export class CgroupArrayMap extends FdArrayMap {
  protected override get readable(): boolean {
    return false;
  }
}

/** `BPF_MAP_TYPE_CGROUP_ARRAY`. */
export const cgroupArrayType: MapType = {
  check: checkFdArray,
  create: (table, def, options) => makeMap(table, (own) => new CgroupArrayMap(table, own, def, options)),
};
