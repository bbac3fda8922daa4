/**
 * What the outcome of a conditional jump teaches about its operands.
 *
 * a < b bounds a from above by b's largest value less 1 and b from below by a's smallest plus 1; equality intersects; inequality with a
 * constant trims a range that ends there; a single tested bit becomes known. On a branch that cannot be reached the facts may contradict
 * each other (an empty range): callers look with boundsViolation.
 *
 * @see v6.18 kernel/bpf/verifier.c, regs_refine_cond_op, reg_set_min_max
 */

import { JEQ, JGE, JGT, JLE, JLT, JNE, JSET, JSGE, JSGT, JSLE, JSLT, NSET, opposite } from "./jump-op.ts";
import { Num, numOf, unbound32, unbound64 } from "./num.ts";
import { settle } from "./scalar.ts";
import { syncNum } from "./sync.ts";
import { Bits, tnumConst, tnumIntersect, tnumIsConst, tnumOr, tnumSubregIsConst, tnumWithSubreg } from "./tnum.ts";
import type { RefinedPair, Scalar } from "./types.ts";
import { below, below32, differenceHi, less, sumHi } from "./word.ts";

function refineEqual32(a: Num, b: Num): void {
  a.lowMin = b.lowMin = below32(a.lowMin, b.lowMin) ? b.lowMin : a.lowMin;
  a.lowMax = b.lowMax = below32(b.lowMax, a.lowMax) ? b.lowMax : a.lowMax;
  a.s32min = b.s32min = Math.max(a.s32min, b.s32min);
  a.s32max = b.s32max = Math.min(a.s32max, b.s32max);
  const low = tnumIntersect(a.bits, b.bits);
  a.bits = tnumWithSubreg(a.bits, low);
  b.bits = tnumWithSubreg(b.bits, low);
}

function refineEqual64(a: Num, b: Num): void {
  const umin = below(a.uminHi, a.uminLo, b.uminHi, b.uminLo) ? b : a;
  a.uminHi = b.uminHi = umin.uminHi;
  a.uminLo = b.uminLo = umin.uminLo;
  const umax = below(b.umaxHi, b.umaxLo, a.umaxHi, a.umaxLo) ? b : a;
  a.umaxHi = b.umaxHi = umax.umaxHi;
  a.umaxLo = b.umaxLo = umax.umaxLo;
  const smin = less(a.sminHi, a.sminLo, b.sminHi, b.sminLo) ? b : a;
  a.sminHi = b.sminHi = smin.sminHi;
  a.sminLo = b.sminLo = smin.sminLo;
  const smax = less(b.smaxHi, b.smaxLo, a.smaxHi, a.smaxLo) ? b : a;
  a.smaxHi = b.smaxHi = smax.smaxHi;
  a.smaxLo = b.smaxLo = smax.smaxLo;
  a.bits = b.bits = tnumIntersect(a.bits, b.bits);
}

/** Ends that equal the constant `v` move inward by 1, modulo the width. */
function refineNotEqual32(a: Num, v: number): void {
  if (a.lowMin === v) a.lowMin = (v + 1) | 0;
  if (a.lowMax === v) a.lowMax = (v - 1) | 0;
  if (a.s32min === v) a.s32min = (v + 1) | 0;
  if (a.s32max === v) a.s32max = (v - 1) | 0;
}

function refineNotEqual64(a: Num, hi: number, lo: number): void {
  const nextLo = (lo + 1) | 0;
  const nextHi = sumHi(hi, lo, 0, nextLo);
  const previousLo = (lo - 1) | 0;
  const previousHi = differenceHi(hi, lo, 0, 1);
  if (a.uminLo === lo && a.uminHi === hi) {
    a.uminHi = nextHi;
    a.uminLo = nextLo;
  }
  if (a.umaxLo === lo && a.umaxHi === hi) {
    a.umaxHi = previousHi;
    a.umaxLo = previousLo;
  }
  if (a.sminLo === lo && a.sminHi === hi) {
    a.sminHi = nextHi;
    a.sminLo = nextLo;
  }
  if (a.smaxLo === lo && a.smaxHi === hi) {
    a.smaxHi = previousHi;
    a.smaxLo = previousLo;
  }
}

function isSingleBit(v: number): boolean {
  return v !== 0 && (v & (v - 1)) === 0;
}

/** a & v ≠ 0: teaches something only if v is a single bit. */
function refineSet(a: Num, hi: number, lo: number): void {
  if (hi === 0 ? !isSingleBit(lo) : lo !== 0 || !isSingleBit(hi)) return;
  a.bits = tnumOr(a.bits, tnumConst(hi, lo));
}

/** a & v = 0. The ranges are dropped first: on a dead branch they would contradict the bits. */
function refineNotSet(a: Num, hi: number, lo: number): void {
  unbound64(a);
  unbound32(a);
  const { valueHi, valueLo, maskHi, maskLo } = a.bits;
  a.bits = new Bits(valueHi & ~hi, valueLo & ~lo, maskHi & ~hi, maskLo & ~lo);
}

