/**
 * The abstract domain of scalar values: pure functions over immutable values, no knowledge of registers, states or programs.
 *
 * Callers outside of this folder import from here alone and treat Scalar as opaque but for reading its fields.
 */

export { aluScalar, type Fork, forkScalar, isComputable } from "./alu.ts";
export { addDelta, addUnsynced, pointerAdd, pointerSub } from "./alu-additive.ts";
export { branchTaken } from "./branch.ts";
export { byteSwap } from "./byte-swap.ts";
export { formatRanges, formatScalar, formatSigned, formatTnum, formatUnsigned } from "./format.ts";
export { parseScalar } from "./parse.ts";
export { fromSignedRange, fromTnum, fromUnsignedRange } from "./ranges.ts";
export { refineBranch, refineSelf } from "./refine.ts";
export {
  constant,
  constSigned,
  constValue,
  contains,
  equalsScalar,
  forgetRanges,
  isConst,
  isConstEqual,
  isSubregConst,
  isUnknown,
  rangeWithin,
  scalarWithin,
  UNKNOWN,
  withBounds,
  ZERO,
} from "./scalar.ts";
export { boundsSane, boundsViolation, formatViolation, sync } from "./sync.ts";
export { tnumIn, tnumIsAligned, tnumIsConst, tnumIsUnknown } from "./tnum.ts";
export type { BoundsViolation, BranchOutcome, RefinedPair, Scalar, ScalarBounds, ScalarDomain, Tnum } from "./types.ts";
export { movsx32, movsx64, truncate, zext32 } from "./width.ts";
