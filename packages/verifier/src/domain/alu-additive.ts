/**
 * Addition, subtraction, negation.
 *
 * Ranges add end by end. An unsigned sum that wraps at both ends (or at neither) is still one range; one that wraps at a single end is not, and
 * nothing is kept. Signed sums are kept only if neither end wraps.
 *
 * @see v6.18 kernel/bpf/verifier.c, scalar_min_max_add, scalar_min_max_sub, scalar32_min_max_add, scalar32_min_max_sub
 */

import { Draft, unbound32 } from "./draft.ts";
import { S32_MAX, S32_MIN, S64_MAX, S64_MIN, U32_MAX, U64_MAX, u64 } from "./integers.ts";
import { constant, settle, ZERO } from "./scalar.ts";
import { syncDraft } from "./sync.ts";
import { tnumAdd, tnumNeg, tnumSub } from "./tnum.ts";
import type { Scalar } from "./types.ts";
import { zext32Draft } from "./width.ts";

function setS64(d: Draft, min: bigint, max: bigint): void {
  const fits = min >= S64_MIN && min <= S64_MAX && max >= S64_MIN && max <= S64_MAX;
  d.smin = fits ? min : S64_MIN;
  d.smax = fits ? max : S64_MAX;
}

function setS32(d: Draft, min: number, max: number): void {
  const fits = min >= S32_MIN && min <= S32_MAX && max >= S32_MIN && max <= S32_MAX;
  d.s32min = fits ? min : S32_MIN;
  d.s32max = fits ? max : S32_MAX;
}

/** d += s, ranges of the low half. */
export function add32(d: Draft, s: Scalar): void {
  setS32(d, d.s32min + s.s32min, d.s32max + s.s32max);
  const min = d.u32min + s.u32min;
  const max = d.u32max + s.u32max;
  const straddles = min <= U32_MAX && max > U32_MAX;
  d.u32min = straddles ? 0 : min >>> 0;
  d.u32max = straddles ? U32_MAX : max >>> 0;
}

/** d += s, 64-bit ranges. */
export function add64(d: Draft, s: Scalar): void {
  setS64(d, d.smin + s.smin, d.smax + s.smax);
  const min = d.umin + s.umin;
  const max = d.umax + s.umax;
  const straddles = min <= U64_MAX && max > U64_MAX;
  d.umin = straddles ? 0n : u64(min);
  d.umax = straddles ? U64_MAX : u64(max);
}

/** d -= s, ranges of the low half. */
export function sub32(d: Draft, s: Scalar): void {
  setS32(d, d.s32min - s.s32max, d.s32max - s.s32min);
  const min = d.u32min - s.u32max;
  const max = d.u32max - s.u32min;
  const straddles = min < 0 && max >= 0;
  d.u32min = straddles ? 0 : min >>> 0;
  d.u32max = straddles ? U32_MAX : max >>> 0;
}

/** d -= s, 64-bit ranges. */
export function sub64(d: Draft, s: Scalar): void {
  setS64(d, d.smin - s.smax, d.smax - s.smin);
  const min = d.umin - s.umax;
  const max = d.umax - s.umin;
  const straddles = min < 0n && max >= 0n;
  d.umin = straddles ? 0n : u64(min);
  d.umax = straddles ? U64_MAX : u64(max);
}

/** d += s. */
export function addDraft(d: Draft, s: Scalar): void {
  add32(d, s);
  add64(d, s);
  d.tnum = tnumAdd(d.tnum, s.tnum);
}

/** d -= s. */
export function subDraft(d: Draft, s: Scalar): void {
  sub32(d, s);
  sub64(d, s);
  d.tnum = tnumSub(d.tnum, s.tnum);
}

/** 0 - s. */
export function negDraft(s: Scalar): Draft {
  const d = new Draft(ZERO);
  sub32(d, s);
  sub64(d, s);
  d.tnum = tnumNeg(s.tnum);
  return d;
}

/**
 * a + b, facts not yet worked into each other.
 *
 * @see v6.18 kernel/bpf/verifier.c, sync_linked_regs
 */
export function addUnsynced(a: Scalar, b: Scalar): Scalar {
  const d = new Draft(a);
  addDraft(d, b);
  return settle(d);
}

/**
 * What is known of a value that is `delta` more than `known`; `narrow`: as the result of a 32-bit addition.
 *
 * @see v6.18 kernel/bpf/verifier.c, sync_linked_regs
 */
export function addDelta(known: Scalar, delta: number, narrow: boolean): Scalar {
  const d = new Draft(known);
  addDraft(d, constant(delta));
  if (narrow) zext32Draft(d);
  syncDraft(d);
  return settle(d, known);
}

/**
 * Variable part of pointer + offset. A pointer's low half is not tracked beyond what its bits say; an unsigned sum that may wrap at all is
 * given up.
 *
 * @see v6.18 kernel/bpf/verifier.c, adjust_ptr_min_max_vals
 */
export function pointerAdd(ptr: Scalar, off: Scalar): Scalar {
  const d = new Draft(ptr);
  unbound32(d);
  setS64(d, ptr.smin + off.smin, ptr.smax + off.smax);
  const min = ptr.umin + off.umin;
  const max = ptr.umax + off.umax;
  const fits = min <= U64_MAX && max <= U64_MAX;
  d.umin = fits ? min : 0n;
  d.umax = fits ? max : U64_MAX;
  d.tnum = tnumAdd(ptr.tnum, off.tnum);
  syncDraft(d);
  return settle(d, ptr);
}

/**
 * Variable part of pointer - offset.
 *
 * @see v6.18 kernel/bpf/verifier.c, adjust_ptr_min_max_vals
 */
export function pointerSub(ptr: Scalar, off: Scalar): Scalar {
  const d = new Draft(ptr);
  unbound32(d);
  setS64(d, ptr.smin - off.smax, ptr.smax - off.smin);
  const fits = ptr.umin >= off.umax;
  d.umin = fits ? ptr.umin - off.umax : 0n;
  d.umax = fits ? u64(ptr.umax - off.umin) : U64_MAX;
  d.tnum = tnumSub(ptr.tnum, off.tnum);
  syncDraft(d);
  return settle(d, ptr);
}