/** a ≤ b - gap, unsigned; gap is 0 or 1. */
function refineUnsigned(is32: boolean, a: Num, b: Num, gap: 0 | 1): void {
  if (is32) {
    const max = (b.lowMax - gap) | 0;
    if (below32(max, a.lowMax)) a.lowMax = max;
    const min = (a.lowMin + gap) | 0;
    if (below32(b.lowMin, min)) b.lowMin = min;
    return;
  }
  const maxHi = differenceHi(b.umaxHi, b.umaxLo, 0, gap);
  const maxLo = (b.umaxLo - gap) | 0;
  if (below(maxHi, maxLo, a.umaxHi, a.umaxLo)) {
    a.umaxHi = maxHi;
    a.umaxLo = maxLo;
  }
  const minLo = (a.uminLo + gap) | 0;
  const minHi = sumHi(a.uminHi, a.uminLo, 0, minLo);
  if (below(b.uminHi, b.uminLo, minHi, minLo)) {
    b.uminHi = minHi;
    b.uminLo = minLo;
  }
}

/** a ≤ b - gap, signed; gap is 0 or 1. */
function refineSigned(is32: boolean, a: Num, b: Num, gap: 0 | 1): void {
  if (is32) {
    const max = (b.s32max - gap) | 0;
    if (max < a.s32max) a.s32max = max;
    const min = (a.s32min + gap) | 0;
    if (b.s32min < min) b.s32min = min;
    return;
  }
  const maxHi = differenceHi(b.smaxHi, b.smaxLo, 0, gap);
  const maxLo = (b.smaxLo - gap) | 0;
  if (less(maxHi, maxLo, a.smaxHi, a.smaxLo)) {
    a.smaxHi = maxHi;
    a.smaxLo = maxLo;
  }
  const minLo = (a.sminLo + gap) | 0;
  const minHi = sumHi(a.sminHi, a.sminLo, 0, minLo);
  if (less(b.sminHi, b.sminLo, minHi, minLo)) {
    b.sminHi = minHi;
    b.sminLo = minLo;
  }
}

/** Comparisons from which something follows only if one operand is known. */
function refineByConstant(op: number, is32: boolean, a: Num, b: Num): void {
  const known = (s: Num): boolean => (is32 ? tnumSubregIsConst(s.bits) : tnumIsConst(s.bits));
  const [x, constant] = known(b) ? [a, b] : [b, a];
  if (!known(constant)) return;
  const hi = is32 ? 0 : constant.bits.valueHi;
  const lo = constant.bits.valueLo;
  if (op === JSET) refineSet(x, hi, lo);
  else if (op === NSET) refineNotSet(x, hi, lo);
  else if (is32) refineNotEqual32(x, lo);
  else refineNotEqual64(x, hi, lo);
}

function refineNums(op: number, is32: boolean, a: Num, b: Num): void {
  switch (op) {
    case JEQ:
      if (is32) refineEqual32(a, b);
      else refineEqual64(a, b);
      break;
    case JNE:
    case JSET:
    case NSET:
      refineByConstant(op, is32, a, b);
      break;
    case JLT:
      refineUnsigned(is32, a, b, 1);
      break;
    case JLE:
      refineUnsigned(is32, a, b, 0);
      break;
    case JGT:
      refineUnsigned(is32, b, a, 1);
      break;
    case JGE:
      refineUnsigned(is32, b, a, 0);
      break;
    case JSLT:
      refineSigned(is32, a, b, 1);
      break;
    case JSLE:
      refineSigned(is32, a, b, 0);
      break;
    case JSGT:
      refineSigned(is32, b, a, 1);
      break;
    case JSGE:
      refineSigned(is32, b, a, 0);
      break;
    default:
      break;
  }
}

/**
 * What is known of both operands of `if a op b` when it jumps (`taken`) or does not. An immediate operand is a constant, sign-extended to 64
 * bits. Call it only for jumps that branchTaken leaves open.
 *
 * @see v6.18 kernel/bpf/verifier.c, reg_set_min_max
 */
export function refineBranch(op: number, is32: boolean, a: Scalar, b: Scalar, taken: boolean): RefinedPair {
  const x = new Num(numOf(a));
  const y = new Num(numOf(b));
  refineNums(taken ? op : opposite(op), is32, x, y);
  syncNum(x);
  syncNum(y);
  return { a: settle(x, numOf(a)), b: settle(y, numOf(b)) };
}

/**
 * The same for a register that is compared with itself, `if a op a`. Such a jump is not decided beforehand unless the ranges decide it, and both
 * operands being one, each step sees what the one before did: strict comparisons trim the range at both ends.
 *
 * @see v6.18 kernel/bpf/verifier.c, reg_set_min_max, called with one register for both operands
 */
export function refineSelf(op: number, is32: boolean, a: Scalar, taken: boolean): Scalar {
  const x = new Num(numOf(a));
  refineNums(taken ? op : opposite(op), is32, x, x);
  syncNum(x);
  syncNum(x);
  return settle(x, numOf(a));
}
