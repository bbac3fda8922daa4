import type { MapTraceTarget } from "./targets.ts";
import type { TracerEntry } from "./tracer-lists.ts";
import type { TraceableMap, TracerProgram } from "./types.ts";

/** Runs of tracers inside tracers, counted from the traced operation that a program or user space began. */
export const BPF_MAP_TRACE_MAX_NESTING = 8;

/** What running tracers asks of the kernel. */
export interface TracerRunner {
  /** Runs the program to its end on this CPU with the context's arguments; answers its R0 (low 32 bits), or undefined if it did not run. */
  runTracer(program: TracerProgram, cpu: number, args: readonly TracerArg[]): number | undefined;
}

/** One context argument: 64 bits as two 32-bit halves, so that no BigInt is made on the way. */
export interface TracerArg {
  lo: number;
  hi: number;
}

/** The nesting depth of tracers, per CPU. One per kernel. */
export class TracerDepth {
  readonly #depth: Uint8Array;

  constructor(cpus: number) {
    this.#depth = new Uint8Array(cpus);
  }

  at(cpu: number): number {
    return this.#depth[cpu] ?? 0;
  }

  enter(cpu: number): boolean {
    const depth = this.at(cpu);
    if (depth >= BPF_MAP_TRACE_MAX_NESTING) return false;
    this.#depth[cpu] = depth + 1;
    return true;
  }

  leave(cpu: number): void {
    this.#depth[cpu] = this.at(cpu) - 1;
  }
}

/**
 * Runs a map's tracers of one target, in order of attachment, after the operation. Their return values do not affect it. The caller keeps
 * freed elements neither reused nor cleared until this returns: key and value may lie in one of them. What is attached, detached or replaced
 * meanwhile counts from the next operation on.
 *
 * @param ret what the operation returned (negative errno or 0)
 * @throws what the runner throws; the tracers that were still due are missed
 */
export function runTracers(
  runner: TracerRunner,
  depth: TracerDepth,
  target: MapTraceTarget,
  map: TraceableMap,
  cpu: number,
  args: readonly TracerArg[],
  ret: number,
): void {
  const entries = map.tracers?.of(target.traceType);
  if (entries === undefined || entries.length === 0) return;
  if (!depth.enter(cpu)) {
    miss(entries, ret);
    return;
  }
  let done = 0;
  try {
    for (const entry of entries) {
      done++;
      if (isDue(entry, ret)) runOne(runner, entry, cpu, args);
    }
  } finally {
    depth.leave(cpu);
    if (done < entries.length) miss(entries.slice(done), ret);
  }
}

function runOne(runner: TracerRunner, { program, counts }: TracerEntry, cpu: number, args: readonly TracerArg[]): void {
  let result: number | undefined;
  try {
    result = runner.runTracer(program, cpu, args);
  } catch (error) {
    counts.failures++;
    throw error;
  }
  if (result === undefined) {
    counts.misses++;
    return;
  }
  counts.runs++;
  if (result !== 0) counts.failures++;
}

function miss(entries: readonly TracerEntry[], ret: number): void {
  for (const entry of entries) if (isDue(entry, ret)) entry.counts.misses++;
}

function isDue(entry: TracerEntry, ret: number): boolean {
  return !entry.successOnly || ret === 0;
}
