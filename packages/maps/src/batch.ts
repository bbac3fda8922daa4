import { MemoryError } from "@bpf-ts/memory";
import { ENOENT, ENOMEM } from "@bpf-ts/uapi/errno";
import type { BatchResult, BpfMap, LookupBatch } from "./map.ts";

/**
 * Batch commands element by element, for types whose order of keys is the state of the walk. The state between two batches is a key.
 *
 * @see v6.18 kernel/bpf/syscall.c, generic_map_lookup_batch, generic_map_update_batch, generic_map_delete_batch
 */
export function lookupBatch(map: BpfMap, batch: LookupBatch): BatchResult {
  const { keySize } = map.def;
  const { memory } = map.table;
  const { keys, values, count: room, flags, inBatch, outBatch } = batch;
  if (room === 0) return { error: 0, count: 0 };
  const size = map.sysValueSize;
  let scratch: number;
  try {
    scratch = memory.reserve(2 * keySize, { label: "batch keys" });
  } catch (error) {
    if (error instanceof MemoryError) return { error: -ENOMEM, count: 0 };
    throw error;
  }
  let previous = 0;
  let next = scratch;
  if (inBatch !== 0) {
    previous = scratch + keySize;
    memory.copy(previous, inBatch, keySize);
  }
  let count = 0;
  let error = 0;
  while (count < room) {
    error = map.getNextKey(previous, next);
    if (error !== 0) break;
    error = map.sysLookup(next, values + count * size, flags);
    if (error === 0) {
      memory.copy(keys + count * keySize, next, keySize);
      count++;
    } else if (error !== -ENOENT) {
      break;
    }
    // Elements that vanished meanwhile, and empty ones, are passed over.
    if (previous === 0) previous = scratch + keySize;
    [previous, next] = [next, previous];
    error = 0;
  }
  if (count > 0 && (error === 0 || error === -ENOENT)) memory.copy(outBatch, previous, keySize);
  memory.free(scratch);
  return { error, count: error === 0 || error === -ENOENT ? count : 0 };
}

/** `BPF_MAP_UPDATE_BATCH`: stops at the first failure. */
export function updateBatch(
  map: BpfMap,
  keys: number,
  values: number,
  count: number,
  flags: number,
  cpu: number,
): BatchResult {
  for (let i = 0; i < count; i++) {
    const error = map.sysUpdate(keys + i * map.def.keySize, values + i * map.sysValueSize, flags, cpu);
    if (error !== 0) return { error, count: i };
  }
  return { error: 0, count };
}

/** `BPF_MAP_DELETE_BATCH`: stops at the first failure. */
export function deleteBatch(map: BpfMap, keys: number, count: number): BatchResult {
  for (let i = 0; i < count; i++) {
    const error = map.sysDelete(keys + i * map.def.keySize);
    if (error !== 0) return { error, count: i };
  }
  return { error: 0, count };
}
