import type { Kernel, Process, SeededRandom } from "@bpf-ts/kernel";
import { type OpenFile, PolicyModel } from "./model.ts";

const PROCESSES = 3;
/** Files that all processes together have open at the most: more than are writable. */
const MAX_FILES = 18;
const EPERM = 1;
const DATA = new Uint8Array([0x2a]);

/**
 * The load: processes that open, write and close files, one system call a step, in an order that the seed decides.
 */
export class Writer {
  readonly processes: readonly Process[];
  readonly model: PolicyModel;
  /** System calls so far, by name. */
  readonly counts: { openat: number; write: number; close: number } = { openat: 0, write: 0, close: 0 };
  /** Writes whose result was not what the model says. */
  readonly surprises: string[] = [];
  readonly #random: SeededRandom;
  readonly #open: { process: Process; fd: number }[] = [];
  #names = 0;

  constructor(kernel: Kernel, random: SeededRandom, limit: number) {
    this.#random = random;
    this.model = new PolicyModel(limit);
    this.processes = Array.from({ length: PROCESSES }, (_, i) => kernel.spawn({ comm: `writer-${i}` }));
  }

  /** One system call. */
  step(): void {
    const roll = this.#random.below(10);
    if (this.#open.length === 0 || (roll < 5 && this.#open.length < MAX_FILES)) this.#openOne();
    else if (roll < 7) this.#writeOne();
    else this.#closeOne();
  }

  #pick(): { process: Process; fd: number; index: number } {
    const index = this.#random.below(this.#open.length);
    return { ...this.#open[index]!, index };
  }

  #openOne(): void {
    this.counts.openat++;
    const process = this.processes[this.#random.below(this.processes.length)]!;
    const fd = process.openat(`file-${this.#names++}`);
    if (fd < 0) throw new Error(`openat answered ${fd}`);
    this.#open.push({ process, fd });
    this.model.opened({ pid: process.pid, fd });
  }

  #writeOne(): void {
    this.counts.write++;
    const { process, fd } = this.#pick();
    const file: OpenFile = { pid: process.pid, fd };
    const expected = this.model.isWritable(file) ? DATA.length : -EPERM;
    const got = process.write(fd, DATA);
    if (got !== expected)
      this.surprises.push(`write of process ${file.pid} to fd ${fd} answered ${got}, expected ${expected}`);
  }

  #closeOne(): void {
    this.counts.close++;
    const { process, fd, index } = this.#pick();
    this.#open.splice(index, 1);
    const result = process.close(fd);
    if (result !== 0) throw new Error(`close answered ${result}`);
    this.model.closed({ pid: process.pid, fd });
  }
}
