import type { Memory } from "@bpf-ts/memory";
import type { CallbackLoop } from "./calling-convention.ts";
import { VmError } from "./error.ts";
import type { Executable } from "./executable.ts";
import type { Run } from "./run.ts";

/** Runs that may be alive at once on one CPU. */
export const MAX_NESTING = 64;
/** Words a frame record: see `state.ts`. */
export const FRAME_WORDS = 14;
/** Bytes of an argument block: R1–R5. */
const ARGS_BYTES = 40;

/**
 * One CPU: its stack, which grows down and holds the frames of all runs that are alive on it, each run's below those of the run that it
 * interrupted; one argument block a level of nesting; and what the machine keeps beside the memory, where no program can reach it: frame
 * records and register files, which are used again by the next run.
 */
export class CpuStack {
  readonly cpu: number;
  /** Lowest address of the stack. */
  readonly low: number;
  /** One past its highest. */
  readonly high: number;
  /** Lowest address in use: everything below is dead. */
  sp: number;
  /** Runs alive, the innermost last. */
  readonly runs: Run[] = [];
  /** Frame records of all runs alive, {@link FRAME_WORDS} words each. */
  frames: Int32Array = new Int32Array(FRAME_WORDS * 16);
  /** Frame records in use. */
  depth = 0;
  /** By frame: the program to return to, and the loop that called. */
  readonly frameExes: Executable[] = [];
  readonly frameLoops: (CallbackLoop | undefined)[] = [];
  readonly #files: Int32Array[] = [];
  readonly #args: number;

  constructor(memory: Memory, cpu: number, bytes: number) {
    this.cpu = cpu;
    this.low = memory.alloc(bytes, { align: 16, label: `stack of cpu ${cpu}` });
    this.high = this.low + bytes;
    this.sp = this.high;
    try {
      this.#args = memory.alloc(MAX_NESTING * ARGS_BYTES, { label: `helper arguments of cpu ${cpu}` });
    } catch (error) {
      memory.free(this.low);
      throw error;
    }
  }

  /** Address of the argument block for the next run. @throws {@link VmError} `NESTING` */
  nextArgs(): number {
    if (this.runs.length >= MAX_NESTING) {
      throw new VmError(`${this.runs.length} runs are alive on cpu ${this.cpu}: no more than ${MAX_NESTING} may be`, {
        code: "NESTING",
        details: { cpu: this.cpu },
      });
    }
    return this.#args + this.runs.length * ARGS_BYTES;
  }

  /** A register file for the next run, holding what `initial` holds, and perhaps more behind. */
  nextFile(initial: Int32Array): Int32Array {
    const level = this.runs.length;
    let file = this.#files[level];
    if (file === undefined || file.length < initial.length) {
      file = new Int32Array(Math.max(64, initial.length));
      this.#files[level] = file;
    }
    if (initial.length > 64) file.set(initial);
    else for (let i = 0; i < initial.length; i++) file[i] = initial[i]!;
    return file;
  }

  /** Makes room for one more frame record. */
  growFrames(): void {
    const frames = new Int32Array(this.frames.length * 2);
    frames.set(this.frames);
    this.frames = frames;
  }

  free(memory: Memory): void {
    memory.free(this.low);
    memory.free(this.#args);
  }
}
