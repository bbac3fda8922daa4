import type { MapDef } from "@bpf-ts/uapi";
import { EINVAL, ENOENT } from "@bpf-ts/uapi/errno";
import { indexAt, nextIndex } from "../array/index-keys.ts";
import type { CreateOptions } from "../create.ts";
import type { FdValue } from "../map.ts";
import type { MapTable } from "../map-table.ts";
import type { OwnMemory } from "../own-memory.ts";
import { RedirectMap, TARGET_STRIDE } from "./targets.ts";

/** Targets by index: all places are there from the beginning, those of which the first word is 0 are empty. */
export abstract class IndexedTargetMap extends RedirectMap {
  readonly #values: number;

  constructor(table: MapTable, own: OwnMemory, def: MapDef, options: CreateOptions) {
    super(table, own, def, options);
    const label = `${this.label} value`;
    const count = def.maxEntries;
    const parts = [{ offset: 0, size: def.valueSize, writable: false, label }];
    const layout = { offset: 0, stride: TARGET_STRIDE, count, parts };
    this.#values = own.alloc(TARGET_STRIDE * count, { label, layout });
  }

  get elementCount(): number {
    let count = 0;
    for (let i = 0; i < this.def.maxEntries; i++) if (this.memory.getU32(this.#targetAt(i)) !== 0) count++;
    return count;
  }

  lookup(key: number, _cpu: number): number {
    const index = indexAt(this.memory, key);
    if (index >= this.def.maxEntries) return 0;
    const target = this.#targetAt(index);
    return this.memory.getU32(target) === 0 ? 0 : target;
  }

  delete(key: number): number {
    const index = indexAt(this.memory, key);
    if (index >= this.def.maxEntries) return -EINVAL;
    this.replaceTarget(index, 0, undefined);
    return 0;
  }

  getNextKey(key: number, next: number): number {
    return nextIndex(this.memory, this.def.maxEntries, key, next);
  }

  /** Another value for an element. @param number 0 empties it */
  protected replaceTarget(index: number, number: number, program: FdValue | undefined): void {
    const target = this.#targetAt(index);
    this.dropProgram(target);
    this.setTarget(target, number, program);
  }

  protected copyOut(key: number, value: number): number {
    const target = this.lookup(key, 0);
    if (target === 0) return -ENOENT;
    this.memory.copy(value, target, this.def.valueSize);
    return 0;
  }

  #targetAt(index: number): number {
    return this.#values + TARGET_STRIDE * index;
  }
}
