/// <reference types="node" />
import { Btf, BtfBuilder } from "@bpf-ts/btf";
import { BpfError } from "@bpf-ts/uapi";
import { BPF_F_MMAPABLE, BPF_F_NO_PREALLOC, BPF_F_RDONLY_PROG } from "@bpf-ts/uapi/map-flags";
import {
  BPF_MAP_TYPE_ARRAY,
  BPF_MAP_TYPE_ARRAY_OF_MAPS,
  BPF_MAP_TYPE_DEVMAP,
  BPF_MAP_TYPE_HASH,
  BPF_MAP_TYPE_HASH_OF_MAPS,
  BPF_MAP_TYPE_LPM_TRIE,
  BPF_MAP_TYPE_LRU_HASH,
  BPF_MAP_TYPE_PERCPU_HASH,
  BPF_MAP_TYPE_RINGBUF,
} from "@bpf-ts/uapi/map-types";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareMaps, type DefinedMap, LibbpfError, type MapComparison, type MapSpec } from "../../src/index.ts";

const PLAIN: MapSpec = {
  declaredName: "m",
  name: "m",
  origin: "btf",
  type: BPF_MAP_TYPE_HASH,
  keySize: 4,
  valueSize: 8,
  maxEntries: 16,
  mapFlags: 0,
  keyTypeId: 0,
  valueTypeId: 0,
  pinning: 0,
  autocreate: true,
};

function untyped(changes: Partial<MapSpec> = {}): DefinedMap {
  return { spec: { ...PLAIN, ...changes }, btf: undefined };
}

/** Types to describe values with: added to every BTF in this order. */
class Types extends BtfBuilder {
  readonly u32 = this.addInt("unsigned int", 4);
  readonly s32 = this.addInt("int", 4, { signed: true });
  readonly u64 = this.addInt("unsigned long long", 8);
  readonly u8 = this.addInt("unsigned char", 1);

  struct(fields: Readonly<Record<string, number>>, name = "s"): number {
    return this.addFields(
      "struct",
      name,
      Object.entries(fields).map(([field, type]) => ({ name: field, type })),
    );
  }

  union(fields: Readonly<Record<string, number>>, name = "u"): number {
    return this.addFields(
      "union",
      name,
      Object.entries(fields).map(([field, type]) => ({ name: field, type })),
    );
  }
}

type Describe = (types: Types) => number;

function typed(value: Describe, key: Describe = (t) => t.u32, changes: Partial<MapSpec> = {}): DefinedMap {
  const types = new Types();
  const [keyTypeId, valueTypeId] = [key(types), value(types)];
  const btf: Btf = types.toBtf();
  const [keySize, valueSize] = [btf.sizeOf(keyTypeId), btf.sizeOf(valueTypeId)];
  return { spec: { ...PLAIN, keyTypeId, valueTypeId, keySize, valueSize, ...changes }, btf };
}

function summary({ verdict, differences }: MapComparison): string[] {
  return [verdict, ...differences.map(({ kind, path, effect }) => `${kind} ${path}: ${effect}`)];
}

