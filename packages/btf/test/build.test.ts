import { describe, expect, test } from "vitest";
import { Btf, BtfBuilder, BtfError, type BtfTypeSpec } from "../src/index.ts";
import { BTF_BASE64 } from "./fixtures/kinds.ts";
import { BTF_BASE64 as BIG_ENDIAN } from "./fixtures/kinds-big-endian.ts";
import { fromBase64, fromHex } from "./fixtures/load.ts";

const clang = Btf.parse(fromBase64(BTF_BASE64));
const clangBig = Btf.parse(fromBase64(BIG_ENDIAN));

test("bytes are those of the specification, in both byte orders", () => {
  for (const littleEndian of [true, false]) {
    const builder = new BtfBuilder({ littleEndian });
    const int = builder.addInt("int", 4, { signed: true });
    builder.addStruct("s", 8, [{ name: "a", type: int, bitOffset: 3, bitfieldSize: 5 }]);
    expect(builder.encode()).toEqual(
      fromHex(
        littleEndian
          ? `9feb 01 00 18000000 00000000 28000000 28000000 09000000
             01000000 00000001 04000000 20000001
             05000000 01000084 08000000 07000000 01000000 03000005
             00 696e7400 7300 6100`
          : `eb9f 01 00 00000018 00000000 00000028 00000028 00000009
             00000001 01000000 00000004 01000020
             00000005 84000001 00000008 00000007 00000001 05000003
             00 696e7400 7300 6100`,
      ),
    );
  }
});

test("every kind can be added and reads back as it was given", () => {
  const b = new BtfBuilder();
  const int = b.addInt("int", 4, { signed: true });
  const char = b.addInt("char", 1, { signed: true });
  const ptr = b.addPtr(int);
  b.addArray(int, 3, int);
  const struct = b.addStruct("s", 8, [{ name: "p", type: ptr, bitOffset: 0, bitfieldSize: 0 }]);
  b.addUnion("u", 4, [{ name: "i", type: int, bitOffset: 0, bitfieldSize: 0 }]);
  b.addEnum("e", [{ name: "A", value: -1 }]);
  b.addFwd("f", "struct");
  b.addTypedef("t", int);
  b.addVolatile(int);
  b.addConst(int);
  b.addRestrict(ptr);
  const proto = b.addFuncProto(int, [{ name: "x", type: char }], true);
  b.addFunc("fn", proto);
  const variable = b.addVar("v", int);
  b.addDatasec(".data", 4, [{ type: variable, offset: 0, size: 4 }]);
  b.addFloat("double", 8);
  b.addDeclTag("tag", struct, 0);
  b.addTypeTag("kptr", struct);
  b.addEnum64("e64", [{ name: "BIG", value: 0xffffffffffffffffn }]);
  b.addEnum64("s64", [{ name: "LOW", value: -0x8000000000000000n }]);
  b.addFwd("g", "union");
  const expected = [
    { kind: "int", name: "int", size: 4, bits: 32, offset: 0, encoding: 1, signed: true },
    { kind: "int", name: "char", size: 1, bits: 8, offset: 0, encoding: 1, signed: true },
    { kind: "ptr", name: "", type: 1 },
    { kind: "array", name: "", type: 1, indexType: 1, length: 3 },
    { kind: "struct", name: "s", size: 8, members: [{ name: "p", type: 3, bitOffset: 0, bitfieldSize: 0 }] },
    { kind: "union", name: "u", size: 4, members: [{ name: "i", type: 1, bitOffset: 0, bitfieldSize: 0 }] },
    { kind: "enum", name: "e", size: 4, signed: true, values: [{ name: "A", value: -1 }] },
    { kind: "fwd", name: "f", union: false },
    { kind: "typedef", name: "t", type: 1 },
    { kind: "volatile", name: "", type: 1 },
    { kind: "const", name: "", type: 1 },
    { kind: "restrict", name: "", type: 3 },
    { kind: "func_proto", name: "", ret: 1, params: [{ name: "x", type: 2 }], variadic: true },
    { kind: "func", name: "fn", type: 13, linkage: 1 },
    { kind: "var", name: "v", type: 1, linkage: 1 },
    { kind: "datasec", name: ".data", size: 4, vars: [{ type: 15, offset: 0, size: 4 }] },
    { kind: "float", name: "double", size: 8 },
    { kind: "decl_tag", name: "tag", type: 5, componentIdx: 0, attribute: false },
    { kind: "type_tag", name: "kptr", type: 5, attribute: false },
    { kind: "enum64", name: "e64", size: 8, signed: false, values: [{ name: "BIG", value: 0xffffffffffffffffn }] },
    { kind: "enum64", name: "s64", size: 8, signed: true, values: [{ name: "LOW", value: -0x8000000000000000n }] },
    { kind: "fwd", name: "g", union: true },
  ].map((type, i) => ({ ...type, id: i + 1 }));
  expect([...b.toBtf().types()]).toEqual(expected);
});

