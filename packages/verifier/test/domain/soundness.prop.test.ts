/// <reference types="node" />
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addDelta,
  aluScalar,
  boundsSane,
  branchTaken,
  byteSwap,
  constant,
  constValue,
  contains,
  equalsScalar,
  forkScalar,
  formatScalar,
  isComputable,
  movsx32,
  movsx64,
  parseScalar,
  pointerAdd,
  pointerSub,
  refineBranch,
  refineSelf,
  type Scalar,
  sync,
  truncate,
  UNKNOWN,
  withBounds,
  zext32,
} from "../../src/domain/index.ts";
import { ALU, type AluName, JUMPS, type JumpName, runAlu, runJump } from "./concrete.ts";

const RUNS = { numRuns: Number(process.env["BPF_TS_FUZZ_RUNS"] ?? 3000) };
const M64 = (1n << 64n) - 1n;

/** Values at and around the places where ranges and carries change. */
const value = fc.oneof(
  fc.bigInt({ min: 0n, max: M64 }),
  fc
    .tuple(fc.integer({ min: 0, max: 63 }), fc.integer({ min: -3, max: 3 }))
    .map(([n, d]) => BigInt.asUintN(64, (1n << BigInt(n)) + BigInt(d))),
  fc.integer({ min: -300, max: 300 }).map((n) => BigInt.asUintN(64, BigInt(n))),
  fc.tuple(fc.integer(), fc.constantFrom(0n, 1n, 0xffff_ffffn)).map(([low, high]) => (high << 32n) | BigInt(low >>> 0)),
);

/** How far an end of a range lies from the value in it. */
const distance = fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: 20n }), fc.bigInt({ min: 0n, max: M64 }));

const clampS64 = (v: bigint): bigint => (v < -(1n << 63n) ? -(1n << 63n) : v > (1n << 63n) - 1n ? (1n << 63n) - 1n : v);
const clampU64 = (v: bigint): bigint => (v < 0n ? 0n : v > M64 ? M64 : v);
const clamp = (v: bigint, min: number, max: number): number =>
  v < BigInt(min) ? min : v > BigInt(max) ? max : Number(v);

/** A value and facts that hold of it; each kind of fact may be missing. */
const known = fc
  .record({
    v: value,
    mask: fc.oneof(
      fc.constant(M64),
      fc.bigInt({ min: 0n, max: M64 }),
      fc.constantFrom(0n, 1n, 0xffn, 0xffff_ffffn, 0xffff_ffff_0000_0000n),
    ),
    d: fc.array(distance, { minLength: 8, maxLength: 8 }),
    use: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
    synced: fc.boolean(),
  })
  .map(({ v, mask, d, use, synced }): [bigint, Scalar] => {
    const s = BigInt.asIntN(64, v);
    const low = BigInt.asUintN(32, v);
    const slow = BigInt.asIntN(32, v);
    const facts = withBounds(UNKNOWN, {
      tnum: { value: v & ~mask & M64, mask },
      ...(use[0] ? { smin: clampS64(s - d[0]!), smax: clampS64(s + d[1]!) } : {}),
      ...(use[1] ? { umin: clampU64(v - d[2]!), umax: clampU64(v + d[3]!) } : {}),
      ...(use[2]
        ? {
            s32min: clamp(slow - d[4]!, -0x8000_0000, 0x7fff_ffff),
            s32max: clamp(slow + d[5]!, -0x8000_0000, 0x7fff_ffff),
          }
        : {}),
      ...(use[3] ? { u32min: clamp(low - d[6]!, 0, 0xffff_ffff), u32max: clamp(low + d[7]!, 0, 0xffff_ffff) } : {}),
    });
    return [v, synced ? sync(facts) : facts];
  });

const aluName = fc.constantFrom(...(Object.keys(ALU) as AluName[]));
const jumpName = fc.constantFrom(...(Object.keys(JUMPS) as JumpName[]));

