/**
 * Shifts by a known distance (others are not tracked).
 *
 * A left shift keeps an unsigned range as long as no set bit can leave at the top; signed ranges are lost but for the distance 32, which
 * compilers use to sign-extend the low half. A logical right shift keeps the unsigned range, an arithmetic one the signed range. The
 * half that bits cross into from outside is known only by its bits afterwards.
 *
 * @see v6.18 kernel/bpf/verifier.c, scalar_min_max_lsh, scalar_min_max_rsh, scalar_min_max_arsh and their scalar32 twins
 */

import { type Draft, unbound32, unbound64 } from "./draft.ts";
import { S32_MAX, S32_MIN, S64_MAX, S64_MIN, U32_MAX, U64_MAX } from "./integers.ts";
import { updateBounds, updateBounds32 } from "./sync.ts";
import { tnumArshift, tnumLshift, tnumRshift, tnumSubreg } from "./tnum.ts";

/** Ranges of the low half after `<<= n`; n up to 63. */
function lsh32(d: Draft, n: number): void {
  d.s32min = S32_MIN;
  d.s32max = S32_MAX;
  if (n > 31 || d.u32max > 2 ** (31 - n)) {
    d.u32min = 0;
    d.u32max = U32_MAX;
  } else {
    d.u32min = (d.u32min << n) >>> 0;
    d.u32max = (d.u32max << n) >>> 0;
  }
}

/** d <<= n, 0 ≤ n ≤ 63. */
export function lshDraft64(d: Draft, n: number): void {
  const distance = BigInt(n);
  d.smin = n === 32 ? BigInt(d.s32min) << 32n : S64_MIN;
  d.smax = n === 32 ? BigInt(d.s32max) << 32n : S64_MAX;
  if (d.umax > 1n << (63n - distance)) {
    d.umin = 0n;
    d.umax = U64_MAX;
  } else {
    d.umin <<= distance;
    d.umax <<= distance;
  }
  lsh32(d, n);
  d.tnum = tnumLshift(d.tnum, n);
  updateBounds(d);
}

/** Low half of d <<= n, 0 ≤ n ≤ 31; the upper half of the bits becomes 0. */
export function lshDraft32(d: Draft, n: number): void {
  lsh32(d, n);
  d.tnum = tnumSubreg(tnumLshift(tnumSubreg(d.tnum), n));
  unbound64(d);
  updateBounds32(d);
}

/** d >>= n, filling with 0; 0 ≤ n ≤ 63. */
export function rshDraft64(d: Draft, n: number): void {
  const distance = BigInt(n);
  d.smin = S64_MIN;
  d.smax = S64_MAX;
  d.tnum = tnumRshift(d.tnum, n);
  d.umin >>= distance;
  d.umax >>= distance;
  unbound32(d);
  updateBounds(d);
}

/** Low half of d >>= n, filling with 0; 0 ≤ n ≤ 31. */
export function rshDraft32(d: Draft, n: number): void {
  d.s32min = S32_MIN;
  d.s32max = S32_MAX;
  d.tnum = tnumRshift(tnumSubreg(d.tnum), n);
  d.u32min = d.u32min >>> n;
  d.u32max = d.u32max >>> n;
  unbound64(d);
  updateBounds32(d);
}

/** d >>= n, filling with the sign bit; 0 ≤ n ≤ 63. */
export function arshDraft64(d: Draft, n: number): void {
  const distance = BigInt(n);
  d.smin >>= distance;
  d.smax >>= distance;
  d.tnum = tnumArshift(d.tnum, n, 64);
  d.umin = 0n;
  d.umax = U64_MAX;
  unbound32(d);
  updateBounds(d);
}

/** Low half of d >>= n, filling with its sign bit; 0 ≤ n ≤ 31. */
export function arshDraft32(d: Draft, n: number): void {
  d.s32min >>= n;
  d.s32max >>= n;
  d.tnum = tnumArshift(tnumSubreg(d.tnum), n, 32);
  d.u32min = 0;
  d.u32max = U32_MAX;
  unbound64(d);
  updateBounds32(d);
}
