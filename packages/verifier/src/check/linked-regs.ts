import { addDelta } from "../domain/index.ts";
import type { Env } from "../state/env.ts";
import type { FuncState } from "../state/func-state.ts";
import { RegState } from "../state/reg-state.ts";
import { SCALAR_VALUE } from "../state/reg-type.ts";
import { BPF_ADD_CONST32, distanceFlag, plainId } from "../state/scalar-id.ts";
import { isSpilledReg } from "../state/stack-slot.ts";
import type { LinkedReg, VerifierState } from "../state/verifier-state.ts";

const LINKED_REGS_MAX = 6;

/** Slot at which a frame is: the current one's, or that of the call in it. @see v6.18 kernel/bpf/verifier.c, frame_insn_idx */
function frameInsn(env: Env, frames: readonly FuncState[], f: number): number {
  return f === frames.length - 1 ? env.insnIdx : frames[f + 1]!.callsite;
}

/**
 * All numbers of the state tied together by `id` that may still be read, added to `found`. There is room for six: those beyond lose their tie.
 *
 * @see v6.18 kernel/bpf/verifier.c, collect_linked_regs
 */
export function collectLinkedRegs(env: Env, st: VerifierState, id: number, found: LinkedReg[]): LinkedReg[] {
  const plain = plainId(id);
  const linked = (reg: RegState): boolean => reg.type === SCALAR_VALUE && plainId(reg.id) === plain;
  for (let f = st.frames.length - 1; f >= 0; f--) {
    const { regs, stack } = st.frames[f]!;
    const live = env.liveRegsBefore[frameInsn(env, st.frames, f)]!;
    for (let i = 0; i < 10; i++) {
      if ((live & (1 << i)) === 0 || !linked(regs[i]!)) continue;
      if (found.length < LINKED_REGS_MAX) found.push({ frameno: f, isReg: true, index: i });
      else regs[i] = regs[i]!.unlinked();
    }
    for (let i = 0; i < stack.length; i++) {
      const slot = stack[i]!;
      if (!isSpilledReg(slot) || !linked(slot.reg)) continue;
      if (found.length < LINKED_REGS_MAX) found.push({ frameno: f, isReg: false, index: i });
      else stack[i] = slot.withReg(slot.reg.unlinked());
    }
  }
  return found;
}

/**
 * What `reg` is, now that `known` is known: the same, or at their distance. Undefined where one distance is of 32 bits and the other of 64:
 * then the one says nothing of the other.
 */
function derived(reg: RegState, known: RegState): RegState | undefined {
  const regFlag = distanceFlag(reg.id);
  const knownFlag = distanceFlag(known.id);
  if (regFlag !== 0 && knownFlag !== 0 && regFlag !== knownFlag) return undefined;
  if ((regFlag === 0 && knownFlag === 0) || reg.off === known.off) return known;
  const narrow = regFlag === BPF_ADD_CONST32 || knownFlag === BPF_ADD_CONST32;
  const scalar = addDelta(known.scalar, reg.off - known.off, narrow);
  return new RegState(SCALAR_VALUE, reg.off, scalar, reg.id, 0, known.frameno, known.precise, null, 0, 0);
}

/**
 * Copies what is known of register `regno` of the current frame to the registers tied to it.
 *
 * @see v6.18 kernel/bpf/verifier.c, sync_linked_regs
 */
export function syncLinkedRegs(st: VerifierState, known: RegState, regno: number, linked: readonly LinkedReg[]): void {
  const current = st.frames.length - 1;
  for (const e of linked) {
    const { regs, stack } = st.frames[e.frameno]!;
    if (e.isReg && e.frameno === current && e.index === regno) continue;
    const reg = e.isReg ? regs[e.index]! : stack[e.index]!.reg;
    if (reg.type !== SCALAR_VALUE || plainId(reg.id) !== plainId(known.id)) continue;
    const fresh = derived(reg, known);
    if (fresh === undefined) continue;
    if (e.isReg) regs[e.index] = fresh;
    else stack[e.index] = stack[e.index]!.withReg(fresh);
  }
}
