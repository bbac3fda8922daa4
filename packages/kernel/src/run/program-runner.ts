import type { MapTable } from "@bpf-ts/maps";
import type { Vm } from "@bpf-ts/vm";
import { ProgramFault } from "../error.ts";
import type { ProgObject } from "../objects/prog-object.ts";
import type { RingRecords } from "./ring-records.ts";

/** What a program returned: R0, low and high 32 bits, signed. */
export interface ProgramResult {
  readonly r0Lo: number;
  readonly r0Hi: number;
}

/**
 * Programs that may be alive at once on one CPU, each interrupted by the next. Linux has no such number but a stack of a fixed size: whatever is
 * nested deeper is not run.
 */
const MAX_NESTING = 24;

/**
 * Runs programs to their end. While one runs, elements that it deletes are neither cleared nor reused; a program that is already running on a
 * CPU is not entered again there.
 */
export class ProgramRunner {
  readonly #vm: Vm;
  readonly #maps: MapTable;
  readonly #ringRecords: RingRecords;
  /** Programs that are alive, on all CPUs. */
  #depth = 0;

  constructor(vm: Vm, maps: MapTable, ringRecords: RingRecords) {
    this.#vm = vm;
    this.#maps = maps;
    this.#ringRecords = ringRecords;
  }

  /**
   * Runs `prog` with R1 = `ctx`.
   *
   * @throws ProgramFault if it ran out of fuel (or, which is a defect of this kernel, did what the verifier should have refused)
   */
  run(prog: ProgObject, ctx: number, cpu: number): ProgramResult {
    const before = this.#maps.cpu;
    this.#maps.cpu = cpu;
    this.#maps.enter();
    this.#depth++;
    try {
      prog.runCount++;
      const result = this.#vm.run(prog.executable, ctx, { cpu });
      if (result.status === "fault") throw new ProgramFault(prog.id, prog.name, result.fault);
      return result;
    } finally {
      // Records that are left when no program runs any more belong to such that were ended before their time.
      if (--this.#depth === 0 && this.#ringRecords.count > 0) this.#ringRecords.abandon();
      this.#maps.leave();
      this.#maps.cpu = before;
    }
  }

  /** As {@link run}, unless too many programs are alive on this CPU: then it counts a miss and answers undefined. */
  runNested(prog: ProgObject, ctx: number, cpu: number): ProgramResult | undefined {
    if (this.#vm.runs(cpu).length < MAX_NESTING) return this.run(prog, ctx, cpu);
    prog.recursionMisses++;
    return undefined;
  }

  /** As {@link runNested}, unless the program already runs on this CPU: then it counts a miss and answers undefined. */
  runGuarded(prog: ProgObject, ctx: number, cpu: number): ProgramResult | undefined {
    if (prog.active[cpu] !== 0) {
      prog.recursionMisses++;
      return undefined;
    }
    prog.active[cpu] = 1;
    try {
      return this.runNested(prog, ctx, cpu);
    } finally {
      prog.active[cpu] = 0;
    }
  }
}
