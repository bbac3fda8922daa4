/**
 * Whether what is known of two values decides a conditional jump.
 *
 * @see v6.18 kernel/bpf/verifier.c, is_scalar_branch_taken
 */

import { JEQ, JGE, JGT, JLE, JLT, JNE, JSET, JSGE, JSGT, JSLE, JSLT } from "./jump-op.ts";
import { isConst, isSubregConst } from "./scalar.ts";
import { tnumOverlap, tnumSubreg } from "./tnum.ts";
import type { BranchOutcome, Scalar } from "./types.ts";

/** Does a < b (`strict`) or a ≤ b hold for all, for none, or for some of the values in two ranges? "All" is asked first, as contradictory ranges show. */
function less<T extends bigint | number>(aMin: T, aMax: T, bMin: T, bMax: T, strict: boolean): BranchOutcome {
  if (strict) {
    if (aMax < bMin) return 1;
    return aMin >= bMax ? 0 : -1;
  }
  if (aMax <= bMin) return 1;
  return aMin > bMax ? 0 : -1;
}

function unsignedLess(is32: boolean, a: Scalar, b: Scalar, strict: boolean): BranchOutcome {
  return is32 ? less(a.u32min, a.u32max, b.u32min, b.u32max, strict) : less(a.umin, a.umax, b.umin, b.umax, strict);
}

function signedLess(is32: boolean, a: Scalar, b: Scalar, strict: boolean): BranchOutcome {
  return is32 ? less(a.s32min, a.s32max, b.s32min, b.s32max, strict) : less(a.smin, a.smax, b.smin, b.smax, strict);
}

/** Do two values' ranges of the low halves (and of the whole unless `is32`) have nothing in common? */
function apart(is32: boolean, a: Scalar, b: Scalar): boolean {
  if (a.u32min > b.u32max || a.u32max < b.u32min || a.s32min > b.s32max || a.s32max < b.s32min) return true;
  return !is32 && (a.umin > b.umax || a.umax < b.umin || a.smin > b.smax || a.smax < b.smin);
}

function equal(is32: boolean, a: Scalar, b: Scalar): BranchOutcome {
  const at = is32 ? tnumSubreg(a.tnum) : a.tnum;
  const bt = is32 ? tnumSubreg(b.tnum) : b.tnum;
  if (at.mask === 0n && bt.mask === 0n) return at.value === bt.value ? 1 : 0;
  if (!tnumOverlap(at, bt)) return 0;
  return apart(is32, a, b) ? 0 : -1;
}

function knownOf(is32: boolean, s: Scalar): boolean {
  return is32 ? isSubregConst(s) : isConst(s);
}

function bitsInCommon(is32: boolean, a: Scalar, b: Scalar): BranchOutcome {
  const [x, known] = knownOf(is32, b) ? [a, b] : [b, a];
  if (!knownOf(is32, known)) return -1;
  const bits = is32 ? tnumSubreg(known.tnum).value : known.tnum.value;
  const t = is32 ? tnumSubreg(x.tnum) : x.tnum;
  if ((t.value & bits) !== 0n) return 1;
  return ((t.value | t.mask) & bits) === 0n ? 0 : -1;
}

function not(outcome: BranchOutcome): BranchOutcome {
  return outcome === -1 ? -1 : outcome === 1 ? 0 : 1;
}

/**
 * Whether `if a op b` jumps: 1 always, 0 never, -1 unknown. `is32`: class BPF_JMP32, only the low halves count.
 *
 * @see v6.18 kernel/bpf/verifier.c, is_scalar_branch_taken
 */
export function branchTaken(op: number, is32: boolean, a: Scalar, b: Scalar): BranchOutcome {
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
