import type { MapDef } from "@bpf-ts/uapi";
import type { MapTraceTarget } from "./targets.ts";
import type { TracerLists } from "./tracer-lists.ts";

/**
 * What map tracing needs to see of a map. The kernel's map object satisfies it.
 */
export interface TraceableMap {
  readonly id: number;
  readonly def: MapDef;
  /**
   * The one extra pointer a map carries: null until its first tracer is attached, freed with the map and not before. The owner also keeps the word
   * in the map's header non-zero exactly while some list has an entry, so that untraced maps cost one load.
   */
  tracers: TracerLists | null;
  /** Called after an entry came or went; the owner refreshes the header's word. */
  tracersChanged(): void;
  /** A reference, and a user reference: a map that a link traces counts as used by user space. */
  getUserRef(): void;
  putUserRef(): void;
}

/** What map tracing needs to see of a loaded program. */
export interface TracerProgram {
  readonly id: number;
  readonly progType: number;
  readonly expectedAttachType: number;
  /** The target that its `attach_btf_id` named when it was loaded; undefined for a program that is no tracer. */
  readonly mapTraceTarget: MapTraceTarget | undefined;
  /** Highest byte read + 1 through each buffer argument of the context, by argument: 0 = key, 1 = value. */
  readonly maxCtxBufferAccess: readonly number[];
  /** Every map that it mentions, dead code and subprograms included. */
  readonly usedMaps: readonly TraceableMap[];
  getRef(): void;
  putRef(): void;
}
