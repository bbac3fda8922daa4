/**
 * What the outcome of a conditional jump teaches about its operands.
 *
 * a < b bounds a from above by b's largest value less 1 and b from below by a's smallest plus 1; equality intersects; inequality with a
 * constant trims a range that ends there; a single tested bit becomes known. On a branch that cannot be reached the facts may contradict
 * each other (an empty range): callers look with boundsViolation.
 *
 * @see v6.18 kernel/bpf/verifier.c, regs_refine_cond_op, reg_set_min_max
 */

import { Draft, unbound32, unbound64 } from "./draft.ts";
import { low32, max64, min64, s64, slow32, U64_MAX, u64 } from "./integers.ts";
import { JEQ, JGE, JGT, JLE, JLT, JNE, JSET, JSGE, JSGT, JSLE, JSLT, NSET, opposite } from "./jump-op.ts";
import { isConst, isSubregConst, settle } from "./scalar.ts";
import { syncDraft } from "./sync.ts";
import { tnumAnd, tnumConst, tnumIntersect, tnumOr, tnumSubreg, tnumWithSubreg } from "./tnum.ts";
import type { RefinedPair, Scalar } from "./types.ts";

function refineEqual(is32: boolean, a: Draft, b: Draft): void {
  if (is32) {
    a.u32min = b.u32min = Math.max(a.u32min, b.u32min);
    a.u32max = b.u32max = Math.min(a.u32max, b.u32max);
    a.s32min = b.s32min = Math.max(a.s32min, b.s32min);
    a.s32max = b.s32max = Math.min(a.s32max, b.s32max);
    const low = tnumIntersect(tnumSubreg(a.tnum), tnumSubreg(b.tnum));
    a.tnum = tnumWithSubreg(a.tnum, low);
    b.tnum = tnumWithSubreg(b.tnum, low);
  } else {
    a.umin = b.umin = max64(a.umin, b.umin);
    a.umax = b.umax = min64(a.umax, b.umax);
    a.smin = b.smin = max64(a.smin, b.smin);
    a.smax = b.smax = min64(a.smax, b.smax);
    a.tnum = b.tnum = tnumIntersect(a.tnum, b.tnum);
  }
}

/** Ends that equal the constant `v` move inward by 1, modulo the width. */
function refineNotEqual(is32: boolean, a: Draft, v: bigint): void {
  if (is32) {
    const u = low32(v);
    const s = slow32(v);
    if (a.u32min === u) a.u32min = (u + 1) >>> 0;
    if (a.u32max === u) a.u32max = (u - 1) >>> 0;
    if (a.s32min === s) a.s32min = (s + 1) | 0;
    if (a.s32max === s) a.s32max = (s - 1) | 0;
  } else {
    const s = s64(v);
    if (a.umin === v) a.umin = u64(v + 1n);
    if (a.umax === v) a.umax = u64(v - 1n);
    if (a.smin === s) a.smin = s64(s + 1n);
    if (a.smax === s) a.smax = s64(s - 1n);
  }
}

/** a & v ≠ 0: teaches something only if v is a single bit. */
function refineSet(is32: boolean, a: Draft, v: bigint): void {
  if (v === 0n || (v & (v - 1n)) !== 0n) return;
  const bits = tnumConst(v);
  a.tnum = is32 ? tnumWithSubreg(a.tnum, tnumOr(tnumSubreg(a.tnum), bits)) : tnumOr(a.tnum, bits);
}

/** a & v = 0. The ranges are dropped first: on a dead branch they would contradict the bits. */
function refineNotSet(is32: boolean, a: Draft, v: bigint): void {
  unbound64(a);
  unbound32(a);
  const bits = tnumConst(U64_MAX ^ v);
  a.tnum = is32 ? tnumWithSubreg(a.tnum, tnumAnd(tnumSubreg(a.tnum), bits)) : tnumAnd(a.tnum, bits);
}

/** a ≤ b - gap, unsigned; gap is 0 or 1. */
function refineUnsigned(is32: boolean, a: Draft, b: Draft, gap: 0 | 1): void {
  if (is32) {
    a.u32max = Math.min(a.u32max, (b.u32max - gap) >>> 0);
    b.u32min = Math.max((a.u32min + gap) >>> 0, b.u32min);
  } else {
    const g = BigInt(gap);
    a.umax = min64(a.umax, u64(b.umax - g));
    b.umin = max64(u64(a.umin + g), b.umin);
  }
}

/** a ≤ b - gap, signed; gap is 0 or 1. */
function refineSigned(is32: boolean, a: Draft, b: Draft, gap: 0 | 1): void {
  if (is32) {
    a.s32max = Math.min(a.s32max, (b.s32max - gap) | 0);
    b.s32min = Math.max((a.s32min + gap) | 0, b.s32min);
  } else {
    const g = BigInt(gap);
    a.smax = min64(a.smax, s64(b.smax - g));
    b.smin = max64(s64(a.smin + g), b.smin);
  }
}

function refineDrafts(op: number, is32: boolean, a: Draft, b: Draft): void {
  const known = (s: Scalar): boolean => (is32 ? isSubregConst(s) : isConst(s));
  switch (op) {
    case JEQ:
      refineEqual(is32, a, b);
      break;
    case JNE:
    case JSET:
    case NSET: {
      const [x, constant] = known(b) ? [a, b] : [b, a];
      if (!known(constant)) break;
      const v = is32 ? tnumSubreg(constant.tnum).value : constant.tnum.value;
      if (op === JNE) refineNotEqual(is32, x, v);
      else if (op === JSET) refineSet(is32, x, v);
      else refineNotSet(is32, x, v);
      break;
    }
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
  const x = new Draft(a);
  const y = new Draft(b);
  refineDrafts(taken ? op : opposite(op), is32, x, y);
  syncDraft(x);
  syncDraft(y);
  return { a: settle(x, a), b: settle(y, b) };
}

/**
 * The same for a register that is compared with itself, `if a op a`. Such a jump is not decided beforehand unless the ranges decide it, and both
 * operands being one, each step sees what the one before did: strict comparisons trim the range at both ends.
 *
 * @see v6.18 kernel/bpf/verifier.c, reg_set_min_max, called with one register for both operands
 */
export function refineSelf(op: number, is32: boolean, a: Scalar, taken: boolean): Scalar {
  const x = new Draft(a);
  refineDrafts(taken ? op : opposite(op), is32, x, x);
  syncDraft(x);
  syncDraft(x);
  return settle(x, a);
}
