import { Memory } from "@bpf-ts/memory";
import type { MapDef } from "@bpf-ts/uapi";
import * as T from "@bpf-ts/uapi/map-types";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type BpfMap, MapTable, type SpecialField } from "../../src/index.ts";

const CPUS = 3;
const TYPES = {
  HASH: T.BPF_MAP_TYPE_HASH,
  PERCPU_HASH: T.BPF_MAP_TYPE_PERCPU_HASH,
  LRU_HASH: T.BPF_MAP_TYPE_LRU_HASH,
  LRU_PERCPU_HASH: T.BPF_MAP_TYPE_LRU_PERCPU_HASH,
} as const;

const size = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(63, 64, 65, 127, 128, 129, 136, 200, 511));
/** Which of a few keys, with which of a few values; what is done, on which CPU. */
const step = fc.record({
  what: fc.constantFrom("update", "update", "delete", "lookup"),
  key: fc.nat(11),
  value: fc.nat(255),
  cpu: fc.nat(CPUS - 1),
});

/** Bytes of key number `i`: long keys differ in their last byte alone. */
function keyBytes(length: number, i: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at === length - 1 ? i : 0xa5));
}

function valueBytes(length: number, value: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (value + at) & 0xff);
}

function create(memory: Memory, def: Partial<MapDef>, record: readonly SpecialField[] = []): BpfMap {
  const whole = { type: 1, name: "shape", keySize: 4, valueSize: 8, maxEntries: 64, mapFlags: 0, ...def };
  return new MapTable(memory, { cpus: CPUS }).create(whole, { record });
}

test.each(Object.entries(TYPES))("%s: keys and values of any size, as a JavaScript Map has them", (name, type) => {
  const percpu = name.includes("PERCPU");
  fc.assert(
    fc.property(size, size, fc.array(step, { maxLength: 60 }), (keySize, valueSize, steps) => {
      const memory = new Memory({ redZone: 16 });
      const map = create(memory, { type, keySize, valueSize });
      const key = memory.alloc(keySize);
      const value = memory.alloc(valueSize);
      /** By key: the value of each CPU. */
      const model = new Map<number, Uint8Array[]>();
      for (const s of steps) {
        memory.write(key, keyBytes(keySize, s.key));
        const known = model.get(s.key);
        if (s.what === "update") {
          memory.write(value, valueBytes(valueSize, s.value));
          expect(map.update(key, value, 0, s.cpu)).toBe(0);
          const values = known ?? Array.from({ length: CPUS }, () => new Uint8Array(valueSize));
          values[percpu ? s.cpu : 0] = valueBytes(valueSize, s.value);
          model.set(s.key, values);
        } else if (s.what === "delete") {
          expect(map.delete(key)).toBe(known === undefined ? -2 : 0);
          model.delete(s.key);
        } else {
          const found = map.lookup(key, s.cpu);
          expect(found !== 0).toBe(known !== undefined);
          if (known !== undefined) expect(memory.read(found, valueSize)).toEqual(known[percpu ? s.cpu : 0]);
        }
        expect(map.elementCount).toBe(model.size);
      }
      map.close();
      memory.checkRedZones();
      memory.free(key);
      memory.free(value);
      expect(memory.liveBytes).toBe(0);
    }),
    { numRuns: 60, seed: 1 },
  );
});

test.each([
  ["ARRAY", T.BPF_MAP_TYPE_ARRAY],
  ["PERCPU_ARRAY", T.BPF_MAP_TYPE_PERCPU_ARRAY],
])("%s: values of any size", (name, type) => {
  fc.assert(
    fc.property(size, fc.array(step, { maxLength: 40 }), (valueSize, steps) => {
      const memory = new Memory({ redZone: 16 });
      const map = create(memory, { type, valueSize, maxEntries: 10 });
      const key = memory.alloc(4);
      const value = memory.alloc(valueSize);
      const model = new Map<string, Uint8Array>();
      for (const s of steps) {
        memory.setU32(key, s.key);
        memory.write(value, valueBytes(valueSize, s.value));
        const at = `${s.key} ${name === "ARRAY" ? 0 : s.cpu}`;
        if (s.what === "update") {
          expect(map.update(key, value, 0, s.cpu)).toBe(s.key < 10 ? 0 : -7);
          if (s.key < 10) model.set(at, valueBytes(valueSize, s.value));
        } else {
          const found = map.lookup(key, s.cpu);
          expect(found !== 0).toBe(s.key < 10);
          if (found !== 0) expect(memory.read(found, valueSize)).toEqual(model.get(at) ?? new Uint8Array(valueSize));
        }
      }
      map.close();
      memory.checkRedZones();
    }),
    { numRuns: 60, seed: 1 },
  );
});

