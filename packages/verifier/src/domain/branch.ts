/**
 * Whether what is known of two values decides a conditional jump.
 *
 * @see v6.18 kernel/bpf/verifier.c, is_scalar_branch_taken
 */

import { JEQ, JGE, JGT, JLE, JLT, JNE, JSET, JSGE, JSGT, JSLE, JSLT } from "./jump-op.ts";
import { type Num, numOf } from "./num.ts";
import { tnumIsConst, tnumOverlap, tnumSubreg, tnumSubregIsConst } from "./tnum.ts";
import type { BranchOutcome, Scalar } from "./types.ts";
import { below, below32, less } from "./word.ts";

/**
 * Does a < b (`strict`) or a ≤ b hold for all, for none, or for some of the values? "All" is asked first, which shows where ranges contradict
 * themselves.
 */
function unsignedLess(is32: boolean, a: Num, b: Num, strict: boolean): BranchOutcome {
  if (is32) {
    if (strict) {
      if (below32(a.lowMax, b.lowMin)) return 1;
      return below32(a.lowMin, b.lowMax) ? -1 : 0;
    }
    if (!below32(b.lowMin, a.lowMax)) return 1;
    return below32(b.lowMax, a.lowMin) ? 0 : -1;
  }
  if (strict) {
    if (below(a.umaxHi, a.umaxLo, b.uminHi, b.uminLo)) return 1;
    return below(a.uminHi, a.uminLo, b.umaxHi, b.umaxLo) ? -1 : 0;
  }
  if (!below(b.uminHi, b.uminLo, a.umaxHi, a.umaxLo)) return 1;
  return below(b.umaxHi, b.umaxLo, a.uminHi, a.uminLo) ? 0 : -1;
}

function signedLess(is32: boolean, a: Num, b: Num, strict: boolean): BranchOutcome {
  if (is32) {
    if (strict) {
      if (a.s32max < b.s32min) return 1;
      return a.s32min < b.s32max ? -1 : 0;
    }
    if (a.s32max <= b.s32min) return 1;
    return a.s32min > b.s32max ? 0 : -1;
  }
  if (strict) {
    if (less(a.smaxHi, a.smaxLo, b.sminHi, b.sminLo)) return 1;
    return less(a.sminHi, a.sminLo, b.smaxHi, b.smaxLo) ? -1 : 0;
  }
  if (!less(b.sminHi, b.sminLo, a.smaxHi, a.smaxLo)) return 1;
  return less(b.smaxHi, b.smaxLo, a.sminHi, a.sminLo) ? 0 : -1;
}

/** Do two values' ranges of the low halves (and of the whole unless `is32`) have nothing in common? */
function apart(is32: boolean, a: Num, b: Num): boolean {
  if (a.s32min > b.s32max || a.s32max < b.s32min) return true;
  if (below32(b.lowMax, a.lowMin) || below32(a.lowMax, b.lowMin)) return true;
  if (is32) return false;
  return (
    below(b.umaxHi, b.umaxLo, a.uminHi, a.uminLo) ||
    below(a.umaxHi, a.umaxLo, b.uminHi, b.uminLo) ||
    less(b.smaxHi, b.smaxLo, a.sminHi, a.sminLo) ||
    less(a.smaxHi, a.smaxLo, b.sminHi, b.sminLo)
  );
}

function equal(is32: boolean, a: Num, b: Num): BranchOutcome {
  const x = is32 ? tnumSubreg(a.bits) : a.bits;
  const y = is32 ? tnumSubreg(b.bits) : b.bits;
  if (tnumIsConst(x) && tnumIsConst(y)) return x.valueHi === y.valueHi && x.valueLo === y.valueLo ? 1 : 0;
  if (!tnumOverlap(x, y)) return 0;
  return apart(is32, a, b) ? 0 : -1;
}

function knownOf(is32: boolean, s: Num): boolean {
  return is32 ? tnumSubregIsConst(s.bits) : tnumIsConst(s.bits);
}

function bitsInCommon(is32: boolean, a: Num, b: Num): BranchOutcome {
  const [x, known] = knownOf(is32, b) ? [a.bits, b] : [b.bits, a];
  if (!knownOf(is32, known)) return -1;
  const hi = is32 ? 0 : known.bits.valueHi;
  const lo = known.bits.valueLo;
  if (((x.valueHi & hi) | (x.valueLo & lo)) !== 0) return 1;
  return (((x.valueHi | x.maskHi) & hi) | ((x.valueLo | x.maskLo) & lo)) === 0 ? 0 : -1;
}

function not(outcome: BranchOutcome): BranchOutcome {
  return outcome === -1 ? -1 : outcome === 1 ? 0 : 1;
}

/**
 * Whether `if a op b` jumps: 1 always, 0 never, -1 unknown. `is32`: class BPF_JMP32, only the low halves count.
 *
 * @see v6.18 kernel/bpf/verifier.c, is_scalar_branch_taken
 */
export function branchTaken(op: number, is32: boolean, left: Scalar, right: Scalar): BranchOutcome {
  const a = numOf(left);
  const b = numOf(right);
  switch (op) {
    case JEQ:
      return equal(is32, a, b);
    case JNE:
      return not(equal(is32, a, b));
    case JSET:
      return bitsInCommon(is32, a, b);
    case JGT:
      return unsignedLess(is32, b, a, true);
    case JGE:
      return unsignedLess(is32, b, a, false);
    case JLT:
      return unsignedLess(is32, a, b, true);
    case JLE:
      return unsignedLess(is32, a, b, false);
    case JSGT:
      return signedLess(is32, b, a, true);
    case JSGE:
      return signedLess(is32, b, a, false);
    case JSLT:
      return signedLess(is32, a, b, true);
    case JSLE:
      return signedLess(is32, a, b, false);
    default:
      return -1;
  }
}
