/**
 * Tracked numbers: for every bit whether it is 0, 1 or unknown, and how operations carry that over.
 *
 * A tnum stands for the set { x : x & ~mask = value }. Each operation answers a tnum whose set holds every result of applying the
 * operation to members of its operands' sets (soundness); where the kernel's answer is wider than the best one, so is ours, because
 * logs and verdicts depend on it.
 *
 * @see v6.18 kernel/bpf/tnum.c
 */

import { HIGH32, LOW32, S64_MIN, s64, U64_MAX, u64 } from "./integers.ts";
import type { Tnum } from "./types.ts";

/** Every bit unknown. */
export const TNUM_UNKNOWN: Tnum = { value: 0n, mask: U64_MAX };
/** The number 0. */
export const TNUM_ZERO: Tnum = { value: 0n, mask: 0n };

function tnum(value: bigint, mask: bigint): Tnum {
  return { value, mask };
}

/** A known number; `value` unsigned. */
export function tnumConst(value: bigint): Tnum {
  return tnum(value, 0n);
}

/** 2^n - 1 for n = 0 … 64. */
const ONES: readonly bigint[] = Array.from({ length: 65 }, (_, n) => (1n << BigInt(n)) - 1n);

/** Position of the highest set bit, counted from 1; 0 if none. */
function highestBit(v: bigint): number {
  const high = Number(v >> 32n);
  return high !== 0 ? 64 - Math.clz32(high) : 32 - Math.clz32(Number(v & LOW32));
}

/** The tightest tnum that holds [min, max] (unsigned): the common leading bits are known, the rest is not. */
export function tnumRange(min: bigint, max: bigint): Tnum {
  const bits = highestBit(min ^ max);
  if (bits > 63) return TNUM_UNKNOWN;
  const delta = ONES[bits]!;
  return tnum(min & (U64_MAX ^ delta), delta);
}

export function tnumIsConst(a: Tnum): boolean {
  return a.mask === 0n;
}

export function tnumIsUnknown(a: Tnum): boolean {
  return a.mask === U64_MAX;
}

export function tnumEquals(a: Tnum, b: Tnum): boolean {
  return a === b || (a.value === b.value && a.mask === b.mask);
}

export function tnumLshift(a: Tnum, shift: number): Tnum {
  const n = BigInt(shift);
  return tnum(u64(a.value << n), u64(a.mask << n));
}

export function tnumRshift(a: Tnum, shift: number): Tnum {
  const n = BigInt(shift);
  return tnum(a.value >> n, a.mask >> n);
}

/** Arithmetic shift right of the low `bitness` (32 or 64) bits; for 32 the answer's upper half is 0. */
export function tnumArshift(a: Tnum, shift: number, bitness: 32 | 64): Tnum {
  const n = BigInt(shift);
  return tnum(
    BigInt.asUintN(bitness, BigInt.asIntN(bitness, a.value) >> n),
    BigInt.asUintN(bitness, BigInt.asIntN(bitness, a.mask) >> n),
  );
}

/** Unknown are the operands' unknown bits and every bit that a carry out of them can reach. */
export function tnumAdd(a: Tnum, b: Tnum): Tnum {
  const values = u64(a.value + b.value);
  const unknown = (u64(values + a.mask + b.mask) ^ values) | a.mask | b.mask;
  return tnum(values & (U64_MAX ^ unknown), unknown);
}

/** Unknown are the operands' unknown bits and every bit that a borrow out of them can reach. */
export function tnumSub(a: Tnum, b: Tnum): Tnum {
  const difference = u64(a.value - b.value);
  const unknown = (u64(difference + a.mask) ^ u64(difference - b.mask)) | a.mask | b.mask;
  return tnum(difference & (U64_MAX ^ unknown), unknown);
}

export function tnumNeg(a: Tnum): Tnum {
  return tnumSub(TNUM_ZERO, a);
}

export function tnumAnd(a: Tnum, b: Tnum): Tnum {
  const value = a.value & b.value;
  return tnum(value, (a.value | a.mask) & (b.value | b.mask) & (U64_MAX ^ value));
}

export function tnumOr(a: Tnum, b: Tnum): Tnum {
  const value = a.value | b.value;
  return tnum(value, (a.mask | b.mask) & (U64_MAX ^ value));
}

export function tnumXor(a: Tnum, b: Tnum): Tnum {
  const unknown = a.mask | b.mask;
  return tnum((a.value ^ b.value) & (U64_MAX ^ unknown), unknown);
}

