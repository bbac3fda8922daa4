import { describe, expect, it } from "vitest";
import {
  addrSpaceCast,
  alu,
  atomic,
  callHelper,
  callKfunc,
  callSubprog,
  exit,
  jump,
  jumpAlways,
  jumpFar,
  load,
  loadAcquire,
  loadBtfId,
  loadImm64,
  loadMap,
  loadMapByIndex,
  loadMapValue,
  loadMapValueByIndex,
  loadPacket,
  loadSubprog,
  mayGoto,
  negate,
  signExtend,
  store,
  storeRelease,
  swapBytes,
} from "../../src/build/index.ts";
import { encode, type Insn, IsaError } from "../../src/index.ts";

function hex(insns: Insn | Insn[]): string {
  return Buffer.from(encode(Array.isArray(insns) ? insns : [insns])).toString("hex");
}

describe("builders", () => {
  it.each<[string, Insn | Insn[]]>([
    ["0f21000000000000", alu("r1", "+=", "r2")],
    ["14010000fbffffff", alu("w1", "-=", -5)],
    ["3f21010000000000", alu("r1", "s/=", "r2")],
    ["9401010003000000", alu("w1", "s%=", 3)],
    ["3c21000000000000", alu("w1", "/=", "w2")],
    ["c70100003f000000", alu("r1", "s>>=", 63)],
    ["bfa6000000000000", alu("r6", "=", "r10")],
    ["b400000000000000", alu("w0", "=", -0)],
    ["8709000000000000", negate("r9")],
    ["8409000000000000", negate("w9")],
    ["bf21200000000000", signExtend("r1", 32, "r2")],
    ["bc21080000000000", signExtend("w1", 8, "w2")],
    ["dc01000010000000", swapBytes("r1", "be16")],
    ["d401000040000000", swapBytes("r1", "le64")],
    ["d701000020000000", swapBytes("r1", "bswap32")],
    ["bf21010001000000", addrSpaceCast("r1", "r2", 0, 1)],
    ["bf21010000000100", addrSpaceCast("r1", "r2", 1, 0)],
    ["61a1fcff00000000", load("r1", "u32", "r10", -4)],
    ["79a1f8ff00000000", load("r1", "u64", "r10", -8)],
    ["9121000000000000", load("r1", "s8", "r2", 0)],
    ["8121000000000000", load("r1", "s32", "r2", 0)],
    ["7b1af8ff00000000", store("u64", "r10", -8, "r1")],
    ["7201030007000000", store("u8", "r1", 3, 7)],
    ["db21080000000000", atomic("add", "u64", "r1", 8, "r2")],
    ["c3210800a1000000", atomic("fetch_xor", "u32", "r1", 8, "r2")],
    ["db210800e1000000", atomic("xchg", "u64", "r1", 8, "r2")],
    ["c3210800f1000000", atomic("cmpxchg", "u32", "r1", 8, "r2")],
    ["d321010000010000", loadAcquire("r1", "u8", "r2", 1)],
    ["db21000010010000", storeRelease("u64", "r1", 0, "r2")],
    ["280000000c000000", loadPacket("u16", 12)],
    ["4070000002000000", loadPacket("u32", 2, "r7")],
    ["6501030005000000", jump("r1", "s>", 5, 3)],
    ["1e21f9ff00000000", jump("w1", "==", "w2", -7)],
    ["45010000ffffffff", jump("r1", "&", -1, 0)],
    ["0500ff7f00000000", jumpAlways(32767)],
    ["06000000a0860100", jumpFar(100_000)],
    ["e500feff00000000", mayGoto(-2)],
    ["8500000001000000", callHelper(1)],
    ["85100000feffffff", callSubprog(-2)],
    ["8520000046000000", callKfunc(70)],
    ["8520020046000000", callKfunc(70, 2)],
    ["9500000000000000", exit()],
    ["18010000ffffffff00000000ffffffff", loadImm64("r1", -1)],
    ["18010000ffffffff00000000ffffffff", loadImm64("r1", 0xffff_ffff_ffff_ffffn)],
    ["18010000000000000000000001000000", loadImm64("r1", 2 ** 32)],
    ["18110000030000000000000000000000", loadMap("r1", 3)],
    ["18510000030000000000000000000000", loadMapByIndex("r1", 3)],
    ["18210000030000000000000008000000", loadMapValue("r1", 3, 8)],
    ["18610000030000000000000008000000", loadMapValueByIndex("r1", 3, 8)],
    ["18310000090000000000000004000000", loadBtfId("r1", 9, 4)],
    ["18410000070000000000000000000000", loadSubprog("r1", 7)],
  ])("%s", (expected, insns) => {
    expect(hex(insns)).toBe(expected);
  });

  // What the compiler refuses, and what happens to those who do not ask it.
  it.each<[string, () => unknown]>([
    // @ts-expect-error no such register
    ['"r11" is no register r0..r10 or w0..w10', () => alu("r11", "=", 0)],
    // @ts-expect-error the frame pointer can't be written
    ["r10 is read only", () => alu("r10", "=", 0)],
    // @ts-expect-error two widths
    ["r1 and w2 differ in width", () => alu("r1", "+=", "w2")],
    // @ts-expect-error a comparison
    ['"==" is no operator, these are: += -= *= /= |= &= <<= >>= %= ^= = s>>= s/= s%=', () => alu("r1", "==", 1)],
    // @ts-expect-error a word of the kernel's printer
    ['"neg" is no operator, these are: += -= *= /= |= &= <<= >>= %= ^= = s>>= s/= s%=', () => alu("r1", "neg", 1)],
    ["division by zero", () => alu("r1", "/=", 0)],
    ["shift by 64", () => alu("r1", "<<=", 64)],
    ["shift by 32", () => alu("w1", "<<=", 32)],
    ["immediate is 4294967295, allowed is -2147483648..2147483647", () => alu("w1", "=", 0xffff_ffff)],
    ["immediate is 0.5, allowed is -2147483648..2147483647", () => alu("r1", "=", 0.5)],
    // @ts-expect-error 32 bits into 32
    ["32 bits do not sign-extend into 32", () => signExtend("w1", 32, "w2")],
    // @ts-expect-error no such width
    ["sign extension from 24 bits", () => signExtend("r1", 24, "r2")],
    // @ts-expect-error no such width
    ['"be24" is none of le, be, bswap with 16, 32 or 64', () => swapBytes("r1", "be24")],
    // @ts-expect-error only two address spaces
    ["to is 2, allowed is 0..1", () => addrSpaceCast("r1", "r2", 2, 0)],
    ["casts are between address space 0 and 1", () => addrSpaceCast("r1", "r2", 1, 1)],
    // @ts-expect-error no such type
    ['"u24" is none of u32, u16, u8, u64', () => load("r1", "u24", "r2", 0)],
    // @ts-expect-error 64 bits have no sign to extend
    ['"s64" is none of u32, u16, u8, u64', () => load("r1", "s64", "r2", 0)],
    // @ts-expect-error half a register
    ['"w1" is no 64-bit register', () => load("w1", "u32", "r2", 0)],
    ["offset is 32768, allowed is -32768..32767", () => load("r1", "u32", "r2", 32768)],
    // @ts-expect-error stores have no sign
    ['"s8" is none of u32, u16, u8, u64', () => store("s8", "r1", 0, 0)],
    // @ts-expect-error subtraction is not atomic
    ['"sub" is no atomic operation', () => atomic("sub", "u64", "r1", 0, "r2")],
    // @ts-expect-error atomics of 16 bits
    ["atomic operation on 2 bytes", () => atomic("add", "u16", "r1", 0, "r2")],
    ["r10 is read only", () => atomic("xchg", "u64", "r1", 0, "r10")],
    // @ts-expect-error packets are read up to 32 bits at a time
    ['"u64" is none of u32, u16, u8', () => loadPacket("u64", 0)],
    // @ts-expect-error an assignment
    ['"=" is no operator, these are: == > >= & != s> s>= < <= s< s<=', () => jump("r1", "=", 1, 0)],
    // @ts-expect-error two widths
    ["w1 and r2 differ in width", () => jump("w1", "==", "r2", 0)],
    ["distance is 32768, allowed is -32768..32767", () => jumpAlways(32768)],
    ["distance is 2147483648, allowed is -2147483648..2147483647", () => jumpFar(2 ** 31)],
    ["immediate is 9007199254740992, allowed is -(2^53-1)..2^53-1 (bigint beyond)", () => loadImm64("r1", 2 ** 53)],
    ["immediate is 18446744073709551616, allowed is -2^63..2^64-1", () => loadImm64("r1", 1n << 64n)],
    // @ts-expect-error the frame pointer can't be written
    ["r10 is read only", () => loadMap("r10", 3)],
  ])("refuses: %s", (message, action) => {
    let error: unknown;
    try {
      action();
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(IsaError);
    expect((error as IsaError).message).toBe(message);
    expect(["ISA_OPERAND", "ISA_RANGE"]).toContain((error as IsaError).code);
  });
});
