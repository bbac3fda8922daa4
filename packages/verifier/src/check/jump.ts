/**
 * Conditional jumps: which way they can go, and what is known on each way.
 *
 * @see v6.18 kernel/bpf/verifier.c, check_cond_jmp_op
 */
import {
  BPF_CLASS,
  BPF_JA,
  BPF_JCOND,
  BPF_JEQ,
  BPF_JMP,
  BPF_JMP32,
  BPF_JNE,
  BPF_OP,
  BPF_SRC,
  BPF_X,
  type Insn,
} from "@bpf-ts/isa";
import { EACCES, EFAULT, EINVAL, ENOMEM } from "@bpf-ts/uapi/errno";
import { constant, refineBranch, refineSelf, type Scalar } from "../domain/index.ts";
import { printInsnState } from "../log/state.ts";
import { pushJmpHistory } from "../precision/history.ts";
import { markChainPrecision } from "../precision/mark.ts";
import { findPrevEntry, widenImpreciseScalars } from "../prune/widen.ts";
import { reject } from "../reject.ts";
import type { Env } from "../state/env.ts";
import { type RegState, scalarReg } from "../state/reg-state.ts";
import { baseType, PTR_TO_BTF_ID, PTR_TO_STACK, SCALAR_VALUE, typeMayBeNull } from "../state/reg-type.ts";
import {
  INSN_F_DST_REG_STACK,
  INSN_F_SRC_REG_STACK,
  type LinkedReg,
  type VerifierState,
} from "../state/verifier-state.ts";
import { isBranchTaken, isPktPointerAny } from "./branch-taken.ts";
import { pushBranch } from "./branches.ts";
import { collectLinkedRegs, syncLinkedRegs } from "./linked-regs.ts";
import { markPtrNotNull, markPtrOrNullRegs } from "./null-check.ts";
import { matchPktPointers } from "./pkt-range.ts";
import { checkBounds, checkRegArg, isPointerValue, SRC_OP } from "./reg-arg.ts";

/** Checks the jump at `env.insnIdx`; leaves there the slot before the one to go on with. */
export function checkCondJmp(env: Env, insn: Insn): void {
  const op = BPF_OP(insn.code);
  const at = env.insnIdx;
  if (op === BPF_JA || op > BPF_JCOND) {
    reject(env, at, "instruction", EINVAL, `invalid BPF_JMP/JMP32 opcode ${op.toString(16)}`);
  }
  if (op === BPF_JCOND) {
    checkMayGoto(env, insn);
    return;
  }
  const src = checkOperands(env, insn);
  const state = env.cur;
  const regs = state.frame.regs;
  const dst = regs[insn.dst]!;
  const isX = BPF_SRC(insn.code) === BPF_X;
  const is32 = BPF_CLASS(insn.code) === BPF_JMP32;

  const taken = isBranchTaken(dst, src, op, is32);
  if (taken >= 0) {
    if (dst.type === SCALAR_VALUE) markChainPrecision(env, insn.dst);
    if (isX && src.type === SCALAR_VALUE) markChainPrecision(env, insn.src);
    if (env.log.verbose) printInsnState(env, state);
    if (taken === 1) env.insnIdx += insn.off;
    return;
  }

  let linked: LinkedReg[] = [];
  if (isX && src.type === SCALAR_VALUE && src.id !== 0) linked = collectLinkedRegs(env, state, src.id, linked);
  if (regs[insn.dst]!.type === SCALAR_VALUE && regs[insn.dst]!.id !== 0) {
    linked = collectLinkedRegs(env, state, regs[insn.dst]!.id, linked);
  }
  if (linked.length > 1) pushJmpHistory(env, state, 0, linked);
  const other = pushBranch(env, at + insn.off + 1, at, EFAULT);

  if (regs[insn.dst]!.type === SCALAR_VALUE && src.type === SCALAR_VALUE) {
    refineBoth(env, insn, state, other, src, op, is32);
  }
  if (isX) syncOperand(insn.src, state, other, linked);
  syncOperand(insn.dst, state, other, linked);
  learnNotNull(env, insn, op, is32, state, other);
  if (env.log.verbose) printInsnState(env, state);
}

/** Answers the second operand: a register, or the immediate as one. */
function checkOperands(env: Env, insn: Insn): RegState {
  const at = env.insnIdx;
  checkRegArg(env, insn.dst, SRC_OP);
  const regs = env.cur.frame.regs;
  const dst = regs[insn.dst]!;
  let flags = dst.type === PTR_TO_STACK ? INSN_F_DST_REG_STACK : 0;
  let src: RegState;
  if (BPF_SRC(insn.code) === BPF_X) {
    if (insn.imm !== 0) reject(env, at, "instruction", EINVAL, "BPF_JMP/JMP32 uses reserved fields");
    checkRegArg(env, insn.src, SRC_OP);
    src = regs[insn.src]!;
    if (!(isPktPointerAny(dst) && isPktPointerAny(src)) && isPointerValue(env, insn.src)) {
      reject(env, at, "pointer", EACCES, `R${insn.src} pointer comparison prohibited`);
    }
    if (src.type === PTR_TO_STACK) flags |= INSN_F_SRC_REG_STACK;
  } else {
    if (insn.src !== 0) reject(env, at, "instruction", EINVAL, "BPF_JMP/JMP32 uses reserved fields");
    src = scalarReg((env.immScalars[at] ??= constant(insn.imm)));
  }
  if (flags !== 0) pushJmpHistory(env, env.cur, flags, null);
  return src;
}

