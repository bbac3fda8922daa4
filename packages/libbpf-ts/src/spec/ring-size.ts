import { BPF_MAP_TYPE_RINGBUF, BPF_MAP_TYPE_USER_RINGBUF } from "@bpf-ts/uapi/map-types";

const PAGE_SIZE = 4096;
/** Largest power of two that max_entries can hold. */
const MAX_RING = 0x80000000;

/**
 * `max_entries` as it is asked for: of ring buffers a power of two of pages, which the kernel demands. 0, and what is too large, are left for it to
 * refuse.
 *
 * @see v6.12 tools/lib/bpf/libbpf.c, adjust_ringbuf_sz
 */
export function adjustedSize(type: number, maxEntries: number): number {
  const isRing = type === BPF_MAP_TYPE_RINGBUF || type === BPF_MAP_TYPE_USER_RINGBUF;
  if (!isRing || maxEntries === 0 || maxEntries > MAX_RING) return maxEntries;
  let size = PAGE_SIZE;
  while (size < maxEntries) size *= 2;
  return size;
}
