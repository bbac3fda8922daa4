import { describe, expect, test } from "vitest";
import { Btf, BtfBuilder, BtfError } from "../src/index.ts";
import { BTF_BASE64 } from "./fixtures/kinds.ts";
import { BTF_BASE64 as BIG_ENDIAN } from "./fixtures/kinds-big-endian.ts";
import { fromBase64, fromHex } from "./fixtures/load.ts";

const little = Btf.parse(fromBase64(BTF_BASE64));
const big = Btf.parse(fromBase64(BIG_ENDIAN));

// The expectations are what `bpftool btf dump file kinds.o` prints.
describe.each([
  ["little", little, true],
  ["big", big, false],
])("clang's BTF, %s endian", (_, btf, littleEndian) => {
  test("knows its byte order and its ids", () => {
    expect(btf.littleEndian).toBe(littleEndian);
    expect(btf.typeCount).toBe(89);
    expect(btf.firstId).toBe(1);
    expect([...btf.types()]).toHaveLength(88);
  });

  test.each([
    [0, { kind: "void", id: 0, name: "void" }],
    [1, { kind: "ptr", id: 1, name: "", type: 0 }],
    [2, { kind: "func_proto", id: 2, name: "", ret: 3, params: [{ name: "ctx", type: 1 }], variadic: false }],
    [3, { kind: "int", id: 3, name: "int", size: 4, bits: 32, offset: 0, encoding: 1, signed: true }],
    [4, { kind: "func", id: 4, name: "entry", type: 2, linkage: 1 }],
    [5, { kind: "decl_tag", id: 5, name: "context", type: 4, componentIdx: 0, attribute: false }],
    [9, { kind: "fwd", id: 9, name: "opaque", union: false }],
    [11, { kind: "fwd", id: 11, name: "opaque_union", union: true }],
    [14, { kind: "func", id: 14, name: "helper", type: 13, linkage: 0 }],
    [15, { kind: "const", id: 15, name: "", type: 16 }],
    [16, { kind: "volatile", id: 16, name: "", type: 17 }],
    [17, { kind: "typedef", id: 17, name: "u32", type: 18 }],
    [19, { kind: "var", id: 19, name: "limit", type: 15, linkage: 1 }],
    [
      20,
      {
        kind: "enum",
        id: 20,
        name: "balance",
        size: 4,
        signed: true,
        values: [
          { name: "DEBT", value: -7 },
          { name: "EVEN", value: 0 },
          { name: "RICH", value: 7 },
        ],
      },
    ],
    [42, { kind: "array", id: 42, name: "", type: 41, indexType: 27, length: 2 }],
    [43, { kind: "restrict", id: 43, name: "", type: 44 }],
    [52, { kind: "func_proto", id: 52, name: "", ret: 0, params: [{ name: "", type: 53 }], variadic: true }],
    [56, { kind: "int", id: 56, name: "_Bool", size: 1, bits: 8, offset: 0, encoding: 4, signed: false }],
    [58, { kind: "float", id: 58, name: "double", size: 8 }],
    [
      61,
      {
        kind: "enum64",
        id: 61,
        name: "wide",
        size: 8,
        signed: false,
        values: [
          { name: "SMALL", value: 1n },
          { name: "HUGE_ONE", value: 0x123456789abcdefn },
        ],
      },
    ],
    [
      66,
      {
        kind: "enum",
        id: 66,
        name: "color",
        size: 4,
        signed: false,
        values: [
          { name: "RED", value: 0 },
          { name: "GREEN", value: 5 },
          { name: "BLUE", value: 4294967280 },
        ],
      },
    ],
    [
      65,
      {
        kind: "struct",
        id: 65,
        name: "bits",
        size: 16,
        members: littleEndian
          ? [
              { name: "a", type: 17, bitOffset: 0, bitfieldSize: 3 },
              { name: "b", type: 17, bitOffset: 3, bitfieldSize: 7 },
              { name: "c", type: 3, bitOffset: 10, bitfieldSize: 12 },
              { name: "d", type: 38, bitOffset: 64, bitfieldSize: 40 },
              { name: "shade", type: 66, bitOffset: 104, bitfieldSize: 4 },
              { name: "plain", type: 31, bitOffset: 112, bitfieldSize: 0 },
            ]
          : expect.any(Array),
      },
    ],
    [
      33,
      {
        kind: "union",
        id: 33,
        name: "",
        size: 4,
        members: [
          { name: "", type: 34, bitOffset: 0, bitfieldSize: 0 },
          { name: "both", type: 17, bitOffset: 0, bitfieldSize: 0 },
        ],
      },
    ],
    [74, { kind: "type_tag", id: 74, name: "percpu", type: 73, attribute: false }],
    [
      88,
      {
        kind: "datasec",
        id: 88,
        name: "map.data",
        size: 0,
        vars: [
          { type: 24, offset: 0, size: 32 },
          { type: 60, offset: 0, size: 96 },
        ],
      },
    ],
  ])("type %i", (id, expected) => {
    expect(btf.type(id)).toEqual(expected);
    expect(btf.kindOf(id)).toBe(expected.kind);
    expect(btf.nameOf(id)).toBe(expected.name);
  });

  test("finds by name and kind", () => {
    // Often enough that both the scan and the index answer.
    for (let i = 0; i < 8; i++) {
      expect(btf.findByName("outer")).toBe(29);
      expect(btf.findByName("outer", "struct")).toBe(29);
      expect(btf.findByName("outer", ["union", "struct"])).toBe(29);
      expect(btf.findByName("outer", "union")).toBeUndefined();
      expect(btf.findByName("oute")).toBeUndefined();
      expect(btf.findByName("outer_")).toBeUndefined();
      expect(btf.findByName("")).toBeUndefined();
    }
    expect(btf.findAll("opaque")).toEqual([9]);
    expect(btf.findByEssentialName("node___v2")).toEqual([7]);
  });

  test("resolves, sizes, aligns", () => {
    expect(btf.resolve(15)).toBe(18);
    expect(btf.resolve(74)).toBe(32);
    expect(btf.resolve(29)).toBe(29);
    expect([3, 15, 20, 29, 42, 43, 57, 61, 65, 68, 60].map((id) => btf.sizeOf(id))).toEqual([
      4, 4, 4, 96, 24, 8, 4, 8, 16, 7, 96,
    ]);
    expect([3, 15, 20, 29, 42, 43, 57, 61, 65, 68, 60].map((id) => btf.alignOf(id))).toEqual([
      4, 4, 4, 8, 4, 8, 4, 8, 8, 1, 8,
    ]);
    for (const id of [0, 2, 4, 9]) expect(() => btf.sizeOf(id)).toThrow(/has no size/);
  });

  test("follows member paths", () => {
    expect(btf.memberPath("outer", "high")).toEqual({
      type: 35,
      derefs: [],
      bitOffset: 48,
      offset: 6,
      bitfieldSize: 0,
      parent: 34,
    });
    expect(btf.memberPath("outer_t", "matrix[1][2]")).toMatchObject({ type: 17, offset: 52 });
    expect(btf.memberPath("outer", "named.inner")).toMatchObject({ type: 38, offset: 8, parent: 37 });
    expect(btf.memberPath("outer", "tail[3]")).toMatchObject({ type: 3, offset: 108 });
    expect(btf.memberPath("node", "next->next.value")).toMatchObject({ type: 3, derefs: [0, 0], offset: 24 });
    expect(btf.memberPath("node", "next[2].value")).toMatchObject({ derefs: [0], offset: 88 });
    expect(() => btf.memberPath("node", "prev")).toThrow('"prev": struct node has no member "prev"');
    expect(() => btf.memberPath("node", "value.x")).toThrow('"value.x": "x" is looked for in a int');
    expect(() => btf.memberPath("outer", "text[16]")).toThrow('"text[16]": index 16 outside of an array of 16');
    expect(() => btf.memberPath("node", "value[0]")).toThrow("expected an array or pointer");
    expect(() => btf.memberPath("node", "a..b")).toThrow("expected a member name or [index] at character 2");
    expect(() => btf.memberPath("nothing", "a")).toThrow('no struct, union or typedef is named "nothing"');
  });

  test("finds prototypes and tags", () => {
    expect(btf.funcProto(14)).toMatchObject({ id: 13, params: [{ name: "n" }, { name: "by" }] });
    expect(btf.funcProto(77)).toMatchObject({ id: 79 });
    expect(() => btf.funcProto(3)).toThrow("type 3 (int) has no function prototype");
    expect(btf.declTags(29).map((t) => t.name)).toEqual(["the outer"]);
    expect(btf.declTags(7, 3).map((t) => t.name)).toEqual(["important"]);
    expect(btf.declTags(7, -1)).toEqual([]);
  });

  test("reads members one by one", () => {
    expect(btf.vlenOf(29)).toBe(12);
    expect(btf.memberNameOf(29, 3)).toBe("text");
    expect(btf.memberTypeOf(29, 3)).toBe(40);
    expect(btf.memberBitOffsetOf(29, 3)).toBe(128);
    expect(btf.memberBitfieldSizeOf(65, 1)).toBe(7);
    expect(() => btf.memberTypeOf(29, 12)).toThrow("type 29 (struct) has no member 12");
    expect(() => btf.memberTypeOf(3, 0)).toThrow("type 3 (int) has no member 0");
  });

  test("refuses ids and strings that are not there", () => {
    for (const id of [89, -1, 0.5, Number.NaN, 2 ** 32])
      expect(() => btf.type(id)).toThrow(/no type .*: ids are 0..88/);
    expect(() => btf.name(1e6)).toThrow(/name offset 1000000 outside/);
  });
});

