/**
 * AND, OR, XOR. The bits are exact; ranges come from them, sharpened by the operands' ends where the operation is monotonous: x & y is at most
 * either operand, x | y at least either. A result whose bits are all known while the source is a constant is taken as that constant.
 *
 * @see v6.18 kernel/bpf/verifier.c, scalar_min_max_and, scalar_min_max_or, scalar_min_max_xor and their scalar32 twins
 */

import { type Num, setKnown, setKnown32, unboundSigned64 } from "./num.ts";
import { updateBounds } from "./sync.ts";
import { type Bits, tnumAnd, tnumIsConst, tnumOr, tnumSubregIsConst, tnumXor } from "./tnum.ts";
import { below, below32, less, S32_MAX, S32_MIN } from "./word.ts";

/** The unsigned range of the whole was set: read as signed numbers it is a range too unless it crosses the sign boundary. */
function signedFromUnsigned64(d: Num): void {
  if (less(d.umaxHi, d.umaxLo, d.uminHi, d.uminLo)) {
    unboundSigned64(d);
    return;
  }
  d.sminHi = d.uminHi;
  d.sminLo = d.uminLo;
  d.smaxHi = d.umaxHi;
  d.smaxLo = d.umaxLo;
}

/** The range of the low half. */
function setRange32(d: Num, min: number, max: number): void {
  d.lowMin = min;
  d.lowMax = max;
  d.s32min = min <= max ? min : S32_MIN;
  d.s32max = min <= max ? max : S32_MAX;
}

/** Ends of the whole that the bits allow. */
function setMinFromBits(d: Num, bits: Bits): void {
  d.uminHi = bits.valueHi;
  d.uminLo = bits.valueLo;
}

function setMaxFromBits(d: Num, bits: Bits): void {
  d.umaxHi = bits.valueHi | bits.maskHi;
  d.umaxLo = bits.valueLo | bits.maskLo;
}

/** Puts the result's bits in place. True if they settle the whole; `lowSettled` tells of the low half. */
function setBits(d: Num, s: Num, bits: Bits): boolean {
  d.bits = bits;
  if (tnumIsConst(s.bits) && tnumIsConst(bits)) {
    setKnown(d, bits.valueHi, bits.valueLo);
    return true;
  }
  if (lowSettled(s, bits)) setKnown32(d, bits.valueLo);
  return false;
}

function lowSettled(s: Num, bits: Bits): boolean {
  return tnumSubregIsConst(s.bits) && tnumSubregIsConst(bits);
}

/** d &= s. */
export function andNum(d: Num, s: Num): void {
  const bits = tnumAnd(d.bits, s.bits);
  const lowMax = below32(s.lowMax, d.lowMax) ? s.lowMax : d.lowMax;
  if (setBits(d, s, bits)) return;
  if (!lowSettled(s, bits)) setRange32(d, bits.valueLo, lowMax);
  setMinFromBits(d, bits);
  if (below(s.umaxHi, s.umaxLo, d.umaxHi, d.umaxLo)) {
    d.umaxHi = s.umaxHi;
    d.umaxLo = s.umaxLo;
  }
  signedFromUnsigned64(d);
  updateBounds(d);
}

/** d |= s. */
export function orNum(d: Num, s: Num): void {
  const bits = tnumOr(d.bits, s.bits);
  const lowMin = below32(d.lowMin, s.lowMin) ? s.lowMin : d.lowMin;
  if (setBits(d, s, bits)) return;
  if (!lowSettled(s, bits)) setRange32(d, lowMin, bits.valueLo | bits.maskLo);
  if (below(d.uminHi, d.uminLo, s.uminHi, s.uminLo)) {
    d.uminHi = s.uminHi;
    d.uminLo = s.uminLo;
  }
  setMaxFromBits(d, bits);
  signedFromUnsigned64(d);
  updateBounds(d);
}

/** d ^= s. */
export function xorNum(d: Num, s: Num): void {
  const bits = tnumXor(d.bits, s.bits);
  if (setBits(d, s, bits)) return;
  if (!lowSettled(s, bits)) setRange32(d, bits.valueLo, bits.valueLo | bits.maskLo);
  setMinFromBits(d, bits);
  setMaxFromBits(d, bits);
  signedFromUnsigned64(d);
  updateBounds(d);
}
