import { describe, expect, it } from "vitest";
import { formatLlvm, type Insn, type LlvmFormatOptions } from "../../src/index.ts";

function insn(code: number, fields: Partial<Insn> = {}): Insn {
  return { code, dst: 0, src: 0, off: 0, imm: 0, ...fields };
}

function text(first: Insn, options?: LlvmFormatOptions, next?: Insn): string {
  return formatLlvm(next === undefined ? [first] : [first, next], 0, options);
}

describe("formatLlvm", () => {
  it("names where jumps go", () => {
    const symbol = (slot: number): string => `f+0x${(slot * 8).toString(16)}`;
    expect(formatLlvm([insn(0x95), insn(0x05, { off: 4 })], 1, { symbol })).toBe("goto +0x4 <f+0x30>");
    expect(formatLlvm([insn(0x95), insn(0x15, { dst: 1, off: -2 })], 1, { symbol })).toBe(
      "if r1 == 0x0 goto -0x2 <f+0x0>",
    );
  });

  it("prints decimal numbers where asked", () => {
    const options: LlvmFormatOptions = { hex: false };
    expect(text(insn(0x61, { dst: 1, src: 2, off: -16 }), options)).toBe("w1 = *(u32 *)(r2 - 16)");
    expect(text(insn(0x18, { dst: 1, imm: -1 }), options, insn(0, { imm: -1 }))).toBe("r1 = -1 ll");
    expect(text(insn(0x06, { imm: 100 }), options)).toBe("gotol +100");
  });

  it("prints 64-bit extremes", () => {
    expect(text(insn(0x18, { dst: 1 }), {}, insn(0, { imm: -0x80000000 }))).toBe("r1 = -0x8000000000000000 ll");
    expect(text(insn(0x18, { dst: 1, imm: -1 }), {}, insn(0, { imm: 0x7fffffff }))).toBe("r1 = 0x7fffffffffffffff ll");
  });

  // LLVM 20's; LLVM 19 does not know them.
  it("knows load-acquire and store-release", () => {
    expect(text(insn(0xd3, { dst: 1, src: 2, off: 8, imm: 0x100 }))).toBe("w1 = load_acquire((u8 *)(r2 + 0x8))");
    expect(text(insn(0xdb, { dst: 1, src: 2, imm: 0x100 }))).toBe("r1 = load_acquire((u64 *)(r2 + 0x0))");
    expect(text(insn(0xcb, { dst: 1, src: 2, off: -8, imm: 0x110 }))).toBe("store_release((u16 *)(r1 - 0x8), w2)");
  });

  it("says <unknown> of the rest", () => {
    expect(text(insn(0xff))).toBe("<unknown>");
    expect(text(insn(0x18))).toBe("<unknown>");
  });

  it("loses nothing where asked", () => {
    const options: LlvmFormatOptions = { lossless: true };
    expect(text(insn(0x85, { src: 1, imm: 5 }), options)).toBe("call 0x5 {src=1}");
    expect(text(insn(0x85, { src: 2, off: 1, imm: 5 }), options)).toBe("call 0x5 {src=2, off=1}");
    expect(text(insn(0x40, { src: 1, imm: 14 }), options)).toBe("r0 = *(u32 *)skb[r1] {imm=14}");
    expect(text(insn(0x18, { dst: 1, src: 2, imm: 3 }), options, insn(0, { imm: 8 }))).toBe(
      "ld_pseudo\tr1, 0x2, 0x3 {next=8}",
    );
    expect(text(insn(0xff, { imm: 1 }), options)).toBe(".8byte 0x1000000ff");
  });
});
