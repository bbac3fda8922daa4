/**
 * Shifts by a known distance (others are not tracked).
 *
 * A left shift keeps an unsigned range as long as no set bit can leave at the top; signed ranges are lost but for the distance 32, which
 * compilers use to sign-extend the low half. A logical right shift keeps the unsigned range, an arithmetic one the signed range. The
 * half that bits cross into from outside is known only by its bits afterwards.
 *
 * @see v6.18 kernel/bpf/verifier.c, scalar_min_max_lsh, scalar_min_max_rsh, scalar_min_max_arsh and their scalar32 twins
 */

import { type Num, unbound32, unbound64, unboundSigned64, unboundUnsigned64 } from "./num.ts";
import { updateBounds, updateBounds32 } from "./sync.ts";
import { tnumArshift, tnumArshift32, tnumLshift, tnumRshift, tnumSubreg } from "./tnum.ts";
import { below, below32, S32_MAX, S32_MIN, sarHi, sarLo, shlHi, shlLo, shrHi, shrLo } from "./word.ts";

/** Ranges of the low half after `<<= n`; n up to 63. */
function lsh32(d: Num, n: number): void {
  d.s32min = S32_MIN;
  d.s32max = S32_MAX;
  if (n > 31 || below32(1 << (31 - n), d.lowMax)) {
    d.lowMin = 0;
    d.lowMax = -1;
  } else {
    d.lowMin <<= n;
    d.lowMax <<= n;
  }
}

/** d <<= n, 0 ≤ n ≤ 63. */
export function lshNum64(d: Num, n: number): void {
  if (n === 32) {
    d.sminHi = d.s32min;
    d.smaxHi = d.s32max;
    d.sminLo = d.smaxLo = 0;
  } else {
    unboundSigned64(d);
  }
  if (below(shlHi(0, 1, 63 - n), shlLo(1, 63 - n), d.umaxHi, d.umaxLo)) {
    unboundUnsigned64(d);
  } else {
    d.uminHi = shlHi(d.uminHi, d.uminLo, n);
    d.uminLo = shlLo(d.uminLo, n);
    d.umaxHi = shlHi(d.umaxHi, d.umaxLo, n);
    d.umaxLo = shlLo(d.umaxLo, n);
  }
  lsh32(d, n);
  d.bits = tnumLshift(d.bits, n);
  updateBounds(d);
}

/** Low half of d <<= n, 0 ≤ n ≤ 31; the upper half of the bits becomes 0. */
export function lshNum32(d: Num, n: number): void {
  lsh32(d, n);
  d.bits = tnumSubreg(tnumLshift(tnumSubreg(d.bits), n));
  unbound64(d);
  updateBounds32(d);
}

/** d >>= n, filling with 0; 0 ≤ n ≤ 63. */
export function rshNum64(d: Num, n: number): void {
  unboundSigned64(d);
  d.bits = tnumRshift(d.bits, n);
  d.uminLo = shrLo(d.uminHi, d.uminLo, n);
  d.uminHi = shrHi(d.uminHi, n);
  d.umaxLo = shrLo(d.umaxHi, d.umaxLo, n);
  d.umaxHi = shrHi(d.umaxHi, n);
  unbound32(d);
  updateBounds(d);
}

/** Low half of d >>= n, filling with 0; 0 ≤ n ≤ 31. */
export function rshNum32(d: Num, n: number): void {
  d.s32min = S32_MIN;
  d.s32max = S32_MAX;
  d.bits = tnumRshift(tnumSubreg(d.bits), n);
  d.lowMin = (d.lowMin >>> n) | 0;
  d.lowMax = (d.lowMax >>> n) | 0;
  unbound64(d);
  updateBounds32(d);
}

/** d >>= n, filling with the sign bit; 0 ≤ n ≤ 63. */
export function arshNum64(d: Num, n: number): void {
  d.sminLo = sarLo(d.sminHi, d.sminLo, n);
  d.sminHi = sarHi(d.sminHi, n);
  d.smaxLo = sarLo(d.smaxHi, d.smaxLo, n);
  d.smaxHi = sarHi(d.smaxHi, n);
  d.bits = tnumArshift(d.bits, n);
  unboundUnsigned64(d);
  unbound32(d);
  updateBounds(d);
}

/** Low half of d >>= n, filling with its sign bit; 0 ≤ n ≤ 31. */
export function arshNum32(d: Num, n: number): void {
  d.s32min >>= n;
  d.s32max >>= n;
  d.bits = tnumArshift32(d.bits, n);
  d.lowMin = 0;
  d.lowMax = -1;
  unbound64(d);
  updateBounds32(d);
}