test("big-endian bitfields are at the places that clang gives them", () => {
  // Offsets of bitfields count from the most significant bit there, so they are the same numbers.
  expect(big.type(65)).toEqual(little.type(65));
});

test("an unaligned buffer is read as well", () => {
  const bytes = fromBase64(BTF_BASE64);
  const shifted = new Uint8Array(bytes.length + 1);
  shifted.set(bytes, 1);
  expect(Btf.parse(shifted.subarray(1)).type(29)).toEqual(little.type(29));
});

describe("bytes of names that are no UTF-8", () => {
  // What is well-formed is RFC 3629's: no lone continuation, overlong form, surrogate, or character beyond U+10FFFF.
  test.each([
    ["ff", "\udcff"],
    ["61 e9 62", "a\udce9b"],
    ["c3 a9", "\u00e9"],
    ["c3", "\udcc3"],
    ["c0 af", "\udcc0\udcaf"],
    ["e0 9f bf", "\udce0\udc9f\udcbf"],
    ["ed a0 80", "\udced\udca0\udc80"],
    ["f0 9f 90 9d ff", "\u{1f41d}\udcff"],
    ["f0 9f 90", "\udcf0\udc9f\udc90"],
    ["f4 90 80 80", "\udcf4\udc90\udc80\udc80"],
    ["ef bb bf 78", "\ufeffx"],
    ["ef bf bd ff", "\ufffd\udcff"],
  ])("%s", (hex, name) => {
    const bytes = fromHex(hex);
    const builder = new BtfBuilder();
    const id = builder.addStruct(name, 0, []);
    const encoded = builder.encode();
    expect(encoded.subarray(-bytes.length - 1, -1)).toEqual(bytes);
    const btf = Btf.parse(encoded);
    expect(btf.nameOf(id)).toBe(name);
    expect(btf.findByName(name)).toBe(id);
    expect(BtfBuilder.from(btf).encode()).toEqual(encoded);
  });
});