test.each([
  ["little", clang],
  ["big", clangBig],
])("clang's %s-endian BTF goes through the builder unchanged", (_, btf) => {
  const builder = new BtfBuilder({ littleEndian: btf.littleEndian });
  builder.addAll(btf);
  const again = Btf.parse(builder.encode());
  expect(again.littleEndian).toBe(btf.littleEndian);
  expect([...again.types()]).toEqual([...btf.types()]);
  expect(builder.sizeOf(29)).toBe(96);
  expect(builder.alignOf(68)).toBe(1);
});

describe("copies", () => {
  test.each([
    ["little", clang],
    ["big", clangBig],
  ])("%s-endian BTF that is not changed is byte for byte what it was", (_, btf) => {
    expect(BtfBuilder.from(btf).encode()).toEqual(btf.bytes);
  });

  test("name offsets stay, what is redefined is new, the rest is not looked at", () => {
    // [1] ptr to type 9, which does not exist, with a bit set that means nothing; [2] fwd "a"; strings "", "unused", "a".
    const bytes = fromHex(
      `9feb0100 18000000 00000000 18000000 18000000 0a000000
       00000000 00000142 09000000  08000000 00000007 00000000  00756e7573656400 6100`,
    );
    const builder = BtfBuilder.from(Btf.parse(bytes));
    expect(builder.encode()).toEqual(bytes);
    expect(builder.addTypedef("unused", 2)).toBe(3);
    builder.define(2, { kind: "fwd", name: "b", union: true });
    expect([1, 2, 3].map((id) => builder.kindOf(id))).toEqual(["ptr", "fwd", "typedef"]);
    expect([1, 2, 3].map((id) => builder.nameOf(id))).toEqual(["", "b", "unused"]);
    expect(builder.encode()).toEqual(
      fromHex(
        `9feb0100 18000000 00000000 24000000 24000000 0c000000
         00000000 00000142 09000000  0a000000 00000087 00000000  01000000 00000008 02000000  00756e7573656400 6100 6200`,
      ),
    );
    expect(() => builder.dedup()).toThrow("type 1 (ptr ) refers to type 9: ids are 0..3");
    builder.define(1, { kind: "ptr", type: 2 });
    builder.dedup();
    expect(builder.encode()).toEqual(
      fromHex(
        `9feb0100 18000000 00000000 24000000 24000000 0a000000
         00000000 00000002 02000000  01000000 00000087 00000000  03000000 00000008 02000000  00 6200 756e7573656400`,
      ),
    );
  });

  test("split BTF is changed on its base", () => {
    const split = new BtfBuilder({ base: clang });
    split.addStruct("wrapper", 8, [{ name: "next", type: 7, bitOffset: 0, bitfieldSize: 0 }]);
    const builder = BtfBuilder.from(split.toBtf());
    expect(builder.encode()).toEqual(split.encode());
    builder.addFwd("wrapper", "struct");
    builder.addFwd("other", "struct");
    expect([...builder.toBtf().types()].map((t) => t.name)).toEqual(["wrapper", "wrapper", "other"]);
    expect(new TextDecoder().decode(builder.toBtf().strings)).toBe("wrapper\0other\0");
    expect(builder.sizeOf(clang.typeCount)).toBe(8);
  });
});

