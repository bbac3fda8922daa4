import type { RegState } from "./reg-state.ts";
import { isSpilledReg } from "./stack-slot.ts";
import type { VerifierState } from "./verifier-state.ts";

/**
 * Visits every register and every spilled register of all frames. `fn` answers what shall stand in its place: the same object for no change.
 *
 * @see v6.18 include/linux/bpf_verifier.h, bpf_for_each_reg_in_vstate
 */
export function forEachReg(st: VerifierState, fn: (reg: RegState) => RegState): void {
  for (const frame of st.frames) {
    const { regs, stack } = frame;
    for (let i = 0; i < 11; i++) {
      const old = regs[i]!;
      const fresh = fn(old);
      if (fresh !== old) regs[i] = fresh;
    }
    for (let i = 0; i < stack.length; i++) {
      const slot = stack[i]!;
      if (!isSpilledReg(slot)) continue;
      const fresh = fn(slot.reg);
      if (fresh !== slot.reg) stack[i] = slot.withReg(fresh);
    }
  }
}
