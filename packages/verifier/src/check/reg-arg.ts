import { EACCES, EFAULT, EINVAL } from "@bpf-ts/uapi/errno";
import { boundsViolation, forgetRanges, formatViolation, isConst, type Scalar } from "../domain/index.ts";
import { reject } from "../reject.ts";
import { curFrame, type Env, markRegScratched, nextId } from "../state/env.ts";
import { REG_NOT_INIT, REG_UNKNOWN, type RegState } from "../state/reg-state.ts";
import { NOT_INIT, SCALAR_VALUE } from "../state/reg-type.ts";
import { distanceFlag } from "../state/scalar-id.ts";

/** The register is read. */
export const SRC_OP = 0;
/** It is written, with a number of which nothing is known so far. */
export const DST_OP = 1;
/** It is written; the caller says with what. */
export const DST_OP_NO_MARK = 2;

const FP = 10;

/** May the register be read, or written? @see v6.18 kernel/bpf/verifier.c, check_reg_arg */
export function checkRegArg(env: Env, regno: number, how: typeof SRC_OP | typeof DST_OP | typeof DST_OP_NO_MARK): void {
  if (regno > FP) reject(env, env.insnIdx, "register", EINVAL, `R${regno} is invalid`);
  markRegScratched(env, regno);
  const regs = curFrame(env).regs;
  if (how === SRC_OP) {
    if (regs[regno]!.type === NOT_INIT) reject(env, env.insnIdx, "register", EACCES, `R${regno} !read_ok`);
    return;
  }
  if (regno === FP) reject(env, env.insnIdx, "register", EACCES, "frame pointer is read only");
  if (how === DST_OP) regs[regno] = REG_UNKNOWN;
}

/** R0 to R5 after a call. */
export function clearCallerSaved(env: Env, regs: RegState[]): void {
  for (let i = 0; i <= 5; i++) regs[i] = REG_NOT_INIT;
  env.scratchedRegs |= 0x3f;
}

/** The constant 0, known as a number. */
export function isRegNull(reg: RegState): boolean {
  return reg.type === SCALAR_VALUE && reg.scalar.umax === 0n;
}

/** Would programs without CAP_PERFMON leak an address by this register? */
export function isPointerValue(env: Env, regno: number): boolean {
  return !env.allowPtrLeaks && curFrame(env).regs[regno]!.type !== SCALAR_VALUE;
}

/**
 * A number that is copied gets an id, so that what is learned of the copy is learned of the original.
 *
 * @returns the original as it is to be kept
 * @see v6.18 kernel/bpf/verifier.c, assign_scalar_id_before_mov
 */
export function assignScalarId(env: Env, reg: RegState): RegState {
  if (reg.type !== SCALAR_VALUE) return reg;
  let out = reg;
  if (distanceFlag(out.id) !== 0) out = out.withOff(0).withId(0);
  if (out.id === 0 && !isConst(out.scalar)) out = out.withId(nextId(env));
  return out;
}

/**
 * Bounds that contradict each other: dead code, or a defect. Refused under BPF_F_TEST_REG_INVARIANTS, else forgotten.
 *
 * @param what where, in the log's words
 * @see v6.18 kernel/bpf/verifier.c, reg_bounds_sanity_check
 */
export function checkBounds(env: Env, scalar: Scalar, what: string): Scalar {
  const violation = boundsViolation(scalar);
  if (violation === undefined) return scalar;
  env.log.write(`${formatViolation(scalar, what, violation)}\n`);
  if (env.testRegInvariants) reject(env, env.insnIdx, "register", EFAULT, "");
  return forgetRanges(scalar);
}
