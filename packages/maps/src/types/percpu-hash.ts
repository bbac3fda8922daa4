import type { MapDef } from "@bpf-ts/uapi";
import { E2BIG, EINVAL, ENOMEM } from "@bpf-ts/uapi/errno";
import { BPF_F_NO_PREALLOC } from "@bpf-ts/uapi/map-flags";
import type { CreateOptions } from "../create.ts";
import { checkHash, hashBuckets } from "../hash/check.ts";
import { HashMapBase, unknownUpdateFlags } from "../hash/hash-map.ts";
import { makeMap } from "../make.ts";
import type { MapTable } from "../map-table.ts";
import type { OwnMemory } from "../own-memory.ts";
import type { MapType } from "./map-type.ts";

/**
 * `BPF_MAP_TYPE_PERCPU_HASH`. A key that is there is updated in place: a program's update changes its own CPU's value, user space's all of them.
 * A program that inserts a key sets its own CPU's value and zeroes the others.
 *
 * @see v6.18 kernel/bpf/hashtab.c, __htab_percpu_map_update_elem
 */
export class PercpuHashMap extends HashMapBase {
  constructor(table: MapTable, own: OwnMemory, def: MapDef, options: CreateOptions) {
    const preallocated = (def.mapFlags & BPF_F_NO_PREALLOC) === 0 ? def.maxEntries : 0;
    super(table, own, def, options, { percpu: true, preallocated, code: (cache, shape) => cache.percpuHash(shape) });
  }

  /** All CPUs' values at once. */
  override sysUpdate(key: number, value: number, flags: number, _cpu: number): number {
    if (this.checkLockFlag(flags) !== 0 || unknownUpdateFlags(flags, false) !== 0) return -EINVAL;
    const { chains } = this;
    const hash = chains.hash(key);
    const old = chains.find(key, hash);
    const error = this.checkFlags(old !== 0, flags);
    if (error !== 0) return error;
    if (old !== 0) {
      this.copyAllCpus(old, value);
      return 0;
    }
    if (this.count >= this.def.maxEntries) return -E2BIG;
    const element = this.elements.take();
    if (element === 0) return -ENOMEM;
    this.memory.copy(element + this.keyOffset, key, this.def.keySize);
    this.copyAllCpus(element, value);
    chains.insert(element, hash);
    this.count++;
    return 0;
  }
}

/** `BPF_MAP_TYPE_PERCPU_HASH`. */
export const percpuHashType: MapType = {
  check: (def) => checkHash(def, { percpu: true, lru: false }),
  create(table, def, options) {
    const buckets = hashBuckets(def.maxEntries);
    return buckets < 0 ? buckets : makeMap(table, (own) => new PercpuHashMap(table, own, def, options));
  },
};
