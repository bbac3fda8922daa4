/** A stretch of memory that programs may touch. */
export interface Region {
  /** Address of its first byte. */
  readonly base: number;
  /** Bytes. */
  readonly size: number;
  /** Whether programs may write it; the machine itself always may. */
  readonly writable: boolean;
  /** What it is, for people: `map events value`, `stack of cpu 0`. */
  readonly label: string;
  /** Where the region is one of many alike, in lists: bytes from one to the next. */
  readonly stride?: number;
  /** How many there are, each `stride` bytes after the one before. */
  readonly count?: number;
}

/**
 * How a block that holds many elements of one form is divided into regions: each part of each element is a region of its own, and what no part
 * covers is out of reach for programs. A million elements cost no more than one.
 */
export interface Layout {
  /** From the block's start to the first element, bytes. */
  readonly offset: number;
  /** From one element to the next, bytes. */
  readonly stride: number;
  /** Elements. */
  readonly count: number;
  /** In order of offset, without overlap, inside the stride. */
  readonly parts: readonly LayoutPart[];
}

/** One part of every element of a {@link Layout}. */
export interface LayoutPart {
  /** From the element's start, bytes. */
  readonly offset: number;
  /** Bytes. */
  readonly size: number;
  readonly writable: boolean;
  readonly label: string;
}

/** How {@link Memory.alloc} makes a block. */
export interface AllocOptions {
  /** Bytes, a power of two; at least and by default 8. */
  align?: number;
  label?: string;
  /** Whether programs may write the block; they may unless told otherwise. */
  writable?: boolean;
  /** Divides the block into many regions instead of one; `writable` is then the parts' own. */
  layout?: Layout;
}
