/**
 * Tracked numbers: for every bit whether it is 0, 1 or unknown, and how operations carry that over.
 *
 * A tnum stands for the set { x : x & ~mask = value }. Each operation answers a tnum whose set holds every result of applying the
 * operation to members of its operands' sets (soundness); where the kernel's answer is wider than the best one, so is ours, because
 * logs and verdicts depend on it.
 *
 * @see v6.18 kernel/bpf/tnum.c
 */

import type { Tnum } from "./types.ts";
import {
  below,
  differenceHi,
  hiOf,
  loOf,
  S32_MAX,
  S32_MIN,
  sarHi,
  sarLo,
  shlHi,
  shlLo,
  shrHi,
  shrLo,
  sumHi,
  unsigned,
} from "./word.ts";

/** A tnum in halves. Immutable. */
export class Bits implements Tnum {
  readonly valueHi: number;
  readonly valueLo: number;
  readonly maskHi: number;
  readonly maskLo: number;

  constructor(valueHi: number, valueLo: number, maskHi: number, maskLo: number) {
    this.valueHi = valueHi;
    this.valueLo = valueLo;
    this.maskHi = maskHi;
    this.maskLo = maskLo;
  }

  get value(): bigint {
    return unsigned(this.valueHi, this.valueLo);
  }

  get mask(): bigint {
    return unsigned(this.maskHi, this.maskLo);
  }
}

/** Known ones of an arbitrary pattern, given which bits are unknown. */
function masked(hi: number, lo: number, maskHi: number, maskLo: number): Bits {
  return new Bits(hi & ~maskHi, lo & ~maskLo, maskHi, maskLo);
}

/** From any record of a tnum. */
export function bitsOf(t: Tnum): Bits {
  if (t instanceof Bits) return t;
  return new Bits(hiOf(t.value), loOf(t.value), hiOf(t.mask), loOf(t.mask));
}

/** Every bit unknown. */
export const TNUM_UNKNOWN: Bits = new Bits(0, 0, -1, -1);
/** The number 0. */
export const TNUM_ZERO: Bits = new Bits(0, 0, 0, 0);

/** A known number. */
export function tnumConst(hi: number, lo: number): Bits {
  return new Bits(hi, lo, 0, 0);
}

/** As many ones from bit 0 on as the highest set bit of `v` is high. */
function onesUpTo(v: number): number {
  return v === 0 ? 0 : (-1 >>> Math.clz32(v)) | 0;
}

/** The tightest tnum that holds [min, max] (unsigned): the common leading bits are known, the rest is not. */
export function tnumRange(minHi: number, minLo: number, maxHi: number, maxLo: number): Bits {
  const high = minHi ^ maxHi;
  const deltaHi = high === 0 ? 0 : onesUpTo(high);
  const deltaLo = high === 0 ? onesUpTo(minLo ^ maxLo) : -1;
  return masked(minHi, minLo, deltaHi, deltaLo);
}

export function tnumIsConst(a: Bits): boolean {
  return (a.maskHi | a.maskLo) === 0;
}

export function tnumSubregIsConst(a: Bits): boolean {
  return a.maskLo === 0;
}

export function tnumEquals(a: Bits, b: Bits): boolean {
  return (
    a === b || (a.valueLo === b.valueLo && a.maskLo === b.maskLo && a.valueHi === b.valueHi && a.maskHi === b.maskHi)
  );
}

export function tnumLshift(a: Bits, n: number): Bits {
  return new Bits(
    shlHi(a.valueHi, a.valueLo, n),
    shlLo(a.valueLo, n),
    shlHi(a.maskHi, a.maskLo, n),
    shlLo(a.maskLo, n),
  );
}

export function tnumRshift(a: Bits, n: number): Bits {
  return new Bits(
    shrHi(a.valueHi, n),
    shrLo(a.valueHi, a.valueLo, n),
    shrHi(a.maskHi, n),
    shrLo(a.maskHi, a.maskLo, n),
  );
}

/** Arithmetic shift right of all 64 bits. */
export function tnumArshift(a: Bits, n: number): Bits {
  return new Bits(
    sarHi(a.valueHi, n),
    sarLo(a.valueHi, a.valueLo, n),
    sarHi(a.maskHi, n),
    sarLo(a.maskHi, a.maskLo, n),
  );
}

/** Arithmetic shift right of the low 32 bits; the answer's upper half is 0. */
export function tnumArshift32(a: Bits, n: number): Bits {
  return new Bits(0, a.valueLo >> n, 0, a.maskLo >> n);
}

