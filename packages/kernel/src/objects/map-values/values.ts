import type { BpfMap, FdValue } from "@bpf-ts/maps";
import type { OpenFile } from "../../fd-table.ts";
import type { Machine } from "../../machine.ts";

/** What a family of maps makes of an fd of the calling process that is to go into an element, or that is the key of one. */
export interface MapValues {
  /** Takes a reference to what the file is; a negative errno if it does not fit. The fd is open. */
  get(machine: Machine, map: BpfMap, file: OpenFile): FdValue | number;
  /** Gives that reference back. */
  put?(machine: Machine, map: BpfMap, value: FdValue): void;
}
