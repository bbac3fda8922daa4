import { describe, expect, test } from "vitest";
import { Btf, BtfBuilder, BtfError, codecFor } from "../src/index.ts";
import { BTF_BASE64 as KINDS } from "./fixtures/kinds.ts";
import { BTF_BASE64 as KINDS_BIG } from "./fixtures/kinds-big-endian.ts";
import { BTF_BASE64 as LAYOUT } from "./fixtures/layout.ts";
import { BTF_BASE64 as LAYOUT_BIG } from "./fixtures/layout-big-endian.ts";
import { fromBase64, fromHex } from "./fixtures/load.ts";

const kinds = Btf.parse(fromBase64(KINDS));
const big = Btf.parse(fromBase64(KINDS_BIG));
const layout = Btf.parse(fromBase64(LAYOUT));
const layoutBig = Btf.parse(fromBase64(LAYOUT_BIG));
const id = (btf: Btf, name: string): number => btf.findByName(name, ["struct", "union", "typedef", "enum", "enum64"])!;

const OUTER_LITTLE = fromHex(`
  07 000000 3412 7856 8877665544332211
  68656c6c6f000000 0000000000000000
  01000000 02000000 03000000 04000000 05000000 06000000
  0010000000000000 0020000000000000 0030000000000000
  01 000000 0000c03f 00000000000000c0
  09000000 ffffffff`);

const OUTER_BIG = fromHex(`
  07 000000 1234 5678 1122334455667788
  68656c6c6f000000 0000000000000000
  00000001 00000002 00000003 00000004 00000005 00000006
  0000000000001000 0000000000002000 0000000000003000
  01 000000 3fc00000 c000000000000000
  00000009 ffffffff`);

const OUTER = {
  kind: 7,
  low: 0x1234,
  high: 0x5678,
  named: { inner: 0x1122334455667788n },
  text: "hello",
  matrix: [
    [1, 2, 3],
    [4, 5, 6],
  ],
  where: 0x1000n,
  compare: 0x2000n,
  print: 0x3000n,
  on: true,
  ratio: 1.5,
  exact: -2,
  tail: [9, -1],
};

describe.each([
  ["little", kinds, OUTER_LITTLE, 0x56781234],
  ["big", big, OUTER_BIG, 0x12345678],
])("struct outer, %s endian", (_, btf, bytes, both) => {
  const codec = codecFor(btf, id(btf, "outer"), { name: "outer" });

  test("decodes", () => {
    expect(codec.size).toBe(96);
    expect(codec.decode(bytes)).toEqual({ ...OUTER, both });
    expect(codec.decode(bytes.subarray(0, 96))).toEqual({ ...OUTER, both, tail: [] });
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    expect(codec.decode(shifted, 3)).toEqual({ ...OUTER, both });
  });

  test("encodes what it decoded, and either alternative of the union", () => {
    expect(codec.toBytes({ ...OUTER, both })).toEqual(bytes);
    expect(codec.toBytes(OUTER)).toEqual(bytes);
    const { low, high, ...rest } = OUTER;
    expect([low, high]).toEqual([0x1234, 0x5678]);
    expect(codec.toBytes({ ...rest, both })).toEqual(bytes);
    const target = new Uint8Array(110).fill(0xff);
    expect(codec.encode(OUTER, target, 2)).toBe(104);
    expect(target.subarray(2, 106)).toEqual(bytes);
    expect([target[1], target[106]]).toEqual([0xff, 0xff]);
  });
});

describe("bitfields", () => {
  // The bytes are those that clang-19 writes into an object for an initialised variable of the type.
  const bits = { a: 5, b: 100, c: -2000, d: 0xabcdef1234n, shade: "GREEN", plain: 9 };
  const bool = { a: false, b: true, c: "YES", d: -5 };
  const packed = { a: 5, b: 0x2aaaaaaa, c: 0x123456789an, d: 255 };
  test.each([
    ["bits, little endian", kinds, bits, "25c320000000000034 12efcdab05 0900"],
    ["bits, big endian", big, bits, "b920c000 00000000 abcdef1234 50 0900"],
    ["bits_bool, little endian", layout, bool, "b6010000"],
    ["bits_bool, big endian", layoutBig, bool, "5d800000"],
    ["bits_packed, little endian", layout, packed, "5555555535f1ac682400ff"],
    ["bits_packed, big endian", layoutBig, packed, "b5555555091a2b3c4d00ff"],
  ])("%s", (name, btf, value, hex) => {
    const codec = codecFor(btf, id(btf, name.split(",")[0]!));
    expect(codec.toBytes(value)).toEqual(fromHex(hex));
    expect(codec.decode(fromHex(hex))).toEqual(value);
  });

  test("too wide a value is refused", () => {
    const codec = codecFor(layout, id(layout, "bits_packed"));
    expect(() => codec.toBytes({ ...packed, b: 2 ** 30 })).toThrow(
      "value.b: expected an integer 0..1073741823, got 1073741824",
    );
  });
});