/** Unknown are the operands' unknown bits and every bit that a carry out of them can reach. */
export function tnumAdd(a: Bits, b: Bits): Bits {
  const lo = (a.valueLo + b.valueLo) | 0;
  const hi = sumHi(a.valueHi, a.valueLo, b.valueHi, lo);
  const masksLo = (a.maskLo + b.maskLo) | 0;
  const masksHi = sumHi(a.maskHi, a.maskLo, b.maskHi, masksLo);
  const allLo = (lo + masksLo) | 0;
  const allHi = sumHi(hi, lo, masksHi, allLo);
  return masked(hi, lo, (allHi ^ hi) | a.maskHi | b.maskHi, (allLo ^ lo) | a.maskLo | b.maskLo);
}

/** Unknown are the operands' unknown bits and every bit that a borrow out of them can reach. */
export function tnumSub(a: Bits, b: Bits): Bits {
  const lo = (a.valueLo - b.valueLo) | 0;
  const hi = differenceHi(a.valueHi, a.valueLo, b.valueHi, b.valueLo);
  const mostLo = (lo + a.maskLo) | 0;
  const mostHi = sumHi(hi, lo, a.maskHi, mostLo);
  const leastLo = (lo - b.maskLo) | 0;
  const leastHi = differenceHi(hi, lo, b.maskHi, b.maskLo);
  return masked(hi, lo, (mostHi ^ leastHi) | a.maskHi | b.maskHi, (mostLo ^ leastLo) | a.maskLo | b.maskLo);
}

export function tnumNeg(a: Bits): Bits {
  return tnumSub(TNUM_ZERO, a);
}

export function tnumAnd(a: Bits, b: Bits): Bits {
  const hi = a.valueHi & b.valueHi;
  const lo = a.valueLo & b.valueLo;
  const anyHi = (a.valueHi | a.maskHi) & (b.valueHi | b.maskHi);
  const anyLo = (a.valueLo | a.maskLo) & (b.valueLo | b.maskLo);
  return new Bits(hi, lo, anyHi & ~hi, anyLo & ~lo);
}

export function tnumOr(a: Bits, b: Bits): Bits {
  const hi = a.valueHi | b.valueHi;
  const lo = a.valueLo | b.valueLo;
  return new Bits(hi, lo, (a.maskHi | b.maskHi) & ~hi, (a.maskLo | b.maskLo) & ~lo);
}

export function tnumXor(a: Bits, b: Bits): Bits {
  return masked(a.valueHi ^ b.valueHi, a.valueLo ^ b.valueLo, a.maskHi | b.maskHi, a.maskLo | b.maskLo);
}

/** Both sets in one: bits that differ or are unknown in either become unknown. */
export function tnumUnion(a: Bits, b: Bits): Bits {
  const maskHi = (a.valueHi ^ b.valueHi) | a.maskHi | b.maskHi;
  const maskLo = (a.valueLo ^ b.valueLo) | a.maskLo | b.maskLo;
  return masked(a.valueHi & b.valueHi, a.valueLo & b.valueLo, maskHi, maskLo);
}

/**
 * Long multiplication, bit by bit of `a`: a known 1 adds the shifted `b`; an unknown bit may or may not, so the accumulator becomes the
 * union of both.
 *
 * @see v6.18 kernel/bpf/tnum.c, tnum_mul
 */
export function tnumMul(a: Bits, b: Bits): Bits {
  if (tnumIsConst(a) && tnumIsConst(b)) {
    const product = a.value * b.value;
    return tnumConst(hiOf(product), loOf(product));
  }
  let factor = a;
  let addend = b;
  let sum = TNUM_ZERO;
  while ((factor.valueHi | factor.valueLo | factor.maskHi | factor.maskLo) !== 0) {
    if ((factor.valueLo & 1) !== 0) sum = tnumAdd(sum, addend);
    else if ((factor.maskLo & 1) !== 0) sum = tnumUnion(sum, tnumAdd(sum, addend));
    factor = tnumRshift(factor, 1);
    addend = tnumLshift(addend, 1);
  }
  return sum;
}

/** Do the sets share a member? */
export function tnumOverlap(a: Bits, b: Bits): boolean {
  return (
    ((a.valueHi ^ b.valueHi) & ~(a.maskHi | b.maskHi)) === 0 && ((a.valueLo ^ b.valueLo) & ~(a.maskLo | b.maskLo)) === 0
  );
}

