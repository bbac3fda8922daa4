import { BtfBuilder } from "@bpf-ts/btf";
import { describe, expect, test } from "vitest";
import { linkProgram, type ObjectSpec, openObject } from "../../src/index.ts";
import { buildElf, RETURN_0, type TestSection } from "../elf/build-elf.ts";
import { hex, readProg } from "../objects.ts";

function open(): ObjectSpec {
  return openObject(readProg("loader_maps"), { name: "maps" });
}

const NO_VALUES = { mapFlags: 0, pinning: 0, autocreate: true, origin: "btf" };

test("BTF-defined maps, in the order in which they lie", () => {
  const spec = open();
  expect([...spec.maps.keys()]).toEqual([
    "inner_one",
    "inner_two",
    "outer",
    "jumps",
    "allowed",
    "per_cpu",
    "without_types",
    "queue",
  ]);
  expect(spec.map("allowed")).toEqual({
    ...NO_VALUES,
    declaredName: "allowed",
    name: "allowed",
    type: 1,
    keySize: 8,
    valueSize: 24,
    maxEntries: 16,
    mapFlags: 1,
    keyTypeId: 48,
    valueTypeId: 51,
  });
  expect(spec.map("without_types")).toEqual({
    ...NO_VALUES,
    declaredName: "without_types",
    name: "without_types",
    type: 9,
    keySize: 4,
    valueSize: 6,
    maxEntries: 8,
    keyTypeId: 0,
    valueTypeId: 0,
  });
  expect(spec.map("queue")).toMatchObject({ type: 22, keySize: 0, valueSize: 4, keyTypeId: 0, valueTypeId: 6 });
});

test("initial values: maps in a map, programs in a PROG_ARRAY", () => {
  const spec = open();
  expect(spec.map("outer")).toMatchObject({
    type: 12,
    valueSize: 4,
    inner: { name: "outer.inner", type: 2, keySize: 4, valueSize: 8, maxEntries: 2, keyTypeId: 6, valueTypeId: 9 },
    slots: new Map([
      [1, "inner_one"],
      [3, "inner_two"],
    ]),
  });
  expect(spec.map("jumps")).toMatchObject({
    type: 3,
    slots: new Map([
      [0, "leaf"],
      [2, "other_leaf"],
    ]),
  });
});

test("programs as libbpf 1.5 passes them to BPF_PROG_LOAD", () => {
  const spec = open();
  const fds = new Map([
    ["outer", 6],
    ["jumps", 8],
    ["allowed", 9],
  ]);
  const link = (name: string): string =>
    hex(linkProgram(spec.program(name), spec.functions, (map) => ({ fd: fds.get(map)! })).insns);
  expect(link("jump")).toBe(
    "611300000000000004030000f2ffffff18120000080000000000000000000000850000000c000000b4000000010000009500000000000000",
  );
  expect(link("look_up")).toBe(
    "6111000000000000b4020000ffffffff632afcff00000000631af8ff00000000bfa200000000000007020000f8ffffff18110000090000000000000000000000" +
      "8500000001000000bf01000000000000b40000000000000015010200000000007110000000000000440000000a0000009500000000000000",
  );
  expect(link("through_outer")).toMatch(
    /^b401000001000000631afcff.*1811000006000000000000000000000085000000010000001500/,
  );
});

test("a map that is not created becomes a call that no verifier takes", () => {
  const spec = open();
  const linked = linkProgram(spec.program("jump"), spec.functions, () => ({ missing: 3 }));
  // 2001000003
  expect(hex(linked.insns)).toContain("8500000043d644778500000043d64477");
  expect(() => linkProgram(spec.program("jump"), spec.functions, () => undefined)).toThrow(
    'program jump: map "jumps", which it uses, does not exist',
  );
});

