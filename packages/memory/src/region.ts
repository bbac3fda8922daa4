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
}

/** How {@link Memory.alloc} makes a block. */
export interface AllocOptions {
  /** Bytes, a power of two; at least and by default 8. */
  align?: number;
  label?: string;
  /** Whether programs may write the block; they may unless told otherwise. */
  writable?: boolean;
}
