import { describe, expect, test } from "vitest";
import { TestMachine } from "./machine.ts";
import { EXIT, ldImm64, mov, type Slot } from "./program.ts";

/** `dst op= src` for one opcode, both as registers. Literal results by RFC 9669 section 4. */
interface Vector {
  readonly op: string;
  readonly code: number;
  readonly off?: number;
  readonly imm?: number;
  readonly dst: bigint;
  readonly src?: bigint;
  readonly want: bigint;
}

const M = 0xffffffffffffffffn;
const MIN64 = 0x8000000000000000n;
const MAX64 = 0x7fffffffffffffffn;

const X: readonly Vector[] = [
  { op: "add64", code: 0x0f, dst: 1n, src: 2n, want: 3n },
  { op: "add64 carries", code: 0x0f, dst: 0xffffffffn, src: 1n, want: 0x100000000n },
  { op: "add64 carries into the sign", code: 0x0f, dst: MAX64, src: 1n, want: MIN64 },
  { op: "add64 wraps", code: 0x0f, dst: M, src: 2n, want: 1n },
  { op: "add32", code: 0x0c, dst: 0x1_0000_0001n, src: 0x5_0000_0002n, want: 3n },
  { op: "add32 wraps", code: 0x0c, dst: M, src: 1n, want: 0n },
  { op: "sub64", code: 0x1f, dst: 5n, src: 3n, want: 2n },
  { op: "sub64 borrows", code: 0x1f, dst: 0x100000000n, src: 1n, want: 0xffffffffn },
  { op: "sub64 wraps", code: 0x1f, dst: 0n, src: 1n, want: M },
  { op: "sub32", code: 0x1c, dst: 0x7_0000_0000n, src: 1n, want: 0xffffffffn },
  { op: "mul64", code: 0x2f, dst: 0xffffffffn, src: 0xffffffffn, want: 0xfffffffe00000001n },
  { op: "mul64 of negatives", code: 0x2f, dst: M, src: M, want: 1n },
  { op: "mul64 truncates", code: 0x2f, dst: 0x123456789abcdef0n, src: 0xfedcba9876543210n, want: 0x236d88fe5618cf00n },
  { op: "mul32", code: 0x2c, dst: 0x1_0001_0000n, src: 0x10000n, want: 0n },
  { op: "mul32 of large", code: 0x2c, dst: 0xffffffffn, src: 0xffffffffn, want: 1n },
  { op: "div64", code: 0x3f, dst: 7n, src: 2n, want: 3n },
  { op: "div64 unsigned", code: 0x3f, dst: M, src: 2n, want: MAX64 },
  { op: "div64 below 2^53", code: 0x3f, dst: 0x1fffffffffffffn, src: 0x1ffffffffffffen, want: 1n },
  { op: "div64 by zero", code: 0x3f, dst: 7n, src: 0n, want: 0n },
  { op: "div64 large by zero", code: 0x3f, dst: M, src: 0n, want: 0n },
  { op: "div64 not of MIN by -1", code: 0x3f, dst: MIN64, src: M, want: 0n },
  { op: "div32", code: 0x3c, dst: 0x9_ffff_ffffn, src: 0x8_0000_0010n, want: 0x0fffffffn },
  { op: "div32 by zero", code: 0x3c, dst: M, src: 0x1_0000_0000n, want: 0n },
  { op: "sdiv64", code: 0x3f, off: 1, dst: M - 6n, src: 2n, want: M - 2n },
  { op: "sdiv64 by negative", code: 0x3f, off: 1, dst: 7n, src: M - 1n, want: M - 2n },
  { op: "sdiv64 by zero", code: 0x3f, off: 1, dst: M, src: 0n, want: 0n },
  { op: "sdiv64 MIN by -1", code: 0x3f, off: 1, dst: MIN64, src: M, want: MIN64 },
  { op: "sdiv32", code: 0x3c, off: 1, dst: 0xfffffff9n, src: 2n, want: 0xfffffffdn },
  { op: "sdiv32 by zero", code: 0x3c, off: 1, dst: M, src: 0n, want: 0n },
  { op: "sdiv32 MIN by -1", code: 0x3c, off: 1, dst: 0x80000000n, src: 0xffffffffn, want: 0x80000000n },
  { op: "mod64", code: 0x9f, dst: 7n, src: 4n, want: 3n },
  { op: "mod64 unsigned", code: 0x9f, dst: M, src: 10n, want: 5n },
  { op: "mod64 by zero keeps", code: 0x9f, dst: M - 1n, src: 0n, want: M - 1n },
  { op: "mod32", code: 0x9c, dst: 0x5_ffff_ffffn, src: 16n, want: 15n },
  { op: "mod32 by zero keeps the low half", code: 0x9c, dst: 0x5_0000_0007n, src: 0n, want: 7n },
  { op: "smod64", code: 0x9f, off: 1, dst: M - 6n, src: 3n, want: M },
  { op: "smod64 takes the dividend's sign", code: 0x9f, off: 1, dst: 7n, src: M - 2n, want: 1n },
  { op: "smod64 by zero keeps", code: 0x9f, off: 1, dst: M, src: 0n, want: M },
  { op: "smod64 MIN by -1", code: 0x9f, off: 1, dst: MIN64, src: M, want: 0n },
  { op: "smod32", code: 0x9c, off: 1, dst: 0xfffffff9n, src: 3n, want: 0xffffffffn },
  { op: "smod32 by zero keeps the low half", code: 0x9c, off: 1, dst: 0x3_8000_0001n, src: 0n, want: 0x80000001n },
  { op: "smod32 MIN by -1", code: 0x9c, off: 1, dst: 0x80000000n, src: 0xffffffffn, want: 0n },
  { op: "or64", code: 0x4f, dst: 0xf0000000_0000000fn, src: 0x0f000000_000000f0n, want: 0xff000000_000000ffn },
  { op: "or32", code: 0x4c, dst: 0xf0000000_0000000fn, src: 0x0f000000_000000f0n, want: 0xffn },
  { op: "and64", code: 0x5f, dst: 0xff00ff00_ff00ff00n, src: 0x0ff00ff0_0ff00ff0n, want: 0x0f000f00_0f000f00n },
  { op: "and32", code: 0x5c, dst: M, src: 0xf_0000_000fn, want: 15n },
  { op: "xor64", code: 0xaf, dst: M, src: 0x0f0f0f0f_0f0f0f0fn, want: 0xf0f0f0f0_f0f0f0f0n },
  { op: "xor32", code: 0xac, dst: M, src: 1n, want: 0xfffffffen },
  { op: "lsh64", code: 0x6f, dst: 1n, src: 63n, want: MIN64 },
  { op: "lsh64 by 0", code: 0x6f, dst: M, src: 0n, want: M },
  { op: "lsh64 by 1", code: 0x6f, dst: 0x80000000n, src: 1n, want: 0x100000000n },
  { op: "lsh64 by 32", code: 0x6f, dst: 0x1_2345_6789n, src: 32n, want: 0x23456789_00000000n },
  { op: "lsh64 by 33", code: 0x6f, dst: 3n, src: 33n, want: 0x600000000n },
  { op: "lsh64 masks to 6 bits", code: 0x6f, dst: 1n, src: 64n + 4n, want: 16n },
  { op: "lsh32", code: 0x6c, dst: 0x1_0000_0001n, src: 31n, want: 0x80000000n },
  { op: "lsh32 masks to 5 bits", code: 0x6c, dst: 1n, src: 33n, want: 2n },
  { op: "rsh64", code: 0x7f, dst: MIN64, src: 63n, want: 1n },
  { op: "rsh64 by 0", code: 0x7f, dst: M, src: 0n, want: M },
  { op: "rsh64 by 31", code: 0x7f, dst: MIN64, src: 31n, want: 0x100000000n },
  { op: "rsh64 by 32", code: 0x7f, dst: 0x89abcdef_01234567n, src: 32n, want: 0x89abcdefn },
  { op: "rsh64 masks to 6 bits", code: 0x7f, dst: 32n, src: 65n, want: 16n },
  { op: "rsh32", code: 0x7c, dst: 0xf_8000_0000n, src: 31n, want: 1n },
  { op: "rsh32 by 0", code: 0x7c, dst: M, src: 0n, want: 0xffffffffn },
  { op: "rsh32 masks to 5 bits", code: 0x7c, dst: 4n, src: 33n, want: 2n },
  { op: "arsh64", code: 0xcf, dst: MIN64, src: 63n, want: M },
  { op: "arsh64 by 4", code: 0xcf, dst: 0x80000000_00000010n, src: 4n, want: 0xf8000000_00000001n },
  { op: "arsh64 by 32", code: 0xcf, dst: 0x80000000_12345678n, src: 32n, want: 0xffffffff_80000000n },
  { op: "arsh64 masks to 6 bits", code: 0xcf, dst: M - 1n, src: 65n, want: M },
  { op: "arsh32", code: 0xcc, dst: 0x80000000n, src: 31n, want: 0xffffffffn },
  { op: "arsh32 masks to 5 bits", code: 0xcc, dst: 0x1_8000_0000n, src: 36n, want: 0xf8000000n },
  { op: "mov64", code: 0xbf, dst: 0n, src: 0x123456789abcdef0n, want: 0x123456789abcdef0n },
  { op: "mov32", code: 0xbc, dst: M, src: 0x123456789abcdef0n, want: 0x9abcdef0n },
  { op: "movsx64 from 8", code: 0xbf, off: 8, dst: 0n, src: 0x180n, want: 0xffffffff_ffffff80n },
  { op: "movsx64 from 8, positive", code: 0xbf, off: 8, dst: M, src: 0xff7fn, want: 0x7fn },
  { op: "movsx64 from 16", code: 0xbf, off: 16, dst: 0n, src: 0x18000n, want: 0xffffffff_ffff8000n },
  { op: "movsx64 from 32", code: 0xbf, off: 32, dst: 0n, src: 0x1_8000_0000n, want: 0xffffffff_80000000n },
  { op: "movsx32 from 8", code: 0xbc, off: 8, dst: M, src: 0x80n, want: 0xffffff80n },
  { op: "movsx32 from 16", code: 0xbc, off: 16, dst: M, src: 0x8000n, want: 0xffff8000n },
];

