/**
 * The representation of a scalar, and of a scalar in the making. Transfer functions work on a fresh Num the way the kernel works on a register's
 * fields, then hand it out as an immutable Scalar: outside of this folder nobody sees that it could be written.
 */

import { Bits, bitsOf, TNUM_UNKNOWN, tnumConst } from "./tnum.ts";
import type { Scalar, ScalarBounds } from "./types.ts";
import { hiOf, loOf, S32_MAX, S32_MIN, signed, unsigned } from "./word.ts";

/** Facts about a number, 64-bit ends in halves. The unsigned ends of the low half are bit patterns: `low…` read as uint32. */
export class Num implements Scalar {
  bits: Bits;
  sminHi: number;
  sminLo: number;
  smaxHi: number;
  smaxLo: number;
  uminHi: number;
  uminLo: number;
  umaxHi: number;
  umaxLo: number;
  s32min: number;
  s32max: number;
  lowMin: number;
  lowMax: number;

  /** A copy; without argument: nothing known. */
  constructor(from?: Num) {
    if (from === undefined) {
      this.bits = TNUM_UNKNOWN;
      this.sminHi = S32_MIN;
      this.sminLo = 0;
      this.smaxHi = S32_MAX;
      this.smaxLo = -1;
      this.uminHi = 0;
      this.uminLo = 0;
      this.umaxHi = -1;
      this.umaxLo = -1;
      this.s32min = S32_MIN;
      this.s32max = S32_MAX;
      this.lowMin = 0;
      this.lowMax = -1;
    } else {
      this.bits = from.bits;
      this.sminHi = from.sminHi;
      this.sminLo = from.sminLo;
      this.smaxHi = from.smaxHi;
      this.smaxLo = from.smaxLo;
      this.uminHi = from.uminHi;
      this.uminLo = from.uminLo;
      this.umaxHi = from.umaxHi;
      this.umaxLo = from.umaxLo;
      this.s32min = from.s32min;
      this.s32max = from.s32max;
      this.lowMin = from.lowMin;
      this.lowMax = from.lowMax;
    }
  }

  get tnum(): Bits {
    return this.bits;
  }
  get smin(): bigint {
    return signed(this.sminHi, this.sminLo);
  }
  get smax(): bigint {
    return signed(this.smaxHi, this.smaxLo);
  }
  get umin(): bigint {
    return unsigned(this.uminHi, this.uminLo);
  }
  get umax(): bigint {
    return unsigned(this.umaxHi, this.umaxLo);
  }
  get u32min(): number {
    return this.lowMin >>> 0;
  }
  get u32max(): number {
    return this.lowMax >>> 0;
  }
}

/** Scalars are Nums: nothing else makes one. */
export function numOf(s: Scalar): Num {
  return s as Num;
}

/** Gives up what is known of the 64-bit ranges (not the bits). */
export function unbound64(d: Num): void {
  unboundSigned64(d);
  unboundUnsigned64(d);
}

export function unboundSigned64(d: Num): void {
  d.sminHi = S32_MIN;
  d.sminLo = 0;
  d.smaxHi = S32_MAX;
  d.smaxLo = -1;
}

export function unboundUnsigned64(d: Num): void {
  d.uminHi = 0;
  d.uminLo = 0;
  d.umaxHi = -1;
  d.umaxLo = -1;
}

/** Gives up what is known of the 32-bit ranges (not the bits). */
export function unbound32(d: Num): void {
  d.s32min = S32_MIN;
  d.s32max = S32_MAX;
  d.lowMin = 0;
  d.lowMax = -1;
}

/** Makes it the constant. */
export function setKnown(d: Num, hi: number, lo: number): void {
  d.bits = tnumConst(hi, lo);
  d.sminHi = d.smaxHi = d.uminHi = d.umaxHi = hi;
  d.sminLo = d.smaxLo = d.uminLo = d.umaxLo = lo;
  d.s32min = d.s32max = d.lowMin = d.lowMax = lo;
}

/** Makes the low half the constant `lo`; the 64-bit ranges stay. */
export function setKnown32(d: Num, lo: number): void {
  d.bits = new Bits(d.bits.valueHi, lo, d.bits.maskHi, 0);
  d.s32min = d.s32max = d.lowMin = d.lowMax = lo;
}

/** Puts bounds in place as they are. */
export function setBounds(d: Num, b: ScalarBounds): void {
  if (b.tnum !== undefined) d.bits = bitsOf(b.tnum);
  if (b.smin !== undefined) [d.sminHi, d.sminLo] = [hiOf(b.smin), loOf(b.smin)];
  if (b.smax !== undefined) [d.smaxHi, d.smaxLo] = [hiOf(b.smax), loOf(b.smax)];
  if (b.umin !== undefined) [d.uminHi, d.uminLo] = [hiOf(b.umin), loOf(b.umin)];
  if (b.umax !== undefined) [d.umaxHi, d.umaxLo] = [hiOf(b.umax), loOf(b.umax)];
  if (b.s32min !== undefined) d.s32min = b.s32min | 0;
  if (b.s32max !== undefined) d.s32max = b.s32max | 0;
  if (b.u32min !== undefined) d.lowMin = b.u32min | 0;
  if (b.u32max !== undefined) d.lowMax = b.u32max | 0;
}
