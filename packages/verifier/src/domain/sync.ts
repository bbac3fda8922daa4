/**
 * Letting the five facts about a value learn from each other.
 *
 * Every step puts in a fact's place something that follows from the facts so far, nearly always its intersection with that; so a value that
 * satisfied all of them before satisfies them after. The order and number of steps is the kernel's, because a different order stops at
 * different bounds and both verdicts and logs show that.
 *
 * @see v6.18 kernel/bpf/verifier.c, reg_bounds_sync
 */

import { Draft, setKnown } from "./draft.ts";
import { HIGH32, LOW32, low32, max64, min64, S32_MAX, S32_MIN, s64, slow32, u64 } from "./integers.ts";
import { isSettledConst, settle, UNKNOWN } from "./scalar.ts";
import {
  tnumContains,
  tnumEquals,
  tnumIntersect,
  tnumRange,
  tnumSignedMax,
  tnumSignedMin,
  tnumStep,
  tnumSubreg,
  tnumSubregIsConst,
  tnumWithSubreg,
} from "./tnum.ts";
import type { BoundsViolation, Scalar } from "./types.ts";

/** 32-bit ranges from the bits. */
export function updateBounds32(d: Draft): void {
  const value = Number(d.tnum.value & LOW32) | 0;
  const mask = Number(d.tnum.mask & LOW32) | 0;
  d.s32min = Math.max(d.s32min, value | (mask & S32_MIN));
  d.s32max = Math.min(d.s32max, value | (mask & S32_MAX));
  d.u32min = Math.max(d.u32min, value >>> 0);
  d.u32max = Math.min(d.u32max, (value | mask) >>> 0);
}

/**
 * 64-bit ranges from the bits. If only one value has both those bits and lies in the unsigned range, that is the value.
 *
 * @see v6.18 kernel/bpf/verifier.c, __update_reg64_bounds
 */
export function updateBounds64(d: Draft): void {
  const bits = d.tnum;
  const largest = bits.value | bits.mask;
  d.smin = max64(d.smin, tnumSignedMin(bits));
  d.smax = min64(d.smax, tnumSignedMax(bits));
  d.umin = max64(d.umin, bits.value);
  d.umax = min64(d.umax, largest);

  const next = tnumStep(bits, d.umin);
  if (tnumContains(bits, d.umin)) {
    if (next > d.umax) setKnown(d, d.umin);
  } else if (next === largest) {
    setKnown(d, largest);
  } else if (next <= d.umax && tnumStep(bits, next) > d.umax) {
    setKnown(d, next);
  }
}

/** All ranges from the bits. */
export function updateBounds(d: Draft): void {
  updateBounds32(d);
  updateBounds64(d);
}

function meetS32(d: Draft, min: number, max: number): void {
  if (min > d.s32min) d.s32min = min;
  if (max < d.s32max) d.s32max = max;
}

function meetU32(d: Draft, min: number, max: number): void {
  if (min > d.u32min) d.u32min = min;
  if (max < d.u32max) d.u32max = max;
}

function meetU64(d: Draft, min: bigint, max: bigint): void {
  if (min > d.umin) d.umin = min;
  if (max < d.umax) d.umax = max;
}

function meetS64(d: Draft, min: bigint, max: bigint): void {
  if (min > d.smin) d.smin = min;
  if (max < d.smax) d.smax = max;
}

/**
 * 32-bit ranges from 64-bit ones. If the upper half is the same throughout a 64-bit range, its ends' lower halves bound the lower half. If the
 * upper half takes two neighbouring values and the lower half passes from negative to non-negative, the ends bound it as a signed number.
 */
function deduce32From64(d: Draft): void {
  const umin = d.umin;
  const umax = d.umax;
  const smin = d.smin;
  const smax = d.smax;
  const uLowMin = low32(umin);
  const uLowMax = low32(umax);
  const sLowMin = low32(smin);
  const sLowMax = low32(smax);
  const uHighMin = Number(umin >> 32n);
  const uHighMax = Number(umax >> 32n);
  const sHighMin = Number(smin >> 32n);
  const sHighMax = Number(smax >> 32n);
  if (uHighMin === uHighMax) {
    meetU32(d, uLowMin, uLowMax);
    if ((uLowMin | 0) <= (uLowMax | 0)) meetS32(d, uLowMin | 0, uLowMax | 0);
  }
  if (sHighMin === sHighMax) {
    if (sLowMin <= sLowMax) meetU32(d, sLowMin, sLowMax);
    if ((sLowMin | 0) <= (sLowMax | 0)) meetS32(d, sLowMin | 0, sLowMax | 0);
  }
  if ((uHighMin + 1) >>> 0 === uHighMax && (uLowMin | 0) < 0 && (uLowMax | 0) >= 0) {
    meetS32(d, uLowMin | 0, uLowMax | 0);
  }
  if ((sHighMin + 1) >>> 0 === sHighMax >>> 0 && (sLowMin | 0) < 0 && (sLowMax | 0) >= 0) {
    meetS32(d, sLowMin | 0, sLowMax | 0);
  }
}

/**
 * Signed and unsigned 32-bit ranges from each other. On the circle of 2^32 values each range is an arc; an arc that does not cross the other
 * reading's seam can be read both ways. If the signed arc crosses 0 from below and the unsigned arc meets only one of its two parts, both
 * shrink to that part.
 */
function deduce32(d: Draft): void {
  deduce32From64(d);
  if ((d.u32min | 0) <= (d.u32max | 0)) meetS32(d, d.u32min | 0, d.u32max | 0);
  const smin = d.s32min >>> 0;
  const smax = d.s32max >>> 0;
  if (smin <= smax) {
    meetU32(d, smin, smax);
  } else if (d.u32max < smin) {
    d.s32min = d.u32min | 0;
    d.u32max = Math.min(d.u32max, smax);
  } else if (smax < d.u32min) {
    d.s32max = d.u32max | 0;
    d.u32min = Math.max(d.u32min, smin);
  }
}

