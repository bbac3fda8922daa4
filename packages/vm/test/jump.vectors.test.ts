import { describe, expect, test } from "vitest";
import { TestMachine } from "./machine.ts";
import { EXIT, ldImm64, movImm, type Slot } from "./program.ts";

const M = 0xffffffffffffffffn;
const MIN64 = 0x8000000000000000n;
const MAX64 = 0x7fffffffffffffffn;

/** Pairs whose comparison tells signed from unsigned and 64 from 32 bits. */
const PAIRS: readonly (readonly [bigint, bigint])[] = [
  [1n, 1n],
  [1n, 2n],
  [2n, 1n],
  [M, 0n],
  [0n, M],
  [MIN64, MAX64],
  [MAX64, MIN64],
  [0x1_0000_0001n, 1n],
  [1n, 0x1_0000_0001n],
  [0x8000_0000n, 0x7fff_ffffn],
  [0x1_0000_0000n, 0xffff_ffffn],
];

/** For each jump: 1 where it is taken, in the order of {@link PAIRS}. */
const TAKEN64: readonly (readonly [name: string, op: number, taken: string])[] = [
  ["==", 0x10, "10000000000"],
  ["!=", 0x50, "01111111111"],
  [">", 0x20, "00110101011"],
  [">=", 0x30, "10110101011"],
  ["<", 0xa0, "01001010100"],
  ["<=", 0xb0, "11001010100"],
  ["s>", 0x60, "00101011011"],
  ["s>=", 0x70, "10101011011"],
  ["s<", 0xc0, "01010100100"],
  ["s<=", 0xd0, "11010100100"],
  ["&", 0x40, "10000001100"],
];

const TAKEN32: readonly (readonly [name: string, op: number, taken: string])[] = [
  ["==", 0x10, "10000001100"],
  ["!=", 0x50, "01111110011"],
  [">", 0x20, "00110010010"],
  [">=", 0x30, "10110011110"],
  ["<", 0xa0, "01001100001"],
  ["<=", 0xb0, "11001101101"],
  ["s>", 0x60, "00101100001"],
  ["s>=", 0x70, "10101101101"],
  ["s<", 0xc0, "01010010010"],
  ["s<=", 0xd0, "11010011110"],
  ["&", 0x40, "10000001100"],
];

const machine = new TestMachine();

/** Whether `if r1 <op> r2` is taken; forwards, over a trap that gives 2. */
function taken(code: number, a: bigint, b: bigint): string {
  const slots: Slot[] = [
    ...ldImm64(1, a),
    ...ldImm64(2, b),
    [code | 8, 1, 2, 2, 0],
    movImm(0, 0),
    EXIT,
    movImm(0, 1),
    EXIT,
  ];
  return machine.r0(slots).toString();
}

describe.each(TAKEN64)("64-bit jump on %s", (_, op, want) => {
  test("of two registers", () => {
    expect(PAIRS.map(([a, b]) => taken(op | 5, a, b)).join("")).toBe(want);
  });
});

describe.each(TAKEN32)("32-bit jump on %s", (_, op, want) => {
  test("of two registers", () => {
    expect(PAIRS.map(([a, b]) => taken(op | 6, a, b)).join("")).toBe(want);
  });
});

describe("jumps on an immediate, which is sign-extended", () => {
  const against = (code: number, a: bigint, imm: number) =>
    machine.r0([...ldImm64(1, a), [code, 1, 0, 2, imm], movImm(0, 0), EXIT, movImm(0, 1), EXIT]).toString();
  test.each([
    ["r1 == -1", 0x15, M, -1, "1"],
    ["r1 == -1, of 32 ones", 0x15, 0xffffffffn, -1, "0"],
    ["w1 == -1", 0x16, 0xffffffffn, -1, "1"],
    ["r1 > -2", 0x25, M, -2, "1"],
    ["r1 > -1", 0x25, M, -1, "0"],
    ["r1 >= -1", 0x35, 0xffffffffn, -1, "0"],
    ["w1 >= -1", 0x36, 0x1_ffff_ffffn, -1, "1"],
    ["r1 & -2147483648", 0x45, MIN64, -2147483648, "1"],
    ["w1 & -2147483648", 0x46, MIN64, -2147483648, "0"],
    ["r1 != 0", 0x55, 0x1_0000_0000n, 0, "1"],
    ["w1 != 0", 0x56, 0x1_0000_0000n, 0, "0"],
    ["r1 s> -1", 0x65, 0n, -1, "1"],
    ["w1 s> -1", 0x66, 0xffffffffn, -1, "0"],
    ["r1 s>= 0", 0x75, M, 0, "0"],
    ["w1 s>= 0", 0x76, 0x8000_0000n, 0, "0"],
    ["r1 < -1", 0xa5, 5n, -1, "1"],
    ["w1 < 5", 0xa6, 0x1_0000_0004n, 5, "1"],
    ["r1 <= 4", 0xb5, 0x1_0000_0004n, 4, "0"],
    ["w1 <= 4", 0xb6, 0x1_0000_0004n, 4, "1"],
    ["r1 s< 0", 0xc5, MIN64, 0, "1"],
    ["w1 s< 0", 0xc6, MIN64, 0, "0"],
    ["r1 s<= -1", 0xd5, M, -1, "1"],
    ["w1 s<= -1", 0xd6, 0xffffffffn, -1, "1"],
  ])("%s", (_, code, a, imm, want) => {
    expect(against(code, a, imm)).toBe(want);
  });
});

describe("unconditional jumps", () => {
  test("goto, forwards and backwards", () => {
    expect(machine.r0([[0x05, 0, 0, 2, 0], movImm(0, 7), EXIT, [0x05, 0, 0, -3, 0]])).toBe(7n);
  });
  test("gotol takes its distance from imm", () => {
    expect(machine.r0([[0x06, 0, 0, 0, 2], movImm(0, 7), EXIT, [0x06, 0, 0, 0, -3]])).toBe(7n);
  });
  test("gotol reaches further than 16 bits", () => {
    const far: Slot[] = [
      [0x06, 0, 0, 0, 40_000],
      ...Array.from({ length: 40_000 }, () => movImm(0, 1)),
      movImm(0, 2),
      EXIT,
    ];
    expect(machine.r0(far)).toBe(2n);
  });
});

describe("may_goto", () => {
  test("passes 8 Mi times in one activation, then jumps", () => {
    // r0 counts the passes
    const slots: Slot[] = [movImm(0, 0), [0xe5, 0, 0, 2, 0], [0x07, 0, 0, 0, 1], [0x05, 0, 0, -3, 0], EXIT];
    expect(machine.r0(slots)).toBe(8388608n);
  });
  test("each activation of a function has its own budget", () => {
    // main: r6 = f(); r0 = f(); r0 += r6.   f: counts 8 Mi passes down by a large step to stay quick: r0 = passes
    const f: Slot[] = [movImm(0, 0), [0xe5, 0, 0, 2, 0], [0x07, 0, 0, 0, 1], [0x05, 0, 0, -3, 0], EXIT];
    const main: Slot[] = [[0x85, 0, 1, 0, 4], [0xbf, 6, 0, 0, 0], [0x85, 0, 1, 0, 2], [0x0f, 0, 6, 0, 0], EXIT];
    expect(machine.r0([...main, ...f])).toBe(16777216n);
  });
});
