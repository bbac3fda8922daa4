import { BPF_MAP_TRACE_MAX_PROGS } from "@bpf-ts/uapi/map-trace";
import type { TracerProgram } from "./types.ts";

/** One attached tracer: the piece that a link owns and points to. */
export interface TracerEntry {
  program: TracerProgram;
  readonly traceType: number;
  /** Run only after the operation succeeded. */
  readonly successOnly: boolean;
  /** Counters that `bpf_link_info` shows. */
  runs: bigint;
  /** Runs that were due and did not happen: nested too deep, or the program was already running. */
  misses: bigint;
  /** Runs that returned non-zero: the tracer says that its own write failed. */
  failures: bigint;
}

const NONE: readonly TracerEntry[] = [];

/**
 * The tracers of one map, a list per trace type in order of attachment. A list is replaced, never changed in place: a walk that is under way sees
 * the list as it was when the operation began, whatever a tracer or another attach does meanwhile.
 */
export class TracerLists {
  readonly #lists = new Map<number, readonly TracerEntry[]>();

  of(traceType: number): readonly TracerEntry[] {
    return this.#lists.get(traceType) ?? NONE;
  }

  get isEmpty(): boolean {
    return this.#lists.size === 0;
  }

  isFull(traceType: number): boolean {
    return this.of(traceType).length >= BPF_MAP_TRACE_MAX_PROGS;
  }

  add(entry: TracerEntry): void {
    if (this.isFull(entry.traceType))
      throw new Error("tracer list is full: the attach checks let one too many through");
    this.#lists.set(entry.traceType, [...this.of(entry.traceType), entry]);
  }

  /** Removes exactly this entry, also when its program is attached more than once. */
  remove(entry: TracerEntry): void {
    const rest = this.of(entry.traceType).filter((other) => other !== entry);
    if (rest.length === 0) this.#lists.delete(entry.traceType);
    else this.#lists.set(entry.traceType, rest);
  }

  /** Every entry, of all trace types. */
  *[Symbol.iterator](): IterableIterator<TracerEntry> {
    for (const list of this.#lists.values()) yield* list;
  }
}
