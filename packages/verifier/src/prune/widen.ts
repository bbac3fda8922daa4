import type { Env } from "../state/env.ts";
import { REG_UNKNOWN, type RegState } from "../state/reg-state.ts";
import { SCALAR_VALUE } from "../state/reg-type.ts";
import { isSpilledReg } from "../state/stack-slot.ts";
import type { VerifierState } from "../state/verifier-state.ts";
import type { IdMap } from "./id-map.ts";
import { regsExact } from "./reg-safe.ts";
import { exploredBucket } from "./state-visited.ts";
import { sameCallsites } from "./states-equal.ts";

/**
 * The nearest checkpoint at `insnIdx` on the way to `cur`: where the loop was entered last time.
 *
 * @see v6.18 kernel/bpf/verifier.c, find_prev_entry
 */
export function findPrevEntry(env: Env, cur: VerifierState | null, insnIdx: number): VerifierState | null {
  if (cur === null) return null;
  const bucket = env.explored[exploredBucket(env, insnIdx)];
  if (bucket === undefined) return null;
  for (let i = bucket.length - 1; i >= 0; i--) {
    const st = bucket[i]!;
    if (st.insnIdx === insnIdx && st.branches > 0 && st.dfsDepth < cur.dfsDepth && sameCallsites(st, cur)) return st;
  }
  return null;
}

function widened(old: RegState, cur: RegState, ids: IdMap): RegState {
  if (old.type !== SCALAR_VALUE || cur.type !== SCALAR_VALUE) return cur;
  if (old.precise || cur.precise || regsExact(old, cur, ids)) return cur;
  return REG_UNKNOWN;
}

/**
 * Forgets the bounds of numbers that change from one round of a loop to the next and were not relied on, so that the rounds become alike.
 *
 * @see v6.18 kernel/bpf/verifier.c, widen_imprecise_scalars
 */
export function widenImpreciseScalars(env: Env, old: VerifierState, cur: VerifierState): void {
  const ids = env.idMap;
  ids.reset(env.idGen);
  for (let fr = old.frames.length - 1; fr >= 0; fr--) {
    const of = old.frames[fr]!;
    const cf = cur.frames[fr]!;
    for (let i = 0; i < 11; i++) cf.regs[i] = widened(of.regs[i]!, cf.regs[i]!, ids);
    const slots = Math.min(of.stack.length, cf.stack.length);
    for (let i = 0; i < slots; i++) {
      const os = of.stack[i]!;
      const cs = cf.stack[i]!;
      if (!isSpilledReg(os) || !isSpilledReg(cs)) continue;
      const reg = widened(os.reg, cs.reg, ids);
      if (reg !== cs.reg) cf.stack[i] = cs.withReg(reg);
    }
  }
}
