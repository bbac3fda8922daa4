import { Memory } from "@bpf-ts/memory";
import { BpfError } from "@bpf-ts/uapi";
import * as T from "@bpf-ts/uapi/map-types";
import { describe, expect, test } from "vitest";
import {
  createMap,
  HEADER_ID,
  HEADER_MAP_FLAGS,
  HEADER_NAME,
  HEADER_TRACERS,
  HEADER_VISIBLE,
  MapTable,
} from "../src/index.ts";
import { mapErrorOf, World } from "./map-world.ts";

const STORAGE = { btf: { keyTypeId: 1, valueTypeId: 2 } };

/** A definition that is fine, for every type that there is. */
const GOOD: readonly [
  name: string,
  type: number,
  keySize: number,
  valueSize: number,
  entries: number,
  flags: number,
][] = [
  ["HASH", T.BPF_MAP_TYPE_HASH, 4, 8, 4, 0],
  ["HASH, not preallocated", T.BPF_MAP_TYPE_HASH, 4, 8, 4, 1],
  ["ARRAY", T.BPF_MAP_TYPE_ARRAY, 4, 8, 4, 0],
  ["ARRAY, mmapable", T.BPF_MAP_TYPE_ARRAY, 4, 8, 4, 1024],
  ["PROG_ARRAY", T.BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 4, 0],
  ["PERF_EVENT_ARRAY", T.BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 4, 0],
  ["PERCPU_HASH", T.BPF_MAP_TYPE_PERCPU_HASH, 4, 8, 4, 0],
  ["PERCPU_ARRAY", T.BPF_MAP_TYPE_PERCPU_ARRAY, 4, 8, 4, 0],
  ["STACK_TRACE", T.BPF_MAP_TYPE_STACK_TRACE, 4, 64, 4, 0],
  ["CGROUP_ARRAY", T.BPF_MAP_TYPE_CGROUP_ARRAY, 4, 4, 4, 0],
  ["LRU_HASH", T.BPF_MAP_TYPE_LRU_HASH, 4, 8, 4, 0],
  ["LRU_HASH, lists for each CPU", T.BPF_MAP_TYPE_LRU_HASH, 4, 8, 4, 2],
  ["LRU_PERCPU_HASH", T.BPF_MAP_TYPE_LRU_PERCPU_HASH, 4, 8, 4, 0],
  ["LPM_TRIE", T.BPF_MAP_TYPE_LPM_TRIE, 8, 8, 4, 1],
  ["ARRAY_OF_MAPS", T.BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4, 4, 0],
  ["HASH_OF_MAPS", T.BPF_MAP_TYPE_HASH_OF_MAPS, 4, 4, 4, 0],
  ["DEVMAP", T.BPF_MAP_TYPE_DEVMAP, 4, 4, 4, 0],
  ["SOCKMAP", T.BPF_MAP_TYPE_SOCKMAP, 4, 8, 4, 0],
  ["CPUMAP", T.BPF_MAP_TYPE_CPUMAP, 4, 4, 4, 0],
  ["XSKMAP", T.BPF_MAP_TYPE_XSKMAP, 4, 4, 4, 0],
  ["SOCKHASH", T.BPF_MAP_TYPE_SOCKHASH, 4, 8, 4, 0],
  ["CGROUP_STORAGE", T.BPF_MAP_TYPE_CGROUP_STORAGE, 8, 8, 0, 0],
  ["REUSEPORT_SOCKARRAY", T.BPF_MAP_TYPE_REUSEPORT_SOCKARRAY, 4, 8, 4, 0],
  ["PERCPU_CGROUP_STORAGE", T.BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE, 16, 8, 0, 0],
  ["QUEUE", T.BPF_MAP_TYPE_QUEUE, 0, 8, 4, 0],
  ["STACK", T.BPF_MAP_TYPE_STACK, 0, 8, 4, 0],
  ["SK_STORAGE", T.BPF_MAP_TYPE_SK_STORAGE, 4, 8, 0, 1],
  ["DEVMAP_HASH", T.BPF_MAP_TYPE_DEVMAP_HASH, 4, 4, 4, 0],
  ["STRUCT_OPS", T.BPF_MAP_TYPE_STRUCT_OPS, 4, 64, 1, 0],
  ["RINGBUF", T.BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0],
  ["INODE_STORAGE", T.BPF_MAP_TYPE_INODE_STORAGE, 4, 8, 0, 1],
  ["TASK_STORAGE", T.BPF_MAP_TYPE_TASK_STORAGE, 4, 8, 0, 1],
  ["BLOOM_FILTER", T.BPF_MAP_TYPE_BLOOM_FILTER, 0, 8, 4, 0],
  ["USER_RINGBUF", T.BPF_MAP_TYPE_USER_RINGBUF, 0, 0, 4096, 0],
  ["CGRP_STORAGE", T.BPF_MAP_TYPE_CGRP_STORAGE, 4, 8, 0, 1],
  ["ARENA", T.BPF_MAP_TYPE_ARENA, 0, 0, 4, 1024],
];

