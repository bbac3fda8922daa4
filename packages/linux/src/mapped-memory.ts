import type { MappedMemory } from "@bpf-ts/uapi";
import { EACCES, EINVAL } from "@bpf-ts/uapi/errno";
import { LinuxError } from "./error.ts";
import type { Syscalls } from "./syscall.ts";

/** Where memory was mapped. */
interface Range {
  readonly address: number;
  readonly length: number;
}

/** Maps memory of fds. */
export class Mappings {
  readonly #syscalls: Syscalls;
  /** Gives back what nobody looks at any more. */
  readonly #abandoned: FinalizationRegistry<Range>;

  constructor(syscalls: Syscalls) {
    this.#syscalls = syscalls;
    this.#abandoned = new FinalizationRegistry(({ address, length }) => void syscalls.munmap(address, length));
  }

  /**
   * mmap(2). Once it is disposed, arrays that it gave out hold zeros: the address range is kept until they are collected, so that nobody
   * can reach memory that is gone.
   *
   * @throws LinuxError
   */
  map(fd: number, length: number, offset: number, writable: boolean): MappedMemory {
    const address = this.#syscalls.mmap(fd, length, offset, writable);
    if (address < 0) throw new LinuxError(-address, `mmap of ${length} bytes at ${offset} of fd ${fd}`);
    const buffer = this.#syscalls.view(address, length);
    this.#abandoned.register(buffer, { address, length });
    return new Mapping(buffer, writable, () => {
      const result = this.#syscalls.mapZeros(address, length);
      if (result < 0) throw new LinuxError(-result, `munmap of ${length} bytes`);
    });
  }
}

/** Numbers are accessed with the order that Linux's `smp_load_acquire` and `smp_store_release` expect of the other side. */
class Mapping implements MappedMemory {
  readonly #all: Uint8Array;
  readonly #u32: Uint32Array;
  readonly #u64: BigUint64Array;
  readonly #writable: boolean;
  #unmap: (() => void) | undefined;

  constructor(buffer: ArrayBuffer, writable: boolean, unmap: () => void) {
    this.#all = new Uint8Array(buffer);
    this.#u32 = new Uint32Array(buffer, 0, Math.floor(buffer.byteLength / 4));
    this.#u64 = new BigUint64Array(buffer, 0, Math.floor(buffer.byteLength / 8));
    this.#writable = writable;
    this.#unmap = unmap;
  }

  #check(offset: number, size: number): void {
    if (this.#unmap === undefined) throw new LinuxError(EINVAL, "the memory is not mapped any more");
    if (!(Number.isInteger(offset) && offset >= 0 && size >= 0 && offset + size <= this.#all.length))
      throw new LinuxError(EINVAL, `${size} bytes at ${offset}: ${this.#all.length} bytes are mapped`);
  }

  /** Index of a number of `size` bytes. */
  #index(offset: number, size: number): number {
    if (offset % size !== 0) throw new LinuxError(EINVAL, `a number of ${size} bytes at ${offset}: not aligned`);
    this.#check(offset, size);
    return offset / size;
  }

  #checkWritable(): void {
    if (!this.#writable) throw new LinuxError(EACCES, "the memory is mapped for reading only");
  }

  get bytes(): Uint8Array {
    this.#check(0, 0);
    // JavaScript has no read-only views, and a write to what is mapped for reading would end the process: a copy.
    return this.#writable ? this.#all : this.#all.slice();
  }

  read(offset: number, length: number): Uint8Array {
    this.#check(offset, length);
    return this.#all.slice(offset, offset + length);
  }

  loadU32(offset: number): number {
    return Atomics.load(this.#u32, this.#index(offset, 4));
  }

  loadU64(offset: number): bigint {
    return Atomics.load(this.#u64, this.#index(offset, 8));
  }

  storeU32(offset: number, value: number): void {
    this.#checkWritable();
    Atomics.store(this.#u32, this.#index(offset, 4), value);
  }

  storeU64(offset: number, value: bigint): void {
    this.#checkWritable();
    Atomics.store(this.#u64, this.#index(offset, 8), value);
  }

  [Symbol.dispose](): void {
    const unmap = this.#unmap;
    this.#unmap = undefined;
    unmap?.();
  }
}
