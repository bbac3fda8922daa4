/**
 * A scalar in the making. Transfer functions work on a draft the way the kernel works on a register's fields, then hand it out as an
 * immutable scalar. Drafts never leave this folder.
 */

import { LOW32, S32_MAX, S32_MIN, S64_MAX, S64_MIN, s64, slow32, U32_MAX, U64_MAX } from "./integers.ts";
import { TNUM_UNKNOWN, tnumConst, tnumWithSubreg } from "./tnum.ts";
import type { Scalar, Tnum } from "./types.ts";

/** The fields of Scalar, writable. */
export class Draft {
  tnum: Tnum;
  smin: bigint;
  smax: bigint;
  umin: bigint;
  umax: bigint;
  s32min: number;
  s32max: number;
  u32min: number;
  u32max: number;

  constructor(s: Scalar) {
    this.tnum = s.tnum;
    this.smin = s.smin;
    this.smax = s.smax;
    this.umin = s.umin;
    this.umax = s.umax;
    this.s32min = s.s32min;
    this.s32max = s.s32max;
    this.u32min = s.u32min;
    this.u32max = s.u32max;
  }
}

/** Gives up what is known of the 64-bit ranges (not the bits). */
export function unbound64(d: Draft): void {
  d.smin = S64_MIN;
  d.smax = S64_MAX;
  d.umin = 0n;
  d.umax = U64_MAX;
}

/** Gives up what is known of the 32-bit ranges (not the bits). */
export function unbound32(d: Draft): void {
  d.s32min = S32_MIN;
  d.s32max = S32_MAX;
  d.u32min = 0;
  d.u32max = U32_MAX;
}

/** A fresh draft about which nothing is known. */
export function unknownDraft(): Draft {
  return new Draft({
    tnum: TNUM_UNKNOWN,
    smin: S64_MIN,
    smax: S64_MAX,
    umin: 0n,
    umax: U64_MAX,
    s32min: S32_MIN,
    s32max: S32_MAX,
    u32min: 0,
    u32max: U32_MAX,
  });
}

/** Makes the draft the constant `v` (unsigned 64-bit). */
export function setKnown(d: Draft, v: bigint): void {
  const low = slow32(v);
  d.tnum = tnumConst(v);
  d.smin = d.smax = s64(v);
  d.umin = d.umax = v;
  d.s32min = d.s32max = low;
  d.u32min = d.u32max = low >>> 0;
}

/** Makes the low half the constant low half of `v`; the 64-bit ranges stay. */
export function setKnown32(d: Draft, v: bigint): void {
  const low = slow32(v);
  d.tnum = tnumWithSubreg(d.tnum, tnumConst(v & LOW32));
  d.s32min = d.s32max = low;
  d.u32min = d.u32max = low >>> 0;
}
