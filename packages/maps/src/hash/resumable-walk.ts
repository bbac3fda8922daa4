import type { Memory } from "@bpf-ts/memory";
import type { MapIterator } from "../map.ts";
import type { Chains } from "./chains.ts";

/** Where the parts of an element lie. */
export interface ElementLayout {
  readonly keyOffset: number;
  readonly keySize: number;
  readonly valueOffset: number;
  readonly copyAll: (element: number, target: number) => void;
}

/**
 * A walk that may rest between two elements for any time. The keys of one bucket are remembered when the walk comes to it, and each is looked for
 * again before it is shown.
 *
 * An element never changes its bucket, so one that is there throughout is among the keys of its bucket when the walk comes there, and is shown then:
 * once. One that was deleted is not found. (Linux follows the links of elements that may have been freed and used again: it may repeat some and miss others.)
 *
 * @see v6.18 kernel/bpf/hashtab.c, bpf_hash_map_seq_find_next
 */
export class ResumableHashWalk implements MapIterator {
  readonly #memory: Memory;
  readonly #chains: Chains;
  readonly #layout: ElementLayout;
  #bucket = 0;
  #keys: Uint8Array[] = [];
  #element = 0;

  constructor(memory: Memory, chains: Chains, layout: ElementLayout) {
    this.#memory = memory;
    this.#chains = chains;
    this.#layout = layout;
  }

  next(): boolean {
    for (;;) {
      const key = this.#keys.shift();
      if (key !== undefined) {
        // The walk has just left this bucket's index behind.
        const element = this.#findIn(this.#bucket - 1, key);
        if (element === 0) continue;
        this.#element = element;
        return true;
      }
      if (this.#bucket >= this.#chains.buckets) {
        this.#element = 0;
        return false;
      }
      this.#keys = this.#keysOf(this.#bucket++);
    }
  }

  #keysOf(bucket: number): Uint8Array[] {
    const { keyOffset, keySize } = this.#layout;
    const keys: Uint8Array[] = [];
    for (let element = this.#chains.first(bucket); element !== 0; element = this.#chains.next(element)) {
      keys.push(this.#memory.u8.slice(element + keyOffset, element + keyOffset + keySize));
    }
    return keys;
  }

  #findIn(bucket: number, key: Uint8Array): number {
    const { u8 } = this.#memory;
    for (let element = this.#chains.first(bucket); element !== 0; element = this.#chains.next(element)) {
      const at = element + this.#layout.keyOffset;
      if (key.every((byte, i) => u8[at + i] === byte)) return element;
    }
    return 0;
  }

  get key(): number {
    return this.#element + this.#layout.keyOffset;
  }

  get value(): number {
    return this.#element + this.#layout.valueOffset;
  }

  copyAll(target: number): void {
    this.#layout.copyAll(this.#element, target);
  }

  close(): void {
    this.#keys = [];
    this.#element = 0;
    this.#bucket = this.#chains.buckets;
  }
}
