import type { Region } from "./region.ts";

/** The regions inside one reserved block, sorted by address; they never overlap. Meant for dozens, not for millions. */
export class SubRegions {
  #bases: Uint32Array = new Uint32Array(8);
  #ends: Float64Array = new Float64Array(8);
  #writable: Uint8Array = new Uint8Array(8);
  #labels: string[] = [];
  count = 0;

  /** Index of the last region that begins at or below `address`, -1 if none does. */
  #below(address: number): number {
    const bases = this.#bases;
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (bases[middle]! <= address) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** Adds `[base, end)`. Answers false, and adds nothing, if it overlaps another region. */
  add(base: number, end: number, writable: boolean, label: string): boolean {
    const at = this.#below(base) + 1;
    if (at > 0 && this.#ends[at - 1]! > base) return false;
    if (at < this.count && this.#bases[at]! < end) return false;
    if (this.count === this.#bases.length) {
      const room = this.count * 2;
      const bases = new Uint32Array(room);
      const ends = new Float64Array(room);
      const modes = new Uint8Array(room);
      bases.set(this.#bases);
      ends.set(this.#ends);
      modes.set(this.#writable);
      this.#bases = bases;
      this.#ends = ends;
      this.#writable = modes;
    }
    this.#bases.copyWithin(at + 1, at, this.count);
    this.#ends.copyWithin(at + 1, at, this.count);
    this.#writable.copyWithin(at + 1, at, this.count);
    this.#labels.splice(at, 0, label);
    this.#bases[at] = base;
    this.#ends[at] = end;
    this.#writable[at] = writable ? 1 : 0;
    this.count++;
    return true;
  }

  /** Removes the region that begins at `base`; false if there is none. */
  remove(base: number): boolean {
    const at = this.#below(base);
    if (at < 0 || this.#bases[at] !== base) return false;
    this.#bases.copyWithin(at, at + 1, this.count);
    this.#ends.copyWithin(at, at + 1, this.count);
    this.#writable.copyWithin(at, at + 1, this.count);
    this.#labels.splice(at, 1);
    this.count--;
    return true;
  }

  /** Changes whether programs may write the region that begins at `base`; false if there is none. */
  protect(base: number, writable: boolean): boolean {
    const at = this.#below(base);
    if (at < 0 || this.#bases[at] !== base) return false;
    this.#writable[at] = writable ? 1 : 0;
    return true;
  }

  /** Index of the region that holds `address`, -1 if none does. */
  indexOf(address: number): number {
    const at = this.#below(address);
    return at < 0 || this.#ends[at]! <= address ? -1 : at;
  }

  /** First address of region `at`. */
  baseAt(at: number): number {
    return this.#bases[at]!;
  }

  /** One past the last address of region `at`. */
  endAt(at: number): number {
    return this.#ends[at]!;
  }

  /** Whether programs may write region `at`. */
  writableAt(at: number): boolean {
    return this.#writable[at] === 1;
  }

  /** The region that holds `address`. */
  find(address: number): Region | undefined {
    const at = this.indexOf(address);
    return at < 0 ? undefined : this.at(at);
  }

  /** The region of index `at` in order of address. */
  at(at: number): Region {
    const base = this.#bases[at]!;
    return { base, size: this.#ends[at]! - base, writable: this.#writable[at] === 1, label: this.#labels[at]! };
  }
}
