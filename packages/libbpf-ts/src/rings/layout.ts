/**
 * How ring buffers lie in memory: {consumer's page | producer's page | data | data again}. Positions count bytes since the beginning and never go
 * back; a record is {u32 length with two flags; u32 of the kernel's own; data, padded to 8 bytes}.
 *
 * @see v6.18 kernel/bpf/ringbuf.c
 */
export const PAGE = 4096;
/** Bytes of a record's header. */
export const HEADER = 8;
/** Reserved and not committed yet. */
export const BUSY = 0x8000_0000;
/** Committed, and to be skipped. */
export const DISCARD = 0x4000_0000;
/** Length of the longest record. */
export const LENGTH_MASK = 0x3fff_ffff;

/** Bytes that a record of `length` bytes takes. */
export function recordBytes(length: number): number {
  return Math.ceil((length + HEADER) / 8) * 8;
}