/** Both sets in one: bits that differ or are unknown in either become unknown. */
export function tnumUnion(a: Tnum, b: Tnum): Tnum {
  const unknown = (a.value ^ b.value) | a.mask | b.mask;
  return tnum(a.value & b.value & (U64_MAX ^ unknown), unknown);
}

/**
 * Long multiplication, bit by bit of `a`: a known 1 adds the shifted `b`; an unknown bit may or may not, so the accumulator becomes the
 * union of both.
 *
 * @see v6.18 kernel/bpf/tnum.c, tnum_mul
 */
export function tnumMul(a: Tnum, b: Tnum): Tnum {
  if (a.mask === 0n && b.mask === 0n) return tnum(u64(a.value * b.value), 0n);
  let { value, mask } = a;
  let addend = b;
  let sum = TNUM_ZERO;
  while (value !== 0n || mask !== 0n) {
    if ((value & 1n) !== 0n) sum = tnumAdd(sum, addend);
    else if ((mask & 1n) !== 0n) sum = tnumUnion(sum, tnumAdd(sum, addend));
    value >>= 1n;
    mask >>= 1n;
    addend = tnumLshift(addend, 1);
  }
  return sum;
}

/** Do the sets share a member? */
export function tnumOverlap(a: Tnum, b: Tnum): boolean {
  return ((a.value ^ b.value) & (U64_MAX ^ (a.mask | b.mask))) === 0n;
}

/** What both say. Where they contradict each other (one has a known 1, the other a known 0) the answer says 1. */
export function tnumIntersect(a: Tnum, b: Tnum): Tnum {
  const mask = a.mask & b.mask;
  return tnum((a.value | b.value) & (U64_MAX ^ mask), mask);
}

/** The low `size` bytes (1 … 8), zero-extended. */
export function tnumCast(a: Tnum, size: number): Tnum {
  const bits = size * 8;
  return tnum(BigInt.asUintN(bits, a.value), BigInt.asUintN(bits, a.mask));
}

/** Is every member of the set a multiple of `size` (a power of two; 0 counts as 1)? */
export function tnumIsAligned(a: Tnum, size: number): boolean {
  if (size === 0) return true;
  return ((a.value | a.mask) & BigInt(size - 1)) === 0n;
}

/** Is b's set part of a's? */
export function tnumIn(a: Tnum, b: Tnum): boolean {
  if ((b.mask & (U64_MAX ^ a.mask)) !== 0n) return false;
  return a.value === (b.value & (U64_MAX ^ a.mask));
}

/** The low 32 bits, zero-extended. */
export function tnumSubreg(a: Tnum): Tnum {
  return tnum(a.value & LOW32, a.mask & LOW32);
}

export function tnumSubregIsConst(a: Tnum): boolean {
  return (a.mask & LOW32) === 0n;
}

/** `reg` with its low 32 bits replaced by those of `subreg`. */
export function tnumWithSubreg(reg: Tnum, subreg: Tnum): Tnum {
  return tnum((reg.value & HIGH32) | (subreg.value & LOW32), (reg.mask & HIGH32) | (subreg.mask & LOW32));
}

/** Could `v` (taken modulo 2^64) be meant? */
export function tnumContains(a: Tnum, v: bigint): boolean {
  return (u64(v) & (U64_MAX ^ a.mask)) === a.value;
}

/**
 * The smallest member that is greater than `z`; the smallest of all if every member is greater, the largest of all if none is.
 *
 * @see v6.18 kernel/bpf/tnum.c, tnum_step
 */
export function tnumStep(a: Tnum, z: bigint): bigint {
  const largest = a.value | a.mask;
  if (z >= largest) return largest;
  if (z < a.value) return a.value;
  // The highest known bit in which z is no member decides; below it z's bits do not matter.
  const fixed = U64_MAX ^ a.mask;
  const wrong = (z ^ a.value) & fixed;
  const bits = highestBit(wrong);
  const below = ONES[bits]!;
  // There z is too small already: with its unknown bits above kept and none below set, the member is the next one.
  if (bits !== 0 && ((a.value >> BigInt(bits - 1)) & 1n) !== 0n) return (z & a.mask & (U64_MAX ^ below)) | a.value;
  // There z is too large, or is a member itself: count up by one in the unknown bits above.
  return (u64((z | fixed | below) + 1n) & a.mask) | a.value;
}

/** Smallest and largest member, read as signed numbers. */
export function tnumSignedMin(a: Tnum): bigint {
  return s64(a.value | (a.mask & u64(S64_MIN)));
}

export function tnumSignedMax(a: Tnum): bigint {
  return s64(a.value | (a.mask & 0x7fff_ffff_ffff_ffffn));
}