describe("choices", () => {
  test("64-bit integers as numbers, if they are safe", () => {
    const b = new BtfBuilder();
    const u64 = b.addInt("u64", 8);
    const s64 = b.addInt("s64", 8, { signed: true });
    const pair = b.addFields("struct", "pair", [
      { name: "u", type: u64 },
      { name: "s", type: s64 },
    ]);
    const numbers = codecFor(b.toBtf(), pair, { int64: "number" });
    const bytes = fromHex("ffffffffffff1f00 010000000000e0ff");
    expect(numbers.decode(bytes)).toEqual({ u: 9007199254740991, s: -9007199254740991 });
    expect(numbers.toBytes({ u: 9007199254740991, s: -9007199254740991 })).toEqual(bytes);
    expect(numbers.toBytes({ u: 1n, s: -1n })).toEqual(fromHex("0100000000000000 ffffffffffffffff"));
    expect(() => numbers.decode(fromHex("0000000000002000 0000000000000000"))).toThrow(
      '9007199254740992 is no safe integer; decode with int64: "bigint"',
    );
    const bigints = codecFor(b.toBtf(), pair);
    expect(bigints.decode(fromHex("ffffffffffffffff ffffffffffffffff"))).toEqual({ u: 0xffffffffffffffffn, s: -1n });
    expect(() => bigints.toBytes({ u: -1n, s: 0 })).toThrow(
      "value.u: expected an integer 0..18446744073709551615, got -1n",
    );
  });

  test("enums as numbers", () => {
    const names = codecFor(kinds, id(kinds, "color"));
    const numbers = codecFor(kinds, id(kinds, "color"), { enums: "number" });
    expect(names.decode(fromHex("f0ffffff"))).toBe("BLUE");
    expect(names.decode(fromHex("07000000"))).toBe(7);
    expect(numbers.decode(fromHex("f0ffffff"))).toBe(4294967280);
    expect(numbers.toBytes("GREEN")).toEqual(fromHex("05000000"));
    expect(names.toBytes(4294967280)).toEqual(fromHex("f0ffffff"));
    expect(codecFor(kinds, id(kinds, "balance")).decode(fromHex("f9ffffff"))).toBe("DEBT");
    const wide = codecFor(kinds, id(kinds, "wide"));
    expect(wide.decode(fromHex("efcdab8967452301"))).toBe("HUGE_ONE");
    expect(wide.toBytes("HUGE_ONE")).toEqual(fromHex("efcdab8967452301"));
  });

  test("chars as numbers", () => {
    const text = kinds.memberPath("outer", "text").type;
    expect(codecFor(kinds, text).decode(fromHex("c3a9c3a9000000000000000000000041"))).toBe("éé");
    expect(codecFor(kinds, text).toBytes("éé")).toEqual(fromHex("c3a9c3a9000000000000000000000000"));
    expect(codecFor(kinds, text).toBytes("0123456789abcdef")).toHaveLength(16);
    expect(codecFor(kinds, text).decode(fromHex("efbbbf61000000000000000000000000"))).toBe("\ufeffa");
    expect(codecFor(kinds, text, { chars: "number" }).decode(fromHex("c3a90000000000000000000000000041"))).toEqual([
      -61, -87, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 65,
    ]);
  });

  test("members that are left out as 0, and under other names", () => {
    const camel = (name: string): string => name.replace(/_(\w)/g, (_, char: string) => char.toUpperCase());
    const b = new BtfBuilder();
    const int = b.addInt("int", 4);
    const flexible = b.addFields("struct", "s", [
      { name: "do_allow", type: int },
      { name: "is_it", type: int },
      { name: "tail_end", type: b.addArray(int, 0, int) },
    ]);
    const codec = codecFor(b.toBtf(), flexible, { missing: "zero", memberName: camel });
    expect(codec.toBytes({ isIt: 3 })).toEqual(fromHex("00000000 03000000"));
    expect(codec.toBytes({ isIt: 3, tailEnd: [1] })).toEqual(fromHex("00000000 03000000 01000000"));
    expect(codec.decode(fromHex("0100000003000000"))).toEqual({ doAllow: 1, isIt: 3, tailEnd: [] });
  });

  test("the byte order of the machine that the values are from", () => {
    const int = kinds.findByName("int")!;
    expect(codecFor(kinds, int, { littleEndian: false }).decode(fromHex("00000001"))).toBe(1);
  });
});

