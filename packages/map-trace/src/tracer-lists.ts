import { BPF_MAP_TRACE_MAX_PROGS } from "@bpf-ts/uapi/map-trace";
import type { TracerProgram } from "./types.ts";

/** What a link has seen of its tracer's runs. */
export interface TracerCounts {
  runs: bigint;
  /** Runs that were due and did not happen: nested too deep, the program was already running, or one before it ran out of fuel. */
  misses: bigint;
  /** Runs that returned non-zero, by which a tracer says that its own write failed, and runs that did not come to their end. */
  failures: bigint;
}

/** One attached tracer: the piece that a link owns and points to. Never changed: another program means another entry in its place. */
export interface TracerEntry {
  readonly program: TracerProgram;
  readonly traceType: number;
  /** Run only after the operation succeeded. */
  readonly successOnly: boolean;
  /** The link's, whichever program it has. */
  readonly counts: TracerCounts;
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

  /** Puts an entry in another's place: from the next walk on, and without a walk that sees neither or both. */
  replace(entry: TracerEntry, by: TracerEntry): void {
    this.#lists.set(
      entry.traceType,
      this.of(entry.traceType).map((other) => (other === entry ? by : other)),
    );
  }

  /** Every entry, of all trace types. */
  *[Symbol.iterator](): IterableIterator<TracerEntry> {
    for (const list of this.#lists.values()) yield* list;
  }
}
