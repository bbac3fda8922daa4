import type { MapDef } from "@bpf-ts/uapi";
import type { CreateOptions } from "../create.ts";
import { checkHash, hashBuckets, hashEntries } from "../hash/check.ts";
import { LruMapBase } from "../hash/lru-map.ts";
import { makeMap } from "../make.ts";
import type { MapTable } from "../map-table.ts";
import type { OwnMemory } from "../own-memory.ts";
import type { MapType } from "./map-type.ts";

/**
 * `BPF_MAP_TYPE_LRU_HASH`. Every update takes a new element first, evicting another if there is none, and only then looks at what is there: so an
 * update may evict the very key that it updates, and one that is refused by its flags has evicted all the same.
 *
 * @see v6.18 kernel/bpf/hashtab.c, htab_lru_map_update_elem
 */
export class LruHashMap extends LruMapBase {
  constructor(table: MapTable, own: OwnMemory, def: MapDef, options: CreateOptions) {
    super(table, own, def, options, { percpu: false, code: (cache, shape) => cache.lruHash(shape) });
  }
}

/** `BPF_MAP_TYPE_LRU_HASH`. */
export const lruHashType: MapType = {
  check: (def) => checkHash(def, { percpu: false, lru: true }),
  create(table, def, options) {
    const buckets = hashBuckets(hashEntries(def, table.facts.cpus));
    return buckets < 0 ? buckets : makeMap(table, (own) => new LruHashMap(table, own, def, options));
  },
};
