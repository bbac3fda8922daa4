/**
 * Contradictions between the facts about a value: they show dead code, or a defect.
 *
 * @see v6.18 kernel/bpf/verifier.c, reg_bounds_sanity_check
 */

import { numOf } from "./num.ts";
import type { BoundsViolation, Scalar } from "./types.ts";
import { below, below32, less } from "./word.ts";

/** A contradiction, in the kernel's words; undefined if there is none. */
export function boundsViolation(s: Scalar): BoundsViolation | undefined {
  const n = numOf(s);
  if (
    below(n.umaxHi, n.umaxLo, n.uminHi, n.uminLo) ||
    less(n.smaxHi, n.smaxLo, n.sminHi, n.sminLo) ||
    below32(n.lowMax, n.lowMin) ||
    n.s32max < n.s32min
  ) {
    return "range bounds violation";
  }
  const { valueHi: hi, valueLo: lo, maskHi, maskLo } = n.bits;
  if (maskLo !== 0) return undefined;
  if (maskHi === 0) {
    const agree =
      n.uminHi === hi &&
      n.uminLo === lo &&
      n.umaxHi === hi &&
      n.umaxLo === lo &&
      n.sminHi === hi &&
      n.sminLo === lo &&
      n.smaxHi === hi &&
      n.smaxLo === lo;
    if (!agree) return "const tnum out of sync with range bounds";
  }
  const lowAgrees = n.lowMin === lo && n.lowMax === lo && n.s32min === lo && n.s32max === lo;
  return lowAgrees ? undefined : "const subreg tnum out of sync with range bounds";
}

/** Is there no contradiction? */
export function boundsSane(s: Scalar): boolean {
  return boundsViolation(s) === undefined;
}

function hex(v: bigint | number): string {
  return `0x${v.toString(16)}`;
}

/**
 * The kernel's log line (without newline) about a contradiction; `where` is its name for the register: `alu`, `true_reg1`, `false_reg2` ….
 */
export function formatViolation(s: Scalar, where: string, violation: BoundsViolation): string {
  const pattern = (v: bigint): string => hex(BigInt.asUintN(64, v));
  return (
    `verifier bug: REG INVARIANTS VIOLATION (${where}): ${violation} u64=[${hex(s.umin)}, ${hex(s.umax)}] ` +
    `s64=[${pattern(s.smin)}, ${pattern(s.smax)}] u32=[${hex(s.u32min)}, ${hex(s.u32max)}] ` +
    `s32=[${hex(s.s32min >>> 0)}, ${hex(s.s32max >>> 0)}] var_off=(${hex(s.tnum.value)}, ${hex(s.tnum.mask)})`
  );
}
