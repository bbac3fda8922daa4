import { BPF_CALL, BPF_CLASS, BPF_EXIT, BPF_JA, BPF_JMP, BPF_JMP32, BPF_OP, type Insn } from "@bpf-ts/isa";

/** `code` of ld_imm64. */
export const LD_IMM64 = 0x18;

/** Two slots long? */
export function isLdImm64(insn: Insn): boolean {
  return insn.code === LD_IMM64;
}

/** Distance of a jump in slots, relative to the next slot. @see v6.18 kernel/bpf/liveness.c, bpf_jmp_offset */
export function jmpOffset(insn: Insn): number {
  return insn.code === (BPF_JMP32 | BPF_JA) ? insn.imm : insn.off;
}

/**
 * Successors of every slot within its subprogram: a call's is the slot behind it. `[2 * i]` falls through (or is the only one), `[2 * i + 1]`
 * jumps; -1 where absent. Both slots of ld_imm64 have entries.
 *
 * @see v6.18 kernel/bpf/liveness.c, bpf_insn_successors
 */
export function computeSuccessors(insns: readonly Insn[]): Int32Array {
  const succ = new Int32Array(insns.length * 2);
  for (let i = 0; i < insns.length; i++) {
    const insn = insns[i]!;
    const klass = BPF_CLASS(insn.code);
    let fall = i + (insn.code === LD_IMM64 ? 2 : 1);
    let jump = -1;
    if (klass === BPF_JMP || klass === BPF_JMP32) {
      const op = BPF_OP(insn.code);
      if (op === BPF_EXIT) {
        fall = -1;
      } else if (op === BPF_JA) {
        fall = i + jmpOffset(insn) + 1;
      } else if (op !== BPF_CALL) {
        jump = i + jmpOffset(insn) + 1;
      }
    }
    succ[2 * i] = fall;
    succ[2 * i + 1] = jump;
  }
  return succ;
}
