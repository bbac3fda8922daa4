/** Scalars from a single fact, with all that follows from it. */

import { UNKNOWN, withBounds } from "./scalar.ts";
import { sync } from "./sync.ts";
import type { Scalar, Tnum } from "./types.ts";

/** [min, max] as signed numbers, and what follows from it. */
export function fromSignedRange(min: bigint, max: bigint): Scalar {
  return sync(withBounds(UNKNOWN, { smin: min, smax: max }));
}

/** [min, max] as unsigned numbers, and what follows from it. */
export function fromUnsignedRange(min: bigint, max: bigint): Scalar {
  return sync(withBounds(UNKNOWN, { umin: min, umax: max }));
}

/** Known by its bits alone, and what follows from them. */
export function fromTnum(tnum: Tnum): Scalar {
  return sync(withBounds(UNKNOWN, { tnum }));
}