describe("no fact is ever lost that is not true", () => {
  it("the generator's own", () => {
    fc.assert(
      fc.property(known, ([v, s]) => contains(s, v)),
      RUNS,
    );
  });

  it("sync keeps the value and leaves no contradiction", () => {
    fc.assert(
      fc.property(known, ([v, s]) => {
        const t = sync(s);
        expect(contains(t, v)).toBe(true);
        expect(boundsSane(t)).toBe(true);
      }),
      RUNS,
    );
  });

  it("arithmetic", () => {
    fc.assert(
      fc.property(known, known, aluName, fc.boolean(), ([x, a], [y, b], name, is64) => {
        const result = runAlu(name, is64, x, y);
        const got = aluScalar(ALU[name], is64, a, b);
        if (!contains(got, result)) expect.fail(`${formatScalar(got)} lacks 0x${result.toString(16)}`);
      }),
      RUNS,
    );
  });

  it("shifts by known distances", () => {
    const shift = fc.constantFrom<AluName>("lsh", "rsh", "arsh");
    fc.assert(
      fc.property(known, shift, fc.boolean(), fc.integer({ min: 0, max: 63 }), ([x, a], name, is64, n) => {
        const by = is64 ? n : n & 31;
        expect(isComputable(ALU[name], is64, constant(by))).toBe(true);
        expect(contains(aluScalar(ALU[name], is64, a, constant(by)), runAlu(name, is64, x, BigInt(by)))).toBe(true);
      }),
      RUNS,
    );
  });

  it("widths", () => {
    fc.assert(
      fc.property(known, fc.constantFrom(1, 2, 4), ([v, s], size) => {
        const bits = size * 8;
        expect(contains(truncate(s, size), BigInt.asUintN(bits, v))).toBe(true);
        expect(contains(movsx64(s, size), BigInt.asIntN(bits, v))).toBe(true);
        if (size < 4) expect(contains(movsx32(s, size), BigInt.asUintN(32, BigInt.asIntN(bits, v)))).toBe(true);
        expect(contains(zext32(s), BigInt.asUintN(32, v))).toBe(true);
      }),
      RUNS,
    );
  });

  it("byte order", () => {
    fc.assert(
      fc.property(known, fc.constantFrom(16, 32, 64), ([v, s], bits) => {
        const bytes = Array.from({ length: bits / 8 }, (_, i) => (v >> BigInt(8 * i)) & 0xffn);
        const reversed = bytes.reduce((whole, byte) => (whole << 8n) | byte, 0n);
        expect(contains(byteSwap(s, bits / 8), reversed)).toBe(true);
      }),
      RUNS,
    );
    expect(byteSwap(constant(0x1234), 2)).toEqual(byteSwap(constant(0xff1234), 2));
    expect(constValue(byteSwap(constant(0x1234), 2))).toBe(0x3412n);
    expect(constValue(byteSwap(constant(1), 8))).toBe(1n << 56n);
  });

  it("pointer offsets and linked registers", () => {
    fc.assert(
      fc.property(known, known, ([x, a], [y, b]) => {
        expect(contains(pointerAdd(a, b), x + y)).toBe(true);
        expect(contains(pointerSub(a, b), x - y)).toBe(true);
        const delta = Number(BigInt.asIntN(32, y));
        expect(contains(addDelta(a, delta, false), x + BigInt(delta))).toBe(true);
        expect(contains(addDelta(a, delta, true), BigInt.asUintN(32, x + BigInt(delta)))).toBe(true);
      }),
      RUNS,
    );
  });

  it("jumps that are decided go where they must, others teach only what is so", () => {
    fc.assert(
      fc.property(known, known, jumpName, fc.boolean(), fc.boolean(), ([x, a], [other, c], name, is32, same) => {
        const [y, b] = same ? [x, a] : [other, c];
        const taken = runJump(name, is32, x, y);
        const decided = branchTaken(JUMPS[name], is32, a, b);
        if (decided !== -1) expect(decided === 1).toBe(taken);
        const refined = refineBranch(JUMPS[name], is32, a, b, taken);
        if (!contains(refined.a, x)) expect.fail(`${formatScalar(refined.a)} lacks 0x${x.toString(16)}`);
        if (!contains(refined.b, y)) expect.fail(`${formatScalar(refined.b)} lacks 0x${y.toString(16)}`);
      }),
      RUNS,
    );
  });

  it("a register compared with itself, where the comparison is no strict one", () => {
    fc.assert(
      fc.property(
        known,
        fc.constantFrom<JumpName>("eq", "ge", "le", "sge", "sle"),
        fc.boolean(),
        ([x, a], name, is32) => {
          expect(contains(refineSelf(JUMPS[name], is32, a, true), x)).toBe(true);
        },
      ),
      RUNS,
    );
  });

  it("forked scalars are the two values there were", () => {
    fc.assert(
      fc.property(known, fc.constantFrom<AluName>("and", "or"), value, ([, s], name, k) => {
        const fork = forkScalar(ALU[name], s, constant(k));
        if (fork === undefined) return;
        for (const v of [0n, M64])
          expect(contains(s, v) ? contains(fork.zero, v) || contains(fork.ones, v) : true).toBe(true);
      }),
      RUNS,
    );
    const bit = movsx64(truncate(UNKNOWN, 1), 8 / 8);
    expect(forkScalar(ALU.and, bit, constant(1))).toBeUndefined();
    const zeroOrOnes = sync(withBounds(UNKNOWN, { smin: -1n, smax: 0n }));
    expect(forkScalar(ALU.and, zeroOrOnes, UNKNOWN)).toBeUndefined();
    expect(forkScalar(ALU.add, zeroOrOnes, constant(1))).toBeUndefined();
    expect(forkScalar(ALU.or, zeroOrOnes, constant(1))).toEqual({ ones: constant(-1), zero: constant(0) });
  });
});

describe("text", () => {
  it("of a scalar is read back as the same scalar", () => {
    fc.assert(
      fc.property(known, ([, s]) => {
        // Constants are printed as their bits alone: ranges that say otherwise do not show.
        if (s.tnum.mask === 0n) return;
        expect(equalsScalar(parseScalar(formatScalar(s))!, s)).toBe(true);
      }),
      RUNS,
    );
  });
  it("that is arbitrary never throws", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        for (const whole of [text, `scalar(${text})`]) {
          const s = parseScalar(whole);
          if (s !== undefined) expect(formatScalar(s)).not.toBe("");
        }
      }),
      RUNS,
    );
  });
});

describe("identity", () => {
  it("small constants and UNKNOWN exist once", () => {
    expect(constant(5n)).toBe(constant(5));
    expect(constant(-1)).toBe(constant(M64));
    expect(aluScalar(ALU.add, true, constant(2), constant(3))).toBe(constant(5));
    expect(aluScalar(ALU.and, false, constant(0xff), constant(-1))).toBe(constant(255));
    expect(aluScalar(ALU.xor, true, UNKNOWN, constant(1))).toBe(UNKNOWN);
    expect(truncate(UNKNOWN, 8)).toBe(UNKNOWN);
  });
  it("what does not change stays the same object", () => {
    fc.assert(
      fc.property(known, ([, s]) => {
        const t = sync(sync(sync(s)));
        expect(sync(t) === t || !equalsScalar(sync(t), t)).toBe(true);
      }),
      RUNS,
    );
  });
});
