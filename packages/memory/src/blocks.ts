import { PAGE_SHIFT, PAGE_SIZE, type PageRuns } from "./pages.ts";
import type { Layout } from "./region.ts";
import {
  classTable,
  FLAG_LAYOUT,
  FLAG_RESERVED,
  FLAG_WRITE,
  LARGEST_SMALL,
  largeSpan,
  SIZE_CLASSES,
  SMALL_SPAN_PAGES,
  type Span,
  smallSpan,
} from "./span.ts";

/** What the block allocator needs of its memory: pages, and clearing bytes. */
export interface PageSource {
  /** First page of a run of `pages` pages, its first page a multiple of `align`; -1 if there is no room. May move every view. */
  takePages(pages: number, align: number): number;
  readonly runs: PageRuns;
  clear(address: number, size: number): void;
}

/**
 * Blocks: the upper half of the allocator. Sizes up to 2048 bytes come from spans of equal slots, larger ones are runs of pages. A page table
 * leads from any address to its span and hence, by one division, to its block: that is also how an access is checked.
 */
export class Blocks {
  /** Bytes asked for by blocks in use. */
  liveBytes = 0;
  /** Blocks in use. */
  count = 0;
  /** What {@link covers} found last. */
  hitBase = 0;
  hitEnd = 0;
  hitWritable = false;
  readonly #pages: (Span | undefined)[] = [];
  readonly #classes: Uint8Array = classTable();
  /** By class: spans with free slots. */
  readonly #partial: (Span | undefined)[] = SIZE_CLASSES.map(() => undefined);
  /** By class: the one empty span that stays, so that a block taken and freed in turn costs no pages. */
  readonly #spare: (Span | undefined)[] = SIZE_CLASSES.map(() => undefined);
  readonly #source: PageSource;
  readonly #redZone: number;

  constructor(source: PageSource, redZone: number) {
    this.#source = source;
    this.#redZone = redZone;
  }

  /** The span that holds `address`. */
  spanOf(address: number): Span | undefined {
    return this.#pages[address >>> PAGE_SHIFT];
  }

  /** Slot of the block in use that begins at `base`, -1 if none does. */
  slotOf(span: Span, base: number): number {
    const slot = Math.floor((base - span.base) / span.slot);
    if (slot >= span.count || span.sizes[slot] === 0) return -1;
    return span.base + slot * span.slot + span.offset === base ? slot : -1;
  }

  /**
   * Whether all of `[address, end)` (unsigned, not empty) lies in one region, a writable one if `write`. If so, `hitBase`, `hitEnd` and
   * `hitWritable` describe it.
   */
  covers(address: number, end: number, write: boolean): boolean {
    const span = this.#pages[address >>> PAGE_SHIFT];
    if (span === undefined) return false;
    const slot = Math.floor((address - span.base) / span.slot);
    if (slot >= span.count) return false;
    const base = span.base + slot * span.slot + span.offset;
    const limit = base + span.sizes[slot]!;
    if (address < base || end > limit) return false;
    const flags = span.flags[slot]!;
    if ((flags & FLAG_LAYOUT) !== 0) return this.#coversPart(span.layouts!.get(slot)!, base, address, end, write);
    if ((flags & FLAG_RESERVED) === 0) {
      const writable = (flags & FLAG_WRITE) !== 0;
      if (write && !writable) return false;
      this.hitBase = base;
      this.hitEnd = limit;
      this.hitWritable = writable;
      return true;
    }
    const subs = span.subs?.get(slot);
    const at = subs === undefined ? -1 : subs.indexOf(address);
    if (subs === undefined || at < 0) return false;
    const writable = subs.writableAt(at);
    if (end > subs.endAt(at) || (write && !writable)) return false;
    this.hitBase = subs.baseAt(at);
    this.hitEnd = subs.endAt(at);
    this.hitWritable = writable;
    return true;
  }

