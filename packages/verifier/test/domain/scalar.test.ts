import { describe, expect, it } from "vitest";
import * as domain from "../../src/domain/index.ts";
import {
  aluScalar,
  boundsViolation,
  branchTaken,
  constant,
  constSigned,
  constValue,
  forgetRanges,
  formatScalar,
  formatViolation,
  fromSignedRange,
  fromUnsignedRange,
  isConst,
  isConstEqual,
  isSubregConst,
  movsx32,
  movsx64,
  parseScalar,
  pointerAdd,
  rangeWithin,
  refineBranch,
  refineSelf,
  type Scalar,
  type ScalarDomain,
  scalarWithin,
  truncate,
  UNKNOWN,
  withBounds,
  zext32,
} from "../../src/domain/index.ts";
import { ALU, JUMPS } from "./concrete.ts";

/** The module is what its contract says; a missing or different function does not compile. */
const contract: ScalarDomain = domain;

/** Reads the kernel's text. */
function k(text: string): Scalar {
  const s = parseScalar(text);
  if (s === undefined) throw new Error(`no scalar: ${text}`);
  return s;
}

const BYTE = "scalar(smin=smin32=0,smax=umax=smax32=umax32=255,var_off=(0x0; 0xff))";
const WORD = "scalar(smin=0,smax=umax=0xffffffff,var_off=(0x0; 0xffffffff))";

/** Transitions that Linux 6.18.44 logged at level 2. */
const ALU_CASES: [string, keyof typeof ALU, 32 | 64, string, string][] = [
  ["scalar()", "and", 64, "255", BYTE],
  [BYTE, "add", 64, "3", "scalar(smin=umin=smin32=umin32=3,smax=umax=smax32=umax32=258,var_off=(0x0; 0x1ff))"],
  [
    "scalar(smin=umin=smin32=umin32=8,smax=umax=smax32=umax32=258,var_off=(0x0; 0x1ff))",
    "mul",
    64,
    "7",
    "scalar(smin=umin=smin32=umin32=56,smax=umax=smax32=umax32=1806,var_off=(0x0; 0x7ff))",
  ],
  [
    "scalar(smin=umin=umin32=56,smax=umax=0xffffffff,var_off=(0x0; 0xffffffff))",
    "neg",
    64,
    "0",
    "scalar(smin=0xffffffff00000001,smax=-56,umin=0xffffffff00000001,umax=0xffffffffffffffc8,umin32=1,umax32=0xffffffc8,var_off=(0xffffffff00000000; 0xffffffff))",
  ],
  [WORD, "neg", 64, "0", "scalar(smin=0xffffffff00000001,smax=0)"],
  [
    "scalar(smin=smin32=-128,smax=smax32=127)",
    "lsh",
    64,
    "32",
    "scalar(smin=0xffffff8000000000,smax=0x7f00000000,umax=0xffffffff00000000,smin32=0,smax32=umax32=0,var_off=(0x0; 0xffffffff00000000))",
  ],
  [
    WORD,
    "lsh",
    64,
    "33",
    "scalar(smax=0x7ffffffe00000000,umax=0xfffffffe00000000,smin32=0,smax32=umax32=0,var_off=(0x0; 0xfffffffe00000000))",
  ],
  [WORD, "arsh", 32, "27", "scalar(smin=0,smax=umax=0xffffffff,smin32=-16,smax32=15,var_off=(0x0; 0xffffffff))"],
  [
    "scalar()",
    "or",
    64,
    "-2",
    "scalar(smin=smin32=-2,smax=smax32=-1,umin=0xfffffffffffffffe,umin32=0xfffffffe,var_off=(0xfffffffffffffffe; 0x1))",
  ],
  [
    "scalar(smin=0xffffffff80000000,smax=0x7fffffff)",
    "mul",
    64,
    "-100",
    "scalar(smin=0xffffffce00000064,smax=0x3200000000,umax=0xfffffffffffffffc,smax32=0x7ffffffc,umax32=0xfffffffc,var_off=(0x0; 0xfffffffffffffffc))",
  ],
  ["0x408f32cb00100001", "add", 64, "2097151", "0x408f32cb00300000"],
  [BYTE, "lsh", 64, "scalar()", "scalar()"],
];

describe("arithmetic as Linux logged it", () => {
  it.each(ALU_CASES)("%s %s%i %s", (dst, op, width, src, result) => {
    expect(formatScalar(aluScalar(ALU[op], width === 64, k(dst), k(src)))).toBe(result);
  });
  it("knows nothing of divisions, remainders, byte swaps and shifts beyond the width", () => {
    for (const op of [0x30, 0x90, 0xd0]) expect(aluScalar(op, true, constant(6), constant(3))).toBe(UNKNOWN);
    expect(aluScalar(ALU.lsh, true, constant(1), constant(64))).toBe(UNKNOWN);
    expect(aluScalar(ALU.lsh, false, constant(1), constant(32))).toBe(UNKNOWN);
    expect(aluScalar(ALU.rsh, true, constant(1), constant(-1))).toBe(UNKNOWN);
  });
});

