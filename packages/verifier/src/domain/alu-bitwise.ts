/**
 * AND, OR, XOR. The bits are exact; ranges come from them, sharpened by the operands' ends where the operation is monotonous: x & y is at most
 * either operand, x | y at least either. A result whose bits are all known while the source is a constant is taken as that constant.
 *
 * @see v6.18 kernel/bpf/verifier.c, scalar_min_max_and, scalar_min_max_or, scalar_min_max_xor and their scalar32 twins
 */

import { type Draft, setKnown, setKnown32 } from "./draft.ts";
import { low32, max64, min64, S32_MAX, S32_MIN, S64_MAX, S64_MIN, s64 } from "./integers.ts";
import { isConst, isSubregConst } from "./scalar.ts";
import { updateBounds } from "./sync.ts";
import { tnumAnd, tnumOr, tnumXor } from "./tnum.ts";
import type { Scalar, Tnum } from "./types.ts";

/** Unsigned range of the whole; read as signed numbers it is a range too unless it crosses the sign boundary. */
function setRange64(d: Draft, umin: bigint, umax: bigint): void {
  d.umin = umin;
  d.umax = umax;
  const min = s64(umin);
  const max = s64(umax);
  d.smin = min <= max ? min : S64_MIN;
  d.smax = min <= max ? max : S64_MAX;
}

/** The same of the low half. */
function setRange32(d: Draft, umin: number, umax: number): void {
  d.u32min = umin;
  d.u32max = umax;
  const min = umin | 0;
  const max = umax | 0;
  d.s32min = min <= max ? min : S32_MIN;
  d.s32max = min <= max ? max : S32_MAX;
}

/** Puts the result's bits in place. Answers which halves are settled thereby, so that no range needs computing. */
function setBits(d: Draft, s: Scalar, bits: Tnum): { low: boolean; whole: boolean } {
  d.tnum = bits;
  const low = isSubregConst(s) && isSubregConst(d);
  const whole = isConst(s) && isConst(d);
  if (whole) setKnown(d, bits.value);
  else if (low) setKnown32(d, bits.value);
  return { low, whole };
}

/** Largest member of the low half's and of the whole's bits. */
function bitsMax32(bits: Tnum): number {
  return low32(bits.value | bits.mask);
}

function bitsMax64(bits: Tnum): bigint {
  return bits.value | bits.mask;
}

/** d &= s. */
export function andDraft(d: Draft, s: Scalar): void {
  const bits = tnumAnd(d.tnum, s.tnum);
  const settled = setBits(d, s, bits);
  if (settled.whole) return;
  if (!settled.low) setRange32(d, low32(bits.value), Math.min(d.u32max, s.u32max));
  setRange64(d, bits.value, min64(d.umax, s.umax));
  updateBounds(d);
}

/** d |= s. */
export function orDraft(d: Draft, s: Scalar): void {
  const bits = tnumOr(d.tnum, s.tnum);
  const settled = setBits(d, s, bits);
  if (settled.whole) return;
  if (!settled.low) setRange32(d, Math.max(d.u32min, s.u32min), bitsMax32(bits));
  setRange64(d, max64(d.umin, s.umin), bitsMax64(bits));
  updateBounds(d);
}

/** d ^= s. */
export function xorDraft(d: Draft, s: Scalar): void {
  const bits = tnumXor(d.tnum, s.tnum);
  const settled = setBits(d, s, bits);
  if (settled.whole) return;
  if (!settled.low) setRange32(d, low32(bits.value), bitsMax32(bits));
  setRange64(d, bits.value, bitsMax64(bits));
  updateBounds(d);
}
