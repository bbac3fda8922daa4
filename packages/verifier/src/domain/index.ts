/**
 * The abstract domain of scalar values: pure functions over immutable values, no knowledge of registers, states or programs.
 *
 * Callers outside of this folder import from here alone and treat Scalar as opaque but for reading its fields.
 */

export { sumIsAligned } from "./alignment.ts";
export { aluScalar, forkScalar, isComputable } from "./alu.ts";
export { addDelta, pointerAdd, pointerSub } from "./alu-additive.ts";
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
  forgetRanges,
  isConst,
  isConstEqual,
  isSubregConst,
  rangeWithin,
  scalarWithin,
  UNKNOWN,
  withBounds,
  ZERO,
} from "./scalar.ts";
export { sync } from "./sync.ts";
export type { BranchOutcome, Scalar, ScalarDomain } from "./types.ts";
export { byteSwap, movsx32, movsx64, truncate, zext32 } from "./width.ts";
