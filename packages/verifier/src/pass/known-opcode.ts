import {
  BPF_ABS,
  BPF_ALU,
  BPF_ALU64,
  BPF_ATOMIC,
  BPF_CALL,
  BPF_CLASS,
  BPF_DW,
  BPF_END,
  BPF_EXIT,
  BPF_IND,
  BPF_JA,
  BPF_JCOND,
  BPF_JMP,
  BPF_JMP32,
  BPF_LD,
  BPF_LDX,
  BPF_MEM,
  BPF_MEMSX,
  BPF_MODE,
  BPF_NEG,
  BPF_OP,
  BPF_SIZE,
  BPF_SRC,
  BPF_ST,
  BPF_STX,
  BPF_X,
} from "@bpf-ts/isa";

/**
 * Opcodes that programs may contain, beside ld_imm64.
 *
 * @see v6.18 kernel/bpf/core.c, bpf_opcode_in_insntable
 */
export function isKnownOpcode(code: number): boolean {
  const op = BPF_OP(code);
  const isX = BPF_SRC(code) === BPF_X;
  const mode = BPF_MODE(code);
  switch (BPF_CLASS(code)) {
    case BPF_ALU:
      if (op === BPF_NEG) return !isX;
      return op <= BPF_END;
    case BPF_ALU64:
      if (op === BPF_NEG || op === BPF_END) return !isX;
      return op < BPF_END;
    case BPF_JMP:
      if (op === BPF_JA || op === BPF_CALL || op === BPF_EXIT || op === BPF_JCOND) return !isX;
      return op < BPF_JCOND;
    case BPF_JMP32:
      if (op === BPF_JA) return !isX;
      return op !== BPF_CALL && op !== BPF_EXIT && op < BPF_JCOND;
    case BPF_LD:
      return (mode === BPF_ABS || mode === BPF_IND) && BPF_SIZE(code) !== BPF_DW;
    case BPF_LDX:
      return mode === BPF_MEM || (mode === BPF_MEMSX && BPF_SIZE(code) !== BPF_DW);
    case BPF_ST:
      return mode === BPF_MEM;
    case BPF_STX:
      return mode === BPF_MEM || mode === BPF_ATOMIC;
    default:
      return false;
  }
}
