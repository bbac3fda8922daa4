import type { MapDef } from "@bpf-ts/uapi";
import { BPF_F_NO_COMMON_LRU } from "@bpf-ts/uapi/map-flags";
import type { LruCode } from "../code/cache.ts";
import type { CreateOptions } from "../create.ts";
import type { MapTable } from "../map-table.ts";
import type { OwnMemory } from "../own-memory.ts";
import { hashEntries } from "./check.ts";
import { type HashKind, HashMapBase } from "./hash-map.ts";
import { LRU_WORDS } from "./layout.ts";
import { Lru, type LruOwner } from "./lru.ts";

/**
 * What both LRU types share: the lists, and that a program's look-up marks the element as used (user space's does not).
 *
 * @see v6.18 kernel/bpf/hashtab.c, htab_lru_map_lookup_elem, htab_lru_map_delete_node
 */
export abstract class LruMapBase extends HashMapBase<LruCode> {
  protected readonly lru: Lru;

  constructor(
    table: MapTable,
    own: OwnMemory,
    def: MapDef,
    options: CreateOptions,
    kind: Pick<HashKind<LruCode>, "percpu" | "code">,
  ) {
    const maxEntries = hashEntries(def, table.facts.cpus);
    super(table, own, { ...def, maxEntries }, options, { ...kind, keyOffset: LRU_WORDS, preallocated: maxEntries });
    const owner: LruOwner = {
      get epoch() {
        return table.epoch;
      },
      evict: (element) => this.#evict(element),
      fresh: (element, epoch) => this.#fresh(element, epoch),
    };
    const separate = (def.mapFlags & BPF_F_NO_COMMON_LRU) !== 0;
    this.lru = new Lru(this, this.code, table.facts.cpus, separate, owner);
    this.lru.populate(maxEntries, () => this.elements.take());
  }

  #evict(element: number): boolean {
    if (!this.chains.removeElement(element)) return false;
    this.freeElementFields(element);
    this.count--;
    return true;
  }

  /** While the program runs in whose time an element was freed, another one takes its place on the lists. */
  #fresh(element: number, epoch: number): number {
    if (!this.table.busy || epoch !== this.table.epoch) return element;
    const spare = this.elements.take();
    if (spare === 0) return this.table.keepsDeleted ? 0 : element;
    this.elements.release(element);
    return spare;
  }

  protected override releaseElement(element: number): void {
    this.count--;
    this.freeElementFields(element);
    this.code.give(this.handle, element);
  }

  /** An element for a new key: evicts if need be. 0 if there is none. It counts as in the map from now on. */
  protected takeElement(key: number, cpu: number): number {
    const element = this.code.takeLru(this.handle, cpu) >>> 0;
    if (element === 0) return 0;
    this.count++;
    this.memory.copy(element + this.keyOffset, key, this.def.keySize);
    return element;
  }
}