/** Signed and unsigned 64-bit ranges from each other, as deduce32 does. */
function deduce64(d: Draft): void {
  const umin = s64(d.umin);
  const umax = s64(d.umax);
  if (umin <= umax) meetS64(d, umin, umax);
  const smin = u64(d.smin);
  const smax = u64(d.smax);
  if (smin <= smax) {
    meetU64(d, smin, smax);
  } else if (d.umax < smin) {
    d.smin = s64(d.umin);
    d.umax = min64(d.umax, smax);
  } else if (smax < d.umin) {
    d.smax = s64(d.umax);
    d.umin = max64(d.umin, smin);
  }
}

/**
 * 64-bit ranges from 32-bit ones: an end of the 64-bit range may be moved inward to the nearest value whose low half is allowed. And a value
 * in [S32_MIN, S32_MAX] with a non-negative low half equals its low half.
 */
function deduceMixed(d: Draft): void {
  const u32min = BigInt(d.u32min);
  const u32max = BigInt(d.u32max);
  meetU64(d, (d.umin & HIGH32) | u32min, (d.umax & HIGH32) | u32max);
  meetS64(d, ((d.smin >> 32n) << 32n) | u32min, ((d.smax >> 32n) << 32n) | u32max);
  if (d.s32min >>> 0 <= d.s32max >>> 0) {
    const s32min = BigInt(d.s32min >>> 0);
    const s32max = BigInt(d.s32max >>> 0);
    meetU64(d, (d.umin & HIGH32) | s32min, (d.umax & HIGH32) | s32max);
    meetS64(d, ((d.smin >> 32n) << 32n) | s32min, ((d.smax >> 32n) << 32n) | s32max);
  }
  if (d.s32min >= 0 && d.smin >= -0x8000_0000n && d.smax <= 0x7fff_ffffn) {
    d.smin = d.umin = BigInt(d.s32min);
    d.smax = BigInt(d.s32max);
    d.umax = u64(d.smax);
    d.tnum = tnumIntersect(d.tnum, tnumRange(d.umin, d.umax));
  }
}

/** Bits from ranges: leading bits on which both ends agree, of the whole and of the low half. */
function boundOffset(d: Draft): void {
  const whole = tnumIntersect(d.tnum, tnumRange(d.umin, d.umax));
  const half = tnumIntersect(tnumSubreg(whole), tnumRange(BigInt(d.u32min), BigInt(d.u32max)));
  d.tnum = tnumWithSubreg(whole, half);
}

/** One round of deductions; false if it found nothing, and so no further one will. */
function deduce(d: Draft): boolean {
  const { tnum, smin, smax, umin, umax, s32min, s32max, u32min, u32max } = d;
  deduce32(d);
  deduce64(d);
  deduceMixed(d);
  return !(
    d.s32min === s32min &&
    d.s32max === s32max &&
    d.u32min === u32min &&
    d.u32max === u32max &&
    d.smin === smin &&
    d.smax === smax &&
    d.umin === umin &&
    d.umax === umax &&
    tnumEquals(d.tnum, tnum)
  );
}

/** Rounds that the kernel makes; facts that a fourth would find stay unknown. */
const ROUNDS = 3;

/** Works all facts into each other, in place. */
export function syncDraft(d: Draft): void {
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
  if (s === UNKNOWN || isSettledConst(s)) return s;
  const d = new Draft(s);
  syncDraft(d);
  return settle(d, s);
}

/**
 * A contradiction between the facts, in the kernel's words; undefined if there is none.
 *
 * @see v6.18 kernel/bpf/verifier.c, reg_bounds_sanity_check
 */
export function boundsViolation(s: Scalar): BoundsViolation | undefined {
  if (s.umin > s.umax || s.smin > s.smax || s.u32min > s.u32max || s.s32min > s.s32max) return "range bounds violation";
  if (s.tnum.mask === 0n) {
    const u = s.tnum.value;
    const v = s64(u);
    if (s.umin !== u || s.umax !== u || s.smin !== v || s.smax !== v) {
      return "const tnum out of sync with range bounds";
    }
  }
  if (tnumSubregIsConst(s.tnum)) {
    const v = slow32(s.tnum.value);
    const u = v >>> 0;
    if (s.u32min !== u || s.u32max !== u || s.s32min !== v || s.s32max !== v) {
      return "const subreg tnum out of sync with range bounds";
    }
  }
  return undefined;
}

function hex(v: bigint | number): string {
  return `0x${v.toString(16)}`;
}

/**
 * The kernel's log line (without newline) about a contradiction; `where` is its name for the register: `alu`, `true_reg1`, `false_reg2` ….
 *
 * @see v6.18 kernel/bpf/verifier.c, reg_bounds_sanity_check
 */
export function formatViolation(s: Scalar, where: string, violation: BoundsViolation): string {
  return (
    `verifier bug: REG INVARIANTS VIOLATION (${where}): ${violation} u64=[${hex(s.umin)}, ${hex(s.umax)}] ` +
    `s64=[${hex(u64(s.smin))}, ${hex(u64(s.smax))}] u32=[${hex(s.u32min)}, ${hex(s.u32max)}] ` +
    `s32=[${hex(s.s32min >>> 0)}, ${hex(s.s32max >>> 0)}] var_off=(${hex(s.tnum.value)}, ${hex(s.tnum.mask)})`
  );
}

/** Is there no contradiction? */
export function boundsSane(s: Scalar): boolean {
  return boundsViolation(s) === undefined;
}
