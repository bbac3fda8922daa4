import { describe, expect, it } from "vitest";
import {
  type Bits,
  bitsOf,
  TNUM_UNKNOWN,
  tnumAdd,
  tnumAnd,
  tnumArshift,
  tnumArshift32,
  tnumCast,
  tnumConst,
  tnumContains,
  tnumIn,
  tnumIntersect,
  tnumIsAligned,
  tnumLshift,
  tnumMul,
  tnumNeg,
  tnumOr,
  tnumOverlap,
  tnumRange,
  tnumRshift,
  tnumStep,
  tnumSub,
  tnumSubreg,
  tnumUnion,
  tnumWithSubreg,
  tnumXor,
} from "../../src/domain/tnum.ts";
import { hiOf, loOf } from "../../src/domain/word.ts";

const M64 = (1n << 64n) - 1n;

function bits(value: bigint, mask: bigint): Bits {
  return bitsOf({ value, mask });
}

function has(t: Bits, v: bigint): boolean {
  return tnumContains(t, hiOf(v), loOf(v));
}

function range(min: bigint, max: bigint): Bits {
  return tnumRange(hiOf(min), loOf(min), hiOf(max), loOf(max));
}

function step(t: Bits, z: bigint): bigint {
  const { hi, lo } = tnumStep(t, hiOf(z), loOf(z));
  return (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0);
}

function constantBits(v: bigint): Bits {
  return tnumConst(hiOf(v), loOf(v));
}

/** Every tnum whose unknown bits and known ones lie in the low `width` bits, with its members. */
function allTnums(width: number): { t: Bits; members: bigint[] }[] {
  const result: { t: Bits; members: bigint[] }[] = [];
  for (let mask = 0; mask < 1 << width; mask++) {
    for (let value = 0; value < 1 << width; value++) {
      if ((mask & value) !== 0) continue;
      const members: bigint[] = [];
      for (let x = 0; x < 1 << width; x++) if ((x & ~mask) === value) members.push(BigInt(x));
      result.push({ t: bits(BigInt(value), BigInt(mask)), members });
    }
  }
  return result;
}

/** The tightest tnum that holds all of `values`. */
function best(values: readonly bigint[]): Bits {
  let ones = M64;
  let any = 0n;
  for (const v of values) {
    ones &= v;
    any |= v;
  }
  return bits(ones, any & ~ones & M64);
}

const FOUR_BITS = allTnums(4);

/** All pairs of 4-bit tnums; `exact`: the answer must be the tightest one, else it must hold every result. */
function checkPairs(op: (a: Bits, b: Bits) => Bits, concrete: (x: bigint, y: bigint) => bigint, exact: boolean): void {
  for (const a of FOUR_BITS) {
    for (const b of FOUR_BITS) {
      const results = a.members.flatMap((x) => b.members.map((y) => concrete(x, y) & M64));
      const got = op(a.t, b.t);
      expect(got.value & got.mask).toBe(0n);
      if (exact) expect(got).toEqual(best(results));
      else for (const r of results) if (!has(got, r)) expect.fail(`${JSON.stringify([String(r)])} is lost`);
    }
  }
}

describe("tnum operations on all pairs of four-bit numbers", () => {
  it("add is the tightest", () => checkPairs(tnumAdd, (x, y) => x + y, true));
  it("sub is the tightest", () => checkPairs(tnumSub, (x, y) => x - y, true));
  it("and is the tightest", () => checkPairs(tnumAnd, (x, y) => x & y, true));
  it("or is the tightest", () => checkPairs(tnumOr, (x, y) => x | y, true));
  it("xor is the tightest", () => checkPairs(tnumXor, (x, y) => x ^ y, true));
  it("mul is sound", () => checkPairs(tnumMul, (x, y) => x * y, false));
  it("union is the tightest", () => {
    for (const a of FOUR_BITS)
      for (const b of FOUR_BITS) expect(tnumUnion(a.t, b.t)).toEqual(best([...a.members, ...b.members]));
  });
  it("intersect holds exactly the common members, overlap tells whether there are any", () => {
    for (const a of FOUR_BITS) {
      for (const b of FOUR_BITS) {
        const common = a.members.filter((x) => b.members.includes(x));
        expect(tnumOverlap(a.t, b.t)).toBe(common.length > 0);
        if (common.length > 0) expect(tnumIntersect(a.t, b.t)).toEqual(best(common));
      }
    }
  });
  it("in is inclusion of the sets", () => {
    for (const a of FOUR_BITS)
      for (const b of FOUR_BITS) expect(tnumIn(a.t, b.t)).toBe(b.members.every((x) => a.members.includes(x)));
  });
});

