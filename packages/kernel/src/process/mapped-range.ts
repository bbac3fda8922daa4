import type { Memory } from "@bpf-ts/memory";
import type { MappedMemory } from "@bpf-ts/uapi";
import { EACCES, EINVAL } from "@bpf-ts/uapi/errno";
import { KernelError } from "../error.ts";

/** A part of the machine's memory that user space has mapped. */
export class MappedRange implements MappedMemory {
  readonly #memory: Memory;
  readonly #address: number;
  readonly #length: number;
  readonly #writable: boolean;
  #onUnmap: (() => void) | undefined;

  /** @param length bytes */
  constructor(memory: Memory, address: number, length: number, writable: boolean, onUnmap: () => void) {
    this.#memory = memory;
    this.#address = address;
    this.#length = length;
    this.#writable = writable;
    this.#onUnmap = onUnmap;
  }

  /** Address of `size` bytes at `offset`. @throws KernelError EINVAL */
  #at(offset: number, size: number): number {
    if (this.#onUnmap === undefined) throw new KernelError(EINVAL, "the memory is not mapped any more");
    if (!(Number.isInteger(offset) && offset >= 0 && size >= 0 && offset + size <= this.#length))
      throw new KernelError(EINVAL, `${size} bytes at ${offset}: ${this.#length} bytes are mapped`);
    return this.#address + offset;
  }

  /** As {@link #at}, for a number. */
  #aligned(offset: number, size: number): number {
    if (offset % size !== 0) throw new KernelError(EINVAL, `a number of ${size} bytes at ${offset}: not aligned`);
    return this.#at(offset, size);
  }

  #checkWritable(): void {
    if (!this.#writable) throw new KernelError(EACCES, "the memory is mapped for reading only");
  }

  get bytes(): Uint8Array {
    const address = this.#at(0, this.#length);
    const all = this.#memory.u8.subarray(address, address + this.#length);
    // JavaScript has no read-only views: what must not be written is a copy.
    return this.#writable ? all : all.slice();
  }

  read(offset: number, length: number): Uint8Array {
    const address = this.#at(offset, length);
    return this.#memory.u8.slice(address, address + length);
  }

  loadU32(offset: number): number {
    return this.#memory.getU32(this.#aligned(offset, 4));
  }

  loadU64(offset: number): bigint {
    return this.#memory.getU64(this.#aligned(offset, 8));
  }

  storeU32(offset: number, value: number): void {
    this.#checkWritable();
    this.#memory.setU32(this.#aligned(offset, 4), value);
  }

  storeU64(offset: number, value: bigint): void {
    this.#checkWritable();
    this.#memory.setU64(this.#aligned(offset, 8), value);
  }

  [Symbol.dispose](): void {
    const onUnmap = this.#onUnmap;
    this.#onUnmap = undefined;
    onUnmap?.();
  }
}
