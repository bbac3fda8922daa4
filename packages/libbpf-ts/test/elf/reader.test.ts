import { UnsupportedError } from "@bpf-ts/uapi";
import { describe, expect, test } from "vitest";
import { readElf } from "../../src/elf/reader.ts";
import { LibbpfError } from "../../src/error.ts";
import { readProg } from "../objects.ts";
import { buildElf, RETURN_0, relocations } from "./build-elf.ts";

/** What a call throws. */
function thrown(act: () => unknown): { code?: string; message: string } {
  try {
    act();
  } catch (error) {
    if (error instanceof LibbpfError || error instanceof UnsupportedError)
      return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error("nothing was thrown");
}

/** A file with one field of its header changed. */
function patched(at: number, ...bytes: number[]): Uint8Array {
  const file = buildElf([{ name: "xdp", flags: 4, data: RETURN_0 }]);
  file.set(bytes, at);
  return file;
}

describe("header", () => {
  test.each([
    ["no ELF", patched(0, 0x4d), "ELF_INVALID", "not an ELF file: it does not begin with 7f 45 4c 46"],
    ["32 bits", patched(4, 1), "ELF_INVALID", "ELF class 1: BPF objects are 64-bit (class 2)"],
    ["big-endian", patched(5, 2), "UNSUPPORTED", "unsupported: big-endian objects"],
    [
      "no byte order",
      patched(5, 3),
      "ELF_INVALID",
      "ELF data encoding 3: allowed are 1 (little-endian) and 2 (big-endian)",
    ],
    ["executable", patched(16, 2), "ELF_INVALID", "ELF type 2: BPF objects are relocatable (type 1)"],
    ["x86-64", patched(18, 62), "ELF_INVALID", "ELF machine 62: allowed are 247 (BPF) and 0 (none)"],
    ["no section table", patched(40, 0), "ELF_INVALID", "no section table"],
    ["section headers of 32 bytes", patched(58, 32), "ELF_INVALID", "section header size 32: must be 64"],
    [
      "names in a section that does not exist",
      patched(62, 9),
      "ELF_INVALID",
      "section names: section 9 is no string table",
    ],
    [
      "more sections than bytes",
      patched(60, 99),
      "ELF_TRUNCATED",
      "section table: bytes 93..6429 lie outside the file of 285 bytes",
    ],
    ["nothing", new Uint8Array(0), "ELF_INVALID", "not an ELF file: it is empty"],
    [
      "a short text",
      new TextEncoder().encode("no"),
      "ELF_INVALID",
      "not an ELF file: it does not begin with 7f 45 4c 46",
    ],
    [
      "half a header",
      patched(0, 0x7f).subarray(0, 32),
      "ELF_TRUNCATED",
      "ELF header: bytes 0..64 lie outside the file of 32 bytes",
    ],
  ])("%s", (_, file, code, message) => {
    expect(thrown(() => readElf(file))).toEqual({ code, message });
  });

  test("machine 0, as early compilers wrote it", () => {
    expect(readElf(buildElf([], [], { machine: 0 })).sections.map(({ name }) => name)).toEqual(["", ".strtab"]);
  });

  test("numbers of sections that do not fit are in the first section header", () => {
    const file = buildElf([{ name: "xdp", flags: 4, data: RETURN_0 }]);
    const view = new DataView(file.buffer);
    const table = Number(view.getBigUint64(40, true));
    view.setBigUint64(table + 32, BigInt(view.getUint16(60, true)), true);
    view.setUint32(table + 40, view.getUint16(62, true), true);
    view.setUint16(60, 0, true);
    view.setUint16(62, 0xffff, true);
    expect(readElf(file).sections.map(({ name }) => name)).toEqual(["", "xdp", ".strtab"]);
  });
});

describe("sections", () => {
  test("of a compiled object, as llvm-readelf lists them", () => {
    const elf = readElf(new Uint8Array(readProg("loader_maps")));
    expect(elf.sections.map(({ name, type, size }) => [name, type, size])).toEqual([
      ["", 0, 0],
      [".strtab", 3, 0xbd],
      [".text", 1, 0],
      ["socket", 1, 0x160],
      [".relsocket", 9, 0x30],
      [".maps", 1, 0x128],
      [".rel.maps", 9, 0x40],
      ["license", 1, 4],
      [".BTF", 1, 0xd81],
      [".rel.BTF", 9, 0x90],
      [".BTF.ext", 1, 0x1c0],
      [".rel.BTF.ext", 9, 0x1b0],
      [".llvm_addrsig", 0x6fff4c03, 14],
      [".symtab", 2, 0x180],
    ]);
    expect(elf.section("license")?.data).toEqual(new Uint8Array([0x47, 0x50, 0x4c, 0]));
  });

  test("that end behind the file", () => {
    const file = buildElf([{ name: "xdp", flags: 4, data: RETURN_0, size: 1000 }]);
    expect(thrown(() => readElf(file))).toEqual({
      code: "ELF_TRUNCATED",
      message: "section 1: bytes 64..1064 lie outside the file of 285 bytes",
    });
  });

  test("that share bytes: a small file could cost much", () => {
    const file = buildElf([
      { name: "a", data: RETURN_0, size: 200 },
      { name: "b", data: RETURN_0, size: 200 },
    ]);
    expect(thrown(() => readElf(file)).message).toBe("sections overlap: they have 413 bytes, the file 365");
  });

  test("with a size that no file has", () => {
    const file = buildElf([{ name: ".bss", type: 8 }]);
    const view = new DataView(file.buffer);
    view.setBigUint64(Number(view.getBigUint64(40, true)) + 64 + 32, 1n << 60n, true);
    expect(thrown(() => readElf(file)).message).toBe("section 1: size: 0x1000000000000000 is no file offset or size");
  });

  test("compressed", () => {
    expect(thrown(() => readElf(buildElf([{ name: ".BTF", flags: 0x800, data: [1] }]))).message).toBe(
      "unsupported: compressed sections (section .BTF)",
    );
    expect(readElf(buildElf([{ name: ".debug_info", flags: 0x800, data: [1] }])).sections).toHaveLength(3);
  });

  test("names without end, and endless ones", () => {
    const file = buildElf([{ name: "x".repeat(5000) }]);
    expect(thrown(() => readElf(file)).message).toBe(
      "section 1: name at offset 1 of the string table is longer than 4096 bytes",
    );
    const cut = buildElf([{ name: "a" }]);
    // \0 a \0 . s t r t a b \0: the last of them.
    cut[64 + 10] = 0x63;
    expect(thrown(() => readElf(cut)).message).toBe(
      "section 2: name at offset 3 of the string table is not terminated",
    );
  });
});

describe("symbols and relocations", () => {
  const code = { name: "xdp", flags: 4, data: RETURN_0 };

  test("of a section", () => {
    const elf = readElf(
      buildElf(
        [code, { name: ".relxdp", type: 9, info: 1, data: relocations([8, 2], [0, 1]) }],
        [
          { name: "main", section: 1, size: 16 },
          { name: "other", section: 0, type: 0, bind: 2, visibility: 2 },
        ],
      ),
    );
    expect(elf.symbolsOf(1)).toEqual([
      { index: 1, name: "main", type: 2, bind: 1, visibility: 0, sectionIndex: 1, value: 0, size: 16 },
    ]);
    expect(elf.relocations(elf.section("xdp")!).map(({ offset, symbol }) => [offset, symbol.name])).toEqual([
      [8, "other"],
      [0, "main"],
    ]);
    expect(elf.symbols[2]).toMatchObject({ bind: 2, visibility: 2, sectionIndex: 0 });
  });

  test.each([
    ["symbol of no section", [{ name: "f", section: 77 }], [], "symbol 1 (f): section 77 does not exist"],
    [
      "relocation of no symbol",
      [{ name: "f", section: 1 }],
      relocations([0, 9]),
      "section .relxdp: relocation 0: symbol 9 does not exist",
    ],
    [
      "relocation outside of its section",
      [{ name: "f", section: 1 }],
      relocations([0, 1], [16, 1]),
      "section .relxdp: relocation 1: offset 16 outside section xdp of 16 bytes",
    ],
    ["half a relocation", [{ name: "f", section: 1 }], [1, 2, 3], "section .relxdp: 3 bytes are no multiple of 16"],
  ])("%s", (_, symbols, data, message) => {
    expect(
      thrown(() => {
        const elf = readElf(buildElf([code, { name: ".relxdp", type: 9, info: 1, data }], symbols));
        elf.relocations(elf.section("xdp")!);
      }),
    ).toEqual({ code: "ELF_INVALID", message });
  });

  test("with addends: no BPF compiler writes them, so nobody may skip them", () => {
    const elf = readElf(buildElf([code, { name: ".relaxdp", type: 4, info: 1, data: new Uint8Array(24) }]));
    expect(thrown(() => elf.relocations(elf.section("xdp")!)).message).toBe(
      "unsupported: relocations with addends (section .relaxdp)",
    );
  });

  test("two tables of one kind", () => {
    const table = { name: ".relxdp", type: 9, info: 1, data: relocations([0, 0]) };
    expect(thrown(() => readElf(buildElf([code, table, table]))).message).toBe(
      "sections 2 and 3 both relocate section 1",
    );
    const symtab = { name: ".symtab", type: 2, link: 3, data: new Uint8Array(24) };
    expect(thrown(() => readElf(buildElf([symtab, symtab]))).message).toBe("sections 1 and 2 are both symbol tables");
  });
});