const UNARY: readonly Vector[] = [
  { op: "neg64", code: 0x87, dst: 1n, want: M },
  { op: "neg64 of 0", code: 0x87, dst: 0n, want: 0n },
  { op: "neg64 of MIN", code: 0x87, dst: MIN64, want: MIN64 },
  { op: "neg64 with low half 0", code: 0x87, dst: 0x1_0000_0000n, want: 0xffffffff_00000000n },
  { op: "neg32", code: 0x84, dst: 0x5_0000_0001n, want: 0xffffffffn },
  { op: "neg32 of MIN", code: 0x84, dst: 0x80000000n, want: 0x80000000n },
  { op: "le16", code: 0xd4, imm: 16, dst: 0x1122334455667788n, want: 0x7788n },
  { op: "le32", code: 0xd4, imm: 32, dst: 0x1122334455667788n, want: 0x55667788n },
  { op: "le64", code: 0xd4, imm: 64, dst: 0x1122334455667788n, want: 0x1122334455667788n },
  { op: "be16", code: 0xdc, imm: 16, dst: 0x1122334455667788n, want: 0x8877n },
  { op: "be32", code: 0xdc, imm: 32, dst: 0x1122334455667788n, want: 0x88776655n },
  { op: "be64", code: 0xdc, imm: 64, dst: 0x1122334455667788n, want: 0x8877665544332211n },
  { op: "bswap16", code: 0xd7, imm: 16, dst: 0x1122334455667788n, want: 0x8877n },
  { op: "bswap32", code: 0xd7, imm: 32, dst: 0x1122334455667788n, want: 0x88776655n },
  { op: "bswap64", code: 0xd7, imm: 64, dst: 0x1122334455667788n, want: 0x8877665544332211n },
];

