import type { Memory } from "@bpf-ts/memory";
import type { MapDef } from "@bpf-ts/uapi";
import type { CreateOptions } from "./create.ts";
import type { BpfMap } from "./map.ts";
import { MapTable, type MapTableOptions } from "./map-table.ts";

/**
 * Makes a map in a table of its own. For one map, or for tests; a machine with several maps makes a {@link MapTable} and uses its `create`.
 *
 * @throws MapError with Linux's errno; nothing has changed then.
 */
export function createMap(memory: Memory, def: MapDef, options: CreateOptions & MapTableOptions = {}): BpfMap {
  return new MapTable(memory, options).create(def, options);
}
