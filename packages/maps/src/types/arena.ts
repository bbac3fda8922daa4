import type { MapDef } from "@bpf-ts/uapi";
import { E2BIG, EINVAL, EOPNOTSUPP, ERANGE } from "@bpf-ts/uapi/errno";
import { BPF_F_MMAPABLE, BPF_F_NO_USER_CONV, BPF_F_SEGV_ON_FAULT } from "@bpf-ts/uapi/map-flags";
import { BaseMap } from "../base-map.ts";
import type { CreateOptions } from "../create.ts";
import { makeMap } from "../make.ts";
import type { MappableRange } from "../map.ts";
import type { MapTable } from "../map-table.ts";
import type { OwnMemory } from "../own-memory.ts";
import type { MapType } from "./map-type.ts";

const PAGE = 4096;

/**
 * `BPF_MAP_TYPE_ARENA`: pages that programs take and give back, and that user space maps. `maxEntries` is the most pages it can have, `mapExtra` where
 * user space wants to see it. Where Linux takes 4 GiB of address space for each arena and memory page by page, a linear memory has to give the whole
 * range at once (untouched pages cost nothing): an arena larger than the memory has room for can't be made (-ENOMEM).
 *
 * @see v6.18 kernel/bpf/arena.c
 */
export class ArenaMap extends BaseMap {
  /** Address of page 0. */
  readonly base: number;
  /** 1 for pages that are allocated. */
  readonly #pages: Uint8Array;
  #count = 0;

  constructor(table: MapTable, own: OwnMemory, def: MapDef, options: CreateOptions) {
    super(table, own, def, options);
    this.base = own.reserve(def.maxEntries * PAGE, `${this.label} pages`, PAGE);
    this.#pages = new Uint8Array(def.maxEntries);
  }

  /** Pages that are allocated. */
  get elementCount(): number {
    return this.#count;
  }

  /**
   * `bpf_arena_alloc_pages`: zeroed pages, side by side.
   *
   * @param at number of the first page; -1 for anywhere
   * @returns number of the first page, -1 if there is no room, or not there
   */
  allocPages(at: number, count: number): number {
    const { maxEntries } = this.def;
    if (count < 1 || count > maxEntries) return -1;
    const first = at < 0 ? this.#findFree(count) : at;
    if (first < 0 || first > maxEntries - count) return -1;
    for (let page = first; page < first + count; page++) if (this.#pages[page] === 1) return -1;
    for (let page = first; page < first + count; page++) {
      this.#pages[page] = 1;
      this.memory.fill(this.base + page * PAGE, 0, PAGE);
      this.memory.addRegion(this.base + page * PAGE, PAGE, { label: `${this.label} page` });
    }
    this.#count += count;
    return first;
  }

  #findFree(count: number): number {
    let run = 0;
    for (let page = 0; page < this.def.maxEntries; page++) {
      run = this.#pages[page] === 1 ? 0 : run + 1;
      if (run === count) return page - count + 1;
    }
    return -1;
  }

  /** `bpf_arena_free_pages`: pages that are not allocated are passed over. */
  freePages(first: number, count: number): void {
    const end = Math.min(this.def.maxEntries, first + count);
    for (let page = Math.max(0, first); page < end; page++) {
      if (this.#pages[page] !== 1) continue;
      this.#pages[page] = 0;
      this.#count--;
      this.memory.removeRegion(this.base + page * PAGE);
    }
  }

  /** Whether a page is allocated. */
  hasPage(page: number): boolean {
    return this.#pages[page] === 1;
  }

  override mappable(): MappableRange {
    return { address: this.base, size: this.def.maxEntries * PAGE };
  }

  lookup(_key: number, _cpu: number): number {
    return 0;
  }

  update(_key: number, _value: number, _flags: number, _cpu: number): number {
    return -EOPNOTSUPP;
  }

  delete(_key: number): number {
    return -EOPNOTSUPP;
  }

  getNextKey(_key: number, _next: number): number {
    return -EOPNOTSUPP;
  }

  protected copyOut(_key: number, _value: number): number {
    return -EINVAL;
  }
}

/** `BPF_MAP_TYPE_ARENA`. */
export const arenaType: MapType = {
  check: () => 0,
  create(table, def, options) {
    const { mapFlags, mapExtra = 0n, maxEntries } = def;
    if (def.keySize !== 0 || def.valueSize !== 0 || maxEntries === 0) return -EINVAL;
    if ((mapFlags & BPF_F_MMAPABLE) === 0) return -EINVAL;
    if ((mapFlags & ~(BPF_F_SEGV_ON_FAULT | BPF_F_MMAPABLE | BPF_F_NO_USER_CONV)) !== 0) return -EINVAL;
    if (mapExtra % BigInt(PAGE) !== 0n) return -EINVAL;
    const size = BigInt(maxEntries) * BigInt(PAGE);
    if (size > 2n ** 32n) return -E2BIG;
    if (mapExtra >> 32n !== BigInt.asUintN(64, mapExtra + size - 1n) >> 32n) return -ERANGE;
    return makeMap(table, (own) => new ArenaMap(table, own, def, options));
  },
};
