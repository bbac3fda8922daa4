import type { MapDef } from "@bpf-ts/uapi";
import type { CreateOptions } from "../create.ts";
import type { BpfMap } from "../map.ts";
import type { MachineFacts, MapTable } from "../map-table.ts";

/** One map type: a row of the table. */
export interface MapType {
  /** Checks that need no memory (`map_alloc_check`): 0 or a negative errno. */
  check(def: MapDef, facts: MachineFacts, options: CreateOptions): number;
  /**
   * Makes the map (`map_alloc`); a negative errno if it can't be.
   *
   * @throws MemoryError ENOMEM
   */
  create(table: MapTable, def: MapDef, options: CreateOptions): BpfMap | number;
}
