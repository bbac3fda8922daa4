import type { Memory } from "@bpf-ts/memory";
import type { ChainCode } from "../code/cache.ts";
import type { ChainShape } from "../code/chains.ts";
import { HEADER_BUCKETS, HEADER_MASK, HEADER_PREVIOUS, HEADER_SEED } from "../header.ts";
import type { MapHome } from "../home.ts";
import { ELEMENT_HASH, ELEMENT_NEXT, ELEMENT_WORDS } from "./layout.ts";

/**
 * The index of a hash map: buckets, each the first element of a chain. New elements go to the front, and the number of buckets and the hash are
 * Linux's, so the order in which keys are walked is Linux's as well (for a seed of zero one can compare).
 *
 * @see v6.18 kernel/bpf/hashtab.c, htab_map_alloc, lookup_elem_raw
 */
export class Chains {
  /** Number of buckets, a power of two. */
  readonly buckets: number;
  readonly #memory: Memory;
  readonly #map: number;
  readonly #heads: number;
  readonly #mask: number;
  readonly #code: ChainCode;

  /**
   * @param code for chains of this shape
   * @throws MemoryError ENOMEM
   */
  constructor(home: MapHome, code: ChainCode, buckets: number, seed: number) {
    this.buckets = buckets;
    this.#memory = home.memory;
    this.#map = home.handle;
    this.#mask = buckets - 1;
    this.#heads = home.own.reserve(4 * buckets, `${home.label} buckets`);
    this.#code = code;
    this.#memory.setU32(home.handle + HEADER_BUCKETS, this.#heads);
    this.#memory.setU32(home.handle + HEADER_MASK, this.#mask);
    this.#memory.setU32(home.handle + HEADER_SEED, seed);
  }

  /** Hash of the key at `key`, 32 bits unsigned. */
  hash(key: number): number {
    return this.#code.hash(this.#map, key) >>> 0;
  }

  /** What {@link find} found on its way: the element before it in the chain, 0 if it is the first. */
  get previous(): number {
    return this.#memory.u32[(this.#map + HEADER_PREVIOUS) >>> 2]!;
  }

  /** The element of this key, 0 if there is none. Sets `previous`. */
  find(key: number, hash: number): number {
    return this.#code.find(this.#map, key, hash) >>> 0;
  }

  /** Puts an element to the front of its chain. */
  insert(element: number, hash: number): void {
    this.#code.insert(this.#map, element, hash);
  }

  /** Takes an element out that {@link find} found just now, with `previous` as it was then. Its own link stays. */
  remove(element: number, previous: number): void {
    this.#code.remove(this.#map, element, previous);
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

/** The shape of chains whose elements have no other words than {@link ELEMENT_WORDS}. */
export function plainChains(keySize: number, hash: ChainShape["hash"]): ChainShape {
  return { keySize, keyOffset: ELEMENT_WORDS, hash };
}