describe("definitions without types", () => {
  const UNKNOWN = [
    "key: its type is not known on both sides: compared by size alone",
    "value: its type is not known on both sides: compared by size alone",
  ];

  test.each<[string, Partial<MapSpec>, Partial<MapSpec>, string[]]>([
    ["the same", {}, {}, ["reusable"]],
    ["another name", {}, { name: "n", declaredName: "n" }, ["reusable"]],
    ["another node", {}, { numaNode: 1 }, ["reusable", "changed numa_node: reusable"]],
    ["a larger key", {}, { keySize: 8 }, ["breaking", "changed key_size: breaking"]],
    ["a smaller value", {}, { valueSize: 4 }, ["breaking", "changed value_size: breaking"]],
    ["grown", {}, { maxEntries: 17 }, ["migratable", "changed max_entries: migratable"]],
    ["flags", {}, { mapFlags: BPF_F_NO_PREALLOC }, ["migratable", "changed map_flags: migratable"]],
    ["hash to LRU", {}, { type: BPF_MAP_TYPE_LRU_HASH }, ["migratable", "changed type: migratable"]],
    ["hash to per-CPU", {}, { type: BPF_MAP_TYPE_PERCPU_HASH }, ["breaking", "changed type: breaking"]],
    ["hash to LPM", {}, { type: BPF_MAP_TYPE_LPM_TRIE }, ["breaking", "changed type: breaking"]],
    [
      "a map that programs must not write",
      {},
      { mapFlags: BPF_F_RDONLY_PROG },
      ["breaking", "changed map_flags: breaking"],
    ],
    [
      "the flag that every DEVMAP gets",
      { type: BPF_MAP_TYPE_DEVMAP },
      { type: BPF_MAP_TYPE_DEVMAP, mapFlags: BPF_F_RDONLY_PROG },
      ["reusable"],
    ],
    [
      "a larger ring",
      { type: BPF_MAP_TYPE_RINGBUF, keySize: 0, valueSize: 0, maxEntries: 4096 },
      { type: BPF_MAP_TYPE_RINGBUF, keySize: 0, valueSize: 0, maxEntries: 8192 },
      ["breaking", "changed max_entries: breaking"],
    ],
    [
      "a ring that is made as large as the other",
      { type: BPF_MAP_TYPE_RINGBUF, keySize: 0, valueSize: 0, maxEntries: 5000 },
      { type: BPF_MAP_TYPE_RINGBUF, keySize: 0, valueSize: 0, maxEntries: 8192 },
      ["reusable"],
    ],
    ["map_extra", { mapExtra: 0n }, { mapExtra: 5n }, ["migratable", "changed map_extra: migratable"]],
    ["map_extra left out", {}, { mapExtra: 0n }, ["reusable"]],
  ])("%s", (_, was, is, expected) => {
    expect(summary(compareMaps(untyped(was), untyped(is)))).toEqual(expected);
  });

  test("are compared by size, and it is said so", () => {
    expect(compareMaps(untyped(), untyped()).warnings).toEqual(UNKNOWN);
    expect(
      compareMaps(
        untyped(),
        typed((t) => t.u64),
      ).warnings,
    ).toEqual(UNKNOWN);
  });

  test("old and new are named", () => {
    const { differences } = compareMaps(
      untyped({ mapFlags: BPF_F_NO_PREALLOC | BPF_F_MMAPABLE | 0x80000000 }),
      untyped({ type: BPF_MAP_TYPE_ARRAY }),
    );
    expect(differences).toEqual([
      {
        kind: "changed",
        path: "type",
        old: "hash",
        new: "array",
        effect: "migratable",
        reason: "entries of both have a key and a value",
      },
      {
        kind: "changed",
        path: "map_flags",
        old: "BPF_F_NO_PREALLOC|BPF_F_MMAPABLE|0x80000000",
        new: "none",
        effect: "migratable",
        reason: "fixed when a map is created",
      },
    ]);
  });
});

