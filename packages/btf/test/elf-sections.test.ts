/// <reference types="node" />
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Btf, BtfBuilder, BtfError, findElfBtf } from "../src/index.ts";

/** An ELF file with nothing but sections. */
function elf(sections: readonly [name: string, bytes: Uint8Array][], wide: boolean, littleEndian: boolean): Uint8Array {
  const all: [string, Uint8Array][] = [["", new Uint8Array(0)], ...sections];
  const text = new TextEncoder().encode(`${[...all.map(([name]) => name), ".shstrtab"].join("\0")}\0`);
  all.push([".shstrtab", text]);
  const headSize = wide ? 64 : 52;
  const entrySize = wide ? 64 : 40;
  const total = all.reduce((sum, [, bytes]) => sum + bytes.length, headSize + entrySize * all.length);
  const out = new Uint8Array(total);
  const view = new DataView(out.buffer);
  const address = (at: number, value: number): void =>
    wide ? view.setBigUint64(at, BigInt(value), littleEndian) : view.setUint32(at, value, littleEndian);
  out.set([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, littleEndian ? 1 : 2, 1]);
  address(wide ? 0x28 : 0x20, headSize);
  view.setUint16(wide ? 0x3a : 0x2e, entrySize, littleEndian);
  view.setUint16(wide ? 0x3c : 0x30, all.length, littleEndian);
  view.setUint16(wide ? 0x3e : 0x32, all.length - 1, littleEndian);
  let nameAt = 0;
  let dataAt = headSize + entrySize * all.length;
  all.forEach(([name, bytes], i) => {
    const at = headSize + i * entrySize;
    view.setUint32(at, nameAt, littleEndian);
    view.setUint32(at + 4, i === 0 ? 0 : 1, littleEndian);
    address(at + (wide ? 0x18 : 0x10), dataAt);
    address(at + (wide ? 0x20 : 0x14), bytes.length);
    out.set(bytes, dataAt);
    nameAt += name.length + 1;
    dataAt += bytes.length;
  });
  return out;
}

const builder = new BtfBuilder();
builder.addInt("int", 4);
const btf = builder.encode();
const other = Uint8Array.of(1, 2, 3);

describe.each([
  [64, "little", true],
  [64, "big", false],
  [32, "little", true],
  [32, "big", false],
])("%i bits, %s endian", (bits, _, littleEndian) => {
  test("finds the sections by their whole names", () => {
    const file = elf(
      [
        [".text", other],
        [".BTFx", other],
        [".BTF.ext", other],
        [".BTF", btf],
        [".BTF.base", other],
        [".BTF", other],
      ],
      bits === 64,
      littleEndian,
    );
    const found = findElfBtf(file);
    expect(found).toEqual({ btf, btfExt: other, btfBase: other });
    expect(Btf.parse(found.btf!).nameOf(1)).toBe("int");
    expect(found.btf!.buffer).toBe(file.buffer);
  });

  test("there may be none", () => {
    expect(findElfBtf(elf([[".text", other]], bits === 64, littleEndian))).toEqual({});
  });
});

test("broken files are refused", () => {
  const file = elf([[".BTF", btf]], true, true);
  expect(() => findElfBtf(new Uint8Array(10))).toThrow("no ELF file");
  expect(() => findElfBtf(file.subarray(0, 60))).toThrow("ELF header [0, +64] reaches beyond the file's 60 bytes");
  expect(() => findElfBtf(file.subarray(0, 100))).toThrow("ELF section header [64, +64] reaches beyond");
  expect(() => findElfBtf(file.subarray(0, file.length - 20))).toThrow(/ELF section.* reaches beyond/);
  const narrow = file.slice();
  narrow[0x3a] = 10;
  expect(() => findElfBtf(narrow)).toThrow("ELF section headers of 10 bytes, expected 64");
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(file.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }), (changes) => {
      const mutated = file.slice();
      for (const [at, value] of changes) mutated[at] = value;
      try {
        findElfBtf(mutated);
      } catch (error) {
        if (!(error instanceof BtfError)) throw error;
      }
    }),
    { numRuns: Number(process.env["BPF_TS_FUZZ_RUNS"] ?? 500) },
  );
});
