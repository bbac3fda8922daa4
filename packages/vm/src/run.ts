import type { Memory } from "@bpf-ts/memory";
import { isAccessible } from "./access.ts";
import { VmError, VmFault } from "./error.ts";
import type { Executable } from "./executable.ts";
import { interpret } from "./interpret.ts";
import { CONSTS, WORDS } from "./ops.ts";
import type { CpuStack } from "./stacks.ts";
import { DONE, FAULTED, RunState } from "./state.ts";

/** How far a run is. */
export type RunStatus = "running" | "done" | "fault";

/** What a program returned: R0, as two signed words and as one signed number. */
export interface RunValue {
  readonly r0Lo: number;
  readonly r0Hi: number;
  /** All 64 bits, unsigned. */
  readonly r0: bigint;
}

/** What {@link Vm.run} answers: either of two. */
export type RunResult =
  | ({ readonly status: "done" } & RunValue)
  | { readonly status: "fault"; readonly fault: VmFault };

/** Called before each instruction of a run, with the run stopped there. */
export type StepHook = (run: Run) => void;

/** What a run begins with; made by {@link Vm.start}. */
export interface RunInit {
  readonly memory: Memory;
  readonly stack: CpuStack;
  readonly stacks: readonly CpuStack[];
  readonly executable: Executable;
  readonly context: number;
  readonly fuel: number;
  readonly onStep: StepHook | undefined;
  /** Index of the function to begin with. */
  readonly subprog: number;
  /** R2–R5. */
  readonly moreArgs: readonly (number | bigint)[];
}

const MAX_STEP = 0x7fff_ffff;

/**
 * One execution of a program on one CPU. It lies on its CPU's stack until it is done, faults or is aborted; runs begun on that CPU in the
 * meantime have to end before it can go on.
 */
export class Run {
  readonly memory: Memory;
  readonly cpu: number;
  /** Address of the argument block, five u64: see the calling convention. */
  readonly args: number;
  readonly #state: RunState;
  readonly #onStep: StepHook | undefined;
  readonly #fuel: number;
  #spent = 0;
  #granted = 0;
  #status: RunStatus = "running";
  #stepping = false;
  #r0Lo = 0;
  #r0Hi = 0;

  constructor(init: RunInit) {
    this.memory = init.memory;
    this.cpu = init.stack.cpu;
    this.#fuel = init.fuel;
    this.#onStep = init.onStep;
    const subprog = init.executable.subprogs[init.subprog];
    if (subprog === undefined) {
      throw new VmError(`start at function ${init.subprog}: the program has ${init.executable.subprogs.length}`, {
        code: "BAD_SUBPROGS",
      });
    }
    const state = new RunState(init.memory, this, init.stack, init.stacks, init.executable);
    this.#state = state;
    this.args = state.args;
    if (!state.fits(state.top, subprog.stackDepth)) {
      throw new VmError(
        `a frame of ${subprog.stackDepth} bytes does not fit: ${state.top - init.stack.low} bytes are left of the stack of cpu ${this.cpu}`,
        { code: "STACK_OVERFLOW", details: { cpu: this.cpu, stackDepth: subprog.stackDepth } },
      );
    }
    state.setFrame(state.top, subprog.stackDepth);
    state.pc = subprog.start * WORDS;
    state.registers[2] = init.context;
    for (const [i, value] of init.moreArgs.slice(0, 4).entries()) {
      const bits = BigInt(value);
      state.registers[4 + i * 2] = Number(BigInt.asIntN(32, bits));
      state.registers[5 + i * 2] = Number(BigInt.asIntN(32, bits >> 32n));
    }
    init.stack.runs.push(this);
  }

  /** The program that runs now: another one than it began with after a tail call. */
  get executable(): Executable {
    return this.#state.exe;
  }

  /** Slot of the next instruction; of the offending one after a fault; inside a helper, of the call. */
  get pc(): number {
    return this.#state.pc / WORDS;
  }

  get status(): RunStatus {
    return this.#status;
  }

  /** Functions that wait for the running one to return. */
  get depth(): number {
    return this.#state.depth;
  }

  /** Instructions run so far. */
  get instructions(): number {
    return this.#spent + (this.#granted - this.#state.left);
  }

  /** Why it faulted. */
  get fault(): VmFault | undefined {
    return this.#state.fault;
  }

