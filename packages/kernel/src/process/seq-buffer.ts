import type { Memory } from "@bpf-ts/memory";
import type { SeqFile } from "../helpers/env.ts";

/** Bytes that a program may print before they are read. @see v6.18 kernel/bpf/bpf_iter.c, bpf_seq_read: PAGE_SIZE << 3 */
const CAPACITY = 8 * 4096;
/** `struct seq_file`, as this kernel's BTF has it. */
const SEQ_FILE_SIZE = 32;

/** A seq_file: what iterator programs print to. Lies at an address so that programs can hold a pointer to it; the text does not. */
export class SeqBuffer implements SeqFile, Disposable {
  readonly address: number;
  readonly #memory: Memory;
  #chunks: Uint8Array[] = [];
  #pending = 0;
  #hasOverflowed = false;

  constructor(memory: Memory) {
    this.#memory = memory;
    this.address = memory.alloc(SEQ_FILE_SIZE, { label: "seq_file", writable: false });
  }

  /** Bytes that wait to be read. */
  get pending(): number {
    return this.#pending;
  }

  get room(): number {
    return this.#hasOverflowed ? 0 : CAPACITY - this.#pending;
  }

  append(bytes: Uint8Array): void {
    this.#chunks.push(bytes.slice());
    this.#pending += bytes.length;
  }

  overflow(): void {
    this.#hasOverflowed = true;
  }

  /** Whether something did not fit. */
  get hasOverflowed(): boolean {
    return this.#hasOverflowed;
  }

  /** How much there is now, for {@link rewind}. */
  mark(): number {
    return this.#pending;
  }

  /** Forgets what was appended after the mark, and that it did not fit. Nothing may have been taken since. */
  rewind(mark: number): void {
    this.#hasOverflowed = false;
    while (this.#pending > mark) {
      const last = this.#chunks.pop()!;
      const surplus = this.#pending - mark;
      if (surplus < last.length) this.#chunks.push(last.subarray(0, last.length - surplus));
      this.#pending -= Math.min(surplus, last.length);
    }
  }

  /** Moves bytes to `buffer`; answers how many. */
  take(buffer: Uint8Array): number {
    let at = 0;
    while (at < buffer.length) {
      const chunk = this.#chunks[0];
      if (chunk === undefined) break;
      const part = chunk.subarray(0, buffer.length - at);
      buffer.set(part, at);
      at += part.length;
      if (part.length === chunk.length) this.#chunks.shift();
      else this.#chunks[0] = chunk.subarray(part.length);
    }
    this.#pending -= at;
    return at;
  }

  [Symbol.dispose](): void {
    this.#memory.free(this.address);
  }
}
