import { nameEquals } from "./strings.ts";

/** What the index needs to know of a piece of BTF: its own types only, counted from 0. */
export interface NamedTypes {
  readonly count: number;
  /** Name offset of the n-th type; 0 if it has no name, or one that is out of bounds. */
  nameOffset(n: number): number;
  /** The string section that a name offset lies in (the base's, in split BTF), and where in it. */
  sectionOf(offset: number): Uint8Array;
  startOf(offset: number): number;
}

const UNDERSCORE = 0x5f;

/**
 * Types by the hash of their essential name (the name up to the last `___`, which marks a flavour), so that one table answers both exact
 * look-ups and CO-RE's search for candidates. Two words a type; names are compared as bytes and never decoded.
 */
export class NameIndex {
  readonly #types: NamedTypes;
  readonly #heads: Int32Array;
  readonly #next: Int32Array;
  readonly #mask: number;

  constructor(types: NamedTypes) {
    this.#types = types;
    let size = 16;
    while (size < types.count) size *= 2;
    this.#mask = size - 1;
    const heads = new Int32Array(size).fill(-1);
    const next = new Int32Array(types.count);
    const { count } = types;
    // Backwards, so that a chain lists its types in ascending order.
    for (let n = count - 1; n >= 0; n--) {
      const offset = types.nameOffset(n);
      if (offset === 0) continue;
      const strings = types.sectionOf(offset);
      const start = types.startOf(offset);
      const slot = hashBytes(strings, start, essentialEnd(strings, start)) & this.#mask;
      next[n] = heads[slot]!;
      heads[slot] = n;
    }
    this.#heads = heads;
    this.#next = next;
  }

  /** The first type at or after `from` in the chain that has this very name; -1 if none. Start with `from` = -1. */
  find(name: Uint8Array, from: number): number {
    const types = this.#types;
    for (let n = this.#step(name, from); n >= 0; n = this.#next[n]!) {
      const offset = types.nameOffset(n);
      if (nameEquals(types.sectionOf(offset), types.startOf(offset), name)) return n;
    }
    return -1;
  }

  /** As {@link NameIndex.find}, for types whose essential name is `name`'s. */
  findEssential(name: Uint8Array, from: number): number {
    const types = this.#types;
    const length = essentialEnd(name, 0);
    for (let n = this.#step(name, from); n >= 0; n = this.#next[n]!) {
      const offset = types.nameOffset(n);
      const strings = types.sectionOf(offset);
      const start = types.startOf(offset);
      if (essentialEnd(strings, start) - start === length && prefixEquals(strings, start, name, length)) return n;
    }
    return -1;
  }

  #step(name: Uint8Array, from: number): number {
    if (from >= 0) return this.#next[from]!;
    return this.#heads[hashBytes(name, 0, essentialEnd(name, 0)) & this.#mask]!;
  }
}

function prefixEquals(strings: Uint8Array, start: number, name: Uint8Array, length: number): boolean {
  for (let i = 0; i < length; i++) if (strings[start + i] !== name[i]) return false;
  return true;
}

/**
 * Where the essential part of a name ends: at its last run of exactly three underscores that has other characters on both sides, else at the name's end.
 *
 * @see v6.18 tools/lib/bpf/relo_core.c, bpf_core_essential_name_len
 */
export function essentialEnd(bytes: Uint8Array, start: number): number {
  let end = start;
  let flavour = -1;
  let run = 0;
  for (; end < bytes.length; end++) {
    const byte = bytes[end];
    if (byte === 0) break;
    if (byte === UNDERSCORE) {
      run++;
      continue;
    }
    // A run of exactly three separates; it must have something before it.
    if (run === 3 && end - 4 >= start) flavour = end - 3;
    run = 0;
  }
  return flavour < 0 ? end : flavour;
}

function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  return hash ^ (hash >>> 15);
}
