import { makeMap } from "../make.ts";
import { CgroupStorageMap, checkCgroupStorage } from "../storage/cgroup-storage.ts";
import { LOCAL_STORAGE_VALUE_MAX } from "../storage/local-storage.ts";
import type { MapType } from "./map-type.ts";

/** `BPF_MAP_TYPE_CGROUP_STORAGE`. */
export const cgroupStorageType: MapType = {
  check: () => 0,
  create(table, def, options) {
    const error = checkCgroupStorage(def, LOCAL_STORAGE_VALUE_MAX);
    return error || makeMap(table, (own) => new CgroupStorageMap(table, own, def, options, false));
  },
};
