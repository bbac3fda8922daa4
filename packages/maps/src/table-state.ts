import type { Memory } from "@bpf-ts/memory";

/**
 * What the code of map operations must know of the table, as words in memory:
 *
 * | offset | word |
 * |---|---|
 * | 0 | the CPU on which operations run |
 * | 4 | programs that run |
 * | 8 | epoch: how often the first program began to run |
 *
 * JavaScript alone writes them, so its own copies are good to read. The words exist as long as there are maps: a table without maps owns no memory.
 */
export const STATE_CPU = 0;
export const STATE_READERS = 4;
export const STATE_EPOCH = 8;
const STATE_SIZE = 16;

/** See above. */
export class TableState {
  readonly #memory: Memory;
  #address = 0;
  #users = 0;
  #cpu = 0;
  #readers = 0;
  #epoch = 0;

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  /**
   * A map needs the words: their address. Each use ends with {@link release}.
   *
   * @throws MemoryError ENOMEM
   */
  acquire(): number {
    if (this.#users === 0) {
      this.#address = this.#memory.reserve(STATE_SIZE, { label: "map table" });
      this.#store(STATE_CPU, this.#cpu);
      this.#store(STATE_READERS, this.#readers);
      this.#store(STATE_EPOCH, this.#epoch);
    }
    this.#users++;
    return this.#address;
  }

  /** Ends a use of {@link acquire}. */
  release(): void {
    if (--this.#users > 0) return;
    this.#memory.free(this.#address);
    this.#address = 0;
  }

  #store(offset: number, word: number): void {
    if (this.#address !== 0) this.#memory.u32[(this.#address + offset) >>> 2] = word;
  }

  get cpu(): number {
    return this.#cpu;
  }

  set cpu(cpu: number) {
    this.#cpu = cpu;
    this.#store(STATE_CPU, cpu);
  }

  get readers(): number {
    return this.#readers;
  }

  set readers(readers: number) {
    this.#readers = readers;
    this.#store(STATE_READERS, readers);
  }

  get epoch(): number {
    return this.#epoch;
  }

  set epoch(epoch: number) {
    this.#epoch = epoch >>> 0;
    this.#store(STATE_EPOCH, this.#epoch);
  }
}
