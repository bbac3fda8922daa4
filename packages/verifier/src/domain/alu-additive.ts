/**
 * Addition, subtraction, negation.
 *
 * Ranges add end by end. An unsigned sum that wraps at both ends (or at neither) is still one range; one that wraps at a single end is not, and
 * nothing is kept. Signed sums are kept only if neither end wraps.
 *
 * @see v6.18 kernel/bpf/verifier.c, scalar_min_max_add, scalar_min_max_sub, scalar32_min_max_add, scalar32_min_max_sub
 */

import { Num, numOf, unbound32, unboundSigned64, unboundUnsigned64 } from "./num.ts";
import { constantOf, settle, ZERO } from "./scalar.ts";
import { syncNum } from "./sync.ts";
import { tnumAdd, tnumNeg, tnumSub } from "./tnum.ts";
import type { Scalar } from "./types.ts";
import { zext32Num } from "./width.ts";
import { below, below32, differenceHi, S32_MAX, S32_MIN, sumHi } from "./word.ts";

/** Does a + b = sum wrap as a signed number? All are upper halves. */
function sumWraps(a: number, b: number, sum: number): boolean {
  return ((a ^ sum) & (b ^ sum)) < 0;
}

/** Does a - b = difference wrap as a signed number? All are upper halves. */
function differenceWraps(a: number, b: number, difference: number): boolean {
  return ((a ^ b) & (a ^ difference)) < 0;
}

/** Signed range of the low half. */
function setS32(d: Num, min: number, max: number): void {
  const fits = min >= S32_MIN && min <= S32_MAX && max >= S32_MIN && max <= S32_MAX;
  d.s32min = fits ? min : S32_MIN;
  d.s32max = fits ? max : S32_MAX;
}

function add32(d: Num, s: Num): void {
  setS32(d, d.s32min + s.s32min, d.s32max + s.s32max);
  const min = (d.lowMin + s.lowMin) | 0;
  const max = (d.lowMax + s.lowMax) | 0;
  const straddles = below32(max, d.lowMax) && !below32(min, d.lowMin);
  d.lowMin = straddles ? 0 : min;
  d.lowMax = straddles ? -1 : max;
}

function sub32(d: Num, s: Num): void {
  setS32(d, d.s32min - s.s32max, d.s32max - s.s32min);
  const straddles = below32(d.lowMin, s.lowMax) && !below32(d.lowMax, s.lowMin);
  const min = (d.lowMin - s.lowMax) | 0;
  d.lowMax = straddles ? -1 : (d.lowMax - s.lowMin) | 0;
  d.lowMin = straddles ? 0 : min;
}

/** Signed 64-bit range d + s, or everything. */
function addSigned64(d: Num, s: Num): void {
  const minLo = (d.sminLo + s.sminLo) | 0;
  const minHi = sumHi(d.sminHi, d.sminLo, s.sminHi, minLo);
  const maxLo = (d.smaxLo + s.smaxLo) | 0;
  const maxHi = sumHi(d.smaxHi, d.smaxLo, s.smaxHi, maxLo);
  if (sumWraps(d.sminHi, s.sminHi, minHi) || sumWraps(d.smaxHi, s.smaxHi, maxHi)) {
    unboundSigned64(d);
    return;
  }
  d.sminHi = minHi;
  d.sminLo = minLo;
  d.smaxHi = maxHi;
  d.smaxLo = maxLo;
}

/** Signed 64-bit range d - s, or everything. */
function subSigned64(d: Num, s: Num): void {
  const minLo = (d.sminLo - s.smaxLo) | 0;
  const minHi = differenceHi(d.sminHi, d.sminLo, s.smaxHi, s.smaxLo);
  const maxLo = (d.smaxLo - s.sminLo) | 0;
  const maxHi = differenceHi(d.smaxHi, d.smaxLo, s.sminHi, s.sminLo);
  if (differenceWraps(d.sminHi, s.smaxHi, minHi) || differenceWraps(d.smaxHi, s.sminHi, maxHi)) {
    unboundSigned64(d);
    return;
  }
  d.sminHi = minHi;
  d.sminLo = minLo;
  d.smaxHi = maxHi;
  d.smaxLo = maxLo;
}

