import type { MapDef } from "@bpf-ts/uapi";
import { E2BIG, EEXIST, EINVAL, ENOENT } from "@bpf-ts/uapi/errno";
import { BPF_F_RDONLY_PROG, BPF_F_WRONLY_PROG, BPF_NOEXIST } from "@bpf-ts/uapi/map-flags";
import { checkArray } from "../array/check.ts";
import { indexAt, nextIndex } from "../array/index-keys.ts";
import { ArrayWalk } from "../array/walk.ts";
import { BaseMap, type BatchSupport } from "../base-map.ts";
import type { ArrayCode } from "../code/cache.ts";
import type { CreateOptions } from "../create.ts";
import { round8 } from "../hash/check.ts";
import { unknownUpdateFlags } from "../hash/hash-map.ts";
import { HEADER_VALUES } from "../header.ts";
import { makeMap } from "../make.ts";
import type { IterateOptions, MapIterator } from "../map.ts";
import type { MapOperations, MapTable } from "../map-table.ts";
import type { OwnMemory } from "../own-memory.ts";
import type { MapType } from "./map-type.ts";

/**
 * `BPF_MAP_TYPE_PERCPU_ARRAY`: an array for each CPU, one after the other; an element's values are as far from each other as the arrays are long.
 *
 * @see v6.18 kernel/bpf/arraymap.c, percpu_array_map_lookup_elem, bpf_percpu_array_update
 */
export class PercpuArrayMap extends BaseMap {
  readonly #values: number;
  readonly #stride: number;
  /** From one CPU's array to the next one's, bytes. */
  readonly #cpuStride: number;
  readonly #cpus: number;
  #code: ArrayCode | undefined;

  constructor(table: MapTable, own: OwnMemory, def: MapDef, options: CreateOptions) {
    super(table, own, def, options);
    const { maxEntries, valueSize, mapFlags } = this.def;
    this.#cpus = table.facts.cpus;
    this.#stride = round8(valueSize);
    this.#cpuStride = this.#stride * maxEntries;
    const label = `${this.label} value`;
    const writable = (mapFlags & BPF_F_RDONLY_PROG) === 0;
    const readable = (mapFlags & BPF_F_WRONLY_PROG) === 0;
    this.#values = own.alloc(this.#cpuStride * this.#cpus, {
      label,
      layout: {
        offset: 0,
        stride: this.#stride,
        count: maxEntries * this.#cpus,
        parts: readable ? [{ offset: 0, size: valueSize, writable, label }] : [],
      },
    });
    this.memory.setU32(this.handle + HEADER_VALUES, this.#values);
  }

  get elementCount(): number {
    return this.def.maxEntries;
  }

  override get sysValueSize(): number {
    return this.#stride * this.#cpus;
  }

  #value(index: number, cpu: number): number {
    return this.#values + cpu * this.#cpuStride + index * this.#stride;
  }

  protected get code(): ArrayCode {
    this.#code ??= this.table.code.array({
      valueSize: this.def.valueSize,
      copies: this.#cpus,
      fields: this.copier.fields,
      hasSpinLock: this.copier.hasSpinLock,
    });
    return this.#code;
  }

  protected override compiled(): Partial<MapOperations> {
    return { lookup: this.code.lookup, update: this.code.update };
  }

  lookup(key: number, cpu: number): number {
    return this.code.lookupOn(this.handle, key, 0, 0, cpu) >>> 0;
  }

  override lookupPercpu(key: number, cpu: number): number {
    return cpu >>> 0 >= this.#cpus ? 0 : this.lookup(key, cpu);
  }

  update(key: number, value: number, flags: number, cpu: number): number {
    return this.code.updateOn(this.handle, key, value, flags, cpu);
  }

  override sysUpdate(key: number, value: number, flags: number, _cpu: number): number {
    const error = this.checkLockFlag(flags) || unknownUpdateFlags(flags, false);
    if (error !== 0) return error;
    const index = indexAt(this.memory, key);
    if (index >= this.def.maxEntries) return -E2BIG;
    if (flags === BPF_NOEXIST) return -EEXIST;
    for (let cpu = 0; cpu < this.#cpus; cpu++) {
      const target = this.#value(index, cpu);
      this.copier.copyLong(target, value + cpu * this.#stride);
      this.freeFields(target);
    }
    return 0;
  }

  delete(_key: number): number {
    return -EINVAL;
  }

  #copyAll(index: number, target: number): void {
    for (let cpu = 0; cpu < this.#cpus; cpu++) {
      this.copier.copyLong(target + cpu * this.#stride, this.#value(index, cpu));
      this.copier.clearFields(target + cpu * this.#stride);
    }
  }

  protected copyOut(key: number, value: number): number {
    const index = indexAt(this.memory, key);
    if (index >= this.def.maxEntries) return -ENOENT;
    this.#copyAll(index, value);
    return 0;
  }

  getNextKey(key: number, next: number): number {
    return nextIndex(this.memory, this.def.maxEntries, key, next);
  }

  protected override get batches(): BatchSupport {
    return { lookup: true, update: true };
  }

  override iterate(options: IterateOptions = {}): MapIterator {
    const cpu = options.cpu ?? 0;
    return new ArrayWalk(
      this.memory,
      this.def.maxEntries,
      (index) => this.#value(index, cpu),
      (index, target) => this.#copyAll(index, target),
    );
  }

  protected override releaseElements(): void {
    if (this.record.length === 0) return;
    for (let cpu = 0; cpu < this.#cpus; cpu++) {
      for (let i = 0; i < this.def.maxEntries; i++) this.table.hooks.freeFields?.(this, this.#value(i, cpu));
    }
  }
}

/** `BPF_MAP_TYPE_PERCPU_ARRAY`. */
export const percpuArrayType: MapType = {
  check: checkArray,
  create: (table, def, options) => makeMap(table, (own) => new PercpuArrayMap(table, own, def, options)),
};
