/**
 * The abstract domain of scalar values: pure functions over immutable values, no knowledge of registers, states or programs.
 *
 * Callers outside of this folder import from here alone and treat Scalar as opaque but for reading its fields.
 */

export { sumIsAligned } from "./alignment.ts";
export { aluScalar, type Fork, forkScalar, isComputable } from "./alu.ts";
export { addDelta, addUnsynced, pointerAdd, pointerSub } from "./alu-additive.ts";
export { branchTaken } from "./branch.ts";
export { formatRanges, formatScalar, formatSigned, formatTnum, formatUnsigned } from "./format.ts";
export { parseScalar } from "./parse.ts";
export { fromSignedRange, fromTnum, fromUnsignedRange } from "./ranges.ts";
export { refineBranch, refineSelf } from "./refine.ts";
export { boundsSane, boundsViolation, formatViolation } from "./sanity.ts";
export {
  constant,
  constSigned,
  constValue,
  contains,
  equalsScalar,
  fitsUnsigned,
  forgetRanges,
  isConst,
  isConstEqual,
  isSubregConst,
  isUnknown,
  rangeWithin,
  scalarWithin,
  smaxNumber,
  sminNumber,
  UNKNOWN,
  umaxNumber,
  uminNumber,
  withBounds,
  ZERO,
} from "./scalar.ts";
export { sync } from "./sync.ts";
export type { BoundsViolation, BranchOutcome, RefinedPair, Scalar, ScalarBounds, ScalarDomain, Tnum } from "./types.ts";
export { byteSwap, movsx32, movsx64, truncate, zext32 } from "./width.ts";
