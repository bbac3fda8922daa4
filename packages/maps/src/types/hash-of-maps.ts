import type { MapDef } from "@bpf-ts/uapi";
import { E2BIG, EINVAL, ENOENT, ENOMEM, ENOTSUPP } from "@bpf-ts/uapi/errno";
import { BPF_F_NO_PREALLOC } from "@bpf-ts/uapi/map-flags";
import type { CreateOptions } from "../create.ts";
import { checkHash, hashBuckets } from "../hash/check.ts";
import { HashMapBase, unknownUpdateFlags } from "../hash/hash-map.ts";
import { acquireInner, templateOf } from "../inner/meta.ts";
import { makeMap } from "../make.ts";
import type { FdValue, MapIterator, MapMeta } from "../map.ts";
import type { MapOperations, MapTable } from "../map-table.ts";
import type { OwnMemory } from "../own-memory.ts";
import type { MapType } from "./map-type.ts";

/**
 * `BPF_MAP_TYPE_HASH_OF_MAPS`: user space writes map fds and reads map ids; a program's look-up gives the inner map's handle, which is what an
 * element's value holds. Another map for a key that is there takes the old one's place in the same element.
 *
 * @see v6.18 kernel/bpf/hashtab.c, bpf_fd_htab_map_update_elem, htab_map_update_elem_in_place
 */
export class HashOfMapsMap extends HashMapBase {
  readonly #inner: MapMeta;
  /** By element: what it holds. */
  readonly #values: Map<number, FdValue> = new Map();

  constructor(table: MapTable, own: OwnMemory, def: MapDef, options: CreateOptions, inner: MapMeta) {
    const preallocated = (def.mapFlags & BPF_F_NO_PREALLOC) === 0 ? def.maxEntries : 0;
    super(table, own, def, options, { percpu: false, preallocated, code: (cache, shape) => cache.hash(shape) });
    this.#inner = inner;
  }

  override get asInner(): undefined {
    return undefined;
  }

  override get inner(): MapMeta {
    return this.#inner;
  }

  /** Elements hold more than their bytes. */
  protected override compiled(): Partial<MapOperations> {
    return {};
  }

  override lookup(key: number, _cpu: number): number {
    const element = this.find(key);
    return element === 0 ? 0 : this.memory.u32[(element + this.valueOffset) >>> 2]!;
  }

  /** Programs can't store maps. */
  override update(_key: number, _value: number, _flags: number, _cpu: number): number {
    return -EINVAL;
  }

  override sysUpdate(key: number, value: number, flags: number, _cpu: number): number {
    const error = this.checkLockFlag(flags);
    if (error !== 0) return error;
    const entry = acquireInner(this, this.#inner, this.memory.getI32(value));
    if (typeof entry === "number") return entry;
    const result = this.#put(key, entry, flags);
    if (result !== 0) this.table.hooks.putValue?.(this, entry);
    return result;
  }

  #put(key: number, entry: FdValue, flags: number): number {
    if (unknownUpdateFlags(flags, false) !== 0) return -EINVAL;
    const { chains } = this;
    const hash = chains.hash(key);
    const old = chains.find(key, hash);
    const error = this.checkFlags(old !== 0, flags);
    if (error !== 0) return error;
    if (old !== 0) {
      this.#dropValue(old);
      this.#setValue(old, entry);
      return 0;
    }
    if (this.count >= this.def.maxEntries) return -E2BIG;
    const element = this.elements.take();
    if (element === 0) return -ENOMEM;
    this.memory.copy(element + this.keyOffset, key, this.def.keySize);
    this.#setValue(element, entry);
    chains.insert(element, hash);
    this.count++;
    return 0;
  }

  override delete(key: number): number {
    const element = this.find(key);
    if (element === 0) return -ENOENT;
    this.chains.remove(element, this.chains.previous);
    this.releaseElement(element);
    return 0;
  }

  #setValue(element: number, entry: FdValue): void {
    this.memory.setU32(element + this.valueOffset, entry.handle);
    this.#values.set(element, entry);
  }

  #dropValue(element: number): void {
    const value = this.#values.get(element);
    this.#values.delete(element);
    if (value !== undefined) this.table.hooks.putValue?.(this, value);
  }

  protected override releaseElement(element: number): void {
    this.#dropValue(element);
    super.releaseElement(element);
  }

  protected override copyElement(element: number, target: number): void {
    this.memory.setU32(target, Number(this.#values.get(element)!.id));
  }

  /** Only maps without inner ones can be taken from. */
  protected override takeOut(_key: number, _value: number): number {
    return -ENOTSUPP;
  }

  protected override copyOut(key: number, value: number): number {
    const element = this.find(key);
    if (element === 0) return -ENOENT;
    this.copyElement(element, value);
    return 0;
  }

  /** Linux has no walk over inner maps. */
  override iterate(): MapIterator | undefined {
    return undefined;
  }

  protected override releaseElements(): void {
    for (const element of [...this.#values.keys()]) this.#dropValue(element);
    super.releaseElements();
  }
}

/** `BPF_MAP_TYPE_HASH_OF_MAPS`. */
export const hashOfMapsType: MapType = {
  check: (def) => (def.valueSize !== 4 ? -EINVAL : checkHash(def, { percpu: false, lru: false })),
  create(table, def, options) {
    const inner = templateOf(options);
    if (typeof inner === "number") return inner;
    const buckets = hashBuckets(def.maxEntries);
    if (buckets < 0) return buckets;
    return makeMap(table, (own) => new HashOfMapsMap(table, own, def, options, inner));
  },
};
