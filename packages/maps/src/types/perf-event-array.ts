import { BPF_F_PRESERVE_ELEMS } from "@bpf-ts/uapi/map-flags";
import { checkFdArray } from "../array/check.ts";
import { FdArrayMap } from "../array/fd-array.ts";
import { makeMap } from "../make.ts";
import type { MapType } from "./map-type.ts";

/**
 * `BPF_MAP_TYPE_PERF_EVENT_ARRAY`: perf events, one a CPU as a rule. Nobody can read them back. An event goes with the open file of the map through
 * which it was stored, unless the map has BPF_F_PRESERVE_ELEMS.
 *
 * @see v6.18 kernel/bpf/arraymap.c, perf_event_array_map_ops
 */
export class PerfEventArrayMap extends FdArrayMap {
  protected override get readable(): boolean {
    return false;
  }

  /** An open file of the map is closed: the owner of {@link FdValue.owner}. */
  releaseFile(owner: unknown): void {
    if (owner !== undefined && (this.def.mapFlags & BPF_F_PRESERVE_ELEMS) === 0) this.clear(owner);
  }
}

/** `BPF_MAP_TYPE_PERF_EVENT_ARRAY`. */
export const perfEventArrayType: MapType = {
  check: checkFdArray,
  create: (table, def, options) => makeMap(table, (own) => new PerfEventArrayMap(table, own, def, options)),
};
