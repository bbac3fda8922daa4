/**
 * Making, comparing and asking scalars.
 *
 * A scalar is a conjunction of five facts about one 64-bit value: its bits (tnum), its range read as unsigned and as signed number, and the
 * same two ranges of its low half. Small constants and "nothing known" exist once, so that `===` answers most comparisons.
 *
 * @see v6.18 include/linux/bpf_verifier.h, struct bpf_reg_state
 */

import { Num, numOf, setBounds, setKnown } from "./num.ts";
import { tnumContains, tnumEquals, tnumIn, tnumIsConst, tnumSubregIsConst } from "./tnum.ts";
import type { Scalar, ScalarBounds } from "./types.ts";
import { below, below32, hiOf, less, loOf, signed, signedNumber, unsignedNumber } from "./word.ts";

/** Nothing known. */
export const UNKNOWN: Scalar = new Num();

function makeConstant(hi: number, lo: number): Num {
  const d = new Num();
  setKnown(d, hi, lo);
  return d;
}

const SHARED_MIN = -64;
const SHARED_MAX = 1024;
/** The constants SHARED_MIN … SHARED_MAX, made once. */
const SHARED: readonly Num[] = Array.from({ length: SHARED_MAX - SHARED_MIN + 1 }, (_, i) => {
  const v = i + SHARED_MIN;
  return makeConstant(v >> 31, v);
});

/** The constant of two halves. */
export function constantOf(hi: number, lo: number): Num {
  if (hi === lo >> 31 && lo >= SHARED_MIN && lo <= SHARED_MAX) return SHARED[lo - SHARED_MIN]!;
  return makeConstant(hi, lo);
}

/** A constant; `v` is taken modulo 2^64. */
export function constant(v: bigint | number): Scalar {
  if (typeof v === "bigint") return constantOf(hiOf(v), loOf(v));
  // Negative numbers borrow from the upper half, which flooring does.
  return constantOf(Math.floor(v / 0x1_0000_0000) | 0, v | 0);
}

/** The constant 0. */
export const ZERO: Scalar = constantOf(0, 0);

/** Is every field that of a constant (not only its bits)? */
export function isSettledConst(n: Num): boolean {
  const { bits } = n;
  if ((bits.maskHi | bits.maskLo) !== 0) return false;
  const hi = bits.valueHi;
  const lo = bits.valueLo;
  return (
    n.s32min === lo &&
    n.s32max === lo &&
    n.lowMin === lo &&
    n.lowMax === lo &&
    n.uminLo === lo &&
    n.umaxLo === lo &&
    n.sminLo === lo &&
    n.smaxLo === lo &&
    n.uminHi === hi &&
    n.umaxHi === hi &&
    n.sminHi === hi &&
    n.smaxHi === hi
  );
}

/** Do both say the same in every field? */
function equals(a: Num, b: Num): boolean {
  return (
    a.lowMin === b.lowMin &&
    a.lowMax === b.lowMax &&
    a.s32min === b.s32min &&
    a.s32max === b.s32max &&
    a.uminLo === b.uminLo &&
    a.umaxLo === b.umaxLo &&
    a.sminLo === b.sminLo &&
    a.smaxLo === b.smaxLo &&
    a.uminHi === b.uminHi &&
    a.umaxHi === b.umaxHi &&
    a.sminHi === b.sminHi &&
    a.smaxHi === b.smaxHi &&
    tnumEquals(a.bits, b.bits)
  );
}

/** Hands a Num out: as the shared object where there is one, as `before` where nothing changed. It must not be written after. */
export function settle(d: Num, before?: Num): Scalar {
  if (before !== undefined && equals(d, before)) return before;
  const { bits } = d;
  if ((bits.maskHi | bits.maskLo) === 0) {
    const lo = bits.valueLo;
    if (bits.valueHi === lo >> 31 && lo >= SHARED_MIN && lo <= SHARED_MAX && isSettledConst(d)) {
      return SHARED[lo - SHARED_MIN]!;
    }
  } else if ((bits.maskHi & bits.maskLo) === -1 && equals(d, numOf(UNKNOWN))) {
    return UNKNOWN;
  }
  return d;
}

