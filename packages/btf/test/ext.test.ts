import { describe, expect, test } from "vitest";
import { Btf, BtfError, BtfExt, encodeFuncInfo, encodeLineInfo } from "../src/index.ts";
import { BTF_BASE64, BTF_EXT_BASE64 } from "./fixtures/core.ts";
import { BTF_BASE64 as KINDS, BTF_EXT_BASE64 as KINDS_EXT } from "./fixtures/kinds.ts";
import { BTF_BASE64 as KINDS_BIG, BTF_EXT_BASE64 as KINDS_BIG_EXT } from "./fixtures/kinds-big-endian.ts";
import { fromBase64, fromHex } from "./fixtures/load.ts";

const btf = Btf.parse(fromBase64(BTF_BASE64));
const ext = BtfExt.parse(fromBase64(BTF_EXT_BASE64), btf);

// The expectations are what `llvm-objdump-19 -dr -l` and `bpftool btf dump` say of core.o.
describe("clang's .BTF.ext", () => {
  test("functions", () => {
    expect(ext.littleEndian).toBe(true);
    expect(ext.funcInfo.recordSize).toBe(8);
    const functions = ext.funcInfo.sections.map((s) => [s.name, ...s.records.map((r) => btf.nameOf(r.type))]);
    expect(functions).toEqual([
      ["p/fields", "fields"],
      ["p/flavours", "flavours"],
      ["p/ambiguous", "ambiguous"],
      ["p/stores", "stores"],
      ["p/types", "types"],
      ["p/enums", "enums"],
    ]);
    expect(ext.funcInfo.sections[2]!.bytes).toEqual(fromHex("00000000 20000000"));
  });

  test("lines", () => {
    expect(ext.lineInfo.recordSize).toBe(16);
    expect(ext.lineInfo.sections.map((s) => s.records.length)).toEqual([34, 21, 3, 7, 21, 8]);
    const { records } = ext.lineInfo.sections[2]!;
    expect(records.map((r) => [r.insnOffset, btf.name(r.fileNameOffset), r.line, r.column])).toEqual([
      [0, "./core.c", 111, 12],
      [8, "./core.c", 111, 7],
      [32, "./core.c", 112, 2],
    ]);
    expect(btf.name(records[0]!.lineOffset)).toBe("\tsink = p->v;");
  });

  test("CO-RE relocations", () => {
    expect(ext.coreRelos.recordSize).toBe(16);
    expect(ext.coreRelos.sections.map((s) => s.records.length)).toEqual([25, 11, 1, 3, 19, 6]);
    expect(ext.coreRelos.sections[2]!.records).toEqual([{ insnOffset: 0, type: 30, access: "0:0", kind: 0 }]);
  });

  test("the other byte order", () => {
    const little = BtfExt.parse(fromBase64(KINDS_EXT), Btf.parse(fromBase64(KINDS)));
    const big = BtfExt.parse(fromBase64(KINDS_BIG_EXT), Btf.parse(fromBase64(KINDS_BIG)));
    expect(big.littleEndian).toBe(false);
    expect(big.funcInfo.sections.map((s) => s.records)).toEqual(little.funcInfo.sections.map((s) => s.records));
    expect(big.lineInfo.sections.map((s) => s.records)).toEqual(little.lineInfo.sections.map((s) => s.records));
    // No relocations there: the part is missing.
    expect(big.coreRelos).toEqual({ recordSize: 0, sections: [] });
  });

  test("records are written as they were read", () => {
    for (const section of ext.funcInfo.sections) expect(encodeFuncInfo(section.records)).toEqual(section.bytes);
    for (const section of ext.lineInfo.sections) expect(encodeLineInfo(section.records)).toEqual(section.bytes);
    expect(encodeFuncInfo([{ insnOffset: 1, type: 2 }], false)).toEqual(fromHex("00000001 00000002"));
  });
});

describe("what is wrong is refused", () => {
  const strings = Btf.parse(fromHex("9feb0100 18000000 00000000 00000000 00000000 03000000 006100"));
  const header = "9feb0100 18000000";
  test.each([
    ["9feb01", "of 3 bytes has no header"],
    ["9fea0100 18000000 00", "magic is 0xea9f"],
    ["9feb0200 18000000 00", "version 2"],
    ["9feb0102 18000000 00", "flags 0x2"],
    ["9feb0100 17000000 00000000000000000000000000000000 00", "header length 23 outside of [24, 24]"],
    [`${header} 00000000 00000000 00000000 00000000`, "header length 24 outside of [24, 23]"],
    [`${header} 01000000 04000000 00000000 00000000 0000000000`, "func_info: offset 1 is not a multiple of 4"],
    [`${header} 00000000 08000000 00000000 00000000 08000000`, "func_info: [0, +8] reaches beyond the 4 bytes"],
    [`${header} 00000000 ffffffff 00000000 00000000 08000000`, "func_info: [0, +4294967295] reaches beyond"],
    [`${header} 00000000 03000000 00000000 00000000 08000000`, "func_info: 3 bytes do not hold the size"],
    [`${header} 00000000 04000000 00000000 00000000 07000000`, "func_info: records of 7 bytes"],
    [`${header} 00000000 04000000 00000000 00000000 0a000000`, "func_info: records of 10 bytes"],
    [`${header} 00000000 04000000 00000000 00000000 08000000`, "func_info: no records"],
    [`${header} 00000000 00000000 00000000 04000000 0c000000`, "line_info: records of 12 bytes"],
    [`${header} 00000000 08000000 00000000 00000000 08000000 01000000`, "func_info: 4 bytes at the end are no section"],
    [
      `${header} 00000000 0c000000 00000000 00000000 08000000 01000000 00000000`,
      'func_info: section "a" has no records',
    ],
    [
      `${header} 00000000 14000000 00000000 00000000 08000000 01000000 02000000 00000000 01000000`,
      'func_info: section "a" has 2 records, which do not fit',
    ],
    [
      `${header} 00000000 14000000 00000000 00000000 08000000 01000000 ffffffff 00000000 01000000`,
      "has 4294967295 records, which do not fit",
    ],
    [
      `${header} 00000000 14000000 00000000 00000000 08000000 09000000 01000000 00000000 01000000`,
      "name offset 9 outside",
    ],
  ])("%s", (hex, message) => {
    expect(() => BtfExt.parse(fromHex(hex), strings)).toThrow(BtfError);
    expect(() => BtfExt.parse(fromHex(hex), strings)).toThrow(message);
  });
});
