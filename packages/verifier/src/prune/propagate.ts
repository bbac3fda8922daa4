import { trackPrecision } from "../precision/mark.ts";
import type { Env } from "../state/env.ts";
import { SCALAR_VALUE } from "../state/reg-type.ts";
import { isSpilledScalarReg } from "../state/stack-slot.ts";
import type { VerifierState } from "../state/verifier-state.ts";

/**
 * What is precise in `old` is made precise on the way that led to `cur`, which was found equal to it.
 *
 * @returns whether any mark is new
 * @see v6.18 kernel/bpf/verifier.c, propagate_precision
 */
export function propagatePrecision(env: Env, old: VerifierState, cur: VerifierState): boolean {
  for (let fr = old.frames.length - 1; fr >= 0; fr--) {
    const frame = old.frames[fr]!;
    let names = "";
    for (let i = 0; i < 10; i++) {
      const reg = frame.regs[i]!;
      if (reg.type !== SCALAR_VALUE || !reg.precise) continue;
      names += `${names === "" ? "" : ","}r${i}`;
      env.bt.setReg(fr, i);
    }
    for (let i = 0; i < frame.stack.length; i++) {
      const slot = frame.stack[i]!;
      if (!slot.reg.precise || !isSpilledScalarReg(slot)) continue;
      names += `${names === "" ? "" : ","}fp${(-i - 1) * 8}`;
      env.bt.setSlot(fr, i);
    }
    if (names !== "") env.log.write(env.log.level2 ? `frame ${fr}: propagating ${names}\n` : "\n");
  }
  return trackPrecision(env, cur, -1);
}
