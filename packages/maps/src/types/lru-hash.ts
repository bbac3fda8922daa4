import type { MapDef } from "@bpf-ts/uapi";
import { EINVAL, ENOMEM } from "@bpf-ts/uapi/errno";
import type { CreateOptions } from "../create.ts";
import { checkHash, hashBuckets, hashEntries } from "../hash/check.ts";
import { unknownUpdateFlags } from "../hash/hash-map.ts";
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
    super(table, own, def, options, false);
  }

  update(key: number, value: number, flags: number, cpu: number): number {
    if (unknownUpdateFlags(flags, false) !== 0) return -EINVAL;
    const { chains } = this;
    const hash = chains.hash(key);
    const element = this.takeElement(key, cpu);
    if (element === 0) return -ENOMEM;
    this.copier.copy(element + this.valueOffset, value);
    this.copier.clearFields(element + this.valueOffset);
    const old = chains.find(key, hash);
    const { previous } = chains;
    const error = this.checkFlags(old !== 0, flags);
    if (error !== 0) {
      this.releaseElement(element);
      return error;
    }
    if (old === 0) {
      chains.insert(element, hash);
      return 0;
    }
    chains.replace(element, hash, old, previous);
    this.lru.touch(element);
    this.releaseElement(old);
    return 0;
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
