import type { Memory } from "@bpf-ts/memory";
import { ENOENT } from "@bpf-ts/uapi/errno";

/** The index that a key is, unsigned. */
export function indexAt(memory: Memory, key: number): number {
  return memory.dataView.getUint32(key >>> 0, true);
}

/**
 * The order of keys in arrays: 0 … entries - 1, all of them there; whatever is no index is before the first.
 *
 * @see v6.18 kernel/bpf/arraymap.c, array_map_get_next_key
 */
export function nextIndex(memory: Memory, entries: number, key: number, next: number): number {
  const index = key === 0 ? 0xffff_ffff : indexAt(memory, key);
  if (index >= entries) {
    memory.setU32(next, 0);
    return 0;
  }
  if (index === entries - 1) return -ENOENT;
  memory.setU32(next, index + 1);
  return 0;
}
