/**
 * Multiplication. Products of the ends bound the product, unless one of them does not fit: then nothing is kept of that reading.
 *
 * @see v6.18 kernel/bpf/verifier.c, scalar_min_max_mul, scalar32_min_max_mul
 */

import type { Draft } from "./draft.ts";
import { S32_MAX, S32_MIN, S64_MAX, S64_MIN, U32_MAX, U64_MAX } from "./integers.ts";
import { tnumMul } from "./tnum.ts";
import type { Scalar } from "./types.ts";

function mul64(d: Draft, s: Scalar): void {
  const umax = d.umax * s.umax;
  const fits = umax <= U64_MAX && d.umin * s.umin <= U64_MAX;
  d.umin = fits ? d.umin * s.umin : 0n;
  d.umax = fits ? umax : U64_MAX;

  let min = d.smin * s.smin;
  let max = min;
  for (const product of [d.smin * s.smax, d.smax * s.smin, d.smax * s.smax]) {
    if (product < min) min = product;
    if (product > max) max = product;
  }
  const signedFits = min >= S64_MIN && max <= S64_MAX;
  d.smin = signedFits ? min : S64_MIN;
  d.smax = signedFits ? max : S64_MAX;
}

/** Products of 32-bit numbers may exceed 2^53, but then they exceed 2^32 too, and only that is asked of them. */
function mul32(d: Draft, s: Scalar): void {
  const umax = d.u32max * s.u32max;
  const umin = d.u32min * s.u32min;
  const fits = umax <= U32_MAX && umin <= U32_MAX;
  d.u32min = fits ? umin : 0;
  d.u32max = fits ? umax : U32_MAX;

  const a = d.s32min * s.s32min;
  const b = d.s32min * s.s32max;
  const c = d.s32max * s.s32min;
  const e = d.s32max * s.s32max;
  const min = Math.min(a, b, c, e);
  const max = Math.max(a, b, c, e);
  const signedFits = min >= S32_MIN && max <= S32_MAX;
  // Adding 0 turns -0 into 0.
  d.s32min = signedFits ? min + 0 : S32_MIN;
  d.s32max = signedFits ? max + 0 : S32_MAX;
}

/** d *= s. */
export function mulDraft(d: Draft, s: Scalar): void {
  d.tnum = tnumMul(d.tnum, s.tnum);
  mul32(d, s);
  mul64(d, s);
}
