import { flags32 } from "@bpf-ts/maps";
import type { MapBatchResult, MapLookupBatchAttr } from "@bpf-ts/uapi";
import { ENOENT } from "@bpf-ts/uapi/errno";
import type { Machine } from "../machine.ts";
import type { MapObject } from "../objects/map-object.ts";
import type { Process } from "../process/process.ts";
import { mapFile } from "./files.ts";
import { check, checkLength, openMap, withBytes } from "./map-access.ts";

/**
 * Element commands in batches. A failure says in `details.count` how many elements were done before it.
 *
 * @see v6.18 kernel/bpf/syscall.c, bpf_map_do_batch
 */

/** BPF_MAP_LOOKUP_BATCH, or …_LOOKUP_AND_DELETE_BATCH. @throws KernelError */
export function mapLookupBatch(
  machine: Machine,
  process: Process,
  fd: number,
  attr: MapLookupBatchAttr,
  remove: boolean,
): MapBatchResult {
  const map = openMap(process, fd, remove ? ["read", "write"] : ["read"]);
  const { inBatch, outBatch, count, keys, values, elemFlags = 0n } = attr;
  const { keySize } = map.def;
  const stateSize = Math.max(4, keySize);
  const word = flags32(elemFlags);
  // A type that has no such batch, and flags that are not allowed, come before the buffers.
  const empty = { inBatch: 0, outBatch: 0, keys: 0, values: 0, count: 0, flags: word };
  check(map, "lookup batch", map.map.sysLookupBatch(empty, remove).error, { count: 0 });
  if (inBatch !== null) checkLength(map, "start of the batch", inBatch.length, stateSize);
  checkLength(map, "end of the batch", outBatch.length, stateSize);
  checkLength(map, "room for keys", keys.length, count * keySize);
  checkLength(map, "room for values", values.length, count * map.map.sysValueSize);
  const parts = [inBatch ?? 0, outBatch, keys.length, values.length];
  return withBytes(machine, parts, (inAddr, outAddr, keysAddr, valuesAddr) => {
    const batch = {
      inBatch: inBatch === null ? 0 : inAddr!,
      outBatch: outAddr!,
      keys: keysAddr!,
      values: valuesAddr!,
      count,
      flags: word,
    };
    const result = map.map.sysLookupBatch(batch, remove);
    const done = result.error === -ENOENT;
    if (!done) check(map, "lookup batch", result.error, { count: result.count === count ? 0 : result.count });
    const { u8 } = machine.memory;
    outBatch.set(u8.subarray(outAddr!, outAddr! + stateSize));
    keys.set(u8.subarray(keysAddr!, keysAddr! + result.count * keySize));
    values.set(u8.subarray(valuesAddr!, valuesAddr! + result.count * map.map.sysValueSize));
    return { count: result.count, done };
  });
}

/** BPF_MAP_UPDATE_BATCH. Functions' hooks run for each element. @throws KernelError */
export function mapUpdateBatch(
  machine: Machine,
  process: Process,
  fd: number,
  count: number,
  keys: Uint8Array,
  values: Uint8Array,
  flags: bigint,
): number {
  const map = openMap(process, fd, ["write"]);
  const { keySize } = map.def;
  const valueSize = map.map.sysValueSize;
  const { cpu } = process;
  const word = flags32(flags);
  check(map, "update batch", map.map.sysUpdateBatch(0, 0, 0, word, cpu).error, { count: 0 });
  checkLength(map, "keys", keys.length, count * keySize);
  checkLength(map, "values", values.length, count * valueSize);
  const file = mapFile(process, fd);
  const fires = machine.mapWrites.firesOnSysUpdate(map);
  return machine.functions.withoutProbes(cpu, () =>
    withBytes(machine, [keys, values], (keysAddr, valuesAddr) =>
      oneByOne(map, "update batch", count, (i) => {
        const [key, value] = [keysAddr! + i * keySize, valuesAddr! + i * valueSize];
        const { error } = machine.asUpdater(file, () => map.map.sysUpdateBatch(key, value, 1, word, cpu));
        return error === 0 && fires ? machine.mapWrites.updated(map, key, value, word, cpu) : error;
      }),
    ),
  );
}

/** BPF_MAP_DELETE_BATCH. Functions' hooks run for each element. @throws KernelError */
export function mapDeleteBatch(
  machine: Machine,
  process: Process,
  fd: number,
  count: number,
  keys: Uint8Array,
  flags: bigint,
): number {
  const map = openMap(process, fd, ["write"]);
  const { keySize } = map.def;
  const { cpu } = process;
  const word = flags32(flags);
  check(map, "delete batch", map.map.sysDeleteBatch(0, 0, word).error, { count: 0 });
  checkLength(map, "keys", keys.length, count * keySize);
  return machine.functions.withoutProbes(cpu, () =>
    withBytes(machine, [keys], (keysAddr) =>
      oneByOne(map, "delete batch", count, (i) => {
        const key = keysAddr! + i * keySize;
        const { error } = map.map.sysDeleteBatch(key, 1, word);
        return error === 0 ? machine.mapWrites.deleted(map, key, cpu) : error;
      }),
    ),
  );
}

/** Batches of one element, so that hooks run between them. */
function oneByOne(map: MapObject, what: string, count: number, step: (i: number) => number): number {
  for (let i = 0; i < count; i++) check(map, what, step(i), { count: i });
  return count;
}