test("typed arrays stand for arrays, modifiers and typedefs are looked through", () => {
  const grid = codecFor(kinds, kinds.memberPath("outer", "matrix").type);
  expect(grid.toBytes([Uint32Array.of(1, 2, 3), [4, 5, 6]])).toEqual(
    fromHex("010000000200000003000000040000000500000006000000"),
  );
  expect(codecFor(kinds, 15).decode(fromHex("07000000"))).toBe(7);
  expect(codecFor(kinds, id(kinds, "flag_t")).decode(fromHex("02"))).toBe(true);
});

test("data sections are objects of their variables", () => {
  const b = new BtfBuilder();
  const int = b.addInt("int", 4, { signed: true });
  const section = b.addDatasec(".data", 12, [
    { type: b.addVar("first", int), offset: 0, size: 4 },
    { type: b.addVar("second", int), offset: 8, size: 4 },
  ]);
  const codec = codecFor(b.toBtf(), section, { name: ".data" });
  expect(codec.decode(fromHex("01000000 ffffffff feffffff"))).toEqual({ first: 1, second: -2 });
  expect(codec.toBytes({ first: 1, second: -2 })).toEqual(fromHex("01000000 00000000 feffffff"));
});

test("a string at the end of a struct", () => {
  const b = new BtfBuilder();
  const int = b.addInt("int", 4);
  const char = b.addInt("char", 1, { signed: true });
  const named = b.addFields("struct", "named", [
    { name: "id", type: int },
    { name: "name", type: b.addArray(char, 0, int) },
  ]);
  const codec = codecFor(b.toBtf(), named);
  expect(codec.toBytes({ id: 1, name: "abc" })).toEqual(fromHex("01000000 61626300"));
  expect(codec.decode(fromHex("01000000 616263"))).toEqual({ id: 1, name: "abc" });
  expect(() => codec.toBytes({ id: 1, name: 5 })).toThrow("value.name: expected a string, got 5");
});

test("128-bit integers", () => {
  const codec = codecFor(layout, id(layout, "i128"));
  const value = { a: 1, b: -(1n << 127n), c: (1n << 128n) - 1n };
  expect(codec.decode(codec.toBytes(value))).toEqual(value);
});

test("the largest floats, infinities and NaN fit", () => {
  const b = new BtfBuilder();
  const [floatType, doubleType] = [b.addFloat("float", 4), b.addFloat("double", 8)];
  const float = codecFor(b.toBtf(), floatType);
  const double = codecFor(b.toBtf(), doubleType);
  // IEEE 754 binary32: rounded to nearest, what is less than half a unit above the largest is the largest.
  expect(float.toBytes(3.4028234663852886e38)).toEqual(fromHex("ffff7f7f"));
  expect(float.toBytes(3.4028235e38)).toEqual(fromHex("ffff7f7f"));
  expect(float.toBytes(Number.NEGATIVE_INFINITY)).toEqual(fromHex("000080ff"));
  expect(float.toBytes(Number.POSITIVE_INFINITY)).toEqual(fromHex("0000807f"));
  expect(float.decode(float.toBytes(Number.NaN))).toBeNaN();
  expect(double.toBytes(Number.MAX_VALUE)).toEqual(fromHex("ffffffffffffef7f"));
});

