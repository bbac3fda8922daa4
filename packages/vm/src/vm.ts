import type { Memory } from "@bpf-ts/memory";
import type { VerifiedProgram } from "@bpf-ts/uapi";
import type { Linkage, RawProgram } from "./calling-convention.ts";
import { VmError } from "./error.ts";
import type { Executable } from "./executable.ts";
import { Run, type RunResult, type StepHook } from "./run.ts";
import { CpuStack } from "./stacks.ts";
import { translate } from "./translate.ts";

/** How a {@link Vm} is made. */
export interface VmOptions {
  /** Where everything lies that programs can point to. The machine allocates its stacks there. */
  readonly memory: Memory;
  /** CPUs, each with a stack of its own; 1 by default. */
  readonly cpus?: number;
  /** Bytes of stack a CPU, for all runs that are alive on it; 16 KiB by default. Multiple of 16. */
  readonly stackBytes?: number;
  /** Instructions that a run may take where nothing else is said; without limit by default. */
  readonly fuel?: number;
  /** Called before each instruction of every run that says nothing else. Costs nothing when absent. */
  readonly onStep?: StepHook;
}

/** How a run is begun. */
export interface StartOptions {
  /** 0 by default. */
  readonly cpu?: number;
  /** Instructions that it may take, tail calls and callbacks included. */
  readonly fuel?: number;
  readonly onStep?: StepHook;
  /** Index of the function to begin with, as for asynchronous callbacks; the main one by default. */
  readonly subprog?: number;
  /** R2–R5, for functions that take more than a context. */
  readonly moreArgs?: readonly (number | bigint)[];
}

const DEFAULT_STACK_BYTES = 16 * 1024;

/** A virtual machine: runs programs over one memory. Dispose it to give its memory back. */
export class Vm {
  readonly memory: Memory;
  readonly cpus: number;
  readonly #stacks: readonly CpuStack[];
  readonly #fuel: number;
  readonly #onStep: StepHook | undefined;
  #disposed = false;

  /**
   * @throws {@link VmError} `BAD_OPTIONS`
   * @throws MemoryError ENOMEM, with nothing allocated
   */
  constructor(options: VmOptions) {
    const cpus = options.cpus ?? 1;
    const stackBytes = options.stackBytes ?? DEFAULT_STACK_BYTES;
    if (!Number.isInteger(cpus) || cpus < 1) throw badOption(`cpus is ${cpus}: must be a positive integer`);
    if (!Number.isInteger(stackBytes) || stackBytes < 512 || stackBytes % 16 !== 0) {
      throw badOption(`stackBytes is ${stackBytes}: must be a multiple of 16, at least 512`);
    }
    this.memory = options.memory;
    this.cpus = cpus;
    this.#fuel = checkFuel(options.fuel ?? Number.POSITIVE_INFINITY);
    this.#onStep = options.onStep;
    const stacks: CpuStack[] = [];
    try {
      for (let cpu = 0; cpu < cpus; cpu++) stacks.push(new CpuStack(options.memory, cpu, stackBytes));
    } catch (error) {
      for (const stack of stacks) stack.free(options.memory);
      throw error;
    }
    this.#stacks = stacks;
  }

  /**
   * Translates a program and links its calls.
   *
   * @throws {@link VmError} for instructions that are none, jumps and calls that lead nowhere
   * @throws UnsupportedError naming the instruction or helper that this machine does not have
   */
  load(program: VerifiedProgram | RawProgram, linkage: Linkage): Executable {
    return translate(program, linkage);
  }

  /**
   * Begins a run, stopped before its first instruction: R1 = `ctxAddr`, R10 = the top of its frame, all else 0. It occupies its CPU's stack
   * until it ends or is aborted.
   *
   * @throws {@link VmError} `BAD_CPU`, `BAD_OPTIONS`, `BAD_SUBPROGS`, `STACK_OVERFLOW`, `NESTING`, `DISPOSED`
   */
  start(executable: Executable, ctxAddr: number, options: StartOptions = {}): Run {
    if (this.#disposed) throw new VmError("the machine is disposed", { code: "DISPOSED" });
    const cpu = options.cpu ?? 0;
    const stack = this.#stacks[cpu];
    if (stack === undefined) {
      throw new VmError(`cpu is ${cpu}: the machine has ${this.cpus}`, { code: "BAD_CPU", details: { cpu } });
    }
    return new Run({
      memory: this.memory,
      stack,
      stacks: this.#stacks,
      executable,
      context: ctxAddr,
      fuel: options.fuel === undefined ? this.#fuel : checkFuel(options.fuel),
      onStep: options.onStep ?? this.#onStep,
      subprog: options.subprog ?? 0,
      moreArgs: options.moreArgs ?? [],
    });
  }

  /** Runs a program to its end. @throws as {@link start}, and whatever a helper throws */
  run(executable: Executable, ctxAddr: number, options: StartOptions = {}): RunResult {
    const run = this.start(executable, ctxAddr, options);
    if (run.step() === "done") return { status: "done", ...run.result };
    return { status: "fault", fault: run.fault! };
  }

  /** Runs alive on a CPU, outermost first. */
  runs(cpu: number): readonly Run[] {
    return this.#stacks[cpu]?.runs ?? [];
  }

  /** Gives the memory back and aborts all runs. */
  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const stack of this.#stacks) {
      for (let at = stack.runs.length - 1; at >= 0; at--) stack.runs[at]!.abort();
      stack.free(this.memory);
    }
  }
}

function badOption(text: string): VmError {
  return new VmError(text, { code: "BAD_OPTIONS" });
}

function checkFuel(fuel: number): number {
  if (Number.isNaN(fuel) || fuel < 0) throw badOption(`fuel is ${fuel}: must not be negative`);
  return fuel;
}
