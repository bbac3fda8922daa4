import { makeMap } from "../make.ts";
import { checkLocalStorage, LocalStorageMap } from "../storage/local-storage.ts";
import type { MapType } from "./map-type.ts";

/**
 * `BPF_MAP_TYPE_SK_STORAGE`: values of sockets.
 *
 * @see v6.18 net/core/bpf_sk_storage.c
 */
export const skStorageType: MapType = {
  check: (def, _facts, options) => checkLocalStorage(def, options),
  create: (table, def, options) => makeMap(table, (own) => new LocalStorageMap(table, own, def, options)),
};
