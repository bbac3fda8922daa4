/**
 * Precision tracking. Whether two states can be taken for one another depends on the bounds of a number only if some later check relied on those
 * bounds. When a check does, the walk so far is retraced backwards, and in every checkpoint on the way the registers and slots that the number was
 * computed from are marked precise. States are compared in the bounds of precise numbers alone.
 *
 * Marks in the state being walked are of no use: it becomes a checkpoint later (and begins without marks then) or is thrown away.
 *
 * @see v6.18 kernel/bpf/verifier.c, __mark_chain_precision
 */
import { EFAULT } from "@bpf-ts/uapi/errno";
import { printState } from "../log/state.ts";
import { stackMaskText } from "../prune/live-stack.ts";
import { reject, verifierBug } from "../reject.ts";
import type { Env } from "../state/env.ts";
import { SCALAR_VALUE } from "../state/reg-type.ts";
import { isSpilledReg, isSpilledScalarReg } from "../state/stack-slot.ts";
import type { JmpHistoryEntry, VerifierState } from "../state/verifier-state.ts";
import { backtrackInsn } from "./backtrack-insn.ts";
import { type BacktrackState, regMaskText } from "./backtrack-state.ts";

const ARGS = 0x3e;
const FP = 10;

/** The bounds of register `regno` of the current state matter from here on. */
export function markChainPrecision(env: Env, regno: number): void {
  trackPrecision(env, env.cur, regno);
}

/**
 * Walks back from `start` for what `env.bt` holds already, and register `regno` unless it is -1.
 *
 * @returns whether any mark is new
 */
export function trackPrecision(env: Env, start: VerifierState, regno: number): boolean {
  if (!env.bpfCapable) return false;
  const bt = env.bt;
  bt.frame = start.curframe;
  if (regno >= 0) {
    // Programs can lead here: bpf_loop takes anything for its number of rounds, a pointer too, and asks for its value.
    if (start.frames[bt.frame]!.regs[regno]!.type !== SCALAR_VALUE) {
      reject(env, env.insnIdx, "register", EFAULT, "verifier bug: backtracking misuse");
    }
    bt.setReg(bt.frame, regno);
  }
  if (bt.isEmpty()) return false;

  let changed = false;
  let st = start;
  let firstIdx = st.firstInsnIdx;
  let lastIdx = start.insnIdx;
  let subseqIdx = -1;
  let skipFirst = true;
  for (;;) {
    if (env.log.level2) {
      env.log.write(
        `mark_precise: frame${bt.frame}: last_idx ${lastIdx} first_idx ${firstIdx} subseq_idx ${subseqIdx} \n`,
      );
    }
    if (lastIdx < 0) return markGlobalArgs(bt, st) || changed;

    let history = st.jmpHistory.length;
    let i = lastIdx;
    for (;;) {
      if (skipFirst) {
        skipFirst = false;
      } else if (!backtrackInsn(env, i, subseqIdx, entryFor(st, history, i), bt)) {
        markAllScalarsPrecise(env, start);
        bt.reset();
        return changed;
      }
      if (bt.isEmpty()) return changed;
      subseqIdx = i;
      // One instruction back: over a remembered jump, or to the slot before. The state's first instruction without a jump left ends it.
      if (i === st.firstInsnIdx && (history === 0 || (history === 1 && st.jmpHistory[0]!.idx === i))) break;
      const last = history > 0 ? st.jmpHistory[history - 1]! : null;
      if (last !== null && last.idx === i) {
        i = last.prevIdx;
        history--;
      } else {
        i--;
      }
      if (i < 0 || i >= env.insns.length) verifierBug(`backtracking idx ${i}`);
    }
    if (st.parent === null) break;
    st = st.parent;
    if (markCheckpoint(env, bt, st)) changed = true;
    if (bt.isEmpty()) return changed;
    subseqIdx = firstIdx;
    lastIdx = st.lastInsnIdx;
    firstIdx = st.firstInsnIdx;
  }
  if (!bt.isEmpty()) {
    markAllScalarsPrecise(env, start);
    bt.reset();
  }
  return changed;
}

function entryFor(st: VerifierState, history: number, idx: number): JmpHistoryEntry | null {
  const entry = history > 0 ? st.jmpHistory[history - 1]! : null;
  return entry !== null && entry.idx === idx ? entry : null;
}

