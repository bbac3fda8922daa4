import type { MapDef } from "@bpf-ts/uapi";
import { E2BIG, EINVAL, ENOMEM } from "@bpf-ts/uapi/errno";
import { BPF_F_LOCK, BPF_F_NO_PREALLOC } from "@bpf-ts/uapi/map-flags";
import type { CreateOptions } from "../create.ts";
import { checkHash, hashBuckets } from "../hash/check.ts";
import { HashMapBase, unknownUpdateFlags } from "../hash/hash-map.ts";
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
    // One more than can be in the map for each CPU: the element that an update puts into another's place.
    const preallocated = prealloc ? def.maxEntries + table.facts.cpus : 0;
    super(table, own, def, options, { percpu: false, keyOffset: 8, preallocated });
  }

  update(key: number, value: number, flags: number, _cpu: number): number {
    if (unknownUpdateFlags(flags, true) !== 0) return -EINVAL;
    if ((flags & BPF_F_LOCK) !== 0 && !this.copier.hasSpinLock) return -EINVAL;
    const { chains } = this;
    const hash = chains.hash(key);
    const old = chains.find(key, hash);
    const { previous } = chains;
    const error = this.checkFlags(old !== 0, flags);
    if (error !== 0) return error;
    if (old !== 0 && (flags & BPF_F_LOCK) !== 0) {
      this.copier.copy(old + this.valueOffset, value);
      return 0;
    }
    if (old === 0 && this.count >= this.def.maxEntries) return -E2BIG;
    const element = this.elements.take();
    if (element === 0) return -ENOMEM;
    this.memory.copy(element + this.keyOffset, key, this.def.keySize);
    this.copier.copy(element + this.valueOffset, value);
    this.copier.clearFields(element + this.valueOffset);
    if (old === 0) {
      chains.insert(element, hash);
      this.count++;
    } else {
      chains.replace(element, hash, old, previous);
      this.freeElementFields(old);
      this.elements.release(old);
    }
    return 0;
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
