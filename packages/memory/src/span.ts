import { PAGE_SIZE } from "./pages.ts";
import type { Layout } from "./region.ts";
import type { SubRegions } from "./sub-regions.ts";

/**
 * A span is a run of pages cut into slots of one size: many slots for small blocks, one for a large block. Which slots are in use, their
 * exact sizes and what programs may do with them is kept here, outside the memory.
 */
export interface Span {
  /** Address of the first slot. */
  readonly base: number;
  readonly pages: number;
  /** Bytes a slot. */
  readonly slot: number;
  /** Slots. */
  readonly count: number;
  /** From a slot's start to its block: the red zone. */
  readonly offset: number;
  /** Index into {@link SIZE_CLASSES}, -1 for a span of one large block. */
  readonly sizeClass: number;
  /** Bytes asked for, by slot; 0 = free. */
  readonly sizes: Uint32Array;
  /** `FLAG_*` by slot. */
  readonly flags: Uint8Array;
  /** Indexes of labels by slot. */
  readonly labels: Uint32Array;
  /** Slots that were in use and are free: a stack of `freeTop` entries. */
  readonly freed: Uint16Array;
  freeTop: number;
  /** Slots from here on were never used: they still hold zeros. */
  fresh: number;
  /** Slots in use. */
  live: number;
  /** The regions inside a reserved block of this span, by slot; undefined until the first. */
  subs: Map<number, SubRegions> | undefined;
  /** How blocks of this span are divided, by slot; undefined until the first. */
  layouts: Map<number, Layout> | undefined;
  /** Neighbours in the list of spans of this class that have free slots. */
  next: Span | undefined;
  prev: Span | undefined;
  listed: boolean;
}

/** Programs may read the block. */
export const FLAG_READ = 1;
/** Programs may write the block. */
export const FLAG_WRITE = 2;
/** The block itself is not accessible; regions inside it may be. */
export const FLAG_RESERVED = 4;
/** The block is divided by a {@link Layout}. */
export const FLAG_LAYOUT = 8;

/** Bytes of a span of small blocks. */
export const SMALL_SPAN_PAGES = 4;
/** The largest block that shares a span with others. */
export const LARGEST_SMALL = 2048;

/** Slot sizes: four steps a power of two, so at most a fifth of a slot is lost. Each power of two is there, for alignment. */
export const SIZE_CLASSES: readonly number[] = [
  8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 640, 768, 896, 1024, 1280,
  1536, 1792, 2048,
];

/** The class of blocks of `(size + 7) >> 3` eight-byte units. */
export function classTable(): Uint8Array {
  const table = new Uint8Array(LARGEST_SMALL / 8 + 1);
  let sizeClass = 0;
  for (let units = 0; units < table.length; units++) {
    while (SIZE_CLASSES[sizeClass]! < units * 8) sizeClass++;
    table[units] = sizeClass;
  }
  return table;
}

/** A span of small blocks of one class. */
export function smallSpan(base: number, sizeClass: number, offset: number): Span {
  const slot = SIZE_CLASSES[sizeClass]!;
  const count = Math.floor((SMALL_SPAN_PAGES * PAGE_SIZE) / slot);
  return {
    base,
    pages: SMALL_SPAN_PAGES,
    slot,
    count,
    offset,
    sizeClass,
    sizes: new Uint32Array(count),
    flags: new Uint8Array(count),
    labels: new Uint32Array(count),
    freed: new Uint16Array(count),
    freeTop: 0,
    fresh: 0,
    live: 0,
    subs: undefined,
    layouts: undefined,
    next: undefined,
    prev: undefined,
    listed: false,
  };
}

/** A span that holds one large block. */
export function largeSpan(base: number, pages: number, offset: number): Span {
  return {
    base,
    pages,
    slot: pages * PAGE_SIZE,
    count: 1,
    offset,
    sizeClass: -1,
    sizes: new Uint32Array(1),
    flags: new Uint8Array(1),
    labels: new Uint32Array(1),
    freed: new Uint16Array(0),
    freeTop: 0,
    fresh: 0,
    live: 0,
    subs: undefined,
    layouts: undefined,
    next: undefined,
    prev: undefined,
    listed: false,
  };
}
