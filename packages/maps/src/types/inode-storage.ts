import { makeMap } from "../make.ts";
import { checkLocalStorage, LocalStorageMap } from "../storage/local-storage.ts";
import type { MapType } from "./map-type.ts";

/**
 * `BPF_MAP_TYPE_INODE_STORAGE`: values of inodes.
 *
 * @see v6.18 kernel/bpf/bpf_inode_storage.c
 */
export const inodeStorageType: MapType = {
  check: (def, _facts, options) => checkLocalStorage(def, options),
  create: (table, def, options) => makeMap(table, (own) => new LocalStorageMap(table, own, def, options)),
};
