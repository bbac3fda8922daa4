import type { BaseMap } from "./base-map.ts";
import type { MapTable } from "./map-table.ts";
import { OwnMemory } from "./own-memory.ts";

/**
 * Builds a map; if that fails half way, every byte is returned.
 *
 * @throws MemoryError ENOMEM
 */
export function makeMap<T extends BaseMap>(table: MapTable, build: (own: OwnMemory) => T): T {
  const own = new OwnMemory(table.memory);
  try {
    const map = build(own);
    map.enroll();
    return map;
  } catch (error) {
    own.close();
    throw error;
  }
}