describe("tnum operations on all four-bit numbers", () => {
  it("neg is the tightest", () => {
    for (const a of FOUR_BITS) expect(tnumNeg(a.t)).toEqual(best(a.members.map((x) => -x & M64)));
  });
  it("shifts are the tightest", () => {
    for (const { t, members } of FOUR_BITS) {
      for (const n of [0, 1, 3, 31, 32, 60, 62, 63]) {
        const s = BigInt(n);
        expect(tnumLshift(t, n)).toEqual(best(members.map((x) => (x << s) & M64)));
        const high = tnumLshift(t, 60);
        const highMembers = members.map((x) => x << 60n);
        expect(tnumRshift(high, n)).toEqual(best(highMembers.map((x) => x >> s)));
        expect(tnumArshift(high, n)).toEqual(best(highMembers.map((x) => (BigInt.asIntN(64, x) >> s) & M64)));
        if (n > 31) continue;
        const middle = tnumLshift(t, 28);
        const wanted = members.map((x) => BigInt.asUintN(32, BigInt.asIntN(32, x << 28n) >> s));
        expect(tnumArshift32(middle, n)).toEqual(best(wanted));
      }
    }
  });
  it("step finds the next member", () => {
    for (const { t, members } of FOUR_BITS) {
      for (let z = 0n; z < 18n; z++) {
        expect(step(t, z)).toBe(members.find((x) => x > z) ?? members.at(-1));
      }
    }
  });
  it("step works at the top of 64 bits", () => {
    const t = bits(1n << 63n, 3n);
    expect(step(t, 0n)).toBe(1n << 63n);
    expect(step(t, (1n << 63n) + 1n)).toBe((1n << 63n) + 2n);
    expect(step(t, M64)).toBe((1n << 63n) + 3n);
    expect(step(TNUM_UNKNOWN, M64 - 1n)).toBe(M64);
  });
  it("alignment", () => {
    for (const { t, members } of FOUR_BITS) {
      for (const size of [1, 2, 4, 8]) {
        expect(tnumIsAligned(t, size)).toBe(members.every((x) => x % BigInt(size) === 0n));
      }
      expect(tnumIsAligned(t, 0)).toBe(true);
    }
  });
});

describe("tnum from ranges", () => {
  it("holds the range and no more than its common prefix allows", () => {
    for (let min = 0n; min < 32n; min++) {
      for (let max = min; max < 32n; max++) {
        const members = Array.from({ length: Number(max - min) + 1 }, (_, i) => min + BigInt(i));
        const got = range(min, max);
        for (const x of members) expect(has(got, x)).toBe(true);
        expect(got.mask & (got.mask + 1n)).toBe(0n);
        expect(best(members).mask <= got.mask).toBe(true);
      }
    }
  });
  it.each([
    [0n, 255n, 0n, 255n],
    [5n, 5n, 5n, 0n],
    [16n, 20n, 16n, 7n],
    [0n, M64, 0n, M64],
    [M64 - 1n, M64, M64 - 1n, 1n],
    [(1n << 63n) - 1n, 1n << 63n, 0n, M64],
    [0xffff_ffffn, 0x1_0000_0000n, 0n, 0x1_ffff_ffffn],
  ])("%s … %s", (min, max, value, mask) => {
    expect(range(min, max)).toEqual(bits(value, mask));
  });
});

describe("tnum parts", () => {
  const t = bits(0x8000_0001_0000_0002n, 0x00f0_0000_0000_0f00n);
  it("cast keeps low bytes", () => {
    expect(tnumCast(t, 1)).toEqual(bits(2n, 0n));
    expect(tnumCast(t, 2)).toEqual(bits(2n, 0xf00n));
    expect(tnumCast(t, 8)).toEqual(t);
    expect(tnumSubreg(t)).toEqual(tnumCast(t, 4));
  });
  it("withSubreg replaces the low half", () => {
    expect(tnumWithSubreg(t, constantBits(7n))).toEqual(bits(0x8000_0001_0000_0007n, 0x00f0_0000_0000_0000n));
  });
  it("multiplication by an unknown bit joins both outcomes", () => {
    // {0, 4} * {3} = {0, 12}: both bits of 12 are unknown together
    expect(tnumMul(bits(0n, 4n), constantBits(3n))).toEqual(bits(0n, 12n));
    expect(tnumMul(constantBits(3n), bits(0n, 4n))).toEqual(bits(0n, 12n));
    expect(tnumMul(constantBits(1n << 63n), constantBits(2n))).toEqual(bits(0n, 0n));
    expect(tnumMul(TNUM_UNKNOWN, constantBits(4n))).toEqual(bits(0n, M64 - 3n));
  });
});