describe("C layout", () => {
  // Each struct of kinds.c again, laid out by addFields, must be what clang made of it.
  const names = ["node", "bits", "outer", "tagged", "tight"];
  test.each(names)("struct %s", (name) => {
    const builder = BtfBuilder.from(clang);
    const id = clang.findByName(name, "struct")!;
    const type = clang.type(id);
    if (type.kind !== "struct") throw new Error("no struct");
    const fields = type.members.flatMap((m) => [
      // kinds.c closes the first unit of struct bits by an unnamed bitfield of no width.
      ...(m.name === "d" ? [{ name: "", type: 17, bits: 0 }] : []),
      m.bitfieldSize === 0 ? { name: m.name, type: m.type } : { name: m.name, type: m.type, bits: m.bitfieldSize },
    ]);
    const copy = builder.addFields("struct", name, fields, { packed: name === "tight" });
    expect(builder.spec(copy)).toEqual({ kind: "struct", name, size: type.size, members: type.members });
  });

  test("unions overlay, and are as large as the largest", () => {
    const b = new BtfBuilder();
    const u8 = b.addInt("u8", 1);
    const u32 = b.addInt("u32", 4);
    const five = b.addArray(u8, 5, u32);
    const union = b.addFields("union", "u", [
      { name: "bytes", type: five },
      { name: "word", type: u32 },
    ]);
    expect(b.spec(union)).toMatchObject({ size: 8, members: [{ bitOffset: 0 }, { bitOffset: 0 }] });
  });

  test("types that refer to each other", () => {
    const b = new BtfBuilder();
    const list = b.reserve();
    const pointer = b.addPtr(list);
    expect(() => b.encode()).toThrow("type 1 was reserved and never defined");
    b.defineFields(list, "struct", "list", [
      { name: "next", type: pointer },
      { name: "prev", type: pointer },
    ]);
    expect(b.toBtf().memberPath("list", "next.prev")).toMatchObject({ derefs: [0], offset: 8 });
  });
});

describe("dedup", () => {
  const spec = (b: BtfBuilder): BtfTypeSpec[] => {
    const out: BtfTypeSpec[] = [];
    for (let id = b.firstId; id < b.typeCount; id++) out.push(b.spec(id));
    return out;
  };

  test("twice the same is once the same, cycles included; variables and sections stay", () => {
    const b = new BtfBuilder();
    b.addAll(clang);
    const second = b.addAll(clang);
    const moved = b.dedup();
    // 13 variables and 5 sections are there twice.
    const fixed = [...clang.types()].filter((t) => t.kind === "var" || t.kind === "datasec").length;
    expect(fixed).toBe(18);
    // clang itself wrote no type twice: the first half keeps its ids.
    expect(b.typeCount - 1).toBe(88 + 18);
    for (let id = 1; id <= 88; id++) {
      const kind = clang.kindOf(id);
      expect(moved(id)).toBe(id);
      if (kind !== "var" && kind !== "datasec") expect(moved(second(id))).toBe(id);
    }
  });

  test("a forward declaration becomes the only definition of its name, and then types that hold it merge", () => {
    const b = new BtfBuilder();
    const int = b.addInt("int", 4);
    const fwd = b.addFwd("thing", "struct");
    const toFwd = b.addPtr(fwd);
    const holder = b.addFields("struct", "holder", [{ name: "p", type: toFwd }]);
    const thing = b.addFields("struct", "thing", [{ name: "i", type: int }]);
    const toThing = b.addPtr(thing);
    const holder2 = b.addFields("struct", "holder", [{ name: "p", type: toThing }]);
    const moved = b.dedup();
    expect(moved(fwd)).toBe(moved(thing));
    expect(moved(toFwd)).toBe(moved(toThing));
    expect(moved(holder)).toBe(moved(holder2));
    expect(spec(b)).toHaveLength(4);
  });

  test("a forward declaration of a name with two definitions, or of the other kind, stays", () => {
    const b = new BtfBuilder();
    const int = b.addInt("int", 4);
    const fwd = b.addFwd("thing", "struct");
    b.addFields("struct", "thing", [{ name: "i", type: int }]);
    b.addFields("struct", "thing", [{ name: "j", type: int }]);
    const fwdUnion = b.addFwd("other", "union");
    b.addFields("struct", "other", [{ name: "i", type: int }]);
    const moved = b.dedup();
    expect(b.spec(moved(fwd)).kind).toBe("fwd");
    expect(b.spec(moved(fwdUnion)).kind).toBe("fwd");
  });

  test("what differs anywhere below is kept apart", () => {
    const b = new BtfBuilder();
    const int = b.addInt("int", 4);
    const uint = b.addInt("uint", 4);
    const chains = [int, uint].map((leaf) => b.addPtr(b.addConst(b.addPtr(leaf))));
    const orders = [b.addConst(b.addVolatile(int)), b.addVolatile(b.addConst(int))];
    const moved = b.dedup();
    expect(new Set([...chains, ...orders].map(moved)).size).toBe(4);
  });

  test("split BTF merges with its base", () => {
    const b = new BtfBuilder({ base: clang });
    const int = b.addInt("int", 4, { signed: true });
    const node = b.addFwd("node", "struct");
    const pointer = b.addPtr(node);
    const own = b.addFields("struct", "mine", [{ name: "node", type: pointer }]);
    const moved = b.dedup();
    expect([int, node, pointer, own].map(moved)).toEqual([3, 7, 6, 89]);
    expect(spec(b)).toEqual([
      { kind: "struct", name: "mine", size: 8, members: [{ name: "node", type: 6, bitOffset: 0, bitfieldSize: 0 }] },
    ]);
  });

  test("a chain of equal pointers, longer than any real one, is refused in bounded time", () => {
    const b = new BtfBuilder();
    let at = b.addInt("int", 4);
    for (let i = 0; i < 3000; i++) at = b.addPtr(at);
    expect(() => b.dedup()).toThrow(BtfError);
  });
});

