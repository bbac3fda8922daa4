import { expect, test } from "vitest";
import { Btf, BtfBuilder, formatRawDump, rawRecords } from "../src/index.ts";

/** A type of every kind. */
function everyKind(): Btf {
  const b = new BtfBuilder();
  const int = b.addInt("int", 4, { signed: true });
  const flag = b.addInt("_Bool", 1, { bool: true });
  const array = b.addArray(int, 3, int);
  const struct = b.addStruct("s", 16, [
    { name: "a", type: array, bitOffset: 0, bitfieldSize: 0 },
    { name: "low", type: int, bitOffset: 96, bitfieldSize: 5 },
    { name: "", type: flag, bitOffset: 101, bitfieldSize: 1 },
  ]);
  b.addEnum("e", [
    { name: "MINUS", value: -1 },
    { name: "ONE", value: 1 },
  ]);
  b.addEnum("u", [{ name: "ALL", value: 0xffffffff }], { signed: false });
  b.addEnum64("wide", [{ name: "MAX", value: 0xffffffffffffffffn }]);
  b.addEnum64("below", [{ name: "MIN", value: -0x8000000000000000n }]);
  b.addFwd("later", "union");
  b.addTypedef("t", b.addConst(b.addVolatile(b.addRestrict(b.addPtr(b.addTypeTag("user", 0))))));
  const proto = b.addFuncProto(0, [{ name: "x", type: int }], true);
  const func = b.addFunc("f", proto, 0);
  const variable = b.addVar("v", struct, 1);
  b.addDatasec(".data", 20, [{ type: variable, offset: 4, size: 16 }]);
  b.addFloat("double", 8);
  b.addDeclTag("note", func, 0);
  return Btf.parse(b.encode());
}

// What bpftool 7.1 (libbpf 1.1) printed for the same bytes.
const TEXT = `[1] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED
[2] INT '_Bool' size=1 bits_offset=0 nr_bits=8 encoding=BOOL
[3] ARRAY '(anon)' type_id=1 index_type_id=1 nr_elems=3
[4] STRUCT 's' size=16 vlen=3
	'a' type_id=3 bits_offset=0
	'low' type_id=1 bits_offset=96 bitfield_size=5
	'(anon)' type_id=2 bits_offset=101 bitfield_size=1
[5] ENUM 'e' encoding=SIGNED size=4 vlen=2
	'MINUS' val=-1
	'ONE' val=1
[6] ENUM 'u' encoding=UNSIGNED size=4 vlen=1
	'ALL' val=4294967295
[7] ENUM64 'wide' encoding=UNSIGNED size=8 vlen=1
	'MAX' val=18446744073709551615ULL
[8] ENUM64 'below' encoding=SIGNED size=8 vlen=1
	'MIN' val=-9223372036854775808LL
[9] FWD 'later' fwd_kind=union
[10] TYPE_TAG 'user' type_id=0
[11] PTR '(anon)' type_id=10
[12] RESTRICT '(anon)' type_id=11
[13] VOLATILE '(anon)' type_id=12
[14] CONST '(anon)' type_id=13
[15] TYPEDEF 't' type_id=14
[16] FUNC_PROTO '(anon)' ret_type_id=0 vlen=2
	'x' type_id=1
	'(anon)' type_id=0
[17] FUNC 'f' type_id=16 linkage=static
[18] VAR 'v' type_id=4, linkage=global
[19] DATASEC '.data' size=20 vlen=1
	type_id=18 offset=4 size=16 (VAR 'v')
[20] FLOAT 'double' size=8
[21] DECL_TAG 'note' type_id=17 component_idx=0
`;

test("as bpftool btf dump prints it", () => {
  expect(formatRawDump(everyKind())).toBe(TEXT);
});

test("as records, whose names and order are those of bpftool -j", () => {
  const records = rawRecords(everyKind());
  expect(records[3]).toEqual({
    id: 4,
    kind: "STRUCT",
    name: "s",
    size: 16,
    vlen: 3,
    members: [
      { name: "a", type_id: 3, bits_offset: 0 },
      { name: "low", type_id: 1, bits_offset: 96, bitfield_size: 5 },
      { name: "(anon)", type_id: 2, bits_offset: 101, bitfield_size: 1 },
    ],
  });
  expect(Object.keys(records[15]!)).toEqual(["id", "kind", "name", "ret_type_id", "vlen", "params"]);
  expect(records[6]).toMatchObject({ kind: "ENUM64", values: [{ name: "MAX", val: 0xffffffffffffffffn }] });
});

test("split BTF: its own types", () => {
  const base = everyKind();
  const b = new BtfBuilder({ base });
  b.addPtr(4);
  expect(formatRawDump(Btf.parse(b.encode(), { base }))).toBe("[22] PTR '(anon)' type_id=4\n");
});
