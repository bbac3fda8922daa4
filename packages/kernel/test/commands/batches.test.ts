/** Element commands in batches. */
import { BpfError } from "@bpf-ts/uapi";
import { E2BIG, EINVAL, ENOENT, ENOTSUPP, EPERM } from "@bpf-ts/uapi/errno";
import { BPF_F_RDONLY } from "@bpf-ts/uapi/map-flags";
import { BPF_MAP_TYPE_PERCPU_ARRAY, BPF_MAP_TYPE_PROG_ARRAY, BPF_MAP_TYPE_QUEUE } from "@bpf-ts/uapi/map-types";
import { expect, test } from "vitest";
import { createKernel } from "../../src/index.ts";
import { closeAll, errnoOf, hashMap, saying, trace, u32 } from "../programs.ts";

function detailsOf(body: () => unknown): unknown {
  try {
    body();
  } catch (error) {
    if (error instanceof BpfError) return [error.errno, error.details];
    throw error;
  }
  return undefined;
}

test("update, look up in two parts, take, delete", () => {
  const kernel = createKernel();
  const { bpf } = kernel;
  const map = hashMap(bpf);
  expect(bpf.mapUpdateBatch(map, 3, u32(1, 2, 3), u32(10, 20, 30))).toBe(3);
  const outBatch = new Uint8Array(4);
  const room = { outBatch, count: 2, keys: new Uint8Array(8), values: new Uint8Array(8) };
  const found = new Map<number, number>();
  for (let inBatch: Uint8Array | null = null, done = false; !done; inBatch = outBatch.slice()) {
    const result = bpf.mapLookupBatch(map, { ...room, inBatch });
    for (let i = 0; i < result.count; i++) found.set(room.keys[4 * i]!, room.values[4 * i]!);
    done = result.done;
  }
  expect([...found].sort()).toEqual([
    [1, 10],
    [2, 20],
    [3, 30],
  ]);
  expect(bpf.mapDeleteBatch(map, 1, u32(2))).toBe(1);
  expect(detailsOf(() => bpf.mapDeleteBatch(map, 3, u32(1, 2, 3)))).toEqual([ENOENT, { count: 1 }]);
  const all = { inBatch: null, outBatch, count: 16, keys: new Uint8Array(64), values: new Uint8Array(64) };
  expect(bpf.mapLookupAndDeleteBatch(map, all)).toEqual({ count: 1, done: true });
  expect([all.keys[0], all.values[0]]).toEqual([3, 30]);
  expect(bpf.mapGetNextKey(map, null, new Uint8Array(4))).toBe(false);
  closeAll(kernel);
});

test("a batch stops at the first element that fails, and says how far it came", () => {
  const kernel = createKernel();
  const { bpf } = kernel;
  const map = hashMap(bpf, 2);
  expect(detailsOf(() => bpf.mapUpdateBatch(map, 3, u32(1, 2, 3), u32(1, 2, 3)))).toEqual([E2BIG, { count: 2 }]);
  // Only BPF_F_LOCK is allowed, and only where there is a lock: no element is done then.
  expect(detailsOf(() => bpf.mapUpdateBatch(map, 1, u32(1), u32(1), 2n))).toEqual([EINVAL, { count: 0 }]);
  expect(detailsOf(() => bpf.mapDeleteBatch(map, 0, u32(), 4n))).toEqual([EINVAL, { count: 0 }]);
  expect(bpf.mapDeleteBatch(map, 0, u32())).toBe(0);
  closeAll(kernel);
});

test("types without batches, fds without rights, wrong lengths", () => {
  const kernel = createKernel();
  const { bpf } = kernel;
  const def = { name: "", keySize: 4, valueSize: 4, maxEntries: 2, mapFlags: 0 };
  const queue = bpf.mapCreate({ ...def, type: BPF_MAP_TYPE_QUEUE, keySize: 0 });
  expect(errnoOf(() => bpf.mapUpdateBatch(queue, 1, u32(), u32(1)))).toBe(ENOTSUPP);
  const progs = bpf.mapCreate({ ...def, type: BPF_MAP_TYPE_PROG_ARRAY });
  expect(errnoOf(() => bpf.mapDeleteBatch(progs, 1, u32(0)))).toBe(ENOTSUPP);
  const readOnly = hashMap(bpf, 2);
  bpf.mapFreeze(readOnly);
  expect(errnoOf(() => bpf.mapUpdateBatch(readOnly, 1, u32(1), u32(1)))).toBe(EPERM);
  const readOnlyFd = bpf.mapCreate({ ...def, type: 1, mapFlags: BPF_F_RDONLY });
  const room = { inBatch: null, outBatch: new Uint8Array(4), count: 1, keys: u32(0), values: u32(0) };
  expect(errnoOf(() => bpf.mapLookupAndDeleteBatch(readOnlyFd, room))).toBe(EPERM);
  expect(bpf.mapLookupBatch(readOnlyFd, room)).toEqual({ count: 0, done: true });
  expect(detailsOf(() => bpf.mapLookupBatch(readOnlyFd, { ...room, values: u32(0, 0) }))).toEqual([
    EINVAL,
    { what: "room for values", got: 8, expected: 4 },
  ]);
  expect(detailsOf(() => bpf.mapLookupBatch(readOnlyFd, { ...room, outBatch: new Uint8Array(2) }))).toEqual([
    EINVAL,
    { what: "end of the batch", got: 2, expected: 4 },
  ]);
  const percpu = bpf.mapCreate({ ...def, type: BPF_MAP_TYPE_PERCPU_ARRAY });
  expect(errnoOf(() => bpf.mapUpdateBatch(percpu, 1, u32(0), u32(0)))).toBe(EINVAL);
  expect(bpf.mapUpdateBatch(percpu, 1, u32(0), new Uint8Array(8 * bpf.possibleCpus))).toBe(1);
  closeAll(kernel);
});

test("what is attached to updates and deletes runs for every element that succeeded", () => {
  const kernel = createKernel();
  const { bpf } = kernel;
  const map = hashMap(bpf, 2);
  trace(bpf, "fentry", "bpf_map_trace_update_elem", saying("update"));
  trace(bpf, "fentry", "bpf_map_trace_delete_elem", saying("delete"));
  expect(errnoOf(() => bpf.mapUpdateBatch(map, 3, u32(1, 2, 3), u32(1, 2, 3)))).toBe(E2BIG);
  expect(errnoOf(() => bpf.mapDeleteBatch(map, 3, u32(1, 9, 2)))).toBe(ENOENT);
  expect(kernel.traceLog.lines).toEqual(["update", "update", "delete"]);
  closeAll(kernel);
});