/** Immediate forms: the imm is sign-extended to the operation's width. */
const K: readonly Vector[] = [
  { op: "add64 -1", code: 0x07, imm: -1, dst: 0n, want: M },
  { op: "add32 -1", code: 0x04, imm: -1, dst: 0n, want: 0xffffffffn },
  { op: "sub64 -1", code: 0x17, imm: -1, dst: M, want: 0n },
  { op: "sub32 1", code: 0x14, imm: 1, dst: 0n, want: 0xffffffffn },
  { op: "mul64 -2", code: 0x27, imm: -2, dst: 3n, want: M - 5n },
  { op: "mul32 -2", code: 0x24, imm: -2, dst: 3n, want: 0xfffffffan },
  { op: "div64 -1 is unsigned", code: 0x37, imm: -1, dst: M, want: 1n },
  { op: "div32 -1 is unsigned", code: 0x34, imm: -1, dst: 0xfffffffen, want: 0n },
  { op: "sdiv64 -1", code: 0x37, off: 1, imm: -1, dst: 5n, want: M - 4n },
  { op: "sdiv32 -3", code: 0x34, off: 1, imm: -3, dst: 7n, want: 0xfffffffen },
  { op: "mod64 -1 is unsigned", code: 0x97, imm: -1, dst: M, want: 0n },
  { op: "mod32 10", code: 0x94, imm: 10, dst: 0xffffffffn, want: 5n },
  { op: "smod64 3", code: 0x97, off: 1, imm: 3, dst: M - 6n, want: M },
  { op: "smod32 3", code: 0x94, off: 1, imm: 3, dst: 0xfffffff9n, want: 0xffffffffn },
  { op: "or64 sign-extends", code: 0x47, imm: -16, dst: 1n, want: 0xffffffff_fffffff1n },
  { op: "or32", code: 0x44, imm: -16, dst: 1n, want: 0xfffffff1n },
  { op: "and64 sign-extends", code: 0x57, imm: -16, dst: M, want: 0xffffffff_fffffff0n },
  { op: "and32", code: 0x54, imm: -16, dst: M, want: 0xfffffff0n },
  { op: "xor64 sign-extends", code: 0xa7, imm: -1, dst: 0n, want: M },
  { op: "xor32", code: 0xa4, imm: -1, dst: 0n, want: 0xffffffffn },
  { op: "lsh64", code: 0x67, imm: 40, dst: 0x1_0000_0001n, want: 0x10000000000n },
  { op: "lsh32", code: 0x64, imm: 4, dst: 0x1_f000_0001n, want: 16n },
  { op: "rsh64", code: 0x77, imm: 4, dst: M, want: 0x0fffffff_ffffffffn },
  { op: "rsh32", code: 0x74, imm: 4, dst: M, want: 0x0fffffffn },
  { op: "arsh64", code: 0xc7, imm: 60, dst: MIN64, want: M - 7n },
  { op: "arsh32", code: 0xc4, imm: 4, dst: 0x80000000n, want: 0xf8000000n },
  { op: "mov64 -1", code: 0xb7, imm: -1, dst: 0n, want: M },
  { op: "mov32 -1", code: 0xb4, imm: -1, dst: M, want: 0xffffffffn },
];

