/**
 * One step back: given what must be precise after an instruction, what must be precise before it.
 *
 * @see v6.18 kernel/bpf/verifier.c, backtrack_insn
 */
import { BTF_FUNC_GLOBAL } from "@bpf-ts/btf";
import {
  BPF_ABS,
  BPF_ALU,
  BPF_ALU64,
  BPF_ATOMIC,
  BPF_CALL,
  BPF_CLASS,
  BPF_END,
  BPF_EXIT,
  BPF_IND,
  BPF_JMP,
  BPF_JMP32,
  BPF_LD,
  BPF_LDX,
  BPF_LOAD_ACQ,
  BPF_MODE,
  BPF_MOV,
  BPF_NEG,
  BPF_OP,
  BPF_SRC,
  BPF_ST,
  BPF_STX,
  BPF_X,
  type Insn,
} from "@bpf-ts/isa";
import { BPF_PSEUDO_KFUNC_CALL } from "@bpf-ts/uapi/pseudo";
import { insnText } from "../log/insn.ts";
import { isSyncCallbackCall } from "../pass/callbacks.ts";
import { findSubprog, isPseudoCall } from "../pass/subprog-lookup.ts";
import { stackMaskText } from "../prune/live-stack.ts";
import { verifierBug } from "../reject.ts";
import { type Env, INSN_CALLS_CALLBACK } from "../state/env.ts";
import {
  INSN_F_DST_REG_STACK,
  INSN_F_SRC_REG_STACK,
  INSN_F_STACK_ACCESS,
  type JmpHistoryEntry,
} from "../state/verifier-state.ts";
import { type BacktrackState, regMaskText } from "./backtrack-state.ts";
import { stackAccessFrame, stackAccessSpi } from "./history.ts";

const FP = 10;
/** R1 to R5. */
const ARGS = 0x3e;

/** Atomic loads are loads in stores' clothing. */
function isAtomicLoad(insn: Insn): boolean {
  return BPF_CLASS(insn.code) === BPF_STX && BPF_MODE(insn.code) === BPF_ATOMIC && insn.imm === BPF_LOAD_ACQ;
}

/** Registers that were tied by id at this instruction become precise together. */
function syncLinkedRegs(bt: BacktrackState, hist: JmpHistoryEntry | null): void {
  const linked = hist?.linkedRegs;
  if (!linked) return;
  const some = linked.some((e) => (e.isReg ? bt.hasReg(e.frameno, e.index) : bt.hasSlot(e.frameno, e.index)));
  if (!some) return;
  for (const e of linked) {
    if (e.isReg) bt.setReg(e.frameno, e.index);
    else bt.setSlot(e.frameno, e.index);
  }
}

function logStep(env: Env, bt: BacktrackState, idx: number): void {
  const f = bt.frame;
  const stack = stackMaskText(bt.stackLo[f]!, bt.stackHi[f]!);
  env.log.write(
    `mark_precise: frame${f}: regs=${regMaskText(bt.regs[f]!)} stack=${stack} before ${idx}: ${insnText(env, idx)}`,
  );
}

/**
 * Updates `bt` for the instruction at `idx`.
 *
 * @param subseqIdx the instruction walked after it, -1 for none
 * @returns false if it can't be told: everything must become precise
 */
