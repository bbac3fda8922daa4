import type { Memory } from "@bpf-ts/memory";
import type { MapIterator } from "../map.ts";

/**
 * A walk over an array. The key that it shows is a word of its own, read-only for programs.
 *
 * @see v6.18 kernel/bpf/arraymap.c, bpf_for_each_array_elem
 */
export class ArrayWalk implements MapIterator {
  readonly key: number;
  value = 0;
  readonly #memory: Memory;
  readonly #entries: number;
  readonly #addressOf: (index: number) => number;
  readonly #copyAll: (index: number, target: number) => void;
  #index = -1;
  #open = true;

  /** @throws MemoryError ENOMEM */
  constructor(
    memory: Memory,
    entries: number,
    addressOf: (index: number) => number,
    copyAll: (index: number, target: number) => void,
  ) {
    this.#memory = memory;
    this.#entries = entries;
    this.#addressOf = addressOf;
    this.#copyAll = copyAll;
    this.key = memory.alloc(4, { writable: false, label: "array walk key" });
  }

  next(): boolean {
    if (!this.#open || this.#index + 1 >= this.#entries) return false;
    this.#index++;
    this.#memory.setU32(this.key, this.#index);
    this.value = this.#addressOf(this.#index);
    return true;
  }

  copyAll(target: number): void {
    this.#copyAll(this.#index, target);
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#memory.free(this.key);
  }
}