describe("values by their types", () => {
  test.each<[string, Describe, Describe, string[]]>([
    ["typedefs and qualifiers", (t) => t.u32, (t) => t.addTypedef("x", t.addConst(t.u32)), ["reusable"]],
    ["signedness", (t) => t.u32, (t) => t.s32, ["migratable", "retyped value: migratable"]],
    [
      "widened",
      (t) => t.u32,
      (t) => t.u64,
      ["migratable", "changed value_size: migratable", "resized value: migratable"],
    ],
    [
      "two fields become one of the same size",
      (t) => t.struct({ a: t.u32, b: t.u32 }),
      (t) => t.struct({ a: t.u64 }),
      ["migratable", "resized value.a: migratable", "removed value.b: migratable"],
    ],
    [
      "padding is used",
      (t) => t.struct({ a: t.u64, b: t.u32 }),
      (t) => t.struct({ a: t.u64, b: t.u32, c: t.u32 }),
      ["migratable", "added value.c: migratable"],
    ],
    [
      "renamed",
      (t) => t.struct({ a: t.u32, b: t.u32 }),
      (t) => t.struct({ a: t.u32, c: t.u32 }),
      ["migratable", "renamed value.b: migratable"],
    ],
    [
      "nothing in common",
      (t) => t.struct({ a: t.u32, b: t.u32 }),
      (t) => t.struct({ c: t.u64, d: t.u64 }),
      [
        "breaking",
        "changed value_size: migratable",
        "removed value.a: breaking",
        "removed value.b: breaking",
        "added value.c: migratable",
        "added value.d: migratable",
      ],
    ],
    ["a struct for a number", (t) => t.u32, (t) => t.struct({ a: t.u32 }), ["breaking", "retyped value: breaking"]],
    [
      "a member becomes an array",
      (t) => t.struct({ a: t.u32, b: t.u32 }),
      (t) => t.struct({ a: t.u32, b: t.addArray(t.u8, 4, t.u32) }),
      ["breaking", "retyped value.b: breaking"],
    ],
    [
      "a nested struct moves as a whole",
      (t) => t.struct({ a: t.u32, in: t.struct({ x: t.u32, y: t.u32 }, "in") }),
      (t) => t.struct({ in: t.struct({ x: t.u32, y: t.u32 }, "in"), a: t.u32 }),
      ["migratable", "moved value.a: migratable", "moved value.in: migratable"],
    ],
    [
      "members of an anonymous struct are its outer one's",
      (t) => t.struct({ a: t.u32, b: t.u32 }),
      (t) => t.struct({ a: t.u32, "": t.struct({ b: t.u32 }, "") }),
      ["reusable"],
    ],
    [
      "elements of an array",
      (t) => t.addArray(t.struct({ a: t.u32, b: t.u32 }), 4, t.u32),
      (t) => t.addArray(t.struct({ b: t.u32, a: t.u32 }), 8, t.u32),
      [
        "migratable",
        "changed value_size: migratable",
        "resized value: migratable",
        "moved value[].a: migratable",
        "moved value[].b: migratable",
      ],
    ],
    [
      "one more member in a union of the same size",
      (t) => t.union({ a: t.u64 }),
      (t) => t.union({ a: t.u64, b: t.u32 }),
      ["reusable", "added value.b: reusable"],
    ],
    [
      "a union that grows",
      (t) => t.union({ a: t.u32 }),
      (t) => t.union({ a: t.u32, b: t.u64 }),
      ["migratable", "changed value_size: migratable", "added value.b: migratable"],
    ],
    [
      "a union's member changes",
      (t) => t.union({ a: t.u32, b: t.u64 }),
      (t) => t.union({ a: t.s32, b: t.u64 }),
      ["breaking", "retyped value.a: migratable", "retyped value: breaking"],
    ],
    [
      "an anonymous union moves",
      (t) => t.struct({ x: t.u32, "": t.union({ a: t.u32, b: t.u32 }, "") }),
      (t) => t.struct({ "": t.union({ a: t.u32, b: t.u32 }, ""), x: t.u32 }),
      ["migratable", "moved value.x: migratable", "moved value: migratable"],
    ],
    [
      "an enumerator that came",
      (t) => t.addEnum("e", [{ name: "A", value: 0 }]),
      (t) =>
        t.addEnum("e", [
          { name: "A", value: 0 },
          { name: "B", value: 1 },
        ]),
      ["reusable"],
    ],
    [
      "an enumerator that went",
      (t) =>
        t.addEnum("e", [
          { name: "A", value: 0 },
          { name: "B", value: 1 },
        ]),
      (t) => t.addEnum("e", [{ name: "A", value: 0 }]),
      ["migratable", "retyped value: migratable"],
    ],
  ])("%s", (_, was, is, expected) => {
    expect(summary(compareMaps(typed(was), typed(is)))).toEqual(expected);
  });

  test("a lock, a timer and a kernel pointer are not copied", () => {
    const value = (count: "u32" | "u64"): Describe => {
      return (t) =>
        t.struct({
          lock: t.struct({ val: t.u32 }, "bpf_spin_lock"),
          timer: t.struct({ a: t.u64, b: t.u64 }, "bpf_timer"),
          task: t.addPtr(t.addTypeTag("kptr", t.struct({}, "task_struct"))),
          count: t[count],
        });
    };
    expect(compareMaps(typed(value("u32")), typed(value("u64"))).warnings).toEqual([
      "value.lock: struct bpf_spin_lock is the kernel's and is not copied; the new map's starts empty",
      "value.timer: struct bpf_timer is the kernel's and is not copied; the new map's starts empty",
      "value.task: a kptr pointer is the kernel's and is not copied; the new map's starts empty",
    ]);
    expect(compareMaps(typed(value("u32")), typed(value("u32"))).warnings).toEqual([]);
  });
});

describe("keys", () => {
  test("that lose a field may become equal", () => {
    const was = typed(
      (t) => t.u32,
      (t) => t.struct({ a: t.u32, b: t.u32 }),
    );
    const is = typed(
      (t) => t.u32,
      (t) => t.struct({ a: t.u32 }),
    );
    const comparison = compareMaps(was, is);
    expect(summary(comparison)).toEqual(["migratable", "changed key_size: migratable", "removed key.b: migratable"]);
    expect(comparison.warnings).toEqual(["key.b: removed; different keys may become one"]);
  });

  test("that get narrower may become equal", () => {
    const was = typed(
      (t) => t.u32,
      (t) => t.u64,
    );
    expect(
      compareMaps(
        was,
        typed((t) => t.u32),
      ).warnings,
    ).toEqual(["key: 4 bytes do not hold every value of 8 bytes; different keys may become one"]);
  });
});

