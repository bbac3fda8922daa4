import type { LayoutPart } from "@bpf-ts/memory";
import type { MapDef } from "@bpf-ts/uapi";
import { E2BIG, EBADF, EINVAL, ENOENT, ENOTSUPP } from "@bpf-ts/uapi/errno";
import { BaseMap } from "../base-map.ts";
import type { CreateOptions } from "../create.ts";
import type { FdValue } from "../map.ts";
import type { MapTable } from "../map-table.ts";
import type { OwnMemory } from "../own-memory.ts";
import { indexAt, nextIndex } from "./index-keys.ts";

/**
 * Arrays of objects. User space writes fds and reads ids; programs can't look at elements but through the helper of the type. In memory an element
 * is the object's handle, in 8 bytes, 0 if it is empty; the objects themselves lie beside it.
 *
 * @see v6.18 kernel/bpf/arraymap.c, bpf_fd_array_map_update_elem
 */
export class FdArrayMap extends BaseMap {
  readonly #handles: number;
  readonly #values: Map<number, FdValue> = new Map();

  constructor(table: MapTable, own: OwnMemory, def: MapDef, options: CreateOptions, parts: readonly LayoutPart[] = []) {
    super(table, own, def, options);
    const count = def.maxEntries;
    this.#handles = own.alloc(8 * count, {
      label: `${this.label} elements`,
      layout: { offset: 0, stride: 8, count, parts },
    });
  }

  get elementCount(): number {
    return this.#values.size;
  }

  /** What element `index` holds. */
  entry(index: number): FdValue | undefined {
    return this.#values.get(index >>> 0);
  }

  /** The handle that element `index` holds, 0 for none: what a program gets where a program gets something. */
  protected handleAt(index: number): number {
    return index < this.def.maxEntries ? this.memory.u32[(this.#handles + 8 * index) >>> 2]! : 0;
  }

  lookup(_key: number, _cpu: number): number {
    return 0;
  }

  /** Programs can't store objects. */
  update(_key: number, _value: number, _flags: number, _cpu: number): number {
    return -EINVAL;
  }

  override sysUpdate(key: number, value: number, flags: number, _cpu: number): number {
    if (flags !== 0) return -EINVAL;
    const index = indexAt(this.memory, key);
    if (index >= this.def.maxEntries) return -E2BIG;
    const entry = this.acquire(this.memory.getI32(value));
    if (typeof entry === "number") return entry;
    const old = this.#values.get(index);
    this.#values.set(index, entry);
    this.memory.setU32(this.#handles + 8 * index, entry.handle);
    if (old !== undefined) this.table.hooks.putValue?.(this, old);
    return 0;
  }

  /** The object of an fd, if this type takes it; a negative errno if not. */
  protected acquire(fd: number): FdValue | number {
    return this.table.hooks.getValue?.(this, fd) ?? -EBADF;
  }

  delete(key: number): number {
    const index = indexAt(this.memory, key);
    return index >= this.def.maxEntries ? -E2BIG : this.#clear(index);
  }

  #clear(index: number): number {
    const old = this.#values.get(index);
    if (old === undefined) return -ENOENT;
    this.#values.delete(index);
    this.memory.setU32(this.#handles + 8 * index, 0);
    this.table.hooks.putValue?.(this, old);
    return 0;
  }

  /** Whether user space can read ids back. */
  protected get readable(): boolean {
    return true;
  }

  protected copyOut(key: number, value: number): number {
    if (!this.readable) return -ENOTSUPP;
    const entry = this.#values.get(indexAt(this.memory, key));
    if (entry === undefined) return -ENOENT;
    this.memory.setU32(value, Number(entry.id));
    return 0;
  }

  getNextKey(key: number, next: number): number {
    return nextIndex(this.memory, this.def.maxEntries, key, next);
  }

  /** Empties all elements, or those that an open file of the map stored. */
  clear(owner?: unknown): void {
    for (const [index, value] of [...this.#values]) {
      if (owner === undefined || value.owner === owner) this.#clear(index);
    }
  }

  protected override releaseElements(): void {
    this.clear();
  }
}
