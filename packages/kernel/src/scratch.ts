import type { Memory } from "@bpf-ts/memory";

/** Bytes kept for contexts, arguments and strings of nested runs. */
const SCRATCH_SIZE = 64 * 1024;

/**
 * Memory for what lives as long as one call: contexts of hooks, system call arguments, iterator elements. A stack: what is pushed last
 * is popped first, which nested runs guarantee.
 */
export class Scratch implements Disposable {
  readonly #memory: Memory;
  readonly #base: number;
  #top: number;

  constructor(memory: Memory) {
    this.#memory = memory;
    this.#base = memory.alloc(SCRATCH_SIZE, { align: 16, label: "scratch" });
    this.#top = this.#base;
  }

  /**
   * Runs `use` with `size` zeroed bytes, 16-byte aligned, that are gone afterwards. What does not fit has a block of its own.
   *
   * @throws MemoryError ENOMEM
   */
  with<T>(size: number, use: (addr: number) => T): T {
    const addr = this.#top;
    const end = addr + ((size + 15) & ~15);
    if (end > this.#base + SCRATCH_SIZE) return this.#withBlock(size, use);
    this.#top = end;
    this.#memory.u8.fill(0, addr, end);
    try {
      return use(addr);
    } finally {
      this.#top = addr;
    }
  }

  #withBlock<T>(size: number, use: (addr: number) => T): T {
    const addr = this.#memory.alloc(size, { align: 16, label: "scratch" });
    try {
      return use(addr);
    } finally {
      this.#memory.free(addr);
    }
  }

  [Symbol.dispose](): void {
    this.#memory.free(this.#base);
  }
}