export function backtrackInsn(
  env: Env,
  idx: number,
  subseqIdx: number,
  hist: JmpHistoryEntry | null,
  bt: BacktrackState,
): boolean {
  const insn = env.insns[idx]!;
  if (insn.code === 0) return true;
  if (env.log.level2) logStep(env, bt, idx);
  syncLinkedRegs(bt, hist);

  const f = bt.frame;
  const { dst, src } = insn;
  const klass = BPF_CLASS(insn.code);
  const op = BPF_OP(insn.code);
  const isX = BPF_SRC(insn.code) === BPF_X;

  if (klass === BPF_ALU || klass === BPF_ALU64) {
    if (!bt.hasReg(f, dst)) return true;
    if (op === BPF_END || op === BPF_NEG) return true;
    if (op === BPF_MOV) bt.clearReg(f, dst);
    if (isX && src !== FP) bt.setReg(f, src);
  } else if (klass === BPF_LDX || isAtomicLoad(insn)) {
    if (!bt.hasReg(f, dst)) return true;
    bt.clearReg(f, dst);
    if (hist === null || !(hist.flags & INSN_F_STACK_ACCESS)) return true;
    bt.setSlot(stackAccessFrame(hist.flags), stackAccessSpi(hist.flags));
  } else if (klass === BPF_STX || klass === BPF_ST) {
    // A store through a number: the pointer came from a subtraction of pointers.
    if (bt.hasReg(f, dst)) return false;
    if (hist === null || !(hist.flags & INSN_F_STACK_ACCESS)) return true;
    const spi = stackAccessSpi(hist.flags);
    const fr = stackAccessFrame(hist.flags);
    if (!bt.hasSlot(fr, spi)) return true;
    bt.clearSlot(fr, spi);
    if (klass === BPF_STX) bt.setReg(f, src);
  } else if (klass === BPF_JMP || klass === BPF_JMP32) {
    if (isPseudoCall(insn)) return backtrackSubprogCall(env, insn, idx, subseqIdx, bt);
    if (isSyncCallbackCall(env, insn) && idx !== subseqIdx - 1) {
      leaveSubprog(bt, ARGS, "callback");
      for (let i = 1; i <= 5; i++) bt.clearReg(f, i);
      bt.frame--;
      return true;
    }
    if (op === BPF_CALL) {
      if (insn.src === BPF_PSEUDO_KFUNC_CALL && insn.imm === 0) return false;
      bt.clearReg(f, 0);
      if (bt.regs[f]! & ARGS) verifierBug(`backtracking call unexpected regs ${bt.regs[f]!.toString(16)}`);
    } else if (op === BPF_EXIT) {
      return backtrackExit(env, subseqIdx, bt);
    } else if (isX) {
      if (!bt.hasReg(f, dst) && !bt.hasReg(f, src)) return true;
      if (hist === null || !(hist.flags & INSN_F_SRC_REG_STACK)) bt.setReg(f, src);
      if (hist === null || !(hist.flags & INSN_F_DST_REG_STACK)) bt.setReg(f, dst);
    }
  } else if (klass === BPF_LD) {
    if (!bt.hasReg(f, dst)) return true;
    bt.clearReg(f, dst);
    const mode = BPF_MODE(insn.code);
    if (mode === BPF_IND || mode === BPF_ABS) return false;
  }
  syncLinkedRegs(bt, hist);
  return true;
}

/** At the entry of a callee nothing but arguments may still be wanted. */
function leaveSubprog(bt: BacktrackState, allowed: number, what: string): void {
  const f = bt.frame;
  if (bt.regs[f]! & ~allowed) verifierBug(`${what} unexpected regs ${bt.regs[f]!.toString(16)}`);
  if (bt.stackLo[f] !== 0 || bt.stackHi[f] !== 0) verifierBug(`${what} leftover stack slots`);
  if (f === 0) verifierBug("subprog exit from frame 0");
}

function backtrackSubprogCall(env: Env, insn: Insn, idx: number, subseqIdx: number, bt: BacktrackState): boolean {
  const subprog = findSubprog(env, idx + insn.imm + 1);
  const f = bt.frame;
  if (env.subprogs[subprog]!.linkage === BTF_FUNC_GLOBAL) {
    if (idx + 1 !== subseqIdx) verifierBug("extra insn from subprog");
    if (bt.regs[f]! & ARGS) verifierBug(`global subprog unexpected regs ${bt.regs[f]!.toString(16)}`);
    bt.clearReg(f, 0);
    return true;
  }
  leaveSubprog(bt, ARGS, "static subprog");
  for (let i = 1; i <= 5; i++) {
    if (!bt.hasReg(f, i)) continue;
    bt.clearReg(f, i);
    bt.setReg(f - 1, i);
  }
  bt.frame--;
  return true;
}

function backtrackExit(env: Env, subseqIdx: number, bt: BacktrackState): boolean {
  const f = bt.frame;
  if (subseqIdx >= 0 && env.insnFlags[subseqIdx]! & INSN_CALLS_CALLBACK) {
    for (let i = 1; i <= 5; i++) bt.clearReg(f, i);
  }
  if (bt.regs[f]! & ARGS) verifierBug(`backtracking exit unexpected regs ${bt.regs[f]!.toString(16)}`);
  const r0 = subseqIdx >= 1 && isPseudoCall(env.insns[subseqIdx - 1]!) && bt.hasReg(f, 0);
  bt.clearReg(f, 0);
  if (f === 7) verifierBug("subprog enter from frame 7");
  bt.frame++;
  if (r0) bt.setReg(bt.frame, 0);
  return true;
}