const machine = new TestMachine();
const result = (slots: readonly Slot[]): string => machine.r0(slots).toString(16);

describe("arithmetic of two registers", () => {
  test.each(X)("$op", ({ code, off = 0, dst, src = 0n, want }) => {
    const slots = [...ldImm64(3, dst), ...ldImm64(7, src), [code, 3, 7, off, 0] as const, mov(0, 3), EXIT];
    expect(result(slots)).toBe(want.toString(16));
    // The source stays what it was.
    expect(result([...slots.slice(0, -2), mov(0, 7), EXIT])).toBe(src.toString(16));
  });
});

describe("arithmetic of one register", () => {
  test.each(UNARY)("$op", ({ code, imm = 0, dst, want }) => {
    expect(result([...ldImm64(9, dst), [code, 9, 0, 0, imm], mov(0, 9), EXIT])).toBe(want.toString(16));
  });
});

describe("arithmetic with an immediate", () => {
  test.each(K)("$op", ({ code, off = 0, imm = 0, dst, want }) => {
    expect(result([...ldImm64(0, dst), [code, 0, 0, off, imm], EXIT])).toBe(want.toString(16));
  });
});

test("a register with itself", () => {
  const same = (code: number, value: bigint, off = 0) => result([...ldImm64(0, value), [code, 0, 0, off, 0], EXIT]);
  expect(same(0x0f, 0x80000000_80000000n)).toBe("100000000");
  expect(same(0x1f, M)).toBe("0");
  expect(same(0x2f, 0x1_0000_0001n)).toBe("200000001");
  expect(same(0x3f, M)).toBe("1");
  expect(same(0x9f, M, 1)).toBe("0");
  expect(same(0x6f, 36n)).toBe("24000000000");
  expect(same(0x7f, 0x1000_0000_0004n)).toBe("10000000000");
  expect(same(0xaf, M)).toBe("0");
});

test("ld_imm64 loads both halves", () => {
  expect(result([...ldImm64(0, 0xfedcba98_76543210n), EXIT])).toBe("fedcba9876543210");
});

test("every arithmetic opcode of RFC 9669 has a vector", () => {
  const seen = new Set(
    [...X, ...UNARY, ...K].map(({ code, off = 0, imm = 0 }) =>
      code >> 4 === 0xd ? `${code}/${imm}` : `${code}/${off}`,
    ),
  );
  for (const kind of [0x07, 0x0f, 0x04, 0x0c]) {
    for (let op = 0; op <= 12; op++) {
      if (op === 8) continue;
      expect(seen).toContain(`${(op << 4) | kind}/0`);
      if (op === 3 || op === 9) expect(seen).toContain(`${(op << 4) | kind}/1`);
    }
  }
  for (const code of ["135/0", "132/0", "191/8", "191/16", "191/32", "188/8", "188/16"]) expect(seen).toContain(code);
  for (const code of [0xd4, 0xdc, 0xd7]) for (const bits of [16, 32, 64]) expect(seen).toContain(`${code}/${bits}`);
});
