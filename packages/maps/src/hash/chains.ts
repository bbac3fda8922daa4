import type { Memory } from "@bpf-ts/memory";
import { jhash, jhashPair, jhashWord } from "../jhash.ts";
import type { OwnMemory } from "../own-memory.ts";
import { ELEMENT_HASH, ELEMENT_NEXT } from "./elements.ts";

/**
 * The index of a hash map: buckets, each the first element of a chain. New elements go to the front, and the number of buckets and the hash are
 * Linux's, so the order in which keys are walked is Linux's as well (for a seed of zero one can compare).
 *
 * @see v6.18 kernel/bpf/hashtab.c, htab_map_alloc, lookup_elem_raw
 */
export class Chains {
  /** Number of buckets, a power of two. */
  readonly buckets: number;
  /** What {@link find} found on its way: the element before it in the chain, 0 if it is the first. */
  previous = 0;
  readonly #memory: Memory;
  readonly #heads: number;
  readonly #mask: number;
  readonly #seed: number;
  readonly #keySize: number;
  readonly #keyOffset: number;

  /**
   * @param keyOffset from an element's start to its key, bytes; a multiple of 4
   * @throws MemoryError ENOMEM
   */
  constructor(own: OwnMemory, buckets: number, keySize: number, keyOffset: number, seed: number, label: string) {
    this.buckets = buckets;
    this.#memory = own.memory;
    this.#mask = buckets - 1;
    this.#seed = seed | 0;
    this.#keySize = keySize;
    this.#keyOffset = keyOffset;
    this.#heads = own.reserve(4 * buckets, `${label} buckets`);
  }

  /** Hash of the key at `key`, 32 bits unsigned. */
  hash(key: number): number {
    const size = this.#keySize;
    if (size === 4) return jhashWord(this.#memory.dataView.getInt32(key >>> 0, true), this.#seed) >>> 0;
    if (size === 8) {
      const view = this.#memory.dataView;
      return jhashPair(view.getInt32(key >>> 0, true), view.getInt32((key >>> 0) + 4, true), this.#seed) >>> 0;
    }
    return jhash(this.#memory, key, size, this.#seed) >>> 0;
  }

  #sameKey(element: number, key: number): boolean {
    const stored = element + this.#keyOffset;
    const size = this.#keySize;
    if (size === 4) return this.#memory.u32[stored >>> 2] === this.#memory.dataView.getUint32(key >>> 0, true);
    return this.#memory.equals(stored, key, size);
  }

  /** The element of this key, 0 if there is none. Sets `previous` only if there is one. */
  find(key: number, hash: number): number {
    const { u32 } = this.#memory;
    let previous = 0;
    let element = u32[(this.#heads >>> 2) + (hash & this.#mask)]!;
    while (element !== 0) {
      if (u32[(element + ELEMENT_HASH) >>> 2] === hash && this.#sameKey(element, key)) {
        this.previous = previous;
        return element;
      }
      previous = element;
      element = u32[(element + ELEMENT_NEXT) >>> 2]!;
    }
    return 0;
  }

  /** Puts an element to the front of its chain. */
  insert(element: number, hash: number): void {
    const { u32 } = this.#memory;
    const head = (this.#heads >>> 2) + (hash & this.#mask);
    u32[(element + ELEMENT_HASH) >>> 2] = hash;
    u32[(element + ELEMENT_NEXT) >>> 2] = u32[head]!;
    u32[head] = element;
  }

  /** Takes an element out that {@link find} found just now, with `previous` as it was then. Its own link stays. */
  remove(element: number, previous: number): void {
    const { u32 } = this.#memory;
    const next = u32[(element + ELEMENT_NEXT) >>> 2]!;
    if (previous !== 0) u32[(previous + ELEMENT_NEXT) >>> 2] = next;
    else u32[(this.#heads >>> 2) + (u32[(element + ELEMENT_HASH) >>> 2]! & this.#mask)] = next;
  }

  /** {@link insert} of an element that replaces `old`, found just now. */
  replace(element: number, hash: number, old: number, previous: number): void {
    this.insert(element, hash);
    this.remove(old, previous === 0 ? element : previous);
  }

  /** Takes an element out, wherever in its chain it is. False if it is in none. */
  removeElement(element: number): boolean {
    const { u32 } = this.#memory;
    let previous = 0;
    let at = u32[(this.#heads >>> 2) + (u32[(element + ELEMENT_HASH) >>> 2]! & this.#mask)]!;
    while (at !== 0 && at !== element) {
      previous = at;
      at = u32[(at + ELEMENT_NEXT) >>> 2]!;
    }
    if (at === 0) return false;
    this.remove(element, previous);
    return true;
  }

  /** The first element of a bucket, 0 if it is empty. */
  first(bucket: number): number {
    return this.#memory.u32[(this.#heads >>> 2) + bucket]!;
  }

  /** The element after `element` in its chain, 0 at the end. */
  next(element: number): number {
    return this.#memory.u32[(element + ELEMENT_NEXT) >>> 2]!;
  }

  /** The bucket of a hash. */
  bucketOf(hash: number): number {
    return (hash & this.#mask) >>> 0;
  }

  /** The first element of the first non-empty bucket from `bucket` on, 0 if all are empty. */
  firstFrom(bucket: number): number {
    const { u32 } = this.#memory;
    const heads = this.#heads >>> 2;
    for (let at = bucket; at < this.buckets; at++) if (u32[heads + at] !== 0) return u32[heads + at]!;
    return 0;
  }

  /** The element that a walk shows after the one with this key, the first if there is no such key; 0 at the end. */
  after(key: number): number {
    if (key === 0) return this.firstFrom(0);
    const hash = this.hash(key);
    const element = this.find(key, hash);
    if (element === 0) return this.firstFrom(0);
    return this.next(element) || this.firstFrom(this.bucketOf(hash) + 1);
  }
}

/** Chains by a 32-bit number that is its own hash. */
export class IndexChains extends Chains {
  readonly #bytes: Memory;

  /** @throws MemoryError ENOMEM */
  constructor(own: OwnMemory, buckets: number, keyOffset: number, label: string) {
    super(own, buckets, 4, keyOffset, 0, label);
    this.#bytes = own.memory;
  }

  override hash(key: number): number {
    return this.#bytes.getU32(key);
  }
}
