/**
 * What a program may return.
 *
 * @see v6.18 kernel/bpf/verifier.c, check_return_code
 */
import { EACCES, EINVAL, ENOTSUPP } from "@bpf-ts/uapi/errno";
import { regTypeStr } from "../log/reg-type-str.ts";
import { markChainPrecision } from "../precision/mark.ts";
import { reject } from "../reject.ts";
import { type Env, reg } from "../state/env.ts";
import type { RetvalRange } from "../state/func-state.ts";
import type { RegState } from "../state/reg-state.ts";
import { SCALAR_VALUE } from "../state/reg-type.ts";
import { checkRegArg, isPointerValue, SRC_OP } from "./reg-arg.ts";

const S64_MIN = -(1n << 63n);
const S64_MAX = (1n << 63n) - 1n;

/** Refuses register `name`, whose value may lie outside of `range`. @see v6.18 kernel/bpf/verifier.c, verbose_invalid_scalar */
export function rejectScalar(env: Env, r: RegState, range: RetvalRange, where: string, name: string): never {
  const { smin, smax } = r.scalar;
  let text = `${where} the register ${name} has`;
  if (smin > S64_MIN) text += ` smin=${smin}`;
  if (smax < S64_MAX) text += ` smax=${smax}`;
  if (smin === S64_MIN && smax === S64_MAX) text += " unknown scalar value";
  reject(env, env.insnIdx, "return", EINVAL, `${text} should have been in [${range.minval}, ${range.maxval}]`);
}

/** Every value of the register lies in the range. */
export function retvalWithin(range: RetvalRange, r: RegState, return32: boolean): boolean {
  const { scalar } = r;
  if (return32) return range.minval <= scalar.s32min && scalar.s32max <= range.maxval;
  return BigInt(range.minval) <= scalar.smin && scalar.smax <= BigInt(range.maxval);
}

/** The range that the main program's R0 must lie in; undefined: any. */
function exitRange(env: Env): RetvalRange | undefined {
  const rule = env.progType.exitRule(env.facts);
  switch (rule.kind) {
    case "any":
      return undefined;
    case "range":
      return rule.range;
    case "attach-target":
      return env.attach?.retval;
    case "refused":
      return reject(env, env.insnIdx, "return", ENOTSUPP, "");
  }
}

/** Refuses the value of register `regno` (called `name`) at the end of the program, a global function, or a callback that runs alone. */
export function checkReturnCode(env: Env, regno: number, name: string): void {
  const frame = env.cur.frames[0]!;
  checkRegArg(env, regno, SRC_OP);
  if (isPointerValue(env, regno)) {
    reject(env, env.insnIdx, "return", EACCES, `R${regno} leaks addr as return value`);
  }
  const r = reg(env, regno);
  let where = "At program exit";
  let range: RetvalRange | undefined;
  if (frame.inAsyncCallbackFn) {
    where = "At async callback return";
    range = frame.callbackRetRange;
  } else if (frame.subprogno !== 0 && !frame.inExceptionCallbackFn) {
    if (r.type !== SCALAR_VALUE) {
      const text = `At subprogram exit the register R${regno} is not a scalar value (${regTypeStr(r.type)})`;
      reject(env, env.insnIdx, "return", EINVAL, text);
    }
    return;
  } else {
    range = exitRange(env);
  }
  if (range === undefined) return;
  if (r.type !== SCALAR_VALUE) {
    const text = `${where} the register R${regno} is not a known value (${regTypeStr(r.type)})`;
    reject(env, env.insnIdx, "return", EINVAL, text);
  }
  markChainPrecision(env, regno);
  if (!retvalWithin(range, r, false)) rejectScalar(env, r, range, where, name);
}
