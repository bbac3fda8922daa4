/// <reference types="node" />
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TestMachine } from "./machine.ts";
import { EXIT, ldImm64, mov, type Slot } from "./program.ts";

/**
 * The interpreter, which works on halves, against arithmetic on BigInt by the words of RFC 9669. Random straight-line programs: an error in
 * one half shows in what follows.
 */

const U64 = (x: bigint): bigint => BigInt.asUintN(64, x);
const S64 = (x: bigint): bigint => BigInt.asIntN(64, x);
const U32 = (x: bigint): bigint => BigInt.asUintN(32, x);
const S32 = (x: bigint): bigint => BigInt.asIntN(32, x);

type Binary = (a: bigint, b: bigint) => bigint;
const DEFINED: Record<string, Binary> = {
  "0": (a, b) => a + b,
  "1": (a, b) => a - b,
  "2": (a, b) => a * b,
  "4": (a, b) => a | b,
  "5": (a, b) => a & b,
  "10": (a, b) => a ^ b,
  "11": (_, b) => b,
};

/** What `dst op= src` makes of 64-bit values, for class 7 or 4. */
function reference(cls: number, op: number, off: number, a: bigint, b: bigint): bigint {
  const wide = cls === 7;
  const u = wide ? U64 : U32;
  const s = wide ? S64 : S32;
  const bits = wide ? 63n : 31n;
  const simple = DEFINED[op];
  if (op === 11 && off !== 0) return u(BigInt.asIntN(off, b));
  if (simple !== undefined) return u(simple(u(a), u(b)));
  switch (op) {
    case 3:
      if (off === 1) return s(b) === 0n ? 0n : u(s(a) / s(b));
      return u(b) === 0n ? 0n : u(a) / u(b);
    case 9:
      if (off === 1) return s(b) === 0n ? u(a) : u(s(a) % s(b));
      return u(b) === 0n ? u(a) : u(a) % u(b);
    case 6:
      return u(u(a) << (b & bits));
    case 7:
      return u(a) >> (b & bits);
    case 8:
      return u(-a);
    case 12:
      return u(s(a) >> (b & bits));
    default:
      throw new Error(`op ${op}`);
  }
}

/** 64-bit numbers with an eye to the borders of halves, of doubles and of signs. */
const word: fc.Arbitrary<bigint> = fc.oneof(
  fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
  fc.bigInt({ min: 0n, max: 0xffn }),
  fc.bigInt({ min: 0n, max: 0xffffffffn }),
  fc.bigInt({ min: (1n << 53n) - 4n, max: (1n << 53n) + 4n }),
  fc.bigInt({ min: -4n, max: 4n }).map(U64),
  fc
    .tuple(fc.integer({ min: 0, max: 63 }), fc.bigInt({ min: -2n, max: 2n }))
    .map(([n, d]) => U64((1n << BigInt(n)) + d)),
);

interface Step {
  readonly cls: number;
  readonly op: number;
  readonly off: number;
  readonly dst: number;
  readonly src: number;
  /** Undefined: register form. */
  readonly imm: number | undefined;
}

const step: fc.Arbitrary<Step> = fc
  .record({
    cls: fc.constantFrom(4, 7),
    op: fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
    variant: fc.nat(3),
    dst: fc.nat(9),
    src: fc.nat(9),
    imm: fc.option(fc.oneof(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), fc.integer({ min: -2, max: 70 })), {
      nil: undefined,
    }),
  })
  .map(({ cls, op, variant, dst, src, imm }) => {
    let off = 0;
    if (op === 3 || op === 9) off = variant & 1;
    if (op === 11 && imm === undefined) off = [0, 8, 16, cls === 7 ? 32 : 0][variant]!;
    return { cls, op, off, dst, src, imm: op === 8 ? 0 : imm };
  });

function slotOf({ cls, op, off, dst, src, imm }: Step): Slot {
  return imm === undefined ? [(op << 4) | 8 | cls, dst, src, off, 0] : [(op << 4) | cls, dst, 0, off, imm];
}