const JUMP_CASES: [string, keyof typeof JUMPS, 32 | 64, string, string, string][] = [
  [
    BYTE,
    "lt",
    64,
    "5",
    "scalar(smin=smin32=0,smax=umax=smax32=umax32=4,var_off=(0x0; 0x7))",
    "scalar(smin=umin=smin32=umin32=5,smax=umax=smax32=umax32=255,var_off=(0x0; 0xff))",
  ],
  [
    "scalar(smin=umin=smin32=umin32=0x8002,smax=umax=smax32=umax32=0x100000,var_off=(0x0; 0x1fffff))",
    "ne",
    64,
    "0x8002",
    "scalar(smin=umin=smin32=umin32=0x8003,smax=umax=smax32=umax32=0x100000,var_off=(0x0; 0x1fffff))",
    "0x8002",
  ],
  [
    "scalar()",
    "set",
    64,
    "8",
    "scalar(smin=0x8000000000000008,umin=umin32=8,smin32=0x80000008,var_off=(0x8; 0xfffffffffffffff7))",
    "scalar(smax=0x7ffffffffffffff7,umax=0xfffffffffffffff7,smax32=0x7ffffff7,umax32=0xfffffff7,var_off=(0x0; 0xfffffffffffffff7))",
  ],
  [
    "scalar()",
    "set",
    64,
    "12",
    "scalar()",
    "scalar(smax=0x7ffffffffffffff3,umax=0xfffffffffffffff3,smax32=0x7ffffff3,umax32=0xfffffff3,var_off=(0x0; 0xfffffffffffffff3))",
  ],
];

describe("jumps as Linux logged them", () => {
  it.each(JUMP_CASES)("%s %s%i %s", (a, op, width, b, taken, fallthrough) => {
    const is32 = width === 32;
    expect(branchTaken(JUMPS[op], is32, k(a), k(b))).toBe(-1);
    expect(formatScalar(refineBranch(JUMPS[op], is32, k(a), k(b), true).a)).toBe(taken);
    expect(formatScalar(refineBranch(JUMPS[op], is32, k(a), k(b), false).a)).toBe(fallthrough);
  });
  it("sees the one value that bits and range leave", () => {
    const s = withBounds(UNKNOWN, { tnum: { value: 0n, mask: 0x100000n }, umin: 1n, umax: 0x100000n });
    expect(formatScalar(domain.sync(s))).toBe("0x100000");
  });
  it("trims both ends of a register that is compared strictly with itself", () => {
    const s = k(
      "scalar(smin=umin=1,smax=umax=0x3fffffffc0,smax32=0x7fffffc0,umax32=0xffffffc0,var_off=(0x0; 0x3fffffffc0))",
    );
    expect(formatScalar(refineSelf(JUMPS.sge, false, s, false))).toBe(
      "scalar(smin=umin=2,smax=umax=0x3fffffffbf,smax32=0x7fffffc0,umax32=0xffffffc0,var_off=(0x0; 0x3fffffffc0))",
    );
  });
  it.each([
    ["eq", 64, "5", "5", 1],
    ["eq", 64, "5", "6", 0],
    ["eq", 64, "scalar(var_off=(0x1; 0xfffffffffffffff0))", "scalar(var_off=(0x2; 0xfffffffffffffff0))", 0],
    ["ne", 64, "scalar(umin=10)", "scalar(umax=9)", 1],
    ["eq", 64, "scalar(smin32=1)", "scalar(smax32=0)", 0],
    ["set", 64, "scalar(var_off=(0x8; 0xf0))", "8", 1],
    ["set", 64, "scalar(var_off=(0x8; 0xf0))", "7", 0],
    ["set", 64, "scalar(var_off=(0x8; 0xf0))", "scalar()", -1],
    ["gt", 32, "0x100000000", "0", 0],
    ["sgt", 64, "-1", "0", 0],
    ["gt", 64, "-1", "0", 1],
    ["sle", 32, "scalar(smax32=4)", "4", 1],
    ["slt", 64, "scalar(smin=4)", "4", 0],
    ["le", 64, "scalar(umin=4,umax=5)", "4", -1],
  ] as const)("%s%i of %s and %s: %i", (op, width, a, b, outcome) => {
    expect(branchTaken(JUMPS[op], width === 32, k(a), k(b))).toBe(outcome);
  });
});

