/**
 * Where control goes after an instruction. Offsets count slots from the slot behind the instruction.
 *
 * @see RFC 9669 section 4.3; v6.18 kernel/bpf/verifier.c, insn_successors
 * @module
 */
import { BPF_PSEUDO_CALL, BPF_PSEUDO_FUNC } from "@bpf-ts/uapi/pseudo";
import type { Insn } from "../insn.ts";
import { BPF_CALL, BPF_DW, BPF_EXIT, BPF_IMM, BPF_JA, BPF_JMP, BPF_JMP32, BPF_LD } from "../opcodes.ts";
import { familyOf } from "./table.ts";

const LD_IMM64: number = BPF_LD | BPF_IMM | BPF_DW;

/** Slots that the instruction at this slot takes: 2 for `ld_imm64`, 1 for all others. */
export function insnSlots(insn: Insn): 1 | 2 {
  return insn.code === LD_IMM64 ? 2 : 1;
}

/** Whether control can go on to the next instruction. Not after `goto`, `gotol` and `exit`. */
export function fallsThrough(insn: Insn): boolean {
  const { code } = insn;
  return code !== (BPF_JMP | BPF_JA) && code !== (BPF_JMP32 | BPF_JA) && code !== (BPF_JMP | BPF_EXIT);
}

/**
 * How far an instruction can jump, in slots from the next slot: `off`, or `imm` for `gotol`.
 *
 * @returns undefined if it can't jump. Calls don't count as jumps.
 */
export function jumpOffset(insn: Insn): number | undefined {
  switch (familyOf(insn.code)) {
    case "ja":
    case "jcond":
    case "jmp":
      return insn.off;
    case "gotol":
      return insn.imm;
    default:
      return undefined;
  }
}

/**
 * The slots that can run next after the instruction at slot `i`, in Linux's order: the next one first, then the jump's target. They are not
 * checked against the program's length; a jump to the next slot is listed twice.
 *
 * @param insns The program.
 * @param i Slot of an instruction (not the second slot of `ld_imm64`).
 */
export function successors(insns: readonly Insn[], i: number): number[] {
  const insn = insns[i]!;
  const next: number[] = [];
  if (fallsThrough(insn)) next.push(i + insnSlots(insn));
  const offset = jumpOffset(insn);
  if (offset !== undefined) next.push(i + 1 + offset);
  return next;
}

/**
 * The slot that a call of a subprogram, or a `ld_imm64` of a function, at slot `i` names.
 *
 * @returns undefined for all other instructions. Not checked against the program's length.
 */
export function subprogTarget(insns: readonly Insn[], i: number): number | undefined {
  const { code, src, imm } = insns[i]!;
  const call = code === (BPF_JMP | BPF_CALL) && src === BPF_PSEUDO_CALL;
  return call || (code === LD_IMM64 && src === BPF_PSEUDO_FUNC) ? i + 1 + imm : undefined;
}