/** The walk back reached the entry of a global function: what is wanted can only be its arguments. */
function markGlobalArgs(bt: BacktrackState, st: VerifierState): boolean {
  const frame = st.frames[0]!;
  const mask = bt.regs[bt.frame]!;
  if (
    st.curframe !== 0 ||
    frame.subprogno === 0 ||
    frame.callsite !== -1 ||
    bt.stackLo[bt.frame] !== 0 ||
    bt.stackHi[bt.frame] !== 0 ||
    (mask & ~ARGS) !== 0
  ) {
    verifierBug(`backtracking func entry subprog ${frame.subprogno} reg_mask ${mask.toString(16)}`);
  }
  let changed = false;
  for (let i = 1; i <= 5; i++) {
    if (!bt.hasReg(bt.frame, i)) continue;
    bt.clearReg(bt.frame, i);
    const reg = frame.regs[i]!;
    if (reg.type === SCALAR_VALUE) {
      frame.regs[i] = reg.withPrecise(true);
      changed = true;
    }
  }
  return changed;
}

/** Marks in a checkpoint what is wanted, and stops wanting what is marked already or is no number. */
function markCheckpoint(env: Env, bt: BacktrackState, st: VerifierState): boolean {
  let changed = false;
  for (let fr = bt.frame; fr >= 0; fr--) {
    const frame = st.frames[fr]!;
    const mask = bt.regs[fr]!;
    for (let i = 0; i < 32 && mask >>> i !== 0; i++) {
      if (((mask >>> i) & 1) === 0) continue;
      const reg = frame.regs[i]!;
      if (reg.type !== SCALAR_VALUE || reg.precise) {
        bt.clearReg(fr, i);
      } else {
        frame.regs[i] = reg.withPrecise(true);
        changed = true;
      }
    }
    if (bt.stackLo[fr] !== 0 || bt.stackHi[fr] !== 0) {
      for (let i = 0; i < 64; i++) {
        if (!bt.hasSlot(fr, i)) continue;
        const slot = frame.stack[i];
        if (slot === undefined) verifierBug(`stack slot ${i}, total slots ${frame.stack.length}`);
        if (!isSpilledScalarReg(slot) || slot.reg.precise) {
          bt.clearSlot(fr, i);
        } else {
          frame.stack[i] = slot.withReg(slot.reg.withPrecise(true));
          changed = true;
        }
      }
    }
    if (env.log.level2) {
      const regs = regMaskText(bt.regs[fr]!);
      const stack = stackMaskText(bt.stackLo[fr]!, bt.stackHi[fr]!);
      env.log.write(`mark_precise: frame${fr}: parent state regs=${regs} stack=${stack}: `);
      printState(env, st, fr);
    }
  }
  return changed;
}

/** The big hammer: all numbers in all checkpoints on the way. */
export function markAllScalarsPrecise(env: Env, start: VerifierState): void {
  const { log } = env;
  if (log.level2) {
    log.write(`mark_precise: frame${start.curframe}: falling back to forcing all scalars precise\n`);
  }
  for (let st = start.parent; st !== null; st = st.parent) {
    for (let f = 0; f < st.frames.length; f++) {
      const frame = st.frames[f]!;
      for (let j = 0; j < FP; j++) {
        const reg = frame.regs[j]!;
        if (reg.type !== SCALAR_VALUE || reg.precise) continue;
        frame.regs[j] = reg.withPrecise(true);
        if (log.level2) log.write(`force_precise: frame${f}: forcing r${j} to be precise\n`);
      }
      for (let j = 0; j < frame.stack.length; j++) {
        const slot = frame.stack[j]!;
        if (!isSpilledReg(slot) || slot.reg.type !== SCALAR_VALUE || slot.reg.precise) continue;
        frame.stack[j] = slot.withReg(slot.reg.withPrecise(true));
        if (log.level2) log.write(`force_precise: frame${f}: forcing fp${-(j + 1) * 8} to be precise\n`);
      }
    }
  }
}

/** A state that becomes a checkpoint begins without marks. */
export function markAllScalarsImprecise(st: VerifierState): void {
  for (const frame of st.frames) {
    for (let j = 0; j < FP; j++) {
      const reg = frame.regs[j]!;
      if (reg.precise && reg.type === SCALAR_VALUE) frame.regs[j] = reg.withPrecise(false);
    }
    for (let j = 0; j < frame.stack.length; j++) {
      const slot = frame.stack[j]!;
      if (slot.reg.precise && isSpilledReg(slot) && slot.reg.type === SCALAR_VALUE) {
        frame.stack[j] = slot.withReg(slot.reg.withPrecise(false));
      }
    }
  }
}