test("the list of good definitions names every type", () => {
  const types = new Set(GOOD.map(([, type]) => type));
  expect(types.size).toBe(T.MAX_BPF_MAP_TYPE - 1);
});

describe("every type", () => {
  test.each(GOOD)(
    "%s: made, found by its handle, closed without a trace",
    (_name, type, keySize, valueSize, entries, flags) => {
      const world = new World();
      const template = world.create(T.BPF_MAP_TYPE_HASH);
      const before = world.memory.liveBytes;
      const storage = [24, 28, 29, 32].includes(type) ? STORAGE : {};
      const structOps = { btf: { keyTypeId: 0, valueTypeId: 0, vmlinuxValueTypeId: 7 } };
      const map = world.create(
        type,
        { keySize, valueSize, maxEntries: entries, mapFlags: flags },
        {
          inner: () => template,
          ...storage,
          ...(type === T.BPF_MAP_TYPE_STRUCT_OPS ? structOps : {}),
          structOps: () => ({ valueSize: 64, dataOffset: 8, init: () => 0 }),
        },
      );
      expect(map.def.type).toBe(type);
      expect(world.table.get(map.handle)).toBe(map);
      expect(world.table.get(map.handle + 8)).toBeUndefined();
      expect(world.memory.liveBytes).toBeGreaterThan(before);
      map.close();
      map.close();
      expect(world.memory.liveBytes).toBe(before);
      expect(world.table.maps()).toEqual([template]);
      const error = mapErrorOf(() => map.lookup(world.key(0), 0));
      expect([error.code, error.errno]).toEqual(["EBADF", 9]);
      expect(mapErrorOf(() => map.sysUpdate(0, 0, 0, 0)).message).toMatch(/ map '' is closed$/);
    },
  );

  test.each(GOOD)(
    "%s: without memory: ENOMEM, and nothing has changed",
    (_name, type, keySize, valueSize, entries, flags) => {
      const memory = new Memory({ maxBytes: 128 * 1024 });
      // All but a little: the header fits, the rest does not always.
      const hog: number[] = [];
      for (const size of [4096, 256, 64]) {
        try {
          for (;;) hog.push(memory.alloc(size));
        } catch {
          // Full of blocks of this size.
        }
      }
      const before = memory.liveBytes;
      const table = new MapTable(memory);
      const options = {
        inner: () => table.create({ type: 1, name: "", keySize: 4, valueSize: 8, maxEntries: 1, mapFlags: 0 }),
        btf: type === 26 ? { keyTypeId: 0, valueTypeId: 0, vmlinuxValueTypeId: 7 } : STORAGE.btf,
        structOps: () => ({ valueSize: 64, dataOffset: 8, init: () => 0 }),
      };
      const error = mapErrorOf(() =>
        table.create({ type, name: "", keySize, valueSize, maxEntries: entries, mapFlags: flags }, options),
      );
      expect([error.code, error.errno]).toEqual(["ENOMEM", 12]);
      expect(error).toBeInstanceOf(BpfError);
      expect(memory.liveBytes).toBe(before);
      expect(table.maps()).toEqual([]);
    },
  );
});

