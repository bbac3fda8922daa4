import { expect, test } from "vitest";
import { Btf, BtfBuilder, renderTypeScript } from "../src/index.ts";
import { BTF_BASE64 as KINDS } from "./fixtures/kinds.ts";
import { fromBase64 } from "./fixtures/load.ts";

const kinds = Btf.parse(fromBase64(KINDS));

test("declarations of what a struct needs", () => {
  const roots = [kinds.findByName("outer", "struct")!, kinds.findByName("bits", "struct")!];
  expect(renderTypeScript(kinds, { roots })).toBe(`export interface outer {
  kind: u8;
  low?: u16;
  high?: u16;
  both?: u32;
  named: {
    inner: u64;
  };
  text: string;
  matrix: u32[][];
  where: bigint;
  compare: bigint;
  print: bigint;
  on: flag_t;
  ratio: number;
  exact: number;
  tail: number[];
}

export type u8 = number;

export type u16 = number;

export type u32 = number;

export type u64 = bigint;

export type flag_t = boolean;

export interface bits {
  a: u32;
  b: u32;
  c: number;
  d: u64;
  shade: color;
  plain: u8;
}

export type color = "RED" | "GREEN" | "BLUE" | number;
`);
});

test("the codec's choices", () => {
  const roots = [kinds.findByName("wide")!, kinds.findByName("outer", "struct")!];
  const text = renderTypeScript(kinds, {
    roots,
    int64: "number",
    enums: "number",
    chars: "number",
    memberName: (name) => `the-${name}`,
  });
  expect(text).toContain("export type wide = number;\n");
  expect(text).toContain('  "the-text": number[];\n');
  expect(text).toContain('  "the-where": number;\n');
});

test("names that are taken or reserved, arrays of unions of types, sections", () => {
  const b = new BtfBuilder();
  const int = b.addInt("int", 4, { signed: true });
  const anonymous = b.addEnum("", [{ name: "A", value: 0 }]);
  b.addFields("struct", "string", [{ name: "list", type: b.addArray(anonymous, 2, int) }]);
  b.addFields("struct", "twin", []);
  b.addTypedef("twin", b.addFwd("gone", "struct"));
  const section = b.addDatasec(".bss", 4, [{ type: b.addVar("v", int), offset: 0, size: 4 }]);
  const btf = b.toBtf();
  expect(renderTypeScript(btf, { roots: [section] })).toBe("export interface _bss {\n  v: number;\n}\n");
  expect(renderTypeScript(btf)).toBe(`export interface string_ {
  list: ("A" | number)[];
}

export interface twin {}

export type twin___2 = never;
`);
});
