import { BPF_CALL, BPF_CLASS, BPF_EXIT, BPF_JA, BPF_JCOND, BPF_JMP, BPF_JMP32, BPF_OP, type Insn } from "@bpf-ts/isa";
import { type Env, INSN_SEEN } from "../state/env.ts";
import type { EditedProgram } from "./edited-program.ts";

/** A jump to the next slot. */
const NOP: Insn = { code: BPF_JMP | BPF_JA, dst: 0, src: 0, off: 0, imm: 0 };

const MAY_GOTO = BPF_JMP | BPF_JCOND;

/** Conditional jumps: the JMP and JMP32 classes but for ja, call, exit and may_goto. */
function isConditional(insn: Insn): boolean {
  const cls = BPF_CLASS(insn.code);
  if (cls !== BPF_JMP && cls !== BPF_JMP32) return false;
  const op = BPF_OP(insn.code);
  return op !== BPF_JA && op !== BPF_CALL && op !== BPF_EXIT && op !== BPF_JCOND;
}

/**
 * What no path of the walk reached is removed, branches whose other side is never taken become plain, and jumps that then do nothing go, too.
 *
 * Safe because the walk covers every path that can be taken: a slot it did not see is one that no run reaches.
 *
 * @see v6.18 kernel/bpf/verifier.c, opt_hard_wire_dead_code_branches, opt_remove_dead_code, opt_remove_nops
 */
export function removeDeadCode(env: Env, program: EditedProgram): void {
  const { insns } = env;
  const isSeen = (slot: number): boolean => (env.insnFlags[slot]! & INSN_SEEN) !== 0;
  for (let i = 0; i < insns.length; i++) {
    const insn = insns[i]!;
    if (!isSeen(i) || !isConditional(insn)) continue;
    const always = { ...NOP, off: insn.off };
    if (!isSeen(i + 1)) program.change(i, always);
    else if (!isSeen(i + 1 + insn.off)) program.change(i, NOP);
  }
  for (let i = 0; i < insns.length; i++) {
    // The second half of an ld_imm64 is never walked; it goes with the first.
    const isSecondHalf = i > 0 && insns[i - 1]!.code === LD_IMM64 && insns[i]!.code === 0;
    if (!isSeen(isSecondHalf ? i - 1 : i)) program.remove(i);
  }
  removeFastcallPairs(env, program);
  removeNoOps(env, program);
}

/**
 * Jumps to what follows them. Taking out a may_goto may make one of the may_goto before it.
 *
 * @see v6.18 kernel/bpf/verifier.c, opt_remove_nops
 */
function removeNoOps(env: Env, program: EditedProgram): void {
  for (let i = 0; i < env.insns.length; i++) {
    const insn = program.at(i);
    if (insn === undefined || (insn.code !== NOP.code && insn.code !== MAY_GOTO)) continue;
    if (!program.skipsNothing(i, i + 1 + insn.off)) continue;
    program.remove(i);
    if (insn.code !== MAY_GOTO) continue;
    let before = i - 1;
    while (before >= 0 && program.isRemoved(before)) before--;
    if (before >= 0) i = before - 1;
  }
}

const LD_IMM64 = 0x18;

/**
 * The stores and loads around a call that does not clobber its registers. This machine's calls of such helpers leave R1-R5 alone.
 *
 * @see v6.18 kernel/bpf/verifier.c, remove_fastcall_spills_fills
 */
function removeFastcallPairs(env: Env, program: EditedProgram): void {
  for (let i = 0; i < env.insns.length; i++) {
    for (let n = 1; n <= env.fastcallSpills[i]!; n++) {
      program.remove(i - n);
      program.remove(i + n);
    }
  }
}