describe("refusals", () => {
  test("say what, and with Linux's errno", () => {
    const world = new World();
    const before = world.memory.liveBytes;
    const error = mapErrorOf(() => world.create(T.BPF_MAP_TYPE_HASH, { name: "flows", maxEntries: 0 }));
    expect([error.name, error.code, error.errno]).toEqual(["MapError", "EINVAL", 22]);
    expect(error.message).toBe("hash map 'flows' (key 4, value 8, 0 entries): these sizes or flags are not allowed");
    expect(mapErrorOf(() => world.create(T.BPF_MAP_TYPE_LRU_HASH, { mapFlags: 1 })).errno).toBe(524);
    expect(mapErrorOf(() => world.create(T.BPF_MAP_TYPE_HASH, { valueSize: 4 * 1024 * 1024 })).errno).toBe(7);
    expect(mapErrorOf(() => world.create(99)).message).toBe(
      "unknown(99) map (key 4, value 8, 4 entries): unknown map type",
    );
    expect(mapErrorOf(() => world.create(T.BPF_MAP_TYPE_HASH, { name: "has-dash" })).errno).toBe(22);
    expect(mapErrorOf(() => world.create(T.BPF_MAP_TYPE_HASH, { mapFlags: 8 | 16 })).message).toContain(
      "exclude each other",
    );
    expect(mapErrorOf(() => world.create(T.BPF_MAP_TYPE_ARRAY_OF_MAPS, { valueSize: 4 })).errno).toBe(9);
    expect(mapErrorOf(() => world.create(T.BPF_MAP_TYPE_SK_STORAGE, { mapFlags: 1, maxEntries: 0 })).errno).toBe(22);
    expect(world.memory.liveBytes).toBe(before);
  });

  test("what is not modelled says so, after what is wrong", () => {
    const world = new World();
    expect(() => world.create(T.BPF_MAP_TYPE_HASH, { mapFlags: 65536 })).toThrow("unsupported: BPF token");
    expect(mapErrorOf(() => world.create(T.BPF_MAP_TYPE_HASH, { mapFlags: 65536, keySize: 0 })).errno).toBe(22);
    expect(world.leak).toBe(0);
  });

  test("more than the memory holds, up to 4 GiB arrays", () => {
    const world = new World();
    for (const maxEntries of [2 ** 26, 2 ** 29, 2 ** 32 - 1]) {
      expect(mapErrorOf(() => world.create(T.BPF_MAP_TYPE_ARRAY, { maxEntries })).errno).toBe(12);
      expect(mapErrorOf(() => world.create(T.BPF_MAP_TYPE_PERCPU_ARRAY, { maxEntries })).errno).toBe(12);
    }
    expect(mapErrorOf(() => world.create(T.BPF_MAP_TYPE_HASH, { maxEntries: 2 ** 26 })).errno).toBe(12);
    expect(mapErrorOf(() => world.create(T.BPF_MAP_TYPE_HASH, { maxEntries: 2 ** 32 - 1 })).errno).toBe(7);
    expect(world.leak).toBe(0);
  });
});

describe("the header", () => {
  test("holds the definition, for programs to read", () => {
    const world = new World();
    const map = world.create(T.BPF_MAP_TYPE_HASH, { name: "flows", maxEntries: 7, mapFlags: 1 | 8 });
    const { memory } = world;
    map.id = 42;
    const words = Array.from({ length: 6 }, (_, i) => memory.getU32(map.handle + 4 * i));
    expect(words).toEqual([1, 4, 8, 7, 1, 42]);
    expect(memory.getU32(map.handle + HEADER_MAP_FLAGS)).toBe(map.def.mapFlags);
    expect(memory.readCString(map.handle + HEADER_NAME, 16)).toBe("flows");
    expect(memory.isLive(map.handle, HEADER_VISIBLE)).toBe(true);
    expect(memory.isLive(map.handle, 4, true)).toBe(false);
    expect(memory.isLive(map.handle + HEADER_VISIBLE, 4)).toBe(false);
    expect(memory.getU32(map.handle + HEADER_ID)).toBe(map.id);
  });

  test("a word says whether somebody traces the map", () => {
    const world = new World();
    const map = world.create(T.BPF_MAP_TYPE_ARRAY);
    const tracers = { list: [] };
    map.tracers = tracers;
    expect(map.tracers).toBe(tracers);
    expect(world.memory.getU32(map.handle + HEADER_TRACERS)).not.toBe(0);
    map.tracers = undefined;
    expect(world.memory.getU32(map.handle + HEADER_TRACERS)).toBe(0);
  });
});

test("createMap makes a table of its own", () => {
  const memory = new Memory();
  const map = createMap(
    memory,
    { type: 6, name: "", keySize: 4, valueSize: 3, maxEntries: 2, mapFlags: 0 },
    { cpus: 3 },
  );
  expect(map.sysValueSize).toBe(24);
  expect(map.table.get(map.handle)).toBe(map);
  map.close();
  expect(memory.liveBytes).toBe(0);
});

test("lists for each CPU round the number of entries up", () => {
  const world = new World({ cpus: 4 });
  expect(world.create(T.BPF_MAP_TYPE_LRU_HASH, { maxEntries: 5, mapFlags: 2 }).def.maxEntries).toBe(8);
  expect(world.create(T.BPF_MAP_TYPE_LRU_HASH, { maxEntries: 5 }).def.maxEntries).toBe(5);
});
