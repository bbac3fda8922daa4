/**
 * Letting the five facts about a value learn from each other.
 *
 * Every step puts in a fact's place something that follows from the facts so far, nearly always its intersection with that; so a value that
 * satisfied all of them before satisfies them after. The order and number of steps is the kernel's, because a different order stops at
 * different bounds and both verdicts and logs show that.
 *
 * @see v6.18 kernel/bpf/verifier.c, reg_bounds_sync
 */

import { Num, numOf, setKnown } from "./num.ts";
import { isSettledConst, settle } from "./scalar.ts";
import {
  Bits,
  signedMaxHi,
  signedMinHi,
  tnumContains,
  tnumEquals,
  tnumIntersect,
  tnumRange,
  tnumStep,
} from "./tnum.ts";
import type { Scalar } from "./types.ts";
import { below, below32, less, S32_MAX, S32_MIN } from "./word.ts";

function meetS32(d: Num, min: number, max: number): void {
  if (min > d.s32min) d.s32min = min;
  if (max < d.s32max) d.s32max = max;
}

function meetU32(d: Num, min: number, max: number): void {
  if (below32(d.lowMin, min)) d.lowMin = min;
  if (below32(max, d.lowMax)) d.lowMax = max;
}

function meetU64(d: Num, minHi: number, minLo: number, maxHi: number, maxLo: number): void {
  if (below(d.uminHi, d.uminLo, minHi, minLo)) {
    d.uminHi = minHi;
    d.uminLo = minLo;
  }
  if (below(maxHi, maxLo, d.umaxHi, d.umaxLo)) {
    d.umaxHi = maxHi;
    d.umaxLo = maxLo;
  }
}

function meetS64(d: Num, minHi: number, minLo: number, maxHi: number, maxLo: number): void {
  if (less(d.sminHi, d.sminLo, minHi, minLo)) {
    d.sminHi = minHi;
    d.sminLo = minLo;
  }
  if (less(maxHi, maxLo, d.smaxHi, d.smaxLo)) {
    d.smaxHi = maxHi;
    d.smaxLo = maxLo;
  }
}

/** 32-bit ranges from the bits. */
export function updateBounds32(d: Num): void {
  const { valueLo, maskLo } = d.bits;
  meetS32(d, valueLo | (maskLo & S32_MIN), valueLo | (maskLo & S32_MAX));
  meetU32(d, valueLo, valueLo | maskLo);
}

/**
 * 64-bit ranges from the bits. If only one value has both those bits and lies in the unsigned range, that is the value.
 *
 * @see v6.18 kernel/bpf/verifier.c, __update_reg64_bounds (with its later fixes)
 */
export function updateBounds64(d: Num): void {
  const { bits } = d;
  const { valueHi, valueLo, maskHi, maskLo } = bits;
  const largestHi = valueHi | maskHi;
  const largestLo = valueLo | maskLo;
  meetS64(d, signedMinHi(bits), valueLo, signedMaxHi(bits), largestLo);
  meetU64(d, valueHi, valueLo, largestHi, largestLo);

  // Unknown bits without a gap from bit 0 on: every number of the range has these bits, so if there are two, neither is the only one.
  const gapless = maskHi === 0 ? (maskLo & (maskLo + 1)) === 0 : maskLo === -1 && (maskHi & (maskHi + 1)) === 0;
  if (gapless && below(d.uminHi, d.uminLo, d.umaxHi, d.umaxLo)) return;
  const next = tnumStep(bits, d.uminHi, d.uminLo);
  const reachable = !below(d.umaxHi, d.umaxLo, next.hi, next.lo);
  if (tnumContains(bits, d.uminHi, d.uminLo)) {
    if (!reachable) setKnown(d, d.uminHi, d.uminLo);
  } else if (next.hi === largestHi && next.lo === largestLo) {
    setKnown(d, largestHi, largestLo);
  } else if (reachable) {
    const second = tnumStep(bits, next.hi, next.lo);
    if (below(d.umaxHi, d.umaxLo, second.hi, second.lo)) setKnown(d, next.hi, next.lo);
  }
}

/** All ranges from the bits. */
export function updateBounds(d: Num): void {
  updateBounds32(d);
  updateBounds64(d);
}

/**
 * 32-bit ranges from 64-bit ones. If the upper half is the same throughout a 64-bit range, its ends' lower halves bound the lower half. If the
 * upper half takes two neighbouring values and the lower half passes from negative to non-negative, the ends bound it as a signed number.
 */
function deduce32From64(d: Num): void {
  const uMin = d.uminLo;
  const uMax = d.umaxLo;
  const sMin = d.sminLo;
  const sMax = d.smaxLo;
  if (d.uminHi === d.umaxHi) {
    meetU32(d, uMin, uMax);
    if (uMin <= uMax) meetS32(d, uMin, uMax);
  }
  if (d.sminHi === d.smaxHi) {
    if (!below32(sMax, sMin)) meetU32(d, sMin, sMax);
    if (sMin <= sMax) meetS32(d, sMin, sMax);
  }
  if (((d.uminHi + 1) | 0) === d.umaxHi && uMin < 0 && uMax >= 0) meetS32(d, uMin, uMax);
  if (((d.sminHi + 1) | 0) === d.smaxHi && sMin < 0 && sMax >= 0) meetS32(d, sMin, sMax);
}