describe("members with the names of what JS objects have", () => {
  const NAMES = ["__proto__", "constructor", "toString", "valueOf", "hasOwnProperty"] as const;
  const b = new BtfBuilder();
  const u32 = b.addInt("u32", 4);
  const point = b.addFields("struct", "point", [{ name: "x", type: u32 }]);
  const all = b.addFields(
    "struct",
    "all",
    NAMES.map((name) => ({ name, type: name === "__proto__" ? point : u32 })),
  );
  const union = b.addFields("union", "either", [
    { name: "constructor", type: u32 },
    { name: "__proto__", type: u32 },
    { name: "plain", type: u32 },
  ]);
  const tail = b.addFields("struct", "tail", [
    { name: "count", type: u32 },
    { name: "__proto__", type: b.addArray(u32, 0, u32) },
  ]);
  const tailToString = b.addFields("struct", "tail2", [
    { name: "count", type: u32 },
    { name: "toString", type: b.addArray(u32, 0, u32) },
  ]);
  const section = b.addDatasec(".data", 4, [{ type: b.addVar("__proto__", u32), offset: 0, size: 4 }]);
  const btf = b.toBtf();
  const ALL = fromHex("01000000 02000000 03000000 04000000 05000000");
  /** With `__proto__` as a property of its own, which a literal cannot say. */
  const own = (proto: unknown, rest: object = {}): object =>
    Object.fromEntries([["__proto__", proto], ...Object.entries(rest)]);

  test("are decoded as properties, and encoded again", () => {
    const codec = codecFor(btf, all);
    const value = codec.decode(ALL) as object;
    expect(Object.entries(value)).toEqual([
      ["__proto__", { x: 1 }],
      ["constructor", 2],
      ["toString", 3],
      ["valueOf", 4],
      ["hasOwnProperty", 5],
    ]);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(codec.toBytes(value)).toEqual(ALL);
    expect(codec.toBytes(Object.assign(Object.create(null) as object, value))).toEqual(ALL);
  });

  test("and so are variables, members of unions and flexible arrays", () => {
    const codec = codecFor(btf, section);
    expect(Object.entries(codec.decode(fromHex("07000000")))).toEqual([["__proto__", 7]]);
    expect(codec.toBytes(own(7))).toEqual(fromHex("07000000"));

    const flexible = codecFor(btf, tail);
    const value = flexible.decode(fromHex("07000000 01000000 02000000")) as object;
    expect(Object.entries(value)).toEqual([
      ["count", 7],
      ["__proto__", [1, 2]],
    ]);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(flexible.toBytes(value)).toEqual(fromHex("07000000 01000000 02000000"));
    expect(flexible.toBytes({ count: 7 })).toEqual(fromHex("07000000"));
    expect(codecFor(btf, tailToString).toBytes({ count: 7 })).toEqual(fromHex("07000000"));

    const either = codecFor(btf, union);
    const views = either.decode(fromHex("07000000"));
    expect(Object.entries(views)).toEqual([
      ["constructor", 7],
      ["__proto__", 7],
      ["plain", 7],
    ]);
    expect(either.toBytes(views)).toEqual(fromHex("07000000"));
    expect(either.toBytes({ plain: 7 })).toEqual(fromHex("07000000"));
    expect(either.toBytes(own(7))).toEqual(fromHex("07000000"));
    expect(() => either.toBytes({})).toThrow("value: expected one member of constructor, __proto__, plain, got none");
    expect(() => either.toBytes(own(7, { constructor: 8 }))).toThrow(
      "value: members constructor, __proto__ share bytes and do not agree",
    );
  });

  test.each(NAMES)("%s is missing when left out", (name) => {
    const value = Object.fromEntries(Object.entries(codecFor(btf, all).decode(ALL)).filter(([key]) => key !== name));
    expect(() => codecFor(btf, all).toBytes(value)).toThrow(`value.${name}: missing`);
    const zeroed = Uint8Array.from(ALL);
    zeroed[NAMES.indexOf(name) * 4] = 0;
    expect(codecFor(btf, all, { missing: "zero" }).toBytes(value)).toEqual(zeroed);
  });

  test("what a class adds counts, what it overrides of every object does not", () => {
    class Point {
      get x(): number {
        return 5;
      }
    }
    class Either extends Point {
      override toString(): string {
        return "either";
      }
    }
    expect(codecFor(btf, point).toBytes(new Point())).toEqual(fromHex("05000000"));
    expect(() => codecFor(btf, all).toBytes(Object.assign(new Either(), { ["__proto__"]: null }))).toThrow(
      "value.__proto__: missing",
    );
    expect(() => codecFor(btf, union).toBytes(new Either())).toThrow(
      "value: expected one member of constructor, __proto__, plain, got none",
    );
  });
});

