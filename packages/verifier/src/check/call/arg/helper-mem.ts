import { EACCES } from "@bpf-ts/uapi/errno";
import { isConst } from "../../../domain/index.ts";
import { markChainPrecision } from "../../../precision/mark.ts";
import { reject } from "../../../reject.ts";
import { type Env, reg, setReg } from "../../../state/env.ts";
import type { RegState } from "../../../state/reg-state.ts";
import { PTR_MAYBE_NULL, typeMayBeNull } from "../../../state/reg-type.ts";
import { checkHelperMemAccess } from "../../mem/helper.ts";
import { isRegNull } from "../../reg-arg.ts";
import type { CallMeta } from "../meta.ts";

/** Sizes from here on are taken for unbounded. @see v6.18 include/linux/bpf_verifier.h, BPF_MAX_VAR_SIZ */
const MAX_VAR_SIZE = 1n << 29n;

/**
 * A size argument and the memory in the argument before it.
 *
 * @param regno Register that holds the size; the pointer is in the one before.
 * @see v6.18 kernel/bpf/verifier.c, check_mem_size_reg
 */
export function checkMemSizeReg(
  env: Env,
  regno: number,
  write: boolean,
  zeroSizeAllowed: boolean,
  meta: CallMeta,
): void {
  const { scalar } = reg(env, regno);
  const refuse = (text: string): never => reject(env, env.insnIdx, "memory", EACCES, `R${regno} ${text}`);
  meta.msizeMaxValue = scalar.umax;
  if (scalar.smin < 0n) refuse("min value is negative, either use unsigned or 'var &= const'");
  if (scalar.umin === 0n && !zeroSizeAllowed) refuse(`invalid zero-sized read: u64=[${scalar.umin},${scalar.umax}]`);
  if (scalar.umax >= MAX_VAR_SIZE) refuse("unbounded memory access, use 'var &= const' or 'if (var < const)'");
  // With a size that varies, the helper may leave the end of the memory as it was.
  checkHelperMemAccess(env, regno - 1, Number(scalar.umax), write, zeroSizeAllowed, isConst(scalar) ? meta : null);
  markChainPrecision(env, regno);
}

/**
 * Memory of a size that the callee's type tells, which it may read and write. NULL is for the callee to check.
 *
 * @see v6.18 kernel/bpf/verifier.c, check_mem_reg
 */
export function checkMemReg(env: Env, regno: number, size: number): void {
  const r = reg(env, regno);
  if (isRegNull(r)) return;
  withNonNull(env, regno, r, () => {
    checkHelperMemAccess(env, regno, size, false, true, null);
    checkHelperMemAccess(env, regno, size, true, true, null);
  });
}

/**
 * Memory and its size as a kernel function takes them: to read and to write.
 *
 * @param regno Register that holds the size.
 * @see v6.18 kernel/bpf/verifier.c, check_kfunc_mem_size_reg
 */
export function checkKfuncMemSizeReg(env: Env, regno: number, meta: CallMeta): void {
  withNonNull(env, regno - 1, reg(env, regno - 1), () => {
    checkMemSizeReg(env, regno, false, true, meta);
    checkMemSizeReg(env, regno, true, true, meta);
  });
}

/** Runs a check as if the register were not NULL; it is again what it was afterwards. */
function withNonNull(env: Env, regno: number, r: RegState, check: () => void): void {
  if (!typeMayBeNull(r.type)) {
    check();
    return;
  }
  setReg(env, regno, r.withType(r.type & ~PTR_MAYBE_NULL));
  try {
    check();
  } finally {
    setReg(env, regno, r);
  }
}