/** Unsigned 64-bit range d + s. `wrapped`: may both ends wrap together? */
function addUnsigned64(d: Num, s: Num, wrapped: boolean): void {
  const minLo = (d.uminLo + s.uminLo) | 0;
  const minHi = sumHi(d.uminHi, d.uminLo, s.uminHi, minLo);
  const maxLo = (d.umaxLo + s.umaxLo) | 0;
  const maxHi = sumHi(d.umaxHi, d.umaxLo, s.umaxHi, maxLo);
  const minWraps = below(minHi, minLo, d.uminHi, d.uminLo);
  const maxWraps = below(maxHi, maxLo, d.umaxHi, d.umaxLo);
  if (wrapped ? maxWraps && !minWraps : maxWraps || minWraps) {
    unboundUnsigned64(d);
    return;
  }
  d.uminHi = minHi;
  d.uminLo = minLo;
  d.umaxHi = maxHi;
  d.umaxLo = maxLo;
}

/** Unsigned 64-bit range d - s. `wrapped`: may both ends wrap together? */
function subUnsigned64(d: Num, s: Num, wrapped: boolean): void {
  const minWraps = below(d.uminHi, d.uminLo, s.umaxHi, s.umaxLo);
  const maxWraps = below(d.umaxHi, d.umaxLo, s.uminHi, s.uminLo);
  if (wrapped ? minWraps && !maxWraps : minWraps) {
    unboundUnsigned64(d);
    return;
  }
  const minHi = differenceHi(d.uminHi, d.uminLo, s.umaxHi, s.umaxLo);
  const minLo = (d.uminLo - s.umaxLo) | 0;
  d.umaxHi = differenceHi(d.umaxHi, d.umaxLo, s.uminHi, s.uminLo);
  d.umaxLo = (d.umaxLo - s.uminLo) | 0;
  d.uminHi = minHi;
  d.uminLo = minLo;
}

/** d += s. */
export function addNum(d: Num, s: Num): void {
  add32(d, s);
  addSigned64(d, s);
  addUnsigned64(d, s, true);
  d.bits = tnumAdd(d.bits, s.bits);
}

/** d -= s. */
export function subNum(d: Num, s: Num): void {
  sub32(d, s);
  subSigned64(d, s);
  subUnsigned64(d, s, true);
  d.bits = tnumSub(d.bits, s.bits);
}

/** 0 - s. */
export function negNum(s: Num): Num {
  const d = new Num(numOf(ZERO));
  sub32(d, s);
  subSigned64(d, s);
  subUnsigned64(d, s, true);
  d.bits = tnumNeg(s.bits);
  return d;
}

/**
 * What is known of a value that is `delta` more than `known`; `narrow`: as the result of a 32-bit addition.
 *
 * @see v6.18 kernel/bpf/verifier.c, sync_linked_regs
 */
export function addDelta(known: Scalar, delta: number, narrow: boolean): Scalar {
  const d = new Num(numOf(known));
  // Two distances of 32 bits may lie up to 2^32 apart.
  addNum(d, constantOf(Math.floor(delta / 0x1_0000_0000) | 0, delta | 0));
  if (narrow) zext32Num(d);
  syncNum(d);
  return settle(d, numOf(known));
}

/**
 * Variable part of pointer + offset. A pointer's low half is not tracked beyond what its bits say; an unsigned sum that may wrap at all is
 * given up.
 *
 * @see v6.18 kernel/bpf/verifier.c, adjust_ptr_min_max_vals
 */
export function pointerAdd(ptr: Scalar, off: Scalar): Scalar {
  const p = numOf(ptr);
  const o = numOf(off);
  const d = new Num(p);
  unbound32(d);
  addSigned64(d, o);
  addUnsigned64(d, o, false);
  d.bits = tnumAdd(p.bits, o.bits);
  syncNum(d);
  return settle(d, p);
}

/**
 * Variable part of pointer - offset.
 *
 * @see v6.18 kernel/bpf/verifier.c, adjust_ptr_min_max_vals
 */
export function pointerSub(ptr: Scalar, off: Scalar): Scalar {
  const p = numOf(ptr);
  const o = numOf(off);
  const d = new Num(p);
  unbound32(d);
  subSigned64(d, o);
  subUnsigned64(d, o, false);
  d.bits = tnumSub(p.bits, o.bits);
  syncNum(d);
  return settle(d, p);
}
