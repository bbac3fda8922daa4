import { expect, test } from "vitest";
import { parseRow } from "../../src/batch/parse-row.ts";

const LOAD = { prog_type: 1, license: "GPL", insns: "b7000000000000009500000000000000" };
const MAP = { type: 1, key_size: 4, value_size: 8, max_entries: 2 };

test("the least that makes a row", () => {
  expect(parseRow(JSON.stringify({ id: "a", load: LOAD }))).toEqual({
    id: "a",
    load: { ...LOAD, map_refs: [] },
    maps: [],
  });
});

test("everything; what is not known is let pass", () => {
  const info = { rec_size: 8, cnt: 1, hex: "0000000001000000" };
  const row = {
    id: "b",
    load: {
      ...LOAD,
      expected_attach_type: 2,
      prog_flags: 4,
      prog_name: "p",
      kern_version: 5,
      insn_cnt: 2,
      map_refs: [[0, 0]],
      btf: "types",
      func_info: info,
      line_info: info,
      attach_btf_id: 9,
    },
    maps: [
      {
        ...MAP,
        name: "m",
        map_flags: 1,
        map_extra: "1f",
        btf: "types",
        btf_key_type_id: 1,
        btf_value_type_id: 2,
        btf_vmlinux_value_type_id: 3,
        inner_map: 0,
        init_key: "00000000",
        init: "01",
        frozen: true,
      },
    ],
    log_level: 2,
  };
  expect(parseRow(JSON.stringify({ ...row, kernel: { verdict: "accept" }, retval: 1 }))).toEqual(row);
});

test.each<[string, unknown, string]>([
  ["no JSON", undefined, "no JSON: "],
  ["a list", [], "the line: expected an object, got []"],
  ["no id", { load: LOAD }, "id: expected a string, got nothing"],
  ["no load", { id: "a" }, "load: expected an object, got nothing"],
  ["no instructions", { id: "a", load: { ...LOAD, insns: undefined } }, "load.insns: expected a string, got nothing"],
  [
    "a type that is none",
    { id: "a", load: { ...LOAD, prog_type: -1 } },
    "load.prog_type: expected an integer 0..4294967295, got -1",
  ],
  [
    "a fraction",
    { id: "a", load: { ...LOAD, prog_flags: 1.5 } },
    "load.prog_flags: expected an integer 0..4294967295, got 1.5",
  ],
  [
    "a reference behind the program",
    { id: "a", load: { ...LOAD, map_refs: [[2, 0]] }, maps: [MAP] },
    "load.map_refs[0][0]: expected a slot of the program, got 2",
  ],
  [
    "a reference to no map",
    { id: "a", load: { ...LOAD, map_refs: [[0, 1]] }, maps: [MAP] },
    "load.map_refs[0][1]: expected an index below 1, the number of maps, got 1",
  ],
  ["half a reference", { id: "a", load: { ...LOAD, map_refs: [[0]] } }, "load.map_refs[0]: expected a pair, got [0]"],
  ["maps that are none", { id: "a", load: LOAD, maps: {} }, "maps: expected an array, got {}"],
  [
    "a map without a size",
    { id: "a", load: LOAD, maps: [{ ...MAP, key_size: null }] },
    "maps[0].key_size: expected an integer 0..4294967295, got null",
  ],
  [
    "a map of no type",
    { id: "a", load: LOAD, maps: [{ ...MAP, type: 999 }] },
    "maps[0].type: expected a map type, 1..33, got 999",
  ],
  [
    "a template that is not there",
    { id: "a", load: LOAD, maps: [{ ...MAP, inner_map: 1 }] },
    "maps[0].inner_map: expected an index below 1, got 1",
  ],
  [
    "a number that is none",
    { id: "a", load: LOAD, maps: [{ ...MAP, map_extra: "0xyz" }] },
    'maps[0].map_extra: expected a hexadecimal number of 64 bits, got "0xyz"',
  ],
  [
    "a file outside of the folder",
    { id: "a", load: { ...LOAD, btf: "../secret" } },
    'load.btf: expected a file\'s name, got "../secret"',
  ],
  [
    "a level that is none",
    { id: "a", load: LOAD, log_level: "2" },
    'log_level: expected an integer 0..4294967295, got "2"',
  ],
])("%s", (_, row, message) => {
  const line = row === undefined ? "{" : JSON.stringify(row);
  expect(() => parseRow(line)).toThrow(expect.objectContaining({ name: "CliError", code: "ROW" }));
  expect(() => parseRow(line)).toThrow(message);
});
