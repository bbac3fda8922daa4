import type { MappedMemory } from "@bpf-ts/uapi";
import { EINVAL } from "@bpf-ts/uapi/errno";
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
    const all = new Uint8Array(buffer);
    let isMapped = true;
    return {
      get bytes(): Uint8Array {
        if (!isMapped) throw new LinuxError(EINVAL, "the memory is not mapped any more");
        // JavaScript has no read-only views, and a write to what is mapped for reading would end the process: a copy.
        return writable ? all : all.slice();
      },
      [Symbol.dispose]: () => {
        if (!isMapped) return;
        isMapped = false;
        const result = this.#syscalls.mapZeros(address, length);
        if (result < 0) throw new LinuxError(-result, `munmap of ${length} bytes`);
      },
    };
  }
}
