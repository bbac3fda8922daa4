/**
 * Changing the width of a value: truncation, zero and sign extension.
 *
 * @see v6.18 kernel/bpf/verifier.c, zext_32_to_64, coerce_reg_to_size, coerce_reg_to_size_sx, coerce_subreg_to_size_sx
 */

import { Draft, unbound32 } from "./draft.ts";
import { low32, S32_MAX, S32_MIN, slow32, U32_MAX, U64_MAX, u64 } from "./integers.ts";
import { constant, isConst, settle } from "./scalar.ts";
import { syncDraft } from "./sync.ts";
import { TNUM_UNKNOWN, tnumCast, tnumConst, tnumRange, tnumSubreg } from "./tnum.ts";
import type { Scalar } from "./types.ts";

/** Clears the upper half: its bits are 0 and the 64-bit ranges are those of the low half. Follow with syncDraft. */
export function zext32Draft(d: Draft): void {
  d.tnum = tnumSubreg(d.tnum);
  d.umin = BigInt(d.u32min);
  d.umax = BigInt(d.u32max);
  const nonNegative = d.s32min >= 0 && d.s32max >= 0;
  d.smin = nonNegative ? BigInt(d.s32min) : 0n;
  d.smax = nonNegative ? BigInt(d.s32max) : BigInt(U32_MAX);
}

/** The low half, zero-extended: a 32-bit move. */
export function zext32(s: Scalar): Scalar {
  const d = new Draft(s);
  zext32Draft(d);
  syncDraft(d);
  return settle(d, s);
}

/** The low `size` bytes (1, 2, 4), zero-extended, as after a load of that size; 8 leaves the value alone. */
export function truncate(s: Scalar, size: number): Scalar {
  if (size >= 8) return s;
  const d = new Draft(s);
  d.tnum = tnumCast(d.tnum, size);
  const bits = size * 8;
  const mask = (1n << BigInt(bits)) - 1n;
  if (d.umin >> BigInt(bits) === d.umax >> BigInt(bits)) {
    d.umin &= mask;
    d.umax &= mask;
  } else {
    d.umin = 0n;
    d.umax = mask;
  }
  d.smin = d.umin;
  d.smax = d.umax;
  if (size < 4) unbound32(d);
  syncDraft(d);
  return settle(d, s);
}

/**
 * The low `size` bytes (1, 2, 4), sign-extended to 64 bits.
 *
 * A range survives if all its values agree above those bytes and in their sign bit; otherwise the result is any number of that size.
 */
export function movsx64(s: Scalar, size: number): Scalar {
  const bits = size * 8;
  if (isConst(s)) return constant(BigInt.asIntN(bits, s.tnum.value));
  const d = new Draft(s);
  if (s.smin >> BigInt(bits) === s.smax >> BigInt(bits)) {
    const a = BigInt.asIntN(bits, s.smin);
    const b = BigInt.asIntN(bits, s.smax);
    const min = a < b ? a : b;
    const max = a < b ? b : a;
    if (min >= 0n === max >= 0n) {
      d.smin = min;
      d.smax = max;
      d.umin = u64(min);
      d.umax = u64(max);
      d.s32min = slow32(min);
      d.s32max = slow32(max);
      d.u32min = low32(min);
      d.u32max = low32(max);
      d.tnum = tnumRange(d.umin, d.umax);
      return settle(d, s);
    }
  }
  d.smin = -(1n << BigInt(bits - 1));
  d.smax = -d.smin - 1n;
  d.s32min = Number(d.smin);
  d.s32max = Number(d.smax);
  d.umin = 0n;
  d.umax = U64_MAX;
  d.u32min = 0;
  d.u32max = U32_MAX;
  d.tnum = TNUM_UNKNOWN;
  return settle(d, s);
}

/** The low `size` bytes (1, 2), sign-extended to 32 bits, the upper half cleared. */
export function movsx32(s: Scalar, size: number): Scalar {
  const d = new Draft(s);
  const shift = 32 - size * 8;
  const extend = (v: number): number => (v << shift) >> shift;
  if (isConst(s)) {
    const value = extend(slow32(s.tnum.value));
    d.tnum = tnumConst(u64(BigInt(value)));
    d.s32min = d.s32max = value;
    d.u32min = d.u32max = value >>> 0;
  } else {
    const a = extend(s.s32min);
    const b = extend(s.s32max);
    const min = Math.min(a, b);
    const max = Math.max(a, b);
    if (s.s32min >> (32 - shift) === s.s32max >> (32 - shift) && min >= 0 === max >= 0) {
      d.s32min = min;
      d.s32max = max;
      d.u32min = min >>> 0;
      d.u32max = max >>> 0;
      d.tnum = tnumSubreg(tnumRange(u64(BigInt(min)), u64(BigInt(max))));
    } else {
      d.s32min = S32_MIN >> shift;
      d.s32max = S32_MAX >> shift;
      d.u32min = 0;
      d.u32max = U32_MAX;
      d.tnum = tnumSubreg(TNUM_UNKNOWN);
    }
  }
  zext32Draft(d);
  syncDraft(d);
  return settle(d);
}