/**
 * Signed and unsigned 32-bit ranges from each other. On the circle of 2^32 values each range is an arc; an arc that does not cross the other
 * reading's seam can be read both ways. If the signed arc crosses 0 from below and the unsigned arc meets only one of its two parts, both
 * shrink to that part.
 */
function deduce32(d: Num): void {
  deduce32From64(d);
  if (d.lowMin <= d.lowMax) meetS32(d, d.lowMin, d.lowMax);
  const smin = d.s32min;
  const smax = d.s32max;
  if (!below32(smax, smin)) {
    meetU32(d, smin, smax);
  } else if (below32(d.lowMax, smin)) {
    d.s32min = d.lowMin;
    if (below32(smax, d.lowMax)) d.lowMax = smax;
  } else if (below32(smax, d.lowMin)) {
    d.s32max = d.lowMax;
    if (below32(d.lowMin, smin)) d.lowMin = smin;
  }
}

/** Signed and unsigned 64-bit ranges from each other, as deduce32 does. */
function deduce64(d: Num): void {
  if (!less(d.umaxHi, d.umaxLo, d.uminHi, d.uminLo)) meetS64(d, d.uminHi, d.uminLo, d.umaxHi, d.umaxLo);
  const minHi = d.sminHi;
  const minLo = d.sminLo;
  const maxHi = d.smaxHi;
  const maxLo = d.smaxLo;
  if (!below(maxHi, maxLo, minHi, minLo)) {
    meetU64(d, minHi, minLo, maxHi, maxLo);
  } else if (below(d.umaxHi, d.umaxLo, minHi, minLo)) {
    d.sminHi = d.uminHi;
    d.sminLo = d.uminLo;
    meetU64(d, 0, 0, maxHi, maxLo);
  } else if (below(maxHi, maxLo, d.uminHi, d.uminLo)) {
    d.smaxHi = d.umaxHi;
    d.smaxLo = d.umaxLo;
    meetU64(d, minHi, minLo, -1, -1);
  }
}

/** Ends of the 64-bit ranges move inward to the nearest value whose low half lies in [min, max], unsigned; their upper halves stay. */
function narrowLow(d: Num, min: number, max: number): void {
  if (below32(d.uminLo, min)) d.uminLo = min;
  if (below32(max, d.umaxLo)) d.umaxLo = max;
  if (below32(d.sminLo, min)) d.sminLo = min;
  if (below32(max, d.smaxLo)) d.smaxLo = max;
}

/** 64-bit ranges from 32-bit ones. And a value in [S32_MIN, S32_MAX] with a non-negative low half equals its low half. */
function deduceMixed(d: Num): void {
  narrowLow(d, d.lowMin, d.lowMax);
  if (!below32(d.s32max, d.s32min)) narrowLow(d, d.s32min, d.s32max);
  if (d.s32min < 0) return;
  if (less(d.sminHi, d.sminLo, -1, S32_MIN) || less(0, S32_MAX, d.smaxHi, d.smaxLo)) return;
  d.sminHi = d.uminHi = 0;
  d.sminLo = d.uminLo = d.s32min;
  d.smaxHi = d.umaxHi = d.s32max >> 31;
  d.smaxLo = d.umaxLo = d.s32max;
  d.bits = tnumIntersect(d.bits, tnumRange(d.uminHi, d.uminLo, d.umaxHi, d.umaxLo));
}

/** One round of deductions; false if it found nothing, and so no further one will. */
function deduce(d: Num): boolean {
  const { bits, sminHi, sminLo, smaxHi, smaxLo, uminHi, uminLo, umaxHi, umaxLo, s32min, s32max, lowMin, lowMax } = d;
  deduce32(d);
  deduce64(d);
  deduceMixed(d);
  return !(
    d.s32min === s32min &&
    d.s32max === s32max &&
    d.lowMin === lowMin &&
    d.lowMax === lowMax &&
    d.sminLo === sminLo &&
    d.smaxLo === smaxLo &&
    d.uminLo === uminLo &&
    d.umaxLo === umaxLo &&
    d.sminHi === sminHi &&
    d.smaxHi === smaxHi &&
    d.uminHi === uminHi &&
    d.umaxHi === umaxHi &&
    tnumEquals(d.bits, bits)
  );
}

/** Bits from ranges: leading bits on which both ends agree, of the whole and of the low half. */
function boundOffset(d: Num): void {
  const whole = tnumIntersect(d.bits, tnumRange(d.uminHi, d.uminLo, d.umaxHi, d.umaxLo));
  const half = tnumRange(0, d.lowMin, 0, d.lowMax);
  const maskLo = whole.maskLo & half.maskLo;
  const valueLo = (whole.valueLo | half.valueLo) & ~maskLo;
  const bits = new Bits(whole.valueHi, valueLo, whole.maskHi, maskLo);
  if (!tnumEquals(bits, d.bits)) d.bits = bits;
}

/** Rounds that the kernel makes; facts that a fourth would find stay unknown. */
const ROUNDS = 3;

/** Works all facts into each other, in place. */
export function syncNum(d: Num): void {
  updateBounds(d);
  for (let round = 0; round < ROUNDS && deduce(d); round++);
  boundOffset(d);
  updateBounds(d);
}

/**
 * Works all facts about a value into each other.
 *
 * @see v6.18 kernel/bpf/verifier.c, reg_bounds_sync
 */
export function sync(s: Scalar): Scalar {
  const before = numOf(s);
  if (isSettledConst(before)) return s;
  const d = new Num(before);
  syncNum(d);
  return settle(d, before);
}