/** Leaving the loop is walked now, going round once more later. */
function checkMayGoto(env: Env, insn: Insn): void {
  const at = env.insnIdx;
  if (insn.code !== (BPF_JMP | BPF_JCOND) || insn.src !== 0 || insn.dst !== 0 || insn.imm !== 0) {
    reject(env, at, "instruction", EINVAL, `invalid may_goto imm ${insn.imm}`);
  }
  const prev = findPrevEntry(env, env.cur.parent, at);
  const queued = pushBranch(env, at + 1, at, ENOMEM);
  queued.mayGotoDepth++;
  if (prev !== null) widenImpreciseScalars(env, prev, queued);
  env.insnIdx += insn.off;
}

/** Bounds on both ways. @see v6.18 kernel/bpf/verifier.c, reg_set_min_max */
function refineBoth(
  env: Env,
  insn: Insn,
  state: VerifierState,
  other: VerifierState,
  src: RegState,
  op: number,
  is32: boolean,
): void {
  const regs = state.frame.regs;
  const otherRegs = other.frame.regs;
  const dst = regs[insn.dst]!;
  const isX = BPF_SRC(insn.code) === BPF_X;
  if (isX && insn.src === insn.dst) {
    refineOne(env, insn.dst, regs, otherRegs, op, is32);
    return;
  }
  const srcNow = isX ? regs[insn.src]! : src;
  const no = refineBranch(op, is32, dst.scalar, srcNow.scalar, false);
  const yes = refineBranch(op, is32, dst.scalar, srcNow.scalar, true);
  const yesA = checkBounds(env, yes.a, "true_reg1");
  const yesB = checkBounds(env, yes.b, "true_reg2");
  const noA = checkBounds(env, no.a, "false_reg1");
  const noB = checkBounds(env, no.b, "false_reg2");
  const otherDst = otherRegs[insn.dst]!;
  if (noA !== dst.scalar) regs[insn.dst] = dst.withScalar(noA);
  if (yesA !== otherDst.scalar) otherRegs[insn.dst] = otherDst.withScalar(yesA);
  if (!isX) return;
  const here = regs[insn.src]!;
  const there = otherRegs[insn.src]!;
  if (noB !== here.scalar) regs[insn.src] = here.withScalar(noB);
  if (yesB !== there.scalar) otherRegs[insn.src] = there.withScalar(yesB);
}

/** A register that is compared with itself is both operands: what is learned of one is learned of the other at once. */
function refineOne(env: Env, regno: number, regs: RegState[], otherRegs: RegState[], op: number, is32: boolean): void {
  const { scalar } = regs[regno]!;
  const check = (s: Scalar, side: string): Scalar =>
    checkBounds(env, checkBounds(env, s, `${side}_reg1`), `${side}_reg2`);
  const yes = check(refineSelf(op, is32, scalar, true), "true");
  const no = check(refineSelf(op, is32, scalar, false), "false");
  regs[regno] = regs[regno]!.withScalar(no);
  otherRegs[regno] = otherRegs[regno]!.withScalar(yes);
}

/** What was learned of an operand holds for the registers that are tied to it. */
function syncOperand(regno: number, state: VerifierState, other: VerifierState, linked: readonly LinkedReg[]): void {
  const reg = state.frame.regs[regno]!;
  if (reg.type !== SCALAR_VALUE || reg.id === 0) return;
  const otherReg = other.frame.regs[regno]!;
  if (otherReg.id !== reg.id) return;
  syncLinkedRegs(state, reg, regno, linked);
  syncLinkedRegs(other, otherReg, regno, linked);
}

/** Comparisons of pointers: with null, with each other, with the packet's end. */
function learnNotNull(
  env: Env,
  insn: Insn,
  op: number,
  is32: boolean,
  state: VerifierState,
  other: VerifierState,
): void {
  const isX = BPF_SRC(insn.code) === BPF_X;
  const regs = state.frame.regs;
  const dst = regs[insn.dst]!;
  if (!is32 && isX) {
    const src = regs[insn.src]!;
    if (
      src.type !== SCALAR_VALUE &&
      dst.type !== SCALAR_VALUE &&
      typeMayBeNull(src.type) !== typeMayBeNull(dst.type) &&
      baseType(src.type) !== PTR_TO_BTF_ID &&
      baseType(dst.type) !== PTR_TO_BTF_ID
    ) {
      const equal = op === BPF_JEQ ? other : op === BPF_JNE ? state : null;
      if (equal !== null) {
        const which = typeMayBeNull(src.type) ? insn.src : insn.dst;
        const eqRegs = equal.frame.regs;
        eqRegs[which] = markPtrNotNull(env, eqRegs[which]!);
      }
    }
  }
  const nullTest = !is32 && !isX && insn.imm === 0 && (op === BPF_JEQ || op === BPF_JNE);
  if (nullTest && typeMayBeNull(regs[insn.dst]!.type)) {
    markPtrOrNullRegs(env, state, insn.dst, op === BPF_JNE);
    markPtrOrNullRegs(env, other, insn.dst, op === BPF_JEQ);
  } else if (!(isX && !is32 && matchPktPointers(insn, op, state, other)) && isPointerValue(env, insn.dst)) {
    reject(env, env.insnIdx, "pointer", EACCES, `R${insn.dst} pointer comparison prohibited`);
  }
}
