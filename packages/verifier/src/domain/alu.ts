/**
 * What an arithmetic instruction makes of two scalars.
 *
 * @see v6.18 kernel/bpf/verifier.c, adjust_scalar_min_max_vals
 */

import { addDraft, negDraft, subDraft } from "./alu-additive.ts";
import { andDraft, orDraft, xorDraft } from "./alu-bitwise.ts";
import { mulDraft } from "./alu-mul.ts";
import { arshDraft32, arshDraft64, lshDraft32, lshDraft64, rshDraft32, rshDraft64 } from "./alu-shift.ts";
import { Draft, setKnown32 } from "./draft.ts";
import { LOW32 } from "./integers.ts";
import { constant, isConst, isSettledConst, isSubregConst, settle, UNKNOWN, ZERO } from "./scalar.ts";
import { syncDraft } from "./sync.ts";
import type { Scalar } from "./types.ts";
import { zext32Draft } from "./width.ts";

/** Operation numbers: `code & 0xf0` of an arithmetic instruction. */
const ADD = 0x00;
const SUB = 0x10;
const MUL = 0x20;
const OR = 0x40;
const AND = 0x50;
const LSH = 0x60;
const RSH = 0x70;
const NEG = 0x80;
const XOR = 0xa0;
const ARSH = 0xc0;

/**
 * Is anything known of the result? Division, modulo and byte swaps are not tracked, shifts only by a known distance within the width.
 *
 * @see v6.18 kernel/bpf/verifier.c, is_safe_to_compute_dst_reg_range
 */
export function isComputable(op: number, is64: boolean, src: Scalar): boolean {
  switch (op) {
    case ADD:
    case SUB:
    case NEG:
    case AND:
    case XOR:
    case OR:
    case MUL:
      return true;
    case LSH:
    case RSH:
    case ARSH:
      return is64
        ? isConst(src) && src.smin === src.smax && src.umin === src.umax && src.umax < 64n
        : isSubregConst(src) && src.s32min === src.s32max && src.u32min === src.u32max && src.umax < 32n;
    default:
      return false;
  }
}

function compute(op: number, is64: boolean, dst: Scalar, src: Scalar): Draft {
  if (op === NEG) return negDraft(dst);
  const d = new Draft(dst);
  switch (op) {
    case ADD:
      addDraft(d, src);
      break;
    case SUB:
      subDraft(d, src);
      break;
    case MUL:
      mulDraft(d, src);
      break;
    case AND:
      andDraft(d, src);
      break;
    case OR:
      orDraft(d, src);
      break;
    case XOR:
      xorDraft(d, src);
      break;
    case LSH:
      if (is64) lshDraft64(d, Number(src.umin));
      else lshDraft32(d, src.u32min);
      break;
    case RSH:
      if (is64) rshDraft64(d, Number(src.umin));
      else rshDraft32(d, src.u32min);
      break;
    case ARSH:
      if (is64) arshDraft64(d, Number(src.umin));
      else arshDraft32(d, src.u32min);
      break;
    default:
      throw new Error(`no arithmetic operation ${op}`);
  }
  return d;
}

/**
 * The result of `dst op= src`, `op` being the high nibble of the instruction's code. 32-bit operations (`is64` false) clear the upper half. An
 * immediate operand is a constant, sign-extended to 64 bits. BPF_NEG ignores `src`.
 */
export function aluScalar(op: number, is64: boolean, dst: Scalar, src: Scalar): Scalar {
  if (!isComputable(op, is64, src)) return UNKNOWN;
  // With settled constants on both sides every path below ends at the one constant result; computing it directly is only faster.
  if (isSettledConst(dst) && isSettledConst(src)) {
    const value = constantResult(op, is64 ? dst.umin : dst.umin & LOW32, is64 ? src.umin : src.umin & LOW32);
    if (value !== undefined) return constant(is64 ? value : BigInt.asUintN(32, value));
  }
  const d = compute(op, is64, dst, src);
  if (!is64) zext32Draft(d);
  syncDraft(d);
  return settle(d, dst);
}

function constantResult(op: number, a: bigint, b: bigint): bigint | undefined {
  switch (op) {
    case ADD:
      return a + b;
    case SUB:
      return a - b;
    case MUL:
      return a * b;
    case AND:
      return a & b;
    case OR:
      return a | b;
    case XOR:
      return a ^ b;
    case LSH:
      return a << b;
    case RSH:
      return a >> b;
    default:
      return undefined;
  }
}

/** Both values of a register that is 0 or all ones. */
export interface Fork {
  /** The value with which the rest of the path is walked now. */
  readonly ones: Scalar;
  /** The value with which the same instruction is walked later. */
  readonly zero: Scalar;
}

/**
 * A destination of AND or OR with a constant that is known to be 0 or -1 (or whose low half is) is walked twice, once with either value:
 * that is what compilers make of a comparison's result. Undefined where that does not apply.
 *
 * @see v6.18 kernel/bpf/verifier.c, maybe_fork_scalars
 */
export function forkScalar(op: number, dst: Scalar, src: Scalar): Fork | undefined {
  if ((op !== AND && op !== OR) || !isConst(src)) return undefined;
  if (dst.smin === -1n && dst.smax === 0n) return { ones: constant(-1), zero: ZERO };
  if (dst.s32min !== -1 || dst.s32max !== 0) return undefined;
  const ones = new Draft(dst);
  setKnown32(ones, 0xffff_ffffn);
  const zero = new Draft(dst);
  setKnown32(zero, 0n);
  return { ones: settle(ones), zero: settle(zero) };
}
