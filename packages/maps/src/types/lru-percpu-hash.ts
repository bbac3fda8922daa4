import type { MapDef } from "@bpf-ts/uapi";
import { EINVAL, ENOMEM } from "@bpf-ts/uapi/errno";
import { BPF_EXIST } from "@bpf-ts/uapi/map-flags";
import type { CreateOptions } from "../create.ts";
import { checkHash, hashBuckets, hashEntries } from "../hash/check.ts";
import { unknownUpdateFlags } from "../hash/hash-map.ts";
import { LruMapBase } from "../hash/lru-map.ts";
import { makeMap } from "../make.ts";
import type { MapTable } from "../map-table.ts";
import type { OwnMemory } from "../own-memory.ts";
import type { MapType } from "./map-type.ts";

/**
 * `BPF_MAP_TYPE_LRU_PERCPU_HASH`. Values are updated in place; all the same every update but one with BPF_EXIST takes a new element first, and
 * gives it back if the key is there.
 *
 * @see v6.18 kernel/bpf/hashtab.c, __htab_lru_percpu_map_update_elem
 */
export class LruPercpuHashMap extends LruMapBase {
  constructor(table: MapTable, own: OwnMemory, def: MapDef, options: CreateOptions) {
    super(table, own, def, options, { percpu: true, code: (cache, shape) => cache.lruPercpuHash(shape) });
  }

  /** All CPUs' values at once. */
  override sysUpdate(key: number, value: number, flags: number, cpu: number): number {
    if (this.checkLockFlag(flags) !== 0 || unknownUpdateFlags(flags, false) !== 0) return -EINVAL;
    const { chains } = this;
    const hash = chains.hash(key);
    let element = 0;
    if (flags !== BPF_EXIST) {
      element = this.takeElement(key, cpu);
      if (element === 0) return -ENOMEM;
    }
    const old = chains.find(key, hash);
    const error = this.checkFlags(old !== 0, flags);
    if (error === 0 && old !== 0) {
      this.lru.touch(old);
      this.copyAllCpus(old, value);
    } else if (error === 0) {
      this.copyAllCpus(element, value);
      chains.insert(element, hash);
      return 0;
    }
    if (element !== 0) this.releaseElement(element);
    return error;
  }
}

/** `BPF_MAP_TYPE_LRU_PERCPU_HASH`. */
export const lruPercpuHashType: MapType = {
  check: (def) => checkHash(def, { percpu: true, lru: true }),
  create(table, def, options) {
    const buckets = hashBuckets(hashEntries(def, table.facts.cpus));
    return buckets < 0 ? buckets : makeMap(table, (own) => new LruPercpuHashMap(table, own, def, options));
  },
};