describe("maps of maps", () => {
  const outer = (type: number, inner: Partial<MapSpec>): DefinedMap =>
    untyped({ type, valueSize: 4, inner: { ...PLAIN, ...inner } });

  test("are reusable if their templates agree", () => {
    expect(
      summary(compareMaps(outer(BPF_MAP_TYPE_HASH_OF_MAPS, {}), outer(BPF_MAP_TYPE_HASH_OF_MAPS, { maxEntries: 99 }))),
    ).toEqual(["reusable", "changed inner.max_entries: reusable"]);
  });

  test("break if they do not", () => {
    const array = { type: BPF_MAP_TYPE_ARRAY };
    const was = outer(BPF_MAP_TYPE_ARRAY_OF_MAPS, array);
    expect(
      summary(compareMaps(was, outer(BPF_MAP_TYPE_ARRAY_OF_MAPS, { ...array, maxEntries: 99, valueSize: 4 }))),
    ).toEqual(["breaking", "changed inner.value_size: breaking", "changed inner.max_entries: breaking"]);
    expect(summary(compareMaps(was, untyped({ type: BPF_MAP_TYPE_ARRAY_OF_MAPS, valueSize: 4 })))).toEqual([
      "breaking",
      "changed inner: breaking",
    ]);
  });
});

describe("types that make no sense", () => {
  test("ids that lead nowhere", () => {
    const good = typed((t) => t.u64);
    const bad: DefinedMap = { ...good, spec: { ...good.spec, valueTypeId: 999 } };
    expect(() => compareMaps(good, bad)).toThrow("map m: types of key and value: no type 999");
  });

  test("a type within itself", () => {
    const loop = typed((t) => {
      const id = t.reserve();
      t.define(id, {
        kind: "struct",
        name: "s",
        size: 8,
        members: [{ name: "s", type: id, bitOffset: 0, bitfieldSize: 0 }],
      });
      return id;
    });
    expect(() => compareMaps(loop, loop)).toThrow(LibbpfError);
    expect(() => compareMaps(loop, loop)).toThrow(
      "map m: types of key and value: struct s: nested deeper than 64 levels, or within itself",
    );
    const finite = typed((t) => t.struct({ s: t.struct({ s: t.u64 }) }));
    expect(summary(compareMaps(loop, finite))).toEqual(["breaking", "retyped value.s.s: breaking"]);
  });

  test("more fields than can be listed", () => {
    const doubling = (leaf: "u32" | "s32"): DefinedMap =>
      typed(
        (t) => {
          let id = t[leaf];
          for (let i = 0; i < 24; i++) id = t.struct({ a: id, b: id }, `s${i}`);
          return id;
        },
        (t) => t.u32,
      );
    expect(() => compareMaps(doubling("u32"), doubling("s32"))).toThrow(
      "unsupported: types with more than 100000 fields",
    );
    expect(summary(compareMaps(doubling("u32"), doubling("u32")))).toEqual(["reusable"]);
  });

  test("damaged BTF gives an answer or a typed error, never anything else", () => {
    const good = typed(
      (t) =>
        t.struct({
          a: t.u32,
          in: t.struct({ x: t.u8, y: t.addArray(t.u8, 3, t.u32) }, "in"),
          e: t.union({ p: t.u64 }),
        }),
      (t) => t.struct({ a: t.u32, b: t.u32 }),
    );
    const { bytes } = good.btf!;
    const runs = Number(process.env["BPF_TS_FUZZ_RUNS"] ?? 2000);
    let answers = 0;
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        (edits) => {
          const damaged = bytes.slice();
          for (const [at, byte] of edits) damaged[at] = byte;
          try {
            const { verdict } = compareMaps(good, { spec: good.spec, btf: Btf.parse(damaged) });
            expect(["reusable", "migratable", "breaking"]).toContain(verdict);
            answers++;
          } catch (error) {
            expect(error).toBeInstanceOf(BpfError);
          }
        },
      ),
      { numRuns: runs },
    );
    expect(answers).toBeGreaterThan(runs / 10);
  });
});