describe("values that do not fit are refused with their path", () => {
  const b = new BtfBuilder();
  const u32 = b.addInt("u32", 4);
  const s8 = b.addInt("s8", 1, { signed: true });
  const char = b.addInt("char", 1, { signed: true });
  const bool = b.addInt("_Bool", 1, { bool: true });
  const color = b.addEnum("color", [
    { name: "RED", value: 0 },
    { name: "GREEN", value: 1 },
  ]);
  const point = b.addFields("struct", "point", [
    { name: "x", type: s8 },
    { name: "y", type: s8 },
  ]);
  const choice = b.addFields("union", "", [
    { name: "word", type: u32 },
    { name: "small", type: s8 },
    { name: "place", type: point },
  ]);
  const key = b.addFields("struct", "key", [
    { name: "pid", type: u32 },
    { name: "comm", type: b.addArray(char, 4, u32) },
    { name: "on", type: bool },
    { name: "color", type: color },
    { name: "points", type: b.addArray(point, 2, u32) },
    { name: "ratio", type: b.addFloat("float", 4) },
    { name: "", type: choice },
  ]);
  const codec = codecFor(b.toBtf(), key, { name: "key" });
  const good = {
    pid: 1,
    comm: "ab",
    on: true,
    color: "RED",
    points: [
      { x: 1, y: 2 },
      { x: 3, y: -4 },
    ],
    ratio: 0.5,
    word: 5,
  };

  test("the good one", () => {
    expect(codec.toBytes(good)).toEqual(fromHex("01000000 61620000 01000000 00000000 010203fc 0000003f 05000000"));
  });

  test.each<[string, unknown]>([
    ['key.pid: expected an integer 0..4294967295, got "x"', { ...good, pid: "x" }],
    ["key.pid: expected an integer 0..4294967295, got -1", { ...good, pid: -1 }],
    ["key.pid: expected an integer 0..4294967295, got 4294967296", { ...good, pid: 2 ** 32 }],
    ["key.pid: expected an integer 0..4294967295, got 0.5", { ...good, pid: 0.5 }],
    ["key.pid: expected an integer 0..4294967295, got NaN", { ...good, pid: Number.NaN }],
    ["key.pid: expected an integer 0..4294967295, got 4294967296n", { ...good, pid: 1n << 32n }],
    ["key.pid: expected an integer 0..4294967295, got undefined", { ...good, pid: undefined }],
    ["key.pid: expected an integer 0..4294967295, got an array of 1", { ...good, pid: [1] }],
    ['key.comm: expected a string of at most 4 bytes, got "abcde"', { ...good, comm: "abcde" }],
    ['key.comm: expected a string of at most 4 bytes, got "ééé"', { ...good, comm: "ééé" }],
    ['key.comm: expected a string without 0 characters, got "a\\u0000"', { ...good, comm: "a\0" }],
    ["key.comm: expected a string of at most 4 bytes, got 5", { ...good, comm: 5 }],
    ["key.on: expected a boolean, got 2", { ...good, on: 2 }],
    ['key.color: expected one of RED, GREEN, got "PINK"', { ...good, color: "PINK" }],
    ["key.color: expected an integer 0..4294967295, got -1", { ...good, color: -1 }],
    ["key.points: expected an array of 2, got an array of 1", { ...good, points: [{ x: 1, y: 2 }] }],
    ["key.points: expected an array of 2, got an object", { ...good, points: {} }],
    [
      "key.points[1].y: expected an integer -128..127, got 128",
      { ...good, points: [good.points[0], { x: 0, y: 128 }] },
    ],
    ["key.points[0].y: missing", { ...good, points: [{ x: 1 }, good.points[1]] }],
    ["key.points[0].z: no such member; there are x, y", { ...good, points: [{ x: 1, y: 1, z: 1 }, good.points[1]] }],
    ["key.ratio: expected a number, got an object", { ...good, ratio: {} }],
    [
      "key.ratio: expected a number -3.4028234663852886e+38..3.4028234663852886e+38, got 3.5e+38",
      { ...good, ratio: 3.5e38 },
    ],
    [
      "key.ratio: expected a number -3.4028234663852886e+38..3.4028234663852886e+38, got -1.7976931348623157e+308",
      { ...good, ratio: -Number.MAX_VALUE },
    ],
    ["key: expected one member of word, small, place, got none", { ...good, word: undefined }],
    ["key: members word, small share bytes and do not agree", { ...good, small: 6 }],
    ["key: expected an object, got 5", 5],
    ["key: expected an object, got null", null],
    ["key: expected an object, got an array of 0", []],
    ["key: expected an object, got undefined", undefined],
    ["key: expected an object, got 3 bytes", new Uint8Array(3)],
  ])("%s", (message, value) => {
    expect(() => codec.toBytes(value)).toThrow(BtfError);
    expect(() => codec.toBytes(value)).toThrow(message);
    try {
      codec.toBytes(value);
    } catch (error) {
      expect((error as BtfError).message).toBe(message);
      expect((error as BtfError).code).toBe("BTF_VALUE");
      expect((error as BtfError).details?.["path"]).toBe(message.slice(0, message.indexOf(":")));
    }
  });

  test("several views of a union that agree are fine", () => {
    expect(codec.toBytes({ ...good, small: 5, place: { x: 5, y: 0 } })).toEqual(codec.toBytes(good));
  });

  test("too few bytes", () => {
    expect(() => codec.decode(new Uint8Array(27))).toThrow("key: needs 28 bytes at offset 0, there are 27");
    expect(() => codec.decode(new Uint8Array(30), 3)).toThrow("key: needs 28 bytes at offset 3, there are 30");
    expect(() => codec.decode(new Uint8Array(30), -1)).toThrow("key: needs 28 bytes at offset -1");
    expect(() => codec.encode(good, new Uint8Array(27))).toThrow("key: needs 28 bytes at offset 0, there are 27");
  });
});

