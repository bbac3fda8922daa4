import type { MapDef } from "@bpf-ts/uapi";
import { EBADF } from "@bpf-ts/uapi/errno";
import { indexAt, nextIndex } from "../array/index-keys.ts";
import { BaseMap } from "../base-map.ts";
import type { CreateOptions } from "../create.ts";
import type { FdValue } from "../map.ts";
import type { MapTable } from "../map-table.ts";
import type { OwnMemory } from "../own-memory.ts";

/**
 * Arrays of sockets: by index, with the update flags of a map whose elements come and go. An element is the object's handle in memory (8 bytes, 0
 * if it is empty), the object beside it. Programs' look-ups give the handle.
 */
export abstract class ObjectArrayMap extends BaseMap {
  readonly #handles: number;
  readonly #values: Map<number, FdValue> = new Map();

  constructor(table: MapTable, own: OwnMemory, def: MapDef, options: CreateOptions) {
    super(table, own, def, options);
    this.#handles = own.reserve(8 * def.maxEntries, `${this.label} elements`);
  }

  get elementCount(): number {
    return this.#values.size;
  }

  /** What element `index` holds. */
  entry(index: number): FdValue | undefined {
    return this.#values.get(index >>> 0);
  }

  protected index(key: number): number {
    return indexAt(this.memory, key);
  }

  lookup(key: number, _cpu: number): number {
    const index = this.index(key);
    return index < this.def.maxEntries ? this.memory.u32[(this.#handles + 8 * index) >>> 2]! : 0;
  }

  /** The object of an fd; a negative errno if it does not fit. */
  protected acquire(fd: number): FdValue | number {
    return this.table.hooks.getValue?.(this, fd) ?? -EBADF;
  }

  protected release(value: FdValue): void {
    this.table.hooks.putValue?.(this, value);
  }

  /** Puts an object into an element, releasing what it held; or empties it. */
  protected set(index: number, value: FdValue | undefined): void {
    const old = this.#values.get(index);
    if (value === undefined) this.#values.delete(index);
    else this.#values.set(index, value);
    this.memory.setU32(this.#handles + 8 * index, value?.handle ?? 0);
    if (old !== undefined) this.release(old);
  }

  /** An object is gone (a socket was closed): so are its elements. */
  removeObject(object: unknown): void {
    for (const [index, value] of [...this.#values]) if (value.object === object) this.set(index, undefined);
  }

  getNextKey(key: number, next: number): number {
    return nextIndex(this.memory, this.def.maxEntries, key, next);
  }

  protected override releaseElements(): void {
    for (const index of [...this.#values.keys()]) this.set(index, undefined);
  }
}