describe("definitions that make no sense", () => {
  /** An object whose one map is a struct with the given members. */
  function withMembers(add: (btf: BtfBuilder) => { name: string; type: number }[], size?: number): Uint8Array {
    const btf = new BtfBuilder();
    const def = btf.addFields("struct", "", add(btf));
    btf.addDatasec(".maps", 64, [{ type: btf.addVar("m", def), offset: 0, size: 64 }]);
    const sections: TestSection[] = [
      { name: "xdp", flags: 4, data: RETURN_0 },
      { name: ".maps", data: new Uint8Array(size ?? 64) },
      { name: ".BTF", data: btf.encode() },
    ];
    return buildElf(sections, [{ name: "main", section: 1, size: 16 }]);
  }
  const number = (btf: BtfBuilder, value: number): number => {
    const int = btf.addInt("int", 4, { signed: true });
    return btf.addPtr(btf.addArray(int, value, int));
  };

  test.each<[string, Parameters<typeof withMembers>[0], string]>([
    ["no type", (b) => [{ name: "max_entries", type: number(b, 1) }], "map m: no type"],
    ["unknown member", (b) => [{ name: "typo", type: number(b, 1) }], "member typo: unknown member"],
    [
      "a number that is none",
      (b) => [{ name: "type", type: b.addInt("int", 4, { signed: true }) }],
      "member type: expected __uint",
    ],
    [
      "sizes that differ",
      (b) => [
        { name: "key_size", type: number(b, 8) },
        { name: "key", type: b.addPtr(b.addInt("int", 4, { signed: true })) },
      ],
      "member key: size 4 contradicts 8 given before",
    ],
    [
      "a type without a size",
      (b) => [{ name: "key", type: b.addPtr(b.addFwd("nothing", "struct")) }],
      "section .maps: ",
    ],
    [
      "values of a map that has none",
      (b) => [
        { name: "type", type: number(b, 1) },
        { name: "values", type: b.addArray(b.addPtr(b.addFuncProto(0, [])), 0, 0) },
      ],
      "member values: only map-in-map types and PROG_ARRAY",
    ],
    [
      "maps in maps in maps",
      (b) => {
        const innermost = b.addFields("struct", "", [{ name: "type", type: number(b, 2) }]);
        const inner = b.addFields("struct", "", [
          { name: "type", type: number(b, 12) },
          { name: "values", type: b.addArray(b.addPtr(innermost), 0, 0) },
        ]);
        return [
          { name: "type", type: number(b, 12) },
          { name: "values", type: b.addArray(b.addPtr(inner), 0, 0) },
        ];
      },
      "map m.inner: member values: maps in maps in maps do not exist",
    ],
    [
      "values before other members",
      (b) => [
        { name: "type", type: number(b, 3) },
        { name: "values", type: b.addArray(b.addPtr(b.addFuncProto(0, [])), 0, 0) },
        { name: "max_entries", type: number(b, 3) },
      ],
      "member values: must be the last member",
    ],
    [
      "pinning in a way that does not exist",
      (b) => [
        { name: "type", type: number(b, 1) },
        { name: "pinning", type: number(b, 7) },
      ],
      "member pinning: 7: allowed are 0 (none) and 1 (by name)",
    ],
  ])("%s", (_, add, message) => {
    expect(() => openObject(withMembers(add))).toThrow(message);
  });

  test("outside of the section", () => {
    expect(() => openObject(withMembers((b) => [{ name: "type", type: number(b, 1) }], 32))).toThrow(
      "map m: bytes 0..64 lie outside section .maps of 32",
    );
  });

  test("map_extra in 64 bits, and pinning, which loading refuses by name", () => {
    const file = withMembers((b) => [
      { name: "type", type: number(b, 30) },
      { name: "map_extra", type: b.addEnum64("", [{ name: "x", value: 0x1_0000_0003n }]) },
      { name: "pinning", type: number(b, 1) },
    ]);
    expect(openObject(file).map("m")).toMatchObject({ type: 30, mapExtra: 0x1_0000_0003n, pinning: 1 });
  });

  test("without BTF", () => {
    const file = buildElf([{ name: ".maps", data: new Uint8Array(8) }]);
    expect(() => openObject(file)).toThrow("section .maps: the object has no BTF to describe it (compile with -g)");
  });
});
