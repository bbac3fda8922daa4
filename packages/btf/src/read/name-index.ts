import { MAX_NAME_LENGTH, nameEquals } from "./strings.ts";

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
    let lastOffset = 0;
    let slot = -1;
    // Backwards, so that a chain lists its types in ascending order.
    for (let n = count - 1; n >= 0; n--) {
      const offset = types.nameOffset(n);
      if (offset === 0) continue;
      if (offset !== lastOffset) {
        const strings = types.sectionOf(offset);
        const start = types.startOf(offset);
        const end = essentialEnd(strings, start);
        slot = end < 0 ? -1 : hashBytes(strings, start, end) & this.#mask;
        lastOffset = offset;
      }
      if (slot < 0) continue;
      next[n] = heads[slot]!;
      heads[slot] = n;
    }
    this.#heads = heads;
    this.#next = next;
  }

  /** The first type in ascending order that has this very name and that `wanted` says yes to; -1 if there is none. */
  find(name: Uint8Array, wanted: (n: number) => boolean): number {
    return this.#walk(name, nameEquals, wanted);
  }

  /** As {@link NameIndex.find}, for types whose essential name is `name`'s. */
  findEssential(name: Uint8Array, wanted: (n: number) => boolean): number {
    const length = essentialEnd(name, 0);
    const isSame = (strings: Uint8Array, start: number): boolean =>
      essentialEnd(strings, start) - start === length && prefixEquals(strings, start, name, length);
    return this.#walk(name, isSame, wanted);
  }

  #walk(
    name: Uint8Array,
    isSame: (strings: Uint8Array, start: number, name: Uint8Array) => boolean,
    wanted: (n: number) => boolean,
  ): number {
    const types = this.#types;
    const end = essentialEnd(name, 0);
    if (end < 0) return -1;
    // Types of one name mostly share its string.
    let lastOffset = 0;
    let lastIsSame = false;
    for (let n = this.#heads[hashBytes(name, 0, end) & this.#mask]!; n >= 0; n = this.#next[n]!) {
      const offset = types.nameOffset(n);
      if (offset !== lastOffset) {
        lastOffset = offset;
        lastIsSame = isSame(types.sectionOf(offset), types.startOf(offset), name);
      }
      if (lastIsSame && wanted(n)) return n;
    }
    return -1;
  }
}

function prefixEquals(strings: Uint8Array, start: number, name: Uint8Array, length: number): boolean {
  for (let i = 0; i < length; i++) if (strings[start + i] !== name[i]) return false;
  return true;
}

/**
 * Where the essential part of a name ends: at its last run of exactly three underscores that has other characters on both sides, else at the name's end;
 * -1 for what is too long for a name.
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
    if (end - start >= MAX_NAME_LENGTH) return -1;
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
