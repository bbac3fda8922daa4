/**
 * Runs of 4 KiB pages: the lower half of the allocator. All bookkeeping lies in JS, so nothing that a program writes can break it.
 *
 * A free run is known by its first page. Its length is stored at its first and at its last page, so that a freed run finds free
 * neighbours on both sides in constant time and merges with them. Free runs hang in bins by length: one bin a length below 16 pages, then
 * eight bins a power of two. A request looks through the first few runs of its own bin and takes any run of a higher bin, where each fits.
 */

/** Bytes a page, as a shift. */
export const PAGE_SHIFT = 12;
/** Bytes a page. */
export const PAGE_SIZE: number = 1 << PAGE_SHIFT;

const NONE = -1;
/** How many runs of a bin are tried before a longer one is split. */
const TRIES = 32;
const BINS = 16 + 8 * 17;

/** The bin that holds free runs of `pages` pages. */
function binOf(pages: number): number {
  if (pages < 16) return pages;
  const log = 31 - Math.clz32(pages);
  return 16 + (log - 4) * 8 + ((pages >>> (log - 3)) & 7);
}

/** Free and used runs of the pages `[first, end)`; `end` only grows. */
export class PageRuns {
  /** Pages in use. */
  used = 0;
  #end: number;
  /** At the first and the last page of a free run: its length in pages. 0 elsewhere. */
  #free: Uint32Array;
  #next: Int32Array;
  #prev: Int32Array;
  /** 1 for pages that may hold something else than zeros. */
  #dirty: Uint8Array;
  #heads: Int32Array = new Int32Array(BINS).fill(NONE);

  constructor(first: number, end: number) {
    this.#end = end;
    this.#free = new Uint32Array(end);
    this.#next = new Int32Array(end);
    this.#prev = new Int32Array(end);
    this.#dirty = new Uint8Array(end);
    if (end > first) this.#insert(first, end - first);
  }

  /** One past the last page. */
  get end(): number {
    return this.#end;
  }

  /** Pages of the free run that ends at the last page: what a growth continues. */
  get freeAtEnd(): number {
    return this.#free[this.#end - 1] ?? 0;
  }

  /** Takes the pages `[end, newEnd)` over; they hold zeros. */
  extend(newEnd: number): void {
    const end = this.#end;
    if (newEnd <= end) return;
    if (newEnd > this.#free.length) {
      const room = Math.max(newEnd, this.#free.length * 2);
      const grow = <T extends Uint32Array | Int32Array | Uint8Array>(to: T, from: T): T => {
        to.set(from);
        return to;
      };
      this.#free = grow(new Uint32Array(room), this.#free);
      this.#next = grow(new Int32Array(room), this.#next);
      this.#prev = grow(new Int32Array(room), this.#prev);
      this.#dirty = grow(new Uint8Array(room), this.#dirty);
    }
    this.#end = newEnd;
    this.#insertMerged(end, newEnd - end);
  }

  /**
   * Takes a run of `pages` pages whose first page is a multiple of `align` (a power of two).
   *
   * @returns its first page, or -1 if no free run has room.
   */
  take(pages: number, align: number): number {
    const run = this.#search(pages, align, TRIES);
    return run !== NONE ? run : this.#search(pages, align, Number.POSITIVE_INFINITY);
  }

  /** {@link take}, looking at no more than `tries` runs of each bin. */
  #search(pages: number, align: number, tries: number): number {
    for (let bin = binOf(pages); bin < BINS; bin++) {
      let left = tries;
      for (let run = this.#heads[bin]!; run !== NONE && left > 0; run = this.#next[run]!, left--) {
        const length = this.#free[run]!;
        const start = Math.ceil(run / align) * align;
        if (start + pages > run + length) continue;
        this.#remove(run);
        if (start > run) this.#insert(run, start - run);
        const rest = run + length - (start + pages);
        if (rest > 0) this.#insert(start + pages, rest);
        this.used += pages;
        return start;
      }
    }
    return NONE;
  }

  /** Gives a run back, merging it with its free neighbours. Its pages count as dirty from now on. */
  release(page: number, pages: number): void {
    this.used -= pages;
    this.#dirty.fill(1, page, page + pages);
    this.#insertMerged(page, pages);
  }

  /** Calls `clear(firstPage, pages)` for each stretch of `[page, page + pages)` that may hold something else than zeros, and forgets it. */
  clean(page: number, pages: number, clear: (page: number, pages: number) => void): void {
    const end = page + pages;
    for (let at = page; at < end; ) {
      if (this.#dirty[at] === 0) {
        at++;
        continue;
      }
      let stop = at + 1;
      while (stop < end && this.#dirty[stop] === 1) stop++;
      clear(at, stop - at);
      this.#dirty.fill(0, at, stop);
      at = stop;
    }
  }

  #insertMerged(page: number, pages: number): void {
    let start = page;
    let length = pages;
    const before = page > 0 ? this.#free[page - 1]! : 0;
    if (before > 0) {
      start = page - before;
      length += before;
      this.#remove(start);
    }
    const after = page + pages;
    if (after < this.#end && this.#free[after]! > 0) {
      length += this.#free[after]!;
      this.#remove(after);
    }
    this.#insert(start, length);
  }

  #insert(run: number, length: number): void {
    const bin = binOf(length);
    const head = this.#heads[bin]!;
    this.#free[run] = length;
    this.#free[run + length - 1] = length;
    this.#next[run] = head;
    this.#prev[run] = NONE;
    if (head !== NONE) this.#prev[head] = run;
    this.#heads[bin] = run;
  }

  #remove(run: number): void {
    const length = this.#free[run]!;
    const next = this.#next[run]!;
    const prev = this.#prev[run]!;
    if (next !== NONE) this.#prev[next] = prev;
    if (prev !== NONE) this.#next[prev] = next;
    else this.#heads[binOf(length)] = next;
    this.#free[run] = 0;
    this.#free[run + length - 1] = 0;
  }
}
