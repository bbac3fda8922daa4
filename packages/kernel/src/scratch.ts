import type { Memory } from "@bpf-ts/memory";

/** Bytes that contexts, arguments and strings of nested runs can take at once, per kernel. */
const SCRATCH_SIZE = 256 * 1024;

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
   * Runs `use` with `size` zeroed bytes, 16-byte aligned, that are gone afterwards.
   *
   * @throws Error if calls are nested deeper than the memory allows: the nesting limits make that impossible
   */
  with<T>(size: number, use: (addr: number) => T): T {
    const addr = this.#top;
    const end = addr + ((size + 15) & ~15);
    if (end > this.#base + SCRATCH_SIZE)
      throw new Error(`scratch memory exhausted: ${end - this.#base} of ${SCRATCH_SIZE} bytes`);
    this.#top = end;
    this.#memory.u8.fill(0, addr, end);
    try {
      return use(addr);
    } finally {
      this.#top = addr;
    }
  }

  [Symbol.dispose](): void {
    this.#memory.free(this.#base);
  }
}