  #coversPart(layout: Layout, base: number, address: number, end: number, write: boolean): boolean {
    const first = base + layout.offset;
    if (address < first) return false;
    const index = Math.floor((address - first) / layout.stride);
    if (index >= layout.count) return false;
    const element = first + index * layout.stride;
    for (const part of layout.parts) {
      const start = element + part.offset;
      if (address < start || end > start + part.size || (write && !part.writable)) continue;
      this.hitBase = start;
      this.hitEnd = start + part.size;
      this.hitWritable = part.writable;
      return true;
    }
    return false;
  }

  /** A block of `size` (> 0) zeroed bytes, 0 if there is no room. */
  take(size: number, align: number, flags: number, label: number): number {
    const whole = size + 2 * this.#redZone;
    const address =
      whole <= LARGEST_SMALL && align <= LARGEST_SMALL
        ? this.#takeSmall(size, whole, align, flags, label)
        : this.#takeLarge(size, whole, align, flags, label);
    if (address !== 0) {
      this.liveBytes += size;
      this.count++;
    }
    return address;
  }

  #takeSmall(size: number, whole: number, align: number, flags: number, label: number): number {
    // A red zone before the block must not cost it its alignment.
    const offset = this.#redZone === 0 ? 0 : Math.max(this.#redZone, align);
    let sizeClass = this.#classes[(whole + (offset - this.#redZone) + 7) >> 3];
    if (sizeClass === undefined) return this.#takeLarge(size, whole, align, flags, label);
    if (align > 8) while (SIZE_CLASSES[sizeClass]! % align !== 0) sizeClass++;
    let span = this.#partial[sizeClass];
    // With red zones, blocks of different offsets do not share a span.
    while (span !== undefined && span.offset !== offset) span = span.next;
    if (span === undefined) {
      const page = this.#source.takePages(SMALL_SPAN_PAGES, 1);
      if (page < 0) return 0;
      this.#source.runs.clean(page, SMALL_SPAN_PAGES, (at, n) => this.#source.clear(at * PAGE_SIZE, n * PAGE_SIZE));
      span = smallSpan(page * PAGE_SIZE, sizeClass, offset);
      this.#pages.length = Math.max(this.#pages.length, page + SMALL_SPAN_PAGES);
      this.#pages.fill(span, page, page + SMALL_SPAN_PAGES);
      this.#list(span);
    }
    let slot: number;
    if (span.freeTop > 0) {
      slot = span.freed[--span.freeTop]!;
      this.#source.clear(span.base + slot * span.slot, span.slot);
    } else {
      slot = span.fresh++;
    }
    span.sizes[slot] = size;
    span.flags[slot] = flags;
    span.labels[slot] = label;
    if (span.live === 0 && this.#spare[sizeClass] === span) this.#spare[sizeClass] = undefined;
    span.live++;
    if (span.live === span.count) this.#unlist(span);
    return span.base + slot * span.slot + offset;
  }

  #takeLarge(size: number, whole: number, align: number, flags: number, label: number): number {
    const offset = this.#redZone === 0 ? 0 : Math.max(this.#redZone, align);
    const pages = Math.ceil((whole + (offset - this.#redZone)) / PAGE_SIZE);
    const page = this.#source.takePages(pages, Math.max(1, align / PAGE_SIZE));
    if (page < 0) return 0;
    this.#source.runs.clean(page, pages, (at, n) => this.#source.clear(at * PAGE_SIZE, n * PAGE_SIZE));
    const span = largeSpan(page * PAGE_SIZE, pages, offset);
    this.#pages.length = Math.max(this.#pages.length, page + pages);
    this.#pages.fill(span, page, page + pages);
    span.sizes[0] = size;
    span.flags[0] = flags;
    span.labels[0] = label;
    span.live = 1;
    return span.base + offset;
  }

  /** Frees the block of a slot in use. */
  release(span: Span, slot: number): void {
    this.liveBytes -= span.sizes[slot]!;
    this.count--;
    span.sizes[slot] = 0;
    span.subs?.delete(slot);
    span.layouts?.delete(slot);
    span.live--;
    if (span.sizeClass < 0) {
      this.#drop(span);
      return;
    }
    span.freed[span.freeTop++] = slot;
    if (!span.listed) this.#list(span);
    if (span.live > 0) return;
    if (this.#spare[span.sizeClass] === undefined) {
      this.#spare[span.sizeClass] = span;
    } else {
      this.#unlist(span);
      this.#drop(span);
    }
  }

  /** Gives the pages of empty spans back. Answers whether there were any. */
  trim(): boolean {
    let any = false;
    for (const span of this.#spare) {
      if (span === undefined) continue;
      any = true;
      this.#unlist(span);
      this.#drop(span);
    }
    this.#spare.fill(undefined);
    return any;
  }

  #drop(span: Span): void {
    const page = span.base / PAGE_SIZE;
    this.#pages.fill(undefined, page, page + span.pages);
    this.#source.runs.release(page, span.pages);
  }

  #list(span: Span): void {
    const head = this.#partial[span.sizeClass];
    span.next = head;
    span.prev = undefined;
    if (head !== undefined) head.prev = span;
    this.#partial[span.sizeClass] = span;
    span.listed = true;
  }

  #unlist(span: Span): void {
    if (span.next !== undefined) span.next.prev = span.prev;
    if (span.prev !== undefined) span.prev.next = span.next;
    else this.#partial[span.sizeClass] = span.next;
    span.next = undefined;
    span.prev = undefined;
    span.listed = false;
  }

  /** All blocks in use in order of address. */
  *slots(): Generator<{ span: Span; slot: number }> {
    for (let page = 0; page < this.#pages.length; page++) {
      const span = this.#pages[page];
      if (span === undefined) continue;
      for (let slot = 0; slot < span.count; slot++) if (span.sizes[slot] !== 0) yield { span, slot };
      page += span.pages - 1;
    }
  }
}