describe("split BTF", () => {
  const builder = new BtfBuilder({ base: little });
  const pointer = builder.addPtr(29);
  const wrapped = builder.addStruct("wrapper", 8, [{ name: "next", type: pointer, bitOffset: 0, bitfieldSize: 0 }]);
  const own = builder.addStruct("outer", 4, [{ name: "value", type: 3, bitOffset: 0, bitfieldSize: 0 }]);
  const bytes = builder.encode();
  const split = Btf.parse(bytes, { base: little });

  test("counts on from the base", () => {
    expect([split.firstId, pointer, split.typeCount]).toEqual([89, 89, 92]);
    expect(split.type(29)).toEqual(little.type(29));
    expect(split.memberPath("wrapper", "next.kind")).toMatchObject({ type: 31, derefs: [0] });
  });

  test("uses the base's strings", () => {
    // "next" and "value" are the base's; only "wrapper" is new ("outer" too is there).
    expect(new TextDecoder().decode(split.strings)).toBe("wrapper\0");
    expect(split.nameOf(wrapped)).toBe("wrapper");
  });

  test("finds the base's types first, and all on demand", () => {
    for (let i = 0; i < 6; i++) {
      expect(split.findByName("wrapper")).toBe(wrapped);
      expect(split.findByName("outer")).toBe(29);
    }
    expect(split.findAll("outer")).toEqual([29, own]);
  });

  test("without its base it has ids that do not exist", () => {
    const alone = Btf.parse(
      fromHex("9feb0100 18000000 00000000 0c000000 0c000000 01000000  00000000 00000002 1d000000 00"),
    );
    expect(() => alone.memberPath(1, "x")).toThrow(BtfError);
  });
});