/** What both say. Where they contradict each other (one has a known 1, the other a known 0) the answer says 1. */
export function tnumIntersect(a: Bits, b: Bits): Bits {
  return masked(a.valueHi | b.valueHi, a.valueLo | b.valueLo, a.maskHi & b.maskHi, a.maskLo & b.maskLo);
}

/** The low `size` bytes (1, 2, 4; 8 = all), zero-extended. */
export function tnumCast(a: Bits, size: number): Bits {
  if (size >= 8) return a;
  const keep = size >= 4 ? -1 : (1 << (8 * size)) - 1;
  return new Bits(0, a.valueLo & keep, 0, a.maskLo & keep);
}

/** The low 32 bits, zero-extended. */
export function tnumSubreg(a: Bits): Bits {
  return (a.valueHi | a.maskHi) === 0 ? a : new Bits(0, a.valueLo, 0, a.maskLo);
}

/** `reg` with its low 32 bits replaced by those of `subreg`. */
export function tnumWithSubreg(reg: Bits, subreg: Bits): Bits {
  return new Bits(reg.valueHi, subreg.valueLo, reg.maskHi, subreg.maskLo);
}

/** Is b's set part of a's? */
export function tnumIn(a: Bits, b: Bits): boolean {
  return (
    (b.maskHi & ~a.maskHi) === 0 &&
    (b.maskLo & ~a.maskLo) === 0 &&
    a.valueHi === (b.valueHi & ~a.maskHi) &&
    a.valueLo === (b.valueLo & ~a.maskLo)
  );
}

/** Is every member of the set a multiple of `size` (a power of two up to 2^31; 0 counts as 1)? */
export function tnumIsAligned(a: Bits, size: number): boolean {
  return size === 0 || ((a.valueLo | a.maskLo) & (size - 1)) === 0;
}

/** Could the number be meant? */
export function tnumContains(a: Bits, hi: number, lo: number): boolean {
  return (hi & ~a.maskHi) === a.valueHi && (lo & ~a.maskLo) === a.valueLo;
}

/**
 * The smallest member that is greater than the given number; the smallest of all if every member is greater, the largest of all if none is.
 *
 * @see v6.18 kernel/bpf/tnum.c, tnum_step
 */
export function tnumStep(a: Bits, hi: number, lo: number): { hi: number; lo: number } {
  const largestHi = a.valueHi | a.maskHi;
  const largestLo = a.valueLo | a.maskLo;
  if (!below(hi, lo, largestHi, largestLo)) return { hi: largestHi, lo: largestLo };
  if (below(hi, lo, a.valueHi, a.valueLo)) return { hi: a.valueHi, lo: a.valueLo };
  // The highest known bit in which the number is no member decides; below it the number's bits do not matter.
  const wrongHi = (hi ^ a.valueHi) & ~a.maskHi;
  const wrongLo = (lo ^ a.valueLo) & ~a.maskLo;
  const belowHi = onesUpTo(wrongHi);
  const belowLo = wrongHi !== 0 ? -1 : onesUpTo(wrongLo);
  const decidesHi = wrongHi === 0 ? 0 : 1 << (31 - Math.clz32(wrongHi));
  const decidesLo = wrongHi !== 0 || wrongLo === 0 ? 0 : 1 << (31 - Math.clz32(wrongLo));
  if ((a.valueHi & decidesHi) !== 0 || (a.valueLo & decidesLo) !== 0) {
    // There it is too small already: with its unknown bits above kept and none below set, the member is the next one.
    return { hi: (hi & a.maskHi & ~belowHi) | a.valueHi, lo: (lo & a.maskLo & ~belowLo) | a.valueLo };
  }
  // There it is too large, or it is a member itself: count up by one in the unknown bits above.
  const filledLo = lo | ~a.maskLo | belowLo;
  const nextLo = (filledLo + 1) | 0;
  const nextHi = ((hi | ~a.maskHi | belowHi) + (nextLo === 0 ? 1 : 0)) | 0;
  return { hi: (nextHi & a.maskHi) | a.valueHi, lo: (nextLo & a.maskLo) | a.valueLo };
}

/** Upper half of the smallest member read as a signed number; its lower half is that of `value`. */
export function signedMinHi(a: Bits): number {
  return a.valueHi | (a.maskHi & S32_MIN);
}

/** Upper half of the largest member read as a signed number; its lower half is that of `value | mask`. */
export function signedMaxHi(a: Bits): number {
  return a.valueHi | (a.maskHi & S32_MAX);
}