describe("types without values, and hostile ones", () => {
  const compile = (build: (b: BtfBuilder) => number): (() => unknown) => {
    const b = new BtfBuilder();
    const type = build(b);
    const btf = b.toBtf();
    return () => codecFor(btf, type);
  };
  test.each<[string, (b: BtfBuilder) => number]>([
    ["type 0 (void void) has no values", () => 0],
    ["(fwd s) has no values", (b) => b.addFwd("s", "struct")],
    ["(func_proto) has no values", (b) => b.addFuncProto(0, [])],
    [
      "contains itself",
      (b) => {
        const self = b.reserve();
        b.define(self, {
          kind: "struct",
          name: "s",
          size: 8,
          members: [{ name: "m", type: self, bitOffset: 0, bitfieldSize: 0 }],
        });
        return self;
      },
    ],
    [
      "nested deeper than 200 levels",
      (b) => {
        const self = b.reserve();
        b.define(self, {
          kind: "struct",
          name: "",
          size: 8,
          members: [{ name: "", type: self, bitOffset: 0, bitfieldSize: 0 }],
        });
        return self;
      },
    ],
    ["holds 4294967296 values", (b) => b.addArray(b.addArray(b.addInt("int", 4), 0, 1), 0xffffffff, 1)],
    ["holds 4294967296 values", (b) => b.addArray(b.addStruct("empty", 0, []), 0xffffffff, b.addInt("int", 4))],
    ["is larger than 4294967295 bytes", (b) => b.addArray(b.addInt("int", 4), 0x40000000, 1)],
    [
      "reaches beyond its 4 bytes",
      (b) => b.addStruct("s", 4, [{ name: "m", type: b.addInt("int", 4), bitOffset: 8, bitfieldSize: 0 }]),
    ],
    [
      'has two members named "m"',
      (b) => {
        const m = { name: "m", type: b.addInt("int", 4), bitOffset: 0, bitfieldSize: 0 };
        return b.addStruct("s", 4, [m, m]);
      },
    ],
    [
      "of 0 bytes holds 1048575 values",
      (b) => {
        let at = b.addStruct("s", 0, []);
        for (let i = 0; i < 29; i++) {
          const member = { name: "m", type: at, bitOffset: 0, bitfieldSize: 0 };
          at = b.addStruct("s", 0, [member, { ...member, name: "n" }]);
        }
        return at;
      },
    ],
  ])("%s", (message, build) => {
    expect(compile(build)).toThrow(BtfError);
    expect(compile(build)).toThrow(message);
  });

  test("long double is unsupported by name", () => {
    expect(compile((b) => b.addFloat("long double", 16))).toThrow("unsupported: values of floats of 16 bytes");
  });
});