/** Puts bounds in place as they are; follow with `sync`. */
export function withBounds(s: Scalar, bounds: ScalarBounds): Scalar {
  const d = new Num(numOf(s));
  setBounds(d, bounds);
  return settle(d, numOf(s));
}

/**
 * Keeps only the bits of a value whose facts contradict each other.
 *
 * @see v6.18 kernel/bpf/verifier.c, reg_bounds_sanity_check, __mark_reg_unbounded
 */
export function forgetRanges(s: Scalar): Scalar {
  const d = new Num();
  d.bits = numOf(s).bits;
  return settle(d);
}

/** Are all 64 bits known? */
export function isConst(s: Scalar): boolean {
  return tnumIsConst(numOf(s).bits);
}

/** Are the low 32 bits known? */
export function isSubregConst(s: Scalar): boolean {
  return tnumSubregIsConst(numOf(s).bits);
}

/** Is it the constant `v` (taken modulo 2^64)? */
export function isConstEqual(s: Scalar, v: bigint): boolean {
  return isConst(s) && s.tnum.value === BigInt.asUintN(64, v);
}

/** A constant's value as unsigned 64-bit number; of any scalar, its known bits. */
export function constValue(s: Scalar): bigint {
  return s.tnum.value;
}

/** A constant's value as signed 64-bit number. */
export function constSigned(s: Scalar): bigint {
  const { bits } = numOf(s);
  return signed(bits.valueHi, bits.valueLo);
}

/** Do both say the same in every field? */
export function equalsScalar(a: Scalar, b: Scalar): boolean {
  return a === b || equals(numOf(a), numOf(b));
}

/**
 * Do cur's ranges lie within old's?
 *
 * @see v6.18 kernel/bpf/verifier.c, range_within
 */
export function rangeWithin(old: Scalar, cur: Scalar): boolean {
  if (old === cur) return true;
  const o = numOf(old);
  const c = numOf(cur);
  return (
    o.s32min <= c.s32min &&
    o.s32max >= c.s32max &&
    !below32(c.lowMin, o.lowMin) &&
    !below32(o.lowMax, c.lowMax) &&
    !below(c.uminHi, c.uminLo, o.uminHi, o.uminLo) &&
    !below(o.umaxHi, o.umaxLo, c.umaxHi, c.umaxLo) &&
    !less(c.sminHi, c.sminLo, o.sminHi, o.sminLo) &&
    !less(o.smaxHi, o.smaxLo, c.smaxHi, c.smaxLo)
  );
}

/** Is each value of `cur` one of `old`? */
export function scalarWithin(old: Scalar, cur: Scalar): boolean {
  return old === cur || (rangeWithin(old, cur) && tnumIn(numOf(old).bits, numOf(cur).bits));
}

/** Could the concrete value `v` (taken modulo 2^64) be the one described? */
export function contains(s: Scalar, v: bigint): boolean {
  const n = numOf(s);
  const hi = hiOf(v);
  const lo = loOf(v);
  return tnumContains(n.bits, hi, lo) && rangeWithin(s, constantOf(hi, lo));
}

/** Unsigned ends as numbers, exact up to 2^53. */
export function uminNumber(s: Scalar): number {
  const n = numOf(s);
  return unsignedNumber(n.uminHi, n.uminLo);
}

export function umaxNumber(s: Scalar): number {
  const n = numOf(s);
  return unsignedNumber(n.umaxHi, n.umaxLo);
}

/** Signed ends as numbers, exact in ±2^53. */
export function sminNumber(s: Scalar): number {
  const n = numOf(s);
  return signedNumber(n.sminHi, n.sminLo);
}

export function smaxNumber(s: Scalar): number {
  const n = numOf(s);
  return signedNumber(n.smaxHi, n.smaxLo);
}

/** Is the value below 2^bits (unsigned; 1 ≤ bits ≤ 64)? */
export function fitsUnsigned(s: Scalar, bits: number): boolean {
  const n = numOf(s);
  if (bits >= 64) return true;
  if (bits >= 32) return n.umaxHi >>> (bits - 32) === 0;
  return n.umaxHi === 0 && n.umaxLo >>> bits === 0;
}
