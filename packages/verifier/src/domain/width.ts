/**
 * Changing the width of a value: truncation, zero and sign extension.
 *
 * @see v6.18 kernel/bpf/verifier.c, zext_32_to_64, coerce_reg_to_size, coerce_reg_to_size_sx, coerce_subreg_to_size_sx
 */

import { Num, numOf, unbound32, unboundUnsigned64 } from "./num.ts";
import { constantOf, isConst, settle } from "./scalar.ts";
import { syncNum } from "./sync.ts";
import { Bits, TNUM_UNKNOWN, tnumCast, tnumConst, tnumRange, tnumSubreg } from "./tnum.ts";
import type { Scalar } from "./types.ts";
import { S32_MAX, S32_MIN } from "./word.ts";

/** Clears the upper half: its bits are 0 and the 64-bit ranges are those of the low half. Follow with syncNum. */
export function zext32Num(d: Num): void {
  d.bits = tnumSubreg(d.bits);
  d.uminHi = d.umaxHi = 0;
  d.uminLo = d.lowMin;
  d.umaxLo = d.lowMax;
  const nonNegative = d.s32min >= 0 && d.s32max >= 0;
  d.sminHi = d.smaxHi = 0;
  d.sminLo = nonNegative ? d.s32min : 0;
  d.smaxLo = nonNegative ? d.s32max : -1;
}

/** The low half, zero-extended: a 32-bit move. */
export function zext32(s: Scalar): Scalar {
  const d = new Num(numOf(s));
  zext32Num(d);
  syncNum(d);
  return settle(d, numOf(s));
}

/** Is every value of [min, max] the same above the low `size` bytes (1, 2, 4)? `min`, `max` in halves. */
function sameAbove(minHi: number, minLo: number, maxHi: number, maxLo: number, size: number): boolean {
  return minHi === maxHi && (size === 4 || minLo >> (8 * size) === maxLo >> (8 * size));
}

/** The low `size` bytes (1, 2, 4), zero-extended, as after a load of that size; 8 leaves the value alone. */
export function truncate(s: Scalar, size: number): Scalar {
  if (size >= 8) return s;
  const before = numOf(s);
  const d = new Num(before);
  d.bits = tnumCast(d.bits, size);
  const keep = size === 4 ? -1 : (1 << (8 * size)) - 1;
  const same = sameAbove(d.uminHi, d.uminLo, d.umaxHi, d.umaxLo, size);
  d.uminLo = same ? d.uminLo & keep : 0;
  d.umaxLo = same ? d.umaxLo & keep : keep;
  d.sminLo = d.uminLo;
  d.smaxLo = d.umaxLo;
  d.uminHi = d.umaxHi = d.sminHi = d.smaxHi = 0;
  if (size < 4) unbound32(d);
  syncNum(d);
  return settle(d, before);
}

/** The low `size` bytes (1, 2, 4) of an int32 as a signed number. */
function extend(lo: number, size: number): number {
  const shift = 32 - 8 * size;
  return (lo << shift) >> shift;
}

/**
 * The low `size` bytes (1, 2, 4), sign-extended to 64 bits.
 *
 * A range survives if all its values agree above those bytes and in their sign bit; otherwise the result is any number of that size.
 */
export function movsx64(s: Scalar, size: number): Scalar {
  const before = numOf(s);
  if (isConst(s)) {
    const lo = extend(before.bits.valueLo, size);
    return constantOf(lo >> 31, lo);
  }
  const d = new Num(before);
  const a = extend(d.sminLo, size);
  const b = extend(d.smaxLo, size);
  const min = Math.min(a, b);
  const max = Math.max(a, b);
  if (sameAbove(d.sminHi, d.sminLo, d.smaxHi, d.smaxLo, size) && min >= 0 === max >= 0) {
    const hi = min >> 31;
    d.sminHi = d.smaxHi = d.uminHi = d.umaxHi = hi;
    d.sminLo = d.uminLo = d.s32min = d.lowMin = min;
    d.smaxLo = d.umaxLo = d.s32max = d.lowMax = max;
    d.bits = tnumRange(hi, min, hi, max);
    return settle(d, before);
  }
  d.s32min = d.sminLo = S32_MIN >> (32 - 8 * size);
  d.s32max = d.smaxLo = S32_MAX >> (32 - 8 * size);
  d.sminHi = -1;
  d.smaxHi = 0;
  unboundUnsigned64(d);
  d.lowMin = 0;
  d.lowMax = -1;
  d.bits = TNUM_UNKNOWN;
  return settle(d, before);
}

/** The low `size` bytes (1, 2), sign-extended to 32 bits, the upper half cleared. */
export function movsx32(s: Scalar, size: number): Scalar {
  const d = new Num(numOf(s));
  if (isConst(s)) {
    const value = extend(d.bits.valueLo, size);
    d.bits = tnumConst(0, value);
    d.s32min = d.s32max = d.lowMin = d.lowMax = value;
  } else {
    const a = extend(d.s32min, size);
    const b = extend(d.s32max, size);
    const min = Math.min(a, b);
    const max = Math.max(a, b);
    if (d.s32min >> (8 * size) === d.s32max >> (8 * size) && min >= 0 === max >= 0) {
      d.s32min = d.lowMin = min;
      d.s32max = d.lowMax = max;
      d.bits = tnumRange(0, min, 0, max);
    } else {
      d.s32min = S32_MIN >> (32 - 8 * size);
      d.s32max = S32_MAX >> (32 - 8 * size);
      d.lowMin = 0;
      d.lowMax = -1;
      d.bits = new Bits(0, 0, 0, -1);
    }
  }
  zext32Num(d);
  syncNum(d);
  return settle(d);
}

/** The low `size` bytes (2, 4, 8) in reverse order; the rest becomes 0. */
function reversed(bits: Bits, size: number): Bits {
  const swap = (v: number): number => (v << 24) | ((v & 0xff00) << 8) | ((v >>> 8) & 0xff00) | (v >>> 24);
  const { valueHi, valueLo, maskHi, maskLo } = bits;
  if (size === 8) return new Bits(swap(valueLo), swap(valueHi), swap(maskLo), swap(maskHi));
  if (size === 4) return new Bits(0, swap(valueLo), 0, swap(maskLo));
  return new Bits(0, swap(valueLo) >>> 16, 0, swap(maskLo) >>> 16);
}

/**
 * The low `size` bytes (2, 4, 8) in reverse order, zero-extended. Known bits move along; ranges are deduced anew from them.
 *
 * @see v6.18 kernel/bpf/verifier.c, scalar_byte_swap (backported); kernel/bpf/tnum.c, tnum_bswap16, tnum_bswap32, tnum_bswap64
 */
export function byteSwap(s: Scalar, size: number): Scalar {
  const d = new Num();
  d.bits = reversed(numOf(s).bits, size);
  syncNum(d);
  return truncate(settle(d), size);
}
