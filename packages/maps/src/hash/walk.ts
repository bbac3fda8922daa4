import type { MapIterator } from "../map.ts";
import type { Chains } from "./chains.ts";

/**
 * A walk over a hash map, bucket by bucket, while one program runs. Elements that are deleted meanwhile keep their link to the next one, so a walk that
 * stands on one goes on from there, as Linux's does.
 *
 * @see v6.18 kernel/bpf/hashtab.c, bpf_for_each_hash_elem
 */
export class HashWalk implements MapIterator {
  /** Address of the element. */
  element = 0;
  readonly #chains: Chains;
  readonly #keyOffset: number;
  readonly #valueOffset: number;
  readonly #copyAll: (element: number, target: number) => void;
  #bucket = 0;
  #following = 0;

  constructor(
    chains: Chains,
    keyOffset: number,
    valueOffset: number,
    copyAll: (element: number, target: number) => void,
  ) {
    this.#chains = chains;
    this.#keyOffset = keyOffset;
    this.#valueOffset = valueOffset;
    this.#copyAll = copyAll;
  }

  next(): boolean {
    let element = this.#following;
    while (element === 0) {
      if (this.#bucket >= this.#chains.buckets) {
        this.element = 0;
        this.#following = 0;
        return false;
      }
      element = this.#chains.first(this.#bucket++);
    }
    this.element = element;
    this.#following = this.#chains.next(element);
    return true;
  }

  get key(): number {
    return this.element + this.#keyOffset;
  }

  get value(): number {
    return this.element + this.#valueOffset;
  }

  copyAll(target: number): void {
    this.#copyAll(this.element, target);
  }

  close(): void {
    this.element = 0;
    this.#following = 0;
    this.#bucket = this.#chains.buckets;
  }
}
