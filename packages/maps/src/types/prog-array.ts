import { checkFdArray } from "../array/check.ts";
import { FdArrayMap } from "../array/fd-array.ts";
import { makeMap } from "../make.ts";
import type { MapType } from "./map-type.ts";

/**
 * `BPF_MAP_TYPE_PROG_ARRAY`: programs for tail calls. When its last fd goes, it is emptied: a program in it may hold the map that holds it.
 *
 * @see v6.18 kernel/bpf/arraymap.c, prog_array_map_ops
 */
export class ProgArrayMap extends FdArrayMap {
  /** Which programs fit is found out when one is stored, so one program array does not stand for another. */
  override get asInner(): undefined {
    return undefined;
  }

  override releaseUserRefs(): void {
    this.clear();
  }
}

/** `BPF_MAP_TYPE_PROG_ARRAY`. */
export const progArrayType: MapType = {
  check: checkFdArray,
  create: (table, def, options) => makeMap(table, (own) => new ProgArrayMap(table, own, def, options)),
};
