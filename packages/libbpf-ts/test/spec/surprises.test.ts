import { describe, expect, test } from "vitest";
import { linkProgram, openObject } from "../../src/index.ts";
import { buildElf, RETURN_0, relocations, type TestSymbol } from "../elf/build-elf.ts";
import { hex, readProg } from "../objects.ts";

/** `call` of a function, `return 0`. */
const CALL_AND_RETURN = [0x85, 0x10, 0, 0, 0xff, 0xff, 0xff, 0xff, ...RETURN_0];
const EXIT = [0x95, 0, 0, 0, 0, 0, 0, 0];
/** ld_imm64 r1, 0. */
const LD_IMM64 = [0x18, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/** A compiled object with its function symbols made untyped and unsized, as early compilers left them. */
function withoutFunctionSymbols(name: string): Uint8Array {
  const file = new Uint8Array(readProg(name));
  const view = new DataView(file.buffer);
  const table = Number(view.getBigUint64(40, true));
  for (let i = 0; i < view.getUint16(60, true); i++) {
    const section = table + 64 * i;
    if (view.getUint32(section + 4, true) !== 2) continue;
    const offset = Number(view.getBigUint64(section + 24, true));
    const size = Number(view.getBigUint64(section + 32, true));
    for (let at = offset; at < offset + size; at += 24) {
      if ((view.getUint8(at + 4) & 0xf) !== 2) continue;
      view.setUint8(at + 4, view.getUint8(at + 4) & 0xf0);
      view.setBigUint64(at + 16, 0n, true);
    }
  }
  return file;
}

describe("objects without function symbols", () => {
  test("global symbols divide the section", () => {
    const spec = openObject(withoutFunctionSymbols("loader_maps"));
    expect([...spec.programs.values()].map(({ name, code }) => [name, code.insns.length / 8])).toEqual([
      ["leaf", 2],
      ["other_leaf", 2],
      ["jump", 7],
      ["look_up", 15],
      ["through_outer", 18],
    ]);
    expect(spec.program("jump").code.references).toEqual([{ insn: 2, kind: "map", name: "jumps" }]);
  });

  test("without any symbols the section is the program, named by it", () => {
    const spec = openObject(buildElf([{ name: "kprobe/sys_write", flags: 4, data: RETURN_0 }], [], { machine: 0 }));
    expect([...spec.programs.values()]).toMatchObject([
      { name: "kprobe_sys_write", section: "kprobe/sys_write", progType: 2, attachTarget: "sys_write" },
    ]);
  });

  test("code before the first symbol belongs to the section", () => {
    const file = buildElf(
      [{ name: "xdp", flags: 4, data: [...RETURN_0, ...RETURN_0] }],
      [{ name: "second", section: 1, value: 16, type: 0 }],
    );
    expect([...openObject(file).programs.values()].map(({ name, code }) => [name, code.insns.length / 8])).toEqual([
      ["xdp", 2],
      ["second", 2],
    ]);
  });
});

test("a section that libbpf does not know is opened; which type it has is for the caller to say", () => {
  const spec = openObject(readProg("loader_legacy"));
  expect(spec.program("unknown_section")).toMatchObject({ section: "from-netdev", progType: 0, sectionDef: undefined });
  expect(spec.program("look")).toMatchObject({ section: "classifier/ingress", progType: 3, attachType: 0 });
});

test("an object whose only code is .text has its programs there", () => {
  const file = buildElf([{ name: ".text", flags: 4, data: RETURN_0 }], [{ name: "entry", section: 1, size: 16 }]);
  expect([...openObject(file).programs.keys()]).toEqual(["entry"]);
});

test("no license, no version; a version", () => {
  expect(openObject(buildElf([]))).toMatchObject({ license: "", kernVersion: 0, btf: undefined });
  const file = buildElf([
    { name: "license", data: [0x47, 0x50, 0x4c] },
    { name: "version", data: [1, 18, 6, 0] },
  ]);
  expect(openObject(file)).toMatchObject({ license: "GPL", kernVersion: 0x061201 });
  expect(() => openObject(buildElf([{ name: "version", data: [1, 2] }]))).toThrow(
    "section version: 2 bytes, must be 4",
  );
});

test("static functions of one name, as linkers of several files leave them", () => {
  const file = buildElf(
    [
      { name: ".text", flags: 4, data: [...RETURN_0, ...RETURN_0] },
      { name: "xdp", flags: 4, data: CALL_AND_RETURN },
      { name: ".relxdp", type: 9, info: 2, data: relocations([0, 3]) },
    ],
    [
      { name: "helper", section: 1, value: 0, size: 16, bind: 0 },
      { name: "helper", section: 1, value: 16, size: 16, bind: 0 },
      { name: "", section: 1, type: 3, bind: 0 },
      { name: "main", section: 2, size: 24 },
    ],
  );
  // The immediate of a call of a static function says where in its section: slot 2 less 1.
  const view = new DataView(file.buffer);
  const at = file.findIndex((_, i) => hex(file.subarray(i, i + 8)) === "85100000ffffffff");
  view.setInt32(at + 4, 1, true);
  const spec = openObject(file);
  expect([...spec.functions.keys()]).toEqual(["helper", "helper@.text+0x10", "main"]);
  expect(spec.program("main").code.references).toEqual([{ insn: 0, kind: "call", name: "helper@.text+0x10" }]);
});

test("aliases are programs of one code", () => {
  const symbols: TestSymbol[] = ["main", "alias"].map((name) => ({ name, section: 1, size: 16 }));
  const spec = openObject(buildElf([{ name: "xdp", flags: 4, data: RETURN_0 }], symbols));
  expect([...spec.programs.keys()]).toEqual(["main", "alias"]);
  expect(spec.program("alias").code).toBe(spec.program("main").code);
});

test("broken BTF that nothing depends on is left out with a warning", () => {
  const sections = [
    { name: "xdp", flags: 4, data: RETURN_0 },
    { name: ".BTF", data: [0x9f, 0xeb, 9, 9] },
  ];
  const spec = openObject(buildElf(sections, [{ name: "main", section: 1, size: 16 }]));
  expect(spec.btf).toBeUndefined();
  expect(spec.warnings).toEqual(["section .BTF: BTF of 4 bytes, a header needs 24: ignored"]);
  expect(() => openObject(buildElf([...sections, { name: ".maps", data: [0] }]))).toThrow(
    "section .BTF: BTF of 4 bytes, a header needs 24",
  );
});

test("addresses in global data are not filled in: that is warned of, as libbpf ignores them", () => {
  const file = buildElf(
    [
      { name: ".data", data: new Uint8Array(8) },
      { name: ".rel.data", type: 9, info: 1, data: relocations([0, 1]) },
    ],
    [{ name: "x", section: 1, type: 1, size: 8 }],
  );
  const spec = openObject(file);
  expect(spec.warnings).toEqual([
    "section .data: addresses in global data are not filled in: they stay as the compiler left them",
  ]);
  expect(spec.variable("x").get()).toEqual(new Uint8Array(8));
});

test("a section of zeros larger than memory costs nothing until it is loaded", () => {
  const file = buildElf(
    [{ name: ".bss", type: 8, size: 0xfffffff8 }],
    [{ name: "huge", section: 1, type: 1, size: 8 }],
  );
  const spec = openObject(file);
  expect(spec.map(".bss")).toMatchObject({ valueSize: 0xfffffff8 });
  expect(() => spec.variable("huge").set(1n)).toThrow("too large to be given values");
  const larger = buildElf([{ name: ".bss", type: 8, size: 0x1_0000_0000 }]);
  expect(() => openObject(larger)).toThrow("more than a map's value can have");
});

test("struct_ops maps and arenas: the rest can be read", () => {
  const file = buildElf(
    [
      { name: "xdp", flags: 4, data: [...LD_IMM64, ...EXIT] },
      { name: ".relxdp", type: 9, info: 1, data: relocations([0, 2]) },
      { name: ".addr_space.1", data: [0] },
      { name: ".struct_ops.link", data: [0] },
    ],
    [
      { name: "main", section: 1, size: 24 },
      { name: "list", section: 3, type: 1, size: 1 },
    ],
  );
  const spec = openObject(file);
  expect(spec.notLoadable).toEqual([{ feature: "struct_ops maps", detail: "section .struct_ops.link" }]);
  expect(() => linkProgram(spec.program("main"), spec.functions, () => undefined)).toThrow(
    "unsupported: global data in an arena (list in program main)",
  );
});

describe("code and relocations that contradict each other", () => {
  const code = (data: readonly number[], symbols: TestSymbol[], relocated: [number, number][] = []): Uint8Array =>
    buildElf(
      [
        { name: "xdp", flags: 4, data },
        { name: ".relxdp", type: 9, info: 1, data: relocations(...relocated) },
        { name: "other", data: [0, 0, 0, 0, 0, 0, 0, 0] },
      ],
      symbols,
    );
  const main: TestSymbol = { name: "main", section: 1, size: 24 };

  test.each<[string, Uint8Array, string]>([
    ["a section that ends in an instruction", code([1, 2, 3], []), "section xdp: 3 bytes are no multiple of 8"],
    [
      "a function outside of its section",
      code(RETURN_0, [{ ...main, size: 24 }]),
      "function main: bytes 0..24 of section xdp lie outside of it (16 bytes) or are none",
    ],
    [
      "a function that begins in an instruction",
      code(RETURN_0, [{ ...main, value: 4, size: 8 }]),
      "function main: bytes 4..12 of section xdp are no whole instructions",
    ],
    [
      "functions that overlap",
      code(
        [...RETURN_0, ...RETURN_0],
        [
          { ...main, size: 24 },
          { name: "b", section: 1, value: 8, size: 8 },
        ],
      ),
      "function main: bytes 0..24 of section xdp overlap function b at 8",
    ],
    [
      "a relocation between instructions",
      code(CALL_AND_RETURN, [main], [[4, 1]]),
      "section xdp: relocation at byte 4 is not at an instruction",
    ],
    [
      "two relocations of one instruction",
      code(
        CALL_AND_RETURN,
        [main],
        [
          [0, 1],
          [0, 1],
        ],
      ),
      "section xdp: relocation at byte 0 is not at an instruction, or the second one there",
    ],
    [
      "a relocation of an addition",
      code([0x07, 0, 0, 0, 0, 0, 0, 0, ...RETURN_0], [main], [[0, 1]]),
      'main: instruction 0: relocation against "main": opcode 0x7 is none that can be relocated',
    ],
    [
      "a call into the middle of a function",
      code([0x85, 0x10, 0, 0, 0, 0, 0, 0, ...RETURN_0], [main]),
      "main: instruction 0: no function begins at byte 8 of section xdp",
    ],
    [
      "a call of data",
      code(CALL_AND_RETURN, [main, { name: "v", section: 3, type: 1, size: 8 }], [[0, 2]]),
      "main: instruction 0: no function begins at byte 0 of section other",
    ],
    [
      "a helper call that is relocated",
      code([0x85, 0, 0, 0, 1, 0, 0, 0, ...RETURN_0], [main], [[0, 1]]),
      'main: instruction 0: relocation against "main": a call of a function has src_reg 1, not 0',
    ],
    [
      "an address of nothing",
      code([...LD_IMM64, ...EXIT], [main, { name: "v", section: 3, type: 1, size: 8 }], [[0, 2]]),
      'relocation against "v": byte 0 of section other is neither a map nor global data nor the start of a function',
    ],
    [
      "the second half of an ld_imm64",
      code([...LD_IMM64, ...EXIT], [main], [[8, 1]]),
      "main: instruction 0: relocation of the second half of an ld_imm64",
    ],
    [
      "half an ld_imm64 at the end",
      code([...RETURN_0, 0x18, 0, 0, 0, 0, 0, 0, 0], [main], [[16, 1]]),
      "main: instruction 2: ld_imm64 without its second half, at the function's end",
    ],
    [
      "a common variable",
      code([...LD_IMM64, ...EXIT], [main, { name: "v", section: 0xfff2, type: 1, size: 8 }], [[0, 2]]),
      'relocation against "v": a variable that no section holds: compile with -fno-common',
    ],
  ])("%s", (_, file, message) => {
    expect(() => openObject(file)).toThrow(message);
    expect(() => openObject(file)).toThrow(expect.objectContaining({ name: "LibbpfError" }));
  });
});

test("an ArrayBuffer, a Buffer and a part of a larger array are read alike", () => {
  const buffer = readProg("loader_calls");
  const padded = new Uint8Array(buffer.length + 20);
  padded.set(buffer, 13);
  const names = (file: Uint8Array | ArrayBuffer): string[] => [...openObject(file).functions.keys()];
  expect(names(padded.subarray(13, 13 + buffer.length))).toEqual(names(buffer));
  expect(names(new Uint8Array(buffer).buffer)).toEqual(names(buffer));
});
