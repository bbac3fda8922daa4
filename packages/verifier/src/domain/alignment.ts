import { numOf } from "./num.ts";
import { constantOf } from "./scalar.ts";
import { tnumAdd, tnumIsAligned } from "./tnum.ts";
import type { Scalar } from "./types.ts";

/** Is every possible value, plus `fixed` (an int32), a multiple of `size` (a power of two)? */
export function sumIsAligned(s: Scalar, fixed: number, size: number): boolean {
  return tnumIsAligned(tnumAdd(numOf(s).bits, constantOf(fixed >> 31, fixed).bits), size);
}
