/**
 * Multiplication. Products of the ends bound the product, unless one of them does not fit: then nothing is kept of that reading. Products that
 * are safe integers are made of numbers, others of BigInts. (A rounded factor makes a product beyond the safe ones.)
 *
 * @see v6.18 kernel/bpf/verifier.c, scalar_min_max_mul, scalar32_min_max_mul
 */

import { type Num, setBounds, unboundSigned64, unboundUnsigned64 } from "./num.ts";
import { smaxNumber, sminNumber, umaxNumber, uminNumber } from "./scalar.ts";
import { tnumMul } from "./tnum.ts";
import { S32_MAX, S32_MIN } from "./word.ts";

const U64_MAX = 0xffff_ffff_ffff_ffffn;
const S64_MAX = 0x7fff_ffff_ffff_ffffn;
const S64_MIN = -0x8000_0000_0000_0000n;
const U32_MAX = 0xffff_ffff;
const TWO_32 = 0x1_0000_0000;

/** Sets the unsigned range from safe integers. */
function setUnsigned(d: Num, min: number, max: number): void {
  d.uminHi = Math.floor(min / TWO_32) | 0;
  d.uminLo = min | 0;
  d.umaxHi = Math.floor(max / TWO_32) | 0;
  d.umaxLo = max | 0;
}

function mulUnsigned64(d: Num, s: Num): void {
  const max = umaxNumber(d) * umaxNumber(s);
  const min = uminNumber(d) * uminNumber(s);
  if (max <= Number.MAX_SAFE_INTEGER && min <= Number.MAX_SAFE_INTEGER) {
    setUnsigned(d, min, max);
    return;
  }
  const umax = d.umax * s.umax;
  const umin = d.umin * s.umin;
  if (umax > U64_MAX || umin > U64_MAX) unboundUnsigned64(d);
  else setBounds(d, { umin, umax });
}

/** Sets the signed range from safe integers. */
function setSigned(d: Num, min: number, max: number): void {
  d.sminHi = Math.floor(min / TWO_32) | 0;
  d.sminLo = min | 0;
  d.smaxHi = Math.floor(max / TWO_32) | 0;
  d.smaxLo = max | 0;
}

function mulSigned64(d: Num, s: Num): void {
  const a = sminNumber(d);
  const b = smaxNumber(d);
  const e = sminNumber(s);
  const f = smaxNumber(s);
  const least = Math.min(a * e, a * f, b * e, b * f);
  const most = Math.max(a * e, a * f, b * e, b * f);
  if (least >= Number.MIN_SAFE_INTEGER && most <= Number.MAX_SAFE_INTEGER) {
    setSigned(d, least, most);
    return;
  }
  const { smin, smax } = d;
  let min = smin * s.smin;
  let max = min;
  for (const product of [smin * s.smax, smax * s.smin, smax * s.smax]) {
    if (product < min) min = product;
    if (product > max) max = product;
  }
  if (min < S64_MIN || max > S64_MAX) unboundSigned64(d);
  else setBounds(d, { smin: min, smax: max });
}

/** Products of 32-bit numbers may exceed 2^53, but then they exceed 2^32 too, and only that is asked of them. */
function mul32(d: Num, s: Num): void {
  const umax = d.u32max * s.u32max;
  const umin = d.u32min * s.u32min;
  const fits = umax <= U32_MAX && umin <= U32_MAX;
  d.lowMin = fits ? umin | 0 : 0;
  d.lowMax = fits ? umax | 0 : -1;

  const a = d.s32min * s.s32min;
  const b = d.s32min * s.s32max;
  const c = d.s32max * s.s32min;
  const e = d.s32max * s.s32max;
  const min = Math.min(a, b, c, e);
  const max = Math.max(a, b, c, e);
  const signedFits = min >= S32_MIN && max <= S32_MAX;
  d.s32min = signedFits ? min | 0 : S32_MIN;
  d.s32max = signedFits ? max | 0 : S32_MAX;
}

/** d *= s. */
export function mulNum(d: Num, s: Num): void {
  d.bits = tnumMul(d.bits, s.bits);
  mul32(d, s);
  mulUnsigned64(d, s);
  mulSigned64(d, s);
}