const runs = Number(process.env["BPF_TS_FUZZ_RUNS"] ?? 2000);

describe("arithmetic equals BigInt", () => {
  const machine = new TestMachine();

  test("random straight-line programs, all ten registers", () => {
    fc.assert(
      fc.property(
        fc.array(word, { minLength: 10, maxLength: 10 }),
        fc.array(step, { maxLength: 40 }),
        (start, steps) => {
          const slots = [...start.flatMap((value, n) => ldImm64(n, value)), ...steps.map(slotOf), EXIT];
          const regs = [...start];
          for (const { cls, op, off, dst, src, imm } of steps) {
            regs[dst] = reference(cls, op, off, regs[dst]!, imm === undefined ? regs[src]! : U64(BigInt(imm)));
          }
          const run = machine.start(slots);
          // All but the exit, so that every register can be seen.
          run.step(start.length + steps.length);
          expect(run.regs().slice(0, 10)).toEqual(regs);
          run.abort();
        },
      ),
      { numRuns: runs },
    );
  });

  test("each operation on hard pairs", () => {
    const hard = [0n, 1n, 2n, 3n, 31n, 32n, 33n, 63n, 0x7fffffffn, 0x80000000n, 0xffffffffn, 0x100000000n];
    const more = [(1n << 53n) - 1n, 1n << 53n, (1n << 53n) + 1n, (1n << 63n) - 1n, 1n << 63n, U64(-2n), U64(-1n)];
    for (const cls of [4, 7]) {
      for (const [op, off] of [...Array(13).keys()].flatMap((op) =>
        op === 3 || op === 9
          ? [
              [op, 0],
              [op, 1],
            ]
          : [[op, 0]],
      )) {
        if (op === 8) continue;
        for (const a of [...hard, ...more]) {
          for (const b of [...hard, ...more]) {
            const got = machine.r0([
              ...ldImm64(1, a),
              ...ldImm64(2, b),
              [(op! << 4) | 8 | cls, 1, 2, off!, 0],
              mov(0, 1),
              EXIT,
            ]);
            if (got !== reference(cls, op!, off!, a, b)) expect([cls, op, off, a, b, got]).toBe("as the reference");
          }
        }
      }
    }
  });
});

describe("comparisons equal BigInt", () => {
  const machine = new TestMachine();
  const compare: readonly (readonly [number, (a: bigint, b: bigint, s: (x: bigint) => bigint) => boolean])[] = [
    [0x10, (a, b) => a === b],
    [0x20, (a, b) => a > b],
    [0x30, (a, b) => a >= b],
    [0x40, (a, b) => (a & b) !== 0n],
    [0x50, (a, b) => a !== b],
    [0x60, (a, b, s) => s(a) > s(b)],
    [0x70, (a, b, s) => s(a) >= s(b)],
    [0xa0, (a, b) => a < b],
    [0xb0, (a, b) => a <= b],
    [0xc0, (a, b, s) => s(a) < s(b)],
    [0xd0, (a, b, s) => s(a) <= s(b)],
  ];

  test("all jumps, both widths, on random pairs", () => {
    fc.assert(
      fc.property(word, word, fc.boolean(), (a, other, same) => {
        const b = same ? a : other;
        const slots: Slot[] = [...ldImm64(1, a), ...ldImm64(2, b), [0xb7, 0, 0, 0, 0]];
        let want = 0n;
        for (const [i, [op, holds]] of [...compare, ...compare].entries()) {
          const wide = i < compare.length;
          slots.push([op | 8 | (wide ? 5 : 6), 1, 2, 1, 0], [0x05, 0, 0, 1, 0], [0x47, 0, 0, 0, 1 << i]);
          const taken = wide ? holds(a, b, S64) : holds(U32(a), U32(b), S32);
          if (taken) want |= 1n << BigInt(i);
        }
        expect(machine.r0([...slots, EXIT])).toBe(want);
      }),
      { numRuns: runs },
    );
  });
});
