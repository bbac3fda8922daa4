/**
 * Making, comparing and asking scalars.
 *
 * A scalar is a conjunction of five facts about one 64-bit value: its bits (tnum), its range read as unsigned and as signed number, and the
 * same two ranges of its low half. Small constants and "nothing known" exist once, so that `===` answers most comparisons.
 *
 * @see v6.18 include/linux/bpf_verifier.h, struct bpf_reg_state
 */

import { Draft, setKnown, unknownDraft } from "./draft.ts";
import { low32, s64, slow32, u64 } from "./integers.ts";
import { tnumContains, tnumEquals, tnumIn, tnumSubregIsConst } from "./tnum.ts";
import type { Scalar, ScalarBounds } from "./types.ts";

/** Nothing known. */
export const UNKNOWN: Scalar = unknownDraft();

function makeConstant(v: bigint): Scalar {
  const d = new Draft(UNKNOWN);
  setKnown(d, v);
  return d;
}

const SHARED_MIN = -64;
const SHARED_MAX = 1024;
/** The constants SHARED_MIN … SHARED_MAX, made once. */
const SHARED: readonly Scalar[] = Array.from({ length: SHARED_MAX - SHARED_MIN + 1 }, (_, i) =>
  makeConstant(u64(BigInt(i + SHARED_MIN))),
);

/** A constant; `v` is taken modulo 2^64. */
export function constant(v: bigint | number): Scalar {
  if (typeof v === "number" && v >= SHARED_MIN && v <= SHARED_MAX) return SHARED[v - SHARED_MIN]!;
  const signed = s64(BigInt(v));
  if (signed >= -64n && signed <= 1024n) return SHARED[Number(signed) - SHARED_MIN]!;
  return makeConstant(u64(signed));
}

/** The constant 0. */
export const ZERO: Scalar = constant(0);

/** Is every field that of a constant (not only its bits)? */
export function isSettledConst(s: Scalar): boolean {
  if (s.tnum.mask !== 0n || s.s32min !== s.s32max) return false;
  const v = s.tnum.value;
  const low = slow32(v);
  return (
    s.s32min === low &&
    s.u32min === low >>> 0 &&
    s.u32max === low >>> 0 &&
    s.umin === v &&
    s.umax === v &&
    s.smin === s.smax &&
    s.smin === s64(v)
  );
}

/** Hands a draft out: as the shared object where there is one, as `before` where nothing changed. The draft must not be written after. */
export function settle(d: Draft, before?: Scalar): Scalar {
  if (before !== undefined && equalsScalar(d, before)) return before;
  if (d.tnum.mask === 0n) {
    if (d.smin >= -64n && d.smin <= 1024n && isSettledConst(d)) return constant(d.smin);
  } else if (isUnknown(d)) {
    return UNKNOWN;
  }
  return d;
}

/** Puts bounds in place as they are; follow with `sync`. */
export function withBounds(s: Scalar, bounds: ScalarBounds): Scalar {
  return settle(Object.assign(new Draft(s), bounds), s);
}

/**
 * Keeps only the bits of a value whose facts contradict each other.
 *
 * @see v6.18 kernel/bpf/verifier.c, reg_bounds_sanity_check, __mark_reg_unbounded
 */
export function forgetRanges(s: Scalar): Scalar {
  return withBounds(UNKNOWN, { tnum: s.tnum });
}

/** Are all 64 bits known? */
export function isConst(s: Scalar): boolean {
  return s.tnum.mask === 0n;
}

/** Are the low 32 bits known? */
export function isSubregConst(s: Scalar): boolean {
  return tnumSubregIsConst(s.tnum);
}

/** Is nothing known? */
export function isUnknown(s: Scalar): boolean {
  return s === UNKNOWN || equalsScalar(s, UNKNOWN);
}

/** Is it the constant `v` (taken modulo 2^64)? */
export function isConstEqual(s: Scalar, v: bigint): boolean {
  return s.tnum.mask === 0n && s.tnum.value === u64(v);
}

/** A constant's value as unsigned 64-bit number; of any scalar, its known bits. */
export function constValue(s: Scalar): bigint {
  return s.tnum.value;
}

/** A constant's value as signed 64-bit number. */
export function constSigned(s: Scalar): bigint {
  return s64(s.tnum.value);
}

/** Do both say the same in every field? */
export function equalsScalar(a: Scalar, b: Scalar): boolean {
  return (
    a === b ||
    (a.u32min === b.u32min &&
      a.u32max === b.u32max &&
      a.s32min === b.s32min &&
      a.s32max === b.s32max &&
      a.umin === b.umin &&
      a.umax === b.umax &&
      a.smin === b.smin &&
      a.smax === b.smax &&
      tnumEquals(a.tnum, b.tnum))
  );
}

/**
 * Do cur's ranges lie within old's?
 *
 * @see v6.18 kernel/bpf/verifier.c, range_within
 */
export function rangeWithin(old: Scalar, cur: Scalar): boolean {
  return (
    old === cur ||
    (old.u32min <= cur.u32min &&
      old.u32max >= cur.u32max &&
      old.s32min <= cur.s32min &&
      old.s32max >= cur.s32max &&
      old.umin <= cur.umin &&
      old.umax >= cur.umax &&
      old.smin <= cur.smin &&
      old.smax >= cur.smax)
  );
}

/** Is each value of `cur` one of `old`? */
export function scalarWithin(old: Scalar, cur: Scalar): boolean {
  return old === cur || (rangeWithin(old, cur) && tnumIn(old.tnum, cur.tnum));
}

/** Could the concrete value `v` (taken modulo 2^64) be the one described? */
export function contains(s: Scalar, v: bigint): boolean {
  const u = u64(v);
  const signed = s64(v);
  const u32 = low32(v);
  const s32 = slow32(v);
  return (
    tnumContains(s.tnum, v) &&
    u >= s.umin &&
    u <= s.umax &&
    signed >= s.smin &&
    signed <= s.smax &&
    u32 >= s.u32min &&
    u32 <= s.u32max &&
    s32 >= s.s32min &&
    s32 <= s.s32max
  );
}
