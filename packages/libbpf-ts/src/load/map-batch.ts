import type { Bpf, MapBatchResult, MapLookupBatchAttr } from "@bpf-ts/uapi";
import { BpfError } from "@bpf-ts/uapi";
import { ENOSPC } from "@bpf-ts/uapi/errno";
import { LibbpfError } from "../error.ts";
import type { ValueCodec } from "../typed/value-codec.ts";

/** Where a look-up in batches stands: make one, and pass it to each. It belongs to one map. */
export class BatchCursor {
  /** The last batch was the end of the map. */
  done = false;
  /** What the kernel wants to see again: undefined before the first batch. */
  state: Uint8Array | undefined;
}

/** A map as batches need it. */
export interface BatchMap {
  readonly bpf: Bpf;
  readonly fd: number;
  /** For errors. */
  readonly name: string;
  /** Bytes of a key. */
  readonly keySize: number;
  readonly keys: ValueCodec;
  /** Of whole values: all CPUs'. */
  readonly values: ValueCodec;
}

/**
 * One batch of `BPF_MAP_LOOKUP_BATCH`, or `…_LOOKUP_AND_DELETE_BATCH`.
 *
 * @throws BpfError ENOSPC where a hash has more elements in one place than there is room for: the cursor stays where it is; ENOTSUPP for types
 * without batches
 */
export function lookupBatch(map: BatchMap, cursor: BatchCursor, count: number, remove: boolean): [unknown, unknown][] {
  checkCount(map, count);
  if (cursor.done) return [];
  const { keySize, values } = map;
  const attr: MapLookupBatchAttr = {
    inBatch: cursor.state ?? null,
    outBatch: new Uint8Array(Math.max(4, keySize)),
    count,
    keys: new Uint8Array(count * keySize),
    values: new Uint8Array(count * values.size),
  };
  const found: MapBatchResult = remove
    ? map.bpf.mapLookupAndDeleteBatch(map.fd, attr)
    : map.bpf.mapLookupBatch(map.fd, attr);
  cursor.done = found.done;
  cursor.state = attr.outBatch;
  return Array.from({ length: found.count }, (_, i): [unknown, unknown] => [
    map.keys.decode(attr.keys.subarray(i * keySize, (i + 1) * keySize)),
    values.decode(attr.values.subarray(i * values.size, (i + 1) * values.size)),
  ]);
}

function checkCount(map: BatchMap, count: number): void {
  if (!Number.isInteger(count) || count < 1)
    throw new LibbpfError("VALUE", `map ${map.name}: a batch of ${count} elements`);
}

/** All elements, batch by batch. Batches grow where a hash has more elements in one place than `count`. */
export function* lookupBatches(map: BatchMap, count: number): IterableIterator<[unknown, unknown][]> {
  const cursor = new BatchCursor();
  let room = count;
  while (!cursor.done) {
    let found: [unknown, unknown][];
    try {
      found = lookupBatch(map, cursor, room, false);
    } catch (error) {
      if (!(error instanceof BpfError) || error.errno !== ENOSPC) throw error;
      room *= 2;
      continue;
    }
    if (found.length > 0) yield found;
  }
}

/**
 * `BPF_MAP_UPDATE_BATCH`.
 *
 * @returns how many were written: all
 * @throws BpfError with the errno of the first that failed; `details.count` says how many were written before it
 */
export function updateBatch(map: BatchMap, entries: Iterable<readonly [unknown, unknown]>, flags: bigint): number {
  const keys: Uint8Array[] = [];
  const values: Uint8Array[] = [];
  for (const [key, value] of entries) {
    keys.push(map.keys.encode(key));
    values.push(map.values.encode(value));
  }
  return map.bpf.mapUpdateBatch(map.fd, keys.length, joined(keys), joined(values), flags);
}

/** `BPF_MAP_DELETE_BATCH`. @returns how many were deleted: all. @throws as {@link updateBatch} */
export function deleteBatch(map: BatchMap, keys: Iterable<unknown>): number {
  const encoded = Array.from(keys, (key) => map.keys.encode(key));
  return map.bpf.mapDeleteBatch(map.fd, encoded.length, joined(encoded));
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