test.each(Object.entries({ ...TYPES, ARRAY: T.BPF_MAP_TYPE_ARRAY, PERCPU_ARRAY: T.BPF_MAP_TYPE_PERCPU_ARRAY }))(
  "%s: copies go around special fields",
  (_name, type) => {
    const memory = new Memory();
    const freed: number[] = [];
    const table = new MapTable(memory, { cpus: CPUS, hooks: { freeFields: (_map, value) => void freed.push(value) } });
    const record = [
      { offset: 4, size: 4, kind: "spin_lock" },
      { offset: 16, size: 8, kind: "kptr_ref" },
    ] as const;
    const def = { type, name: "fields", keySize: 4, valueSize: 27, maxEntries: 12, mapFlags: 0 };
    const map = table.create(def, { record });
    const key = memory.alloc(4);
    const value = memory.alloc(27);
    memory.write(
      value,
      Uint8Array.from({ length: 27 }, () => 0xee),
    );
    expect(map.update(key, value, 0, 1)).toBe(0);
    const found = map.lookup(key, 1);
    const expected = Uint8Array.from({ length: 27 }, (_, i) => ((i >= 4 && i < 8) || (i >= 16 && i < 24) ? 0 : 0xee));
    expect(memory.read(found, 27)).toEqual(expected);
    // What a program left in the fields: an update releases the pointer, and the lock's word stays where the element does.
    memory.setU32(found + 4, 1);
    memory.setU32(found + 16, 0x1234);
    freed.length = 0;
    expect(map.update(key, value, 0, 1)).toBe(0);
    expect(freed).toContain(found);
    const now = map.lookup(key, 1);
    expect(memory.getU32(now + 16)).toBe(0);
    expect(memory.getU32(now + 4)).toBe(now === found ? 1 : 0);
    map.close();
  },
);

test("maps of one shape share their code, others do not", () => {
  const table = new MapTable(new Memory());
  const def = { type: T.BPF_MAP_TYPE_HASH, name: "", keySize: 4, valueSize: 8, maxEntries: 4, mapFlags: 0 };
  const small = table.create(def);
  const large = table.create({ ...def, maxEntries: 4096 });
  const other = table.create({ ...def, valueSize: 9 });
  expect(large.ops.lookup).toBe(small.ops.lookup);
  expect(other.ops.lookup).not.toBe(small.ops.lookup);
  for (const map of table.maps()) map.close();
});

test("ops are for the CPU of the table", () => {
  const memory = new Memory();
  const table = new MapTable(memory, { cpus: CPUS });
  const def = { type: T.BPF_MAP_TYPE_PERCPU_HASH, name: "", keySize: 4, valueSize: 8, maxEntries: 4, mapFlags: 0 };
  const map = table.create(def);
  const key = memory.alloc(4);
  const value = memory.alloc(8);
  memory.setU64(value, 7n);
  table.cpu = 2;
  expect(map.ops.update(map.handle, key, value, 0)).toBe(0);
  expect(table.ops.lookup(map.handle, key, 0, 0)).toBe(map.lookup(key, 2));
  expect([0, 1, 2].map((cpu) => memory.getU64(map.lookup(key, cpu)))).toEqual([0n, 0n, 7n]);
  expect(map.ops.delete(map.handle, key, 0, 0)).toBe(0);
  expect(map.ops.delete(map.handle, key, 0, 0)).toBe(-2);
  map.close();
});