describe("widths", () => {
  it.each([
    [movsx64(UNKNOWN, 1), "scalar(smin=smin32=-128,smax=smax32=127)"],
    [movsx64(UNKNOWN, 4), "scalar(smin=0xffffffff80000000,smax=0x7fffffff)"],
    [movsx64(constant(0x80), 1), "-128"],
    [
      movsx64(fromUnsignedRange(0x180n, 0x18fn), 1),
      "scalar(smin=smin32=-128,smax=smax32=-113,umin=0xffffffffffffff80,umax=0xffffffffffffff8f,umin32=0xffffff80,umax32=0xffffff8f,var_off=(0xffffffffffffff80; 0xf))",
    ],
    [movsx32(UNKNOWN, 2), "scalar(smin=0,smax=umax=0xffffffff,smin32=-32768,smax32=32767,var_off=(0x0; 0xffffffff))"],
    [movsx32(constant(0xffff), 2), "0xffffffff"],
    [
      truncate(fromUnsignedRange(0x1_0000_0001n, 0x1_0000_0005n), 4),
      "scalar(smin=umin=smin32=umin32=1,smax=umax=smax32=umax32=5,var_off=(0x0; 0x7))",
    ],
    [zext32(constant(-1)), "0xffffffff"],
  ])("%#", (s, text) => expect(formatScalar(s)).toBe(text));
});

describe("questions", () => {
  it("about constants", () => {
    expect(isConst(constant(-1))).toBe(true);
    expect(isConst(UNKNOWN)).toBe(false);
    expect(constValue(constant(-1))).toBe((1n << 64n) - 1n);
    expect(constSigned(constant(-1))).toBe(-1n);
    expect(isConstEqual(constant(-1), -1n)).toBe(true);
    expect(isConstEqual(UNKNOWN, 0n)).toBe(false);
    expect(isSubregConst(k("scalar(var_off=(0x7; 0xffffffff00000000))"))).toBe(true);
    expect(contract.ZERO).toBe(constant(0));
  });
  it("about inclusion", () => {
    const wide = fromUnsignedRange(0n, 100n);
    const narrow = fromUnsignedRange(10n, 20n);
    expect([rangeWithin(wide, narrow), rangeWithin(narrow, wide)]).toEqual([true, false]);
    expect([scalarWithin(wide, narrow), scalarWithin(UNKNOWN, wide)]).toEqual([true, true]);
    const even = withBounds(wide, { tnum: { value: 0n, mask: 0x7en } });
    expect([rangeWithin(even, narrow), scalarWithin(even, narrow)]).toEqual([true, false]);
  });
  it("about contradictions, in the kernel's words", () => {
    expect(boundsViolation(constant(5))).toBeUndefined();
    const empty = withBounds(UNKNOWN, {
      umin: 0xfffffffffffffffen,
      smin: -1n,
      smax: -2n,
      s32min: -2,
      s32max: -1,
      u32min: 0xfffffffe,
      tnum: { value: 0xfffffffffffffffen, mask: 1n },
    });
    expect(boundsViolation(empty)).toBe("range bounds violation");
    expect(formatViolation(empty, "true_reg1", "range bounds violation")).toBe(
      "verifier bug: REG INVARIANTS VIOLATION (true_reg1): range bounds violation u64=[0xfffffffffffffffe, 0xffffffffffffffff] s64=[0xffffffffffffffff, 0xfffffffffffffffe] u32=[0xfffffffe, 0xffffffff] s32=[0xfffffffe, 0xffffffff] var_off=(0xfffffffffffffffe, 0x1)",
    );
    expect(formatScalar(forgetRanges(empty))).toBe("scalar(var_off=(0xfffffffffffffffe; 0x1))");
    expect(boundsViolation(withBounds(constant(5), { umax: 6n }))).toBe("const tnum out of sync with range bounds");
    const subreg = withBounds(UNKNOWN, { tnum: { value: 1n, mask: 0xffffffff00000000n } });
    expect(boundsViolation(subreg)).toBe("const subreg tnum out of sync with range bounds");
  });
});

describe("pointer offsets", () => {
  it("forget the low half but for its bits", () => {
    expect(formatScalar(pointerAdd(constant(0), fromSignedRange(0n, 64n)))).toBe(
      "scalar(smin=smin32=0,smax=umax=smax32=umax32=64,var_off=(0x0; 0x7f))",
    );
    expect(formatScalar(domain.pointerSub(constant(0), fromUnsignedRange(1n, 4n)))).toBe(
      "scalar(smin=smin32=-4,smax=smax32=-1,umin=0xfffffffffffffffc,umin32=0xfffffffc,var_off=(0xfffffffffffffffc; 0x3))",
    );
  });
});
