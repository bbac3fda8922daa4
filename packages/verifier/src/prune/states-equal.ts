/**
 * Is every walk from the current state like one from an old state that was found safe?
 *
 * @see v6.18 kernel/bpf/verifier.c, states_equal
 */
import type { Env } from "../state/env.ts";
import type { FuncState } from "../state/func-state.ts";
import { REG_UNKNOWN, type RegState } from "../state/reg-state.ts";
import {
  isSpilledScalarReg64,
  STACK_DYNPTR,
  STACK_INVALID,
  STACK_IRQ_FLAG,
  STACK_ITER,
  STACK_MISC,
  STACK_SPILL,
  STACK_ZERO,
  type StackSlot,
} from "../state/stack-slot.ts";
import { REF_TYPE_LOCK_MASK, type VerifierState } from "../state/verifier-state.ts";
import type { IdMap } from "./id-map.ts";
import { type ExactLevel, NOT_EXACT, regSafe, regsIdentical } from "./reg-safe.ts";

/** Slot that frame `frameno` of a state is at: the next to be walked, or its call instruction. */
export function frameInsnIdx(st: VerifierState, frameno: number): number {
  return frameno === st.frames.length - 1 ? st.insnIdx : st.frames[frameno + 1]!.callsite;
}

/** Reached over the same calls. */
export function sameCallsites(a: VerifierState, b: VerifierState): boolean {
  if (a.frames.length !== b.frames.length) return false;
  for (let i = a.frames.length - 1; i >= 0; i--) {
    if (a.frames[i]!.callsite !== b.frames[i]!.callsite) return false;
  }
  return true;
}

/** All bytes hold data of which nothing is known. */
function isAllMisc(env: Env, slot: StackSlot): boolean {
  for (let j = 0; j < 8; j++) {
    const type = slot.typeAt(j);
    if (type !== STACK_MISC && !(type === STACK_INVALID && env.allowUninitStack)) return false;
  }
  return true;
}

/** What loading all eight bytes would give, where that is a number; null otherwise. */
function scalarOf(env: Env, slot: StackSlot): RegState | null {
  if (isSpilledScalarReg64(slot)) return slot.reg;
  return isAllMisc(env, slot) ? REG_UNKNOWN : null;
}

function slotSafe(env: Env, old: StackSlot, cur: StackSlot | undefined, ids: IdMap, exact: ExactLevel): boolean {
  if (old === cur && old.reg.id === 0 && old.reg.refObjId === 0) return true;
  for (let j = 0; j < 8; j++) {
    const ot = old.typeAt(j);
    if (exact !== NOT_EXACT && (cur === undefined || ot !== cur.typeAt(j))) return false;
    if (ot === STACK_INVALID) continue;
    if (env.allowUninitStack && ot === STACK_MISC) continue;
    if (cur === undefined) return false;
    const oldReg = scalarOf(env, old);
    const curReg = oldReg === null ? null : scalarOf(env, cur);
    if (oldReg !== null && curReg !== null) return regSafe(env, oldReg, curReg, ids, exact);
    const ct = cur.typeAt(j);
    if (ot === STACK_MISC && ct === STACK_ZERO) continue;
    if (ot !== ct) return false;
  }
  if (cur === undefined) return true;
  switch (old.typeAt(7)) {
    case STACK_SPILL:
      return regSafe(env, old.reg, cur.reg, ids, exact);
    case STACK_DYNPTR:
      return (
        old.reg.dynptrType === cur.reg.dynptrType &&
        old.reg.dynptrFirstSlot === cur.reg.dynptrFirstSlot &&
        ids.check(old.reg.refObjId, cur.reg.refObjId)
      );
    case STACK_ITER:
      return (
        old.reg.obj === cur.reg.obj &&
        old.reg.btfId === cur.reg.btfId &&
        old.reg.iterState === cur.reg.iterState &&
        ids.check(old.reg.refObjId, cur.reg.refObjId)
      );
    case STACK_IRQ_FLAG:
      return ids.check(old.reg.refObjId, cur.reg.refObjId) && old.reg.irqClass === cur.reg.irqClass;
    default:
      return true;
  }
}

function stackSafe(env: Env, old: FuncState, cur: FuncState, ids: IdMap, exact: ExactLevel): boolean {
  for (let spi = 0; spi < old.stack.length; spi++) {
    if (!slotSafe(env, old.stack[spi]!, cur.stack[spi], ids, exact)) return false;
  }
  return true;
}

function refsSafe(old: VerifierState, cur: VerifierState, ids: IdMap): boolean {
  if (old.refs.length !== cur.refs.length) return false;
  if (old.activeLocks !== cur.activeLocks || old.activePreemptLocks !== cur.activePreemptLocks) return false;
  if (old.activeRcuLock !== cur.activeRcuLock) return false;
  if (!ids.check(old.activeIrqId, cur.activeIrqId)) return false;
  if (!ids.check(old.activeLockId, cur.activeLockId) || old.activeLockPtr !== cur.activeLockPtr) return false;
  for (let i = 0; i < old.refs.length; i++) {
    const o = old.refs[i]!;
    const c = cur.refs[i]!;
    if (!ids.check(o.id, c.id) || o.type !== c.type) return false;
    if (o.type & REF_TYPE_LOCK_MASK && o.ptr !== c.ptr) return false;
  }
  return true;
}

/** Compares an old state with the one that has just arrived at the same instruction. */
export function statesEqual(env: Env, old: VerifierState, cur: VerifierState, exact: ExactLevel): boolean {
  if (old.frames.length !== cur.frames.length) return false;
  const ids = env.idMap;
  ids.reset(env.idGen);
  if (old.inSleepable !== cur.inSleepable) return false;
  if (!refsSafe(old, cur, ids)) return false;
  for (let f = 0; f < old.frames.length; f++) {
    const of = old.frames[f]!;
    const cf = cur.frames[f]!;
    if (of.callsite !== cf.callsite) return false;
    if (of.callbackDepth > cf.callbackDepth) return false;
    const live = env.liveRegsBefore[frameInsnIdx(old, f)]!;
    for (let i = 0; i < 11; i++) {
      if (live & (1 << i) && !regSafe(env, of.regs[i]!, cf.regs[i]!, ids, exact)) return false;
    }
    if (!stackSafe(env, of, cf, ids, exact)) return false;
  }
  return true;
}

/** Cheap first test for a loop. */
export function statesMaybeLooping(old: VerifierState, cur: VerifierState): boolean {
  if (old.frames.length !== cur.frames.length) return false;
  const of = old.frame.regs;
  const cf = cur.frame.regs;
  for (let i = 0; i < 11; i++) if (!regsIdentical(of[i]!, cf[i]!)) return false;
  return true;
}

const BPF_ITER_STATE_ACTIVE = 1;

/** An iterator went on between the two states, so that they are not the same though they look it. */
export function iterActiveDepthsDiffer(old: VerifierState, cur: VerifierState): boolean {
  for (let f = old.frames.length - 1; f >= 0; f--) {
    const frame = old.frames[f]!;
    for (let i = 0; i < frame.stack.length; i++) {
      const slot = frame.stack[i]!;
      if (slot.typeAt(0) !== STACK_ITER || slot.reg.iterState !== BPF_ITER_STATE_ACTIVE) continue;
      if (cur.frames[f]!.stack[i]!.reg.iterDepth !== slot.reg.iterDepth) return true;
    }
  }
  return false;
}
