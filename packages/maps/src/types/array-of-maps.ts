import type { MapDef } from "@bpf-ts/uapi";
import { checkFdArray } from "../array/check.ts";
import { FdArrayMap } from "../array/fd-array.ts";
import { indexAt } from "../array/index-keys.ts";
import type { BatchSupport } from "../base-map.ts";
import type { CreateOptions } from "../create.ts";
import { acquireInner, templateOf } from "../inner/meta.ts";
import { makeMap } from "../make.ts";
import type { FdValue, MapMeta } from "../map.ts";
import type { MapTable } from "../map-table.ts";
import type { OwnMemory } from "../own-memory.ts";
import type { MapType } from "./map-type.ts";

/**
 * `BPF_MAP_TYPE_ARRAY_OF_MAPS`: user space writes map fds and reads map ids; a program's look-up gives the inner map's handle.
 *
 * @see v6.18 kernel/bpf/arraymap.c, array_of_maps_map_ops
 */
export class ArrayOfMapsMap extends FdArrayMap {
  readonly #inner: MapMeta;

  constructor(table: MapTable, own: OwnMemory, def: MapDef, options: CreateOptions, inner: MapMeta) {
    super(table, own, def, options);
    this.#inner = inner;
  }

  override get asInner(): undefined {
    return undefined;
  }

  override get inner(): MapMeta {
    return this.#inner;
  }

  override lookup(key: number, _cpu: number): number {
    return this.handleAt(indexAt(this.memory, key));
  }

  protected override acquire(fd: number): FdValue | number {
    return acquireInner(this, this.#inner, fd);
  }

  protected override get batches(): BatchSupport {
    return { lookup: true, update: true };
  }
}

/** `BPF_MAP_TYPE_ARRAY_OF_MAPS`. */
export const arrayOfMapsType: MapType = {
  check: checkFdArray,
  create(table, def, options) {
    const inner = templateOf(options);
    if (typeof inner === "number") return inner;
    return makeMap(table, (own) => new ArrayOfMapsMap(table, own, def, options, inner));
  },
};
