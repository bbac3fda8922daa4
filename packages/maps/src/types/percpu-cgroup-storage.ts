import { PCPU_MIN_UNIT_SIZE } from "../hash/check.ts";
import { makeMap } from "../make.ts";
import { CgroupStorageMap, checkCgroupStorage } from "../storage/cgroup-storage.ts";
import type { MapType } from "./map-type.ts";

/** `BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE`. */
export const percpuCgroupStorageType: MapType = {
  check: () => 0,
  create(table, def, options) {
    const error = checkCgroupStorage(def, PCPU_MIN_UNIT_SIZE);
    return error || makeMap(table, (own) => new CgroupStorageMap(table, own, def, options, true));
  },
};