describe("headers", () => {
  const good = "9feb0100 18000000 00000000 00000000 00000000 01000000 00";
  test.each([
    ["", "BTF of 0 bytes, a header needs 24"],
    ["9feb01", "BTF of 3 bytes, a header needs 24"],
    [good.replace("9feb", "9fea"), "no BTF: magic is 0xea9f, expected 0xeb9f in either byte order"],
    [good.replace("9feb01", "9feb02"), "BTF version 2, only 1 is known"],
    [good.replace("18000000", "17000000"), "BTF header length 23 outside of [24, 25]"],
    [good.replace("18000000", "1a000000"), "BTF header length 26 outside of [24, 25]"],
    ["9feb0100 18000000 02000000 04000000 06000000 01000000 000000000000 00", "is not made of 4-byte words"],
    ["9feb0100 18000000 00000000 04000000 00000000 01000000 00000000", "reaches into the strings at 0"],
    ["9feb0100 18000000 00000000 00000000 00000000 ffffffff 00", "reaches beyond the 1 bytes after the header"],
    ["9feb0100 18000000 00000000 00000000 00000000 00000000", "string section is empty"],
    ["9feb0100 18000000 00000000 00000000 00000000 02000000 0041", "does not end with a 0 byte"],
    ["9feb0100 18000000 00000000 00000000 00000000 02000000 4100", "does not start with the empty string"],
    ["9feb0100 18000000 00000000 0c000000 0c000000 01000000 00000000 00000014 00000000 00", "of unknown kind 20"],
    ["9feb0100 18000000 00000000 0c000000 0c000000 01000000 00000000 00000000 00000000 00", "of unknown kind 0"],
    ["9feb0100 18000000 00000000 0c000000 0c000000 01000000 00000000 01000004 00000000 00", "type 1 reaches beyond"],
    ["9feb0100 18000000 00000000 04000000 04000000 01000000 00000000 00", "type 1 reaches beyond"],
  ])("%s", (hex, message) => {
    expect(() => Btf.parse(fromHex(hex))).toThrow(BtfError);
    expect(() => Btf.parse(fromHex(hex))).toThrow(message);
  });

  test("an empty type section is fine", () => {
    expect(Btf.parse(fromHex(good)).typeCount).toBe(1);
  });
});
