/**
 * What an arithmetic instruction makes of two scalars.
 *
 * @see v6.18 kernel/bpf/verifier.c, adjust_scalar_min_max_vals
 */

import { addNum, negNum, subNum } from "./alu-additive.ts";
import { andNum, orNum, xorNum } from "./alu-bitwise.ts";
import { mulNum } from "./alu-mul.ts";
import { arshNum32, arshNum64, lshNum32, lshNum64, rshNum32, rshNum64 } from "./alu-shift.ts";
import { Num, numOf, setKnown32 } from "./num.ts";
import { constantOf, fitsUnsigned, isConst, isSettledConst, isSubregConst, settle, UNKNOWN, ZERO } from "./scalar.ts";
import { syncNum } from "./sync.ts";
import type { Scalar } from "./types.ts";
import { zext32Num } from "./width.ts";
import { differenceHi, sumHi } from "./word.ts";

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
 * Is anything known of the result? Division and modulo are not tracked, shifts only by a known distance within the width.
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
      return isDistance(is64, numOf(src));
    default:
      return false;
  }
}

/** Is the shift's distance known, and less than the width? */
function isDistance(is64: boolean, src: Num): boolean {
  if (!is64) {
    return isSubregConst(src) && src.s32min === src.s32max && src.lowMin === src.lowMax && fitsUnsigned(src, 5);
  }
  return (
    isConst(src) &&
    src.sminLo === src.smaxLo &&
    src.sminHi === src.smaxHi &&
    src.uminLo === src.umaxLo &&
    src.uminHi === src.umaxHi &&
    fitsUnsigned(src, 6)
  );
}

function compute(op: number, is64: boolean, dst: Num, src: Num): Num {
  if (op === NEG) return negNum(dst);
  const d = new Num(dst);
  switch (op) {
    case ADD:
      addNum(d, src);
      break;
    case SUB:
      subNum(d, src);
      break;
    case MUL:
      mulNum(d, src);
      break;
    case AND:
      andNum(d, src);
      break;
    case OR:
      orNum(d, src);
      break;
    case XOR:
      xorNum(d, src);
      break;
    case LSH:
      if (is64) lshNum64(d, src.uminLo);
      else lshNum32(d, src.lowMin);
      break;
    case RSH:
      if (is64) rshNum64(d, src.uminLo);
      else rshNum32(d, src.lowMin);
      break;
    case ARSH:
      if (is64) arshNum64(d, src.uminLo);
      else arshNum32(d, src.lowMin);
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
  const a = numOf(dst);
  const b = numOf(src);
  // With settled constants on both sides every path below ends at the one constant result; computing it directly is only faster.
  if (isSettledConst(a) && isSettledConst(b)) {
    const result = constantResult(op, is64, a, b);
    if (result !== undefined) return result;
  }
  const d = compute(op, is64, a, b);
  if (!is64) zext32Num(d);
  syncNum(d);
  return settle(d, a);
}

/** What two constants give; undefined for operations that are not worth a second way. */
function constantResult(op: number, is64: boolean, a: Num, b: Num): Num | undefined {
  const { uminHi: aHi, uminLo: aLo } = a;
  const { uminHi: bHi, uminLo: bLo } = b;
  let hi: number;
  let lo: number;
  switch (op) {
    case ADD:
      lo = (aLo + bLo) | 0;
      hi = sumHi(aHi, aLo, bHi, lo);
      break;
    case SUB:
      lo = (aLo - bLo) | 0;
      hi = differenceHi(aHi, aLo, bHi, bLo);
      break;
    case AND:
      lo = aLo & bLo;
      hi = aHi & bHi;
      break;
    case OR:
      lo = aLo | bLo;
      hi = aHi | bHi;
      break;
    case XOR:
      lo = aLo ^ bLo;
      hi = aHi ^ bHi;
      break;
    default:
      return undefined;
  }
  return constantOf(is64 ? hi : 0, lo);
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
 * @see v6.18 kernel/bpf/verifier.c, maybe_fork_scalars (backported)
 */
export function forkScalar(op: number, dst: Scalar, src: Scalar): Fork | undefined {
  if ((op !== AND && op !== OR) || !isConst(src)) return undefined;
  const n = numOf(dst);
  if ((n.sminHi & n.sminLo) === -1 && (n.smaxHi | n.smaxLo) === 0) return { ones: constantOf(-1, -1), zero: ZERO };
  if (n.s32min !== -1 || n.s32max !== 0) return undefined;
  const ones = new Num(n);
  setKnown32(ones, -1);
  const zero = new Num(n);
  setKnown32(zero, 0);
  return { ones: settle(ones), zero: settle(zero) };
}
