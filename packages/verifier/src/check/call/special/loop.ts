import type { Insn } from "@bpf-ts/isa";
import { markChainPrecision } from "../../../precision/mark.ts";
import { type Env, reg } from "../../../state/env.ts";
import { isRegNull } from "../../reg-arg.ts";
import { loopArgs, pushCallback } from "../callback.ts";
import type { CallMeta } from "../meta.ts";

/** `bpf_loop(nr_loops, callback, ctx, flags)`: walks the callback as often as the number of rounds allows. */
export function checkLoop(env: Env, _insn: Insn, meta: CallMeta): void {
  updateInlineState(env, meta);
  // Whether another round is walked depends on its value.
  markChainPrecision(env, 1);
  const frame = env.cur.frame;
  if (BigInt(frame.callbackDepth) < reg(env, 1).scalar.umax) {
    pushCallback(env, meta, loopArgs);
    return;
  }
  frame.callbackDepth = 0;
  if (env.log.level2) env.log.write(`frame${env.cur.curframe} bpf_loop iteration limit reached\n`);
}

/** The call can be made a loop in place if its flags are always 0 and its callback always the same. @see v6.18 kernel/bpf/verifier.c, update_loop_inline_state */
function updateInlineState(env: Env, meta: CallMeta): void {
  const seen = env.loopInline.get(meta.insnIdx);
  if (seen === undefined) {
    env.loopInline.set(meta.insnIdx, { fit: flagsAreZero(env), subprogno: meta.subprogno });
  } else if (seen.fit) {
    seen.fit = flagsAreZero(env) && seen.subprogno === meta.subprogno;
  }
}

function flagsAreZero(env: Env): boolean {
  const zero = isRegNull(reg(env, 4));
  if (zero) markChainPrecision(env, 4);
  return zero;
}
