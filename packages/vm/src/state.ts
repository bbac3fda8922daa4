import type { Memory } from "@bpf-ts/memory";
import type { CallbackLoop } from "./calling-convention.ts";
import type { VmFault } from "./error.ts";
import type { Executable } from "./executable.ts";
import { REGS } from "./ops.ts";
import type { Run } from "./run.ts";
import { type CpuStack, FRAME_WORDS } from "./stacks.ts";

/** Why {@link interpret} came back. */
export const STOPPED = 0;
export const DONE = 1;
export const FAULTED = 2;

/** Kinds of frames, by what their exit does. */
export const FRAME_LOCAL = 0;
export const FRAME_CALLBACK = 1;

/** Words of a frame record: return pc, kind, R6–R9, top, bottom, loop budget, function. */
export const FRAME_PC = 0;
export const FRAME_KIND = 1;
export const FRAME_SAVED = 2;
export const FRAME_TOP = 10;
export const FRAME_BOTTOM = 11;
export const FRAME_BUDGET = 12;
/** For callbacks: the function that is being called. */
export const FRAME_FUNC = 13;

/** Frames of one run; tail calls keep those below them, so this is more than Linux's 8. */
export const MAX_FRAMES = 512;
/** Passes of `may_goto` in one activation of a function. @see v6.18 include/linux/bpf.h, BPF_MAX_LOOPS */
export const MAY_GOTO_BUDGET: number = 8 * 1024 * 1024;
/** @see v6.18 include/linux/bpf.h, MAX_TAIL_CALL_CNT */
export const MAX_TAIL_CALLS = 33;

/** First word of R6 in the register file. */
const R6 = 12;
/** Word of R10 in the register file. */
const R10 = 20;

/**
 * All that changes while a run goes on: the interpreter's own view of a {@link Run}. Addresses are signed 32-bit numbers here, as they lie in
 * the register file, but for those of {@link CpuStack}.
 */
export class RunState {
  readonly memory: Memory;
  readonly run: Run;
  readonly stack: CpuStack;
  readonly stacks: readonly CpuStack[];
  readonly args: number;
  /** The stack pointer before the run began. */
  readonly entry: number;
  exe: Executable;
  /** Low and high word of R0–R11, then the executable's constants. */
  registers: Int32Array;
  /** Word index of the next instruction in the executable's code. */
  pc = 0;
  /** Frame pointer of the running function: one past its frame. */
  top: number;
  /** Lowest address of its frame. */
  bottom: number;
  budget: number = MAY_GOTO_BUDGET;
  tailCalls = 0;
  /** Instructions that may still run before {@link interpret} has to come back. */
  left = 0;
  /** Frame records of the runs below on this CPU. */
  readonly base: number;
  fault: VmFault | undefined;
  /** The region that answered last to {@link reach}, [low, end); empty where it must not be remembered. */
  hitLow = 1;
  hitEnd = 0;

  constructor(memory: Memory, run: Run, stack: CpuStack, stacks: readonly CpuStack[], exe: Executable) {
    this.memory = memory;
    this.run = run;
    this.stack = stack;
    this.stacks = stacks;
    this.args = stack.nextArgs();
    this.entry = stack.sp;
    this.exe = exe;
    this.registers = stack.nextFile(exe.translated.registers);
    this.base = stack.depth;
    this.top = stack.sp;
    this.bottom = stack.sp;
  }

  /** Whether a frame of `bytes` fits below `top`. */
  fits(top: number, bytes: number): boolean {
    return top - bytes >= this.stack.low;
  }

  /** Makes the frame [top - bytes, top) the running one. */
  setFrame(top: number, bytes: number): void {
    this.top = top;
    this.bottom = top - bytes;
    this.stack.sp = this.bottom;
    this.registers[R10] = top;
    this.registers[R10 + 1] = 0;
  }

  /** Functions of this run that wait for the running one. */
  get depth(): number {
    return this.stack.depth - this.base;
  }

  /** Remembers the running function, which continues at `pc` when the frame made next is left. */
  push(pc: number, kind: number, loop: CallbackLoop | undefined): void {
    const { stack, registers } = this;
    const at = stack.depth * FRAME_WORDS;
    if (at === stack.frames.length) stack.growFrames();
    const { frames } = stack;
    frames[at + FRAME_PC] = pc;
    frames[at + FRAME_KIND] = kind;
    for (let i = 0; i < 8; i++) frames[at + FRAME_SAVED + i] = registers[R6 + i]!;
    frames[at + FRAME_TOP] = this.top;
    frames[at + FRAME_BOTTOM] = this.bottom;
    frames[at + FRAME_BUDGET] = this.budget;
    frames[at + FRAME_FUNC] = 0;
    stack.frameExes[stack.depth] = this.exe;
    stack.frameLoops[stack.depth] = loop;
    stack.depth++;
    this.budget = MAY_GOTO_BUDGET;
  }

  /** Goes back to the caller: its pc, R6–R10, stack and executable. R0 stays. */
  pop(): void {
    const { stack } = this;
    stack.depth--;
    const at = stack.depth * FRAME_WORDS;
    const { frames } = stack;
    const exe = stack.frameExes[stack.depth]!;
    stack.frameLoops[stack.depth] = undefined;
    if (exe !== this.exe) this.switchTo(exe);
    this.pc = frames[at + FRAME_PC]!;
    for (let i = 0; i < 8; i++) this.registers[R6 + i] = frames[at + FRAME_SAVED + i]!;
    const top = frames[at + FRAME_TOP]! >>> 0;
    this.setFrame(top, top - (frames[at + FRAME_BOTTOM]! >>> 0));
    this.budget = frames[at + FRAME_BUDGET]!;
  }

  /** Exchanges the program under the registers. */
  switchTo(exe: Executable): void {
    const registers = exe.translated.registers.slice();
    for (let i = 0; i < REGS * 2; i++) registers[i] = this.registers[i]!;
    this.exe = exe;
    this.registers = registers;
  }
}
