import { addUnsynced, constant } from "../domain/index.ts";
import { BPF_ADD_CONST, RegState } from "../state/reg-state.ts";
import { SCALAR_VALUE } from "../state/reg-type.ts";
import { isSpilledReg } from "../state/stack-slot.ts";
import type { LinkedReg, VerifierState } from "../state/verifier-state.ts";

const LINKED_REGS_MAX = 6;

/** An id without the mark that a distance belongs to it. */
export function plainId(id: number): number {
  return id >= BPF_ADD_CONST ? id - BPF_ADD_CONST : id;
}

/**
 * All numbers of the state tied together by `id`, added to `found`. There is room for six: those beyond lose their tie.
 *
 * @see v6.18 kernel/bpf/verifier.c, collect_linked_regs
 */
export function collectLinkedRegs(st: VerifierState, id: number, found: LinkedReg[]): LinkedReg[] {
  const plain = plainId(id);
  const linked = (reg: RegState): boolean => reg.type === SCALAR_VALUE && plainId(reg.id) === plain;
  for (let f = st.frames.length - 1; f >= 0; f--) {
    const { regs, stack } = st.frames[f]!;
    for (let i = 0; i < 10; i++) {
      if (!linked(regs[i]!)) continue;
      if (found.length < LINKED_REGS_MAX) found.push({ frameno: f, isReg: true, index: i });
      else regs[i] = regs[i]!.withId(0);
    }
    for (let i = 0; i < stack.length; i++) {
      const slot = stack[i]!;
      if (!isSpilledReg(slot) || !linked(slot.reg)) continue;
      if (found.length < LINKED_REGS_MAX) found.push({ frameno: f, isReg: false, index: i });
      else stack[i] = slot.withReg(slot.reg.withId(0));
    }
  }
  return found;
}

/** `known` with what ties `reg` to it, plus the distance between the two. */
function derived(reg: RegState, known: RegState): RegState {
  if ((reg.id < BPF_ADD_CONST && known.id < BPF_ADD_CONST) || reg.off === known.off) {
    return known;
  }
  const delta = constant(reg.off - known.off);
  const scalar = addUnsynced(known.scalar, delta);
  return new RegState(
    known.type,
    reg.off,
    scalar,
    known.id,
    known.refObjId,
    known.frameno,
    known.precise,
    known.obj,
    known.u1,
    known.u2,
  );
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
    if (e.isReg) regs[e.index] = fresh;
    else stack[e.index] = stack[e.index]!.withReg(fresh);
  }
}
