import {
  DELETE_ELEM_TARGET,
  type MapTraceTarget,
  runTracers,
  type TracerArg,
  TracerDepth,
  type TracerProgram,
  type TracerRunner,
  UPDATE_ELEM_TARGET,
} from "@bpf-ts/map-trace";
import type { MapTable } from "@bpf-ts/maps";
import type { Memory } from "@bpf-ts/memory";
import type { HelperEntry, Run } from "@bpf-ts/vm";
import type { MapObject } from "../objects/map-object.ts";
import { ProgObject } from "../objects/prog-object.ts";
import type { Scratch } from "../scratch.ts";
import type { ProgramRunner } from "./program-runner.ts";

const WORD = 8;

/**
 * The internal functions that the rewrite of map operations calls: they run the map's tracers.
 */
export class MapTracers implements TracerRunner {
  readonly #memory: Memory;
  readonly #scratch: Scratch;
  readonly #runner: ProgramRunner;
  readonly #maps: MapTable;
  readonly #depth: TracerDepth;
  readonly #mapByHandle: (handle: number) => MapObject | undefined;

  constructor(parts: {
    memory: Memory;
    scratch: Scratch;
    runner: ProgramRunner;
    maps: MapTable;
    cpus: number;
    mapByHandle: (handle: number) => MapObject | undefined;
  }) {
    this.#memory = parts.memory;
    this.#scratch = parts.scratch;
    this.#runner = parts.runner;
    this.#maps = parts.maps;
    this.#depth = new TracerDepth(parts.cpus);
    this.#mapByHandle = parts.mapByHandle;
  }

  runTracer(program: TracerProgram, cpu: number, args: readonly TracerArg[]): number | undefined {
    // Every program that reaches a list was loaded by this kernel.
    if (!(program instanceof ProgObject)) throw new Error("a tracer that is no program of this kernel");
    return this.#scratch.with(args.length * WORD, (ctx) => {
      const words = this.#memory.i32;
      args.forEach(({ lo, hi }, i) => {
        words[(ctx >>> 2) + 2 * i] = lo;
        words[(ctx >>> 2) + 2 * i + 1] = hi;
      });
      return this.#runner.runGuarded(program, ctx, cpu)?.r0Lo;
    });
  }

  /** The internal function of a name, undefined if it is none of map tracing's. */
  entry(name: string): HelperEntry | undefined {
    for (const target of [UPDATE_ELEM_TARGET, DELETE_ELEM_TARGET]) {
      if (target.internalFunc === name)
        return { name, wide: true, run: (run, map) => this.#trace(target, run, map >>> 0) };
    }
    return undefined;
  }

  /** R1 is the map; R2 … are the target's arguments, of which the last is what the operation returned. */
  #trace(target: MapTraceTarget, run: Run, handle: number): number {
    const map = this.#mapByHandle(handle);
    if (map === undefined || map.tracers === null || map.tracers.isEmpty) return 0;
    const words = this.#memory.i32;
    const first = (run.args + WORD) >>> 2;
    const args = target.args.map((_, i) => ({ lo: words[first + 2 * i]!, hi: words[first + 2 * i + 1]! }));
    // Key and value may lie in an element that the operation freed.
    this.#maps.keepDeleted(() => runTracers(this, this.#depth, target, map, run.cpu, args, args.at(-1)!.lo));
    return 0;
  }
}
