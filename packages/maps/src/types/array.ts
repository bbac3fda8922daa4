import type { MapDef } from "@bpf-ts/uapi";
import { EINVAL, ENOENT, ENOTSUPP } from "@bpf-ts/uapi/errno";
import { BPF_F_MMAPABLE, BPF_F_RDONLY_PROG, BPF_F_WRONLY_PROG } from "@bpf-ts/uapi/map-flags";
import { checkArray } from "../array/check.ts";
import { nextIndex } from "../array/index-keys.ts";
import { ArrayWalk } from "../array/walk.ts";
import { BaseMap, type BatchSupport } from "../base-map.ts";
import type { ArrayCode } from "../code/cache.ts";
import type { CreateOptions } from "../create.ts";
import { round8 } from "../hash/check.ts";
import { HEADER_VALUES } from "../header.ts";
import { makeMap } from "../make.ts";
import type { InnerRule, MapIterator, MappableRange } from "../map.ts";
import type { MapOperations, MapTable } from "../map-table.ts";
import type { OwnMemory } from "../own-memory.ts";
import type { MapType } from "./map-type.ts";

const PAGE = 4096;

/**
 * `BPF_MAP_TYPE_ARRAY`: all elements are there from the start and for ever, updated in place.
 *
 * @see v6.18 kernel/bpf/arraymap.c
 */
export class ArrayMap extends BaseMap {
  /** Address of the first value. */
  readonly values: number;
  /** From one value to the next, bytes. */
  readonly stride: number;
  #code: ArrayCode | undefined;

  constructor(table: MapTable, own: OwnMemory, def: MapDef, options: CreateOptions) {
    super(table, own, def, options);
    const { maxEntries: count, valueSize, mapFlags } = this.def;
    this.stride = round8(valueSize);
    const mmapable = (mapFlags & BPF_F_MMAPABLE) !== 0;
    const size = mmapable ? Math.ceil((count * this.stride) / PAGE) * PAGE : count * this.stride;
    const label = `${this.label} value`;
    const writable = (mapFlags & BPF_F_RDONLY_PROG) === 0;
    const readable = (mapFlags & BPF_F_WRONLY_PROG) === 0;
    const parts = readable ? [{ offset: 0, size: valueSize, writable, label }] : [];
    this.values = own.alloc(size, {
      label,
      align: mmapable ? PAGE : 8,
      layout: { offset: 0, stride: this.stride, count, parts },
    });
    this.memory.setU32(this.handle + HEADER_VALUES, this.values);
  }

  /** The code of look-ups and updates, made when the first comes: most arrays are read and written in place. */
  protected get code(): ArrayCode {
    this.#code ??= this.table.code.array({
      valueSize: this.def.valueSize,
      copies: 1,
      fields: this.copier.fields,
      hasSpinLock: this.copier.hasSpinLock,
    });
    return this.#code;
  }

  override get asInner(): InnerRule {
    return "same entries";
  }

  get elementCount(): number {
    return this.def.maxEntries;
  }

  protected override compiled(): Partial<MapOperations> {
    return { lookup: this.code.lookup, update: this.code.update };
  }

  lookup(key: number, cpu: number): number {
    return this.code.lookupOn(this.handle, key, 0, 0, cpu) >>> 0;
  }

  update(key: number, value: number, flags: number, cpu: number): number {
    return this.code.updateOn(this.handle, key, value, flags, cpu);
  }

  delete(_key: number): number {
    return -EINVAL;
  }

  protected copyOut(key: number, value: number): number {
    const source = this.lookup(key, 0);
    if (source === 0) return -ENOENT;
    this.copier.copy(value, source);
    this.copier.clearFields(value);
    return 0;
  }

  getNextKey(key: number, next: number): number {
    return nextIndex(this.memory, this.def.maxEntries, key, next);
  }

  protected override get batches(): BatchSupport {
    return { lookup: true, update: true };
  }

  override iterate(): MapIterator {
    return new ArrayWalk(
      this.memory,
      this.def.maxEntries,
      (index) => this.values + index * this.stride,
      (index, target) => {
        this.copier.copy(target, this.values + index * this.stride);
        this.copier.clearFields(target);
      },
    );
  }

  override directValue(offset: number): number {
    if (this.def.maxEntries !== 1) return -ENOTSUPP;
    return offset >>> 0 >= this.def.valueSize ? -EINVAL : this.values + (offset >>> 0);
  }

  override mappable(): MappableRange | undefined {
    if ((this.def.mapFlags & BPF_F_MMAPABLE) === 0) return undefined;
    return { address: this.values, size: Math.ceil((this.def.maxEntries * this.stride) / PAGE) * PAGE };
  }

  override releaseUserRefs(): void {
    if (!this.record.some((field) => field.kind === "timer" || field.kind === "wq" || field.kind === "task_work"))
      return;
    this.releaseElements();
  }

  protected override releaseElements(): void {
    if (this.record.length === 0) return;
    for (let i = 0; i < this.def.maxEntries; i++) this.table.hooks.freeFields?.(this, this.values + i * this.stride);
  }
}

/** `BPF_MAP_TYPE_ARRAY`. */
export const arrayType: MapType = {
  check: checkArray,
  create: (table, def, options) => makeMap(table, (own) => new ArrayMap(table, own, def, options)),
};
