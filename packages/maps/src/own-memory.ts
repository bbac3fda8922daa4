import type { AllocOptions, Memory } from "@bpf-ts/memory";

/** What one map holds of its memory and its table: whatever happens, closing this gives everything back. */
export class OwnMemory {
  readonly memory: Memory;
  readonly #blocks: Set<number> = new Set();
  readonly #closers: (() => void)[] = [];

  constructor(memory: Memory) {
    this.memory = memory;
  }

  /** A zeroed block that programs may touch. @throws MemoryError ENOMEM */
  alloc(size: number, options: AllocOptions): number {
    const address = this.memory.alloc(size, options);
    this.#blocks.add(address);
    return address;
  }

  /** A zeroed block that programs may not touch. @throws MemoryError ENOMEM */
  reserve(size: number, label: string, align = 8): number {
    const address = this.memory.reserve(size, { label, align });
    this.#blocks.add(address);
    return address;
  }

  /** Frees one block. */
  free(address: number): void {
    if (!this.#blocks.delete(address)) throw new Error("free of a block that the map does not own");
    this.memory.free(address);
  }

  /** Does something else when everything is given back. */
  whenClosed(closer: () => void): void {
    this.#closers.push(closer);
  }

  /** Frees all blocks. */
  close(): void {
    for (const closer of this.#closers.splice(0)) closer();
    for (const address of this.#blocks) this.memory.free(address);
    this.#blocks.clear();
  }
}
