import type { MapDef } from "@bpf-ts/uapi";
import { BPF_F_NO_PREALLOC } from "@bpf-ts/uapi/map-flags";
import type { CreateOptions } from "../create.ts";
import { checkHash, hashBuckets } from "../hash/check.ts";
import { HashMapBase } from "../hash/hash-map.ts";
import { makeMap } from "../make.ts";
import type { MapTable } from "../map-table.ts";
import type { OwnMemory } from "../own-memory.ts";
import type { MapType } from "./map-type.ts";

/**
 * `BPF_MAP_TYPE_HASH`. An update of a key that is there puts a new element into its place: whoever holds the old value's address keeps seeing the
 * old value. With BPF_F_LOCK it is updated in place instead. A full map still takes updates of keys that are there.
 *
 * @see v6.18 kernel/bpf/hashtab.c, htab_map_update_elem
 */
export class HashMap extends HashMapBase {
  constructor(table: MapTable, own: OwnMemory, def: MapDef, options: CreateOptions) {
    const prealloc = (def.mapFlags & BPF_F_NO_PREALLOC) === 0;
    super(table, own, def, options, {
      percpu: false,
      // One more than can be in the map for each CPU: the element that an update puts into another's place.
      preallocated: prealloc ? def.maxEntries + table.facts.cpus : 0,
      code: (cache, shape) => cache.hash(shape),
    });
  }
}

/** `BPF_MAP_TYPE_HASH`. */
export const hashType: MapType = {
  check: (def) => checkHash(def, { percpu: false, lru: false }),
  create(table, def, options) {
    const buckets = hashBuckets(def.maxEntries);
    return buckets < 0 ? buckets : makeMap(table, (own) => new HashMap(table, own, def, options));
  },
};
