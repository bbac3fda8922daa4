import { describe, expect, it } from "vitest";
import { decode, encode, type Insn, IsaError } from "../src/index.ts";

// r6 = r1; r2 = *(u32 *)(r1 - 4); r3 = 0x1122334455667788 ll; exit
const LITTLE = Uint8Array.from([
  0xbf, 0x16, 0, 0, 0, 0, 0, 0, 0x61, 0x12, 0xfc, 0xff, 0, 0, 0, 0, 0x18, 0x03, 0, 0, 0x88, 0x77, 0x66, 0x55, 0, 0, 0,
  0, 0x44, 0x33, 0x22, 0x11, 0x95, 0, 0, 0, 0, 0, 0, 0,
]);
const BIG = Uint8Array.from([
  0xbf, 0x61, 0, 0, 0, 0, 0, 0, 0x61, 0x21, 0xff, 0xfc, 0, 0, 0, 0, 0x18, 0x30, 0, 0, 0x55, 0x66, 0x77, 0x88, 0, 0, 0,
  0, 0x11, 0x22, 0x33, 0x44, 0x95, 0, 0, 0, 0, 0, 0, 0,
]);
const INSNS: Insn[] = [
  { code: 0xbf, dst: 6, src: 1, off: 0, imm: 0 },
  { code: 0x61, dst: 2, src: 1, off: -4, imm: 0 },
  { code: 0x18, dst: 3, src: 0, off: 0, imm: 0x55667788 },
  { code: 0, dst: 0, src: 0, off: 0, imm: 0x11223344 },
  { code: 0x95, dst: 0, src: 0, off: 0, imm: 0 },
];

function thrown(action: () => unknown): IsaError {
  try {
    action();
  } catch (error) {
    if (error instanceof IsaError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("decode", () => {
  it("reads little-endian slots", () => expect(decode(LITTLE)).toEqual(INSNS));
  it("reads big-endian slots", () => expect(decode(BIG, "big")).toEqual(INSNS));
  it("reads nothing from nothing", () => expect(decode(new Uint8Array(0))).toEqual([]));
  it("sign-extends off and imm", () => {
    expect(decode(new Uint8Array(8).fill(0xff))).toEqual([{ code: 255, dst: 15, src: 15, off: -1, imm: -1 }]);
    const edge = Uint8Array.from([0, 0, 0, 0x80, 0, 0, 0, 0x80]);
    expect(decode(edge)).toEqual([{ code: 0, dst: 0, src: 0, off: -32768, imm: -2147483648 }]);
  });
  it("reads a view at an odd address", () => {
    const shifted = new Uint8Array(LITTLE.length + 3);
    shifted.set(LITTLE, 3);
    expect(decode(shifted.subarray(3))).toEqual(INSNS);
  });
  it.each([1, 7, 9, 15])("refuses %d bytes", (length) => {
    const error = thrown(() => decode(new Uint8Array(length)));
    expect(error.code).toBe("ISA_LENGTH");
    expect(error.message).toBe(`program length ${length} is not a multiple of 8 bytes`);
    expect(error.details).toEqual({ length });
  });
});

describe("encode", () => {
  it("writes little-endian slots", () => expect(encode(INSNS)).toEqual(LITTLE));
  it("writes big-endian slots", () => expect(encode(INSNS, "big")).toEqual(BIG));

  const zero: Insn = { code: 0, dst: 0, src: 0, off: 0, imm: 0 };
  it.each<[Partial<Insn>, string]>([
    [{ code: 256 }, "insn 1: code is 256, allowed is 0..255"],
    [{ code: -1 }, "insn 1: code is -1, allowed is 0..255"],
    [{ dst: 16 }, "insn 1: dst is 16, allowed is 0..15"],
    [{ src: -1 }, "insn 1: src is -1, allowed is 0..15"],
    [{ off: 32768 }, "insn 1: off is 32768, allowed is -32768..32767"],
    [{ off: -32769 }, "insn 1: off is -32769, allowed is -32768..32767"],
    [{ imm: 0x80000000 }, "insn 1: imm is 2147483648, allowed is -2147483648..2147483647"],
    [{ imm: 0.5 }, "insn 1: imm is 0.5, allowed is -2147483648..2147483647"],
    [{ off: Number.NaN }, "insn 1: off is NaN, allowed is -32768..32767"],
  ])("refuses %o", (field, message) => {
    const error = thrown(() => encode([zero, { ...zero, ...field }]));
    expect(error.code).toBe("ISA_RANGE");
    expect(error.name).toBe("IsaError");
    expect(error.message).toBe(message);
  });
});
