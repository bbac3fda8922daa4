import type { Memory } from "@bpf-ts/memory";
import type { SlowPaths } from "./code/host.ts";
import type { MapTable } from "./map-table.ts";
import type { OwnMemory } from "./own-memory.ts";

/** What the parts of a map know of it: where its header is, and whom to ask. */
export interface MapHome {
  readonly table: MapTable;
  readonly memory: Memory;
  readonly own: OwnMemory;
  /** Address of the header. */
  readonly handle: number;
  /** How its regions are named. */
  readonly label: string;
  /** What the code of its operations leaves to JavaScript: parts add theirs. */
  readonly slowPaths: SlowPaths;
}