describe("what does not fit is refused", () => {
  const b = new BtfBuilder();
  const int = b.addInt("int", 4);
  const member = { name: "m", type: int, bitOffset: 0, bitfieldSize: 0 };
  test.each<[string, () => unknown]>([
    ["struct s: size or type id is -1", () => b.addStruct("s", -1, [])],
    ["struct s: size or type id is 4294967296", () => b.addStruct("s", 2 ** 32, [])],
    ['bitfield size of member "m" is 256', () => b.addStruct("s", 4, [{ ...member, bitfieldSize: 256 }])],
    [
      'bit offset of member "m" is 16777216',
      () => b.addStruct("s", 4, [{ ...member, bitOffset: 2 ** 24, bitfieldSize: 1 }]),
    ],
    ["struct s: 65536 members, at most 65535 fit", () => b.addStruct("s", 4, new Array(65536).fill(member))],
    ['value of "A" is 4294967296', () => b.addEnum("e", [{ name: "A", value: 2 ** 32 }])],
    [
      'value of "A" is 2147483648',
      () =>
        b.addEnum("e", [
          { name: "A", value: 2 ** 31 },
          { name: "B", value: -1 },
        ]),
    ],
    ['value of "A" is 18446744073709551616', () => b.addEnum64("e", [{ name: "A", value: 1n << 64n }])],
    ["number of bits is 256", () => b.addInt("huge", 32)],
    [
      "signed is false, but encoding is 1",
      () => b.add({ kind: "int", name: "i", size: 4, encoding: 1, signed: false }),
    ],
    ["component index is -2", () => b.addDeclTag("t", int, -2)],
    ['bitfield "m" of 33 bits in a type of 32', () => b.addFields("struct", "s", [{ name: "m", type: int, bits: 33 }])],
    ["no type 7: own ids are 1..1", () => b.spec(7)],
    ["no type 9 to define: own ids are 1..1", () => b.define(9, { kind: "ptr", type: 1 })],
  ])("%s", (message, act) => {
    expect(act).toThrow(BtfError);
    expect(act).toThrow(message);
  });

  test("references to nothing, and names that cannot be written", () => {
    const c = new BtfBuilder();
    c.addPtr(2);
    expect(() => c.encode()).toThrow("type 1 (ptr ) refers to type 2: ids are 0..1");
    const d = new BtfBuilder();
    d.addFwd("a\0b", "struct");
    expect(() => d.encode()).toThrow('name "a\\u0000b" holds a 0 character');
  });
});