  /** What it returned. @throws {@link VmError} `NOT_DONE` while it has not. */
  get result(): RunValue {
    if (this.#status !== "done") throw new VmError(`no result: the run is ${this.#status}`, { code: "NOT_DONE" });
    return {
      r0Lo: this.#r0Lo,
      r0Hi: this.#r0Hi,
      r0: (BigInt(this.#r0Hi >>> 0) << 32n) | BigInt(this.#r0Lo >>> 0),
    };
  }

  /**
   * R0–R10 as unsigned 64-bit numbers, while it runs or as a fault left them. For debuggers: it makes eleven bigints.
   *
   * @throws {@link VmError} `IS_DONE` once the program has returned; see {@link result}.
   */
  regs(): bigint[] {
    if (this.#status === "done") throw new VmError("no registers: the run is done", { code: "IS_DONE" });
    return Array.from({ length: CONSTS / 2 - 1 }, (_, n) => this.#register(n));
  }

  /**
   * Whether the program may access `size` bytes at `address` (unsigned or signed 32 bit): what `probe_read` and the like go by. As
   * {@link Memory.isLive}, without the dead part of the stacks.
   */
  accessible(address: number, size: number, write = false): boolean {
    return isAccessible(this.#state, address >>> 0, size, write);
  }

  /**
   * Runs on.
   *
   * @param maxInsns stop after so many instructions even if the program is not done; as many as fuel allows by default.
   * @returns `running` only where `maxInsns` stopped it.
   * @throws {@link VmError} `NOT_ON_TOP` while a run that was begun later on this CPU is alive. Whatever a helper throws, but for
   * {@link VmFault}; the run is over then.
   */
  step(maxInsns: number = Number.POSITIVE_INFINITY): RunStatus {
    if (this.#status !== "running") return this.#status;
    const { runs } = this.#state.stack;
    if (this.#stepping || runs[runs.length - 1] !== this) {
      throw new VmError(`this run waits for ${this.#stepping ? "itself" : "another one"} on cpu ${this.cpu}`, {
        code: "NOT_ON_TOP",
        details: { cpu: this.cpu },
      });
    }
    let wanted = maxInsns;
    this.#stepping = true;
    try {
      while (wanted > 0 && this.#status === "running") {
        const fuel = this.#fuel - this.#spent;
        if (fuel <= 0) {
          this.#outOfFuel();
          break;
        }
        this.#onStep?.(this);
        if (this.#status !== "running") break;
        const granted = Math.min(wanted, fuel, this.#onStep === undefined ? MAX_STEP : 1);
        this.#grant(granted);
        wanted -= granted;
      }
    } catch (error) {
      if (error instanceof VmFault) this.#state.fault = error;
      this.#end("fault");
      if (!(error instanceof VmFault)) throw error;
    } finally {
      this.#spent += this.#granted - this.#state.left;
      this.#granted = this.#state.left = 0;
      this.#stepping = false;
    }
    return this.#status;
  }

  #grant(instructions: number): void {
    const state = this.#state;
    this.#granted = state.left = instructions;
    const why = interpret(state);
    this.#spent += this.#granted - state.left;
    this.#granted = state.left = 0;
    if (why === DONE) this.#end("done");
    else if (why === FAULTED) this.#end("fault");
  }

  /** Gives a run up that is not done. Nothing happens if it is. @throws {@link VmError} `NOT_ON_TOP` as {@link step} */
  abort(): void {
    if (this.#status !== "running") return;
    const { runs } = this.#state.stack;
    if (this.#stepping || runs[runs.length - 1] !== this) {
      throw new VmError(`this run waits for another one on cpu ${this.cpu}`, { code: "NOT_ON_TOP" });
    }
    this.#state.fault = new VmFault(`aborted after ${this.instructions} instructions`, {
      code: "ABORTED",
      insn: this.pc,
    });
    this.#end("fault");
  }

  [Symbol.dispose](): void {
    this.abort();
  }

  #outOfFuel(): void {
    const insn = this.pc;
    this.#state.fault = new VmFault(
      `out of fuel after ${this.#spent} instructions (insn ${insn}: ${this.executable.text(insn)})`,
      { code: "OUT_OF_FUEL", insn },
    );
    this.#end("fault");
  }

  /** Leaves the CPU's stack, with all runs above: those can only be ones that a throwing helper left behind. */
  #end(status: "done" | "fault"): void {
    this.#status = status;
    const { stack } = this.#state;
    const at = stack.runs.lastIndexOf(this);
    while (stack.runs.length > at + 1) stack.runs[stack.runs.length - 1]!.#drop();
    this.#drop();
  }

  #drop(): void {
    const { stack, registers } = this.#state;
    this.#r0Lo = registers[0]!;
    this.#r0Hi = registers[1]!;
    // The next run takes the register file over.
    if (this.#status !== "done") this.#state.registers = registers.slice(0, CONSTS);
    if (this.#status === "running") {
      this.#status = "fault";
      this.#state.fault = new VmFault("aborted: the run below it has ended", { code: "ABORTED", insn: this.pc });
    }
    stack.runs.pop();
    stack.sp = this.#state.entry;
    const { base } = this.#state;
    for (let at = stack.depth - 1; at >= base; at--) {
      const loop = stack.frameLoops[at];
      stack.frameLoops[at] = undefined;
      loop?.close?.();
    }
    stack.depth = base;
  }

  #register(n: number): bigint {
    const { registers } = this.#state;
    return (BigInt(registers[n * 2 + 1]! >>> 0) << 32n) | BigInt(registers[n * 2]! >>> 0);
  }
}
