import { makeMap } from "../make.ts";
import { checkLocalStorage, LocalStorageMap } from "../storage/local-storage.ts";
import type { MapType } from "./map-type.ts";

/**
 * `BPF_MAP_TYPE_CGRP_STORAGE`: values of cgroups.
 *
 * @see v6.18 kernel/bpf/bpf_cgrp_storage.c
 */
export const cgrpStorageType: MapType = {
  check: (def, _facts, options) => checkLocalStorage(def, options),
  create: (table, def, options) => makeMap(table, (own) => new LocalStorageMap(table, own, def, options)),
};
