/**
 * The parts that opcodes are made of, under the kernel's names. An opcode is a sum of them: `BPF_ALU64 | BPF_ADD | BPF_X`.
 *
 * ```text
 *   ALU, ALU64, JMP, JMP32      7 6 5 4 | 3      | 2 1 0
 *                               op      | source | class
 *   LD, LDX, ST, STX            7 6 5   | 4 3    | 2 1 0
 *                               mode    | size   | class
 * ```
 *
 * @see RFC 9669 sections 4 and 5; v6.18 include/uapi/linux/bpf.h and bpf_common.h
 * @module
 */

// Class: code & 0x07.
/** Class: `ld_imm64` and the legacy packet loads. */
export const BPF_LD = 0x00;
/** Class: loads into a register, `dst = *(size *)(src + off)`. */
export const BPF_LDX = 0x01;
/** Class: stores of an immediate, `*(size *)(dst + off) = imm`. */
export const BPF_ST = 0x02;
/** Class: stores of a register and atomics. */
export const BPF_STX = 0x03;
/** Class: 32-bit arithmetic; the upper half of the result is zero. */
export const BPF_ALU = 0x04;
/** Class: jumps that compare 64 bits, calls, exit. */
export const BPF_JMP = 0x05;
/** Class: jumps that compare the lower 32 bits. */
export const BPF_JMP32 = 0x06;
/** Class: 64-bit arithmetic. */
export const BPF_ALU64 = 0x07;

// Size of a load or store: code & 0x18.
/** Size: 4 bytes. */
export const BPF_W = 0x00;
/** Size: 2 bytes. */
export const BPF_H = 0x08;
/** Size: 1 byte. */
export const BPF_B = 0x10;
/** Size: 8 bytes. */
export const BPF_DW = 0x18;

// Mode of a load or store: code & 0xe0.
/** Mode: 64-bit immediate (`BPF_LD | BPF_DW` only). */
export const BPF_IMM = 0x00;
/** Mode: legacy packet load at a constant offset. */
export const BPF_ABS = 0x20;
/** Mode: legacy packet load at a register + constant offset. */
export const BPF_IND = 0x40;
/** Mode: memory. */
export const BPF_MEM = 0x60;
/** Mode: memory, sign-extending load. */
export const BPF_MEMSX = 0x80;
/** Mode: atomic operation; `imm` says which. */
export const BPF_ATOMIC = 0xc0;
/** Mode: the old name of {@link BPF_ATOMIC}. */
export const BPF_XADD = 0xc0;

// Source of an operand: code & 0x08.
/** Second operand: `imm`. */
export const BPF_K = 0x00;
/** Second operand: the register `src`. */
export const BPF_X = 0x08;

// Operation of ALU and ALU64: code & 0xf0.
/** ALU: `+=`. */
export const BPF_ADD = 0x00;
/** ALU: `-=`. */
export const BPF_SUB = 0x10;
/** ALU: `*=`. */
export const BPF_MUL = 0x20;
/** ALU: `/=`; signed where `off` is 1. Division by zero gives 0. */
export const BPF_DIV = 0x30;
/** ALU: `|=`. */
export const BPF_OR = 0x40;
/** ALU: `&=`. */
export const BPF_AND = 0x50;
/** ALU: `<<=`. */
export const BPF_LSH = 0x60;
/** ALU: `>>=`, zero-filling. */
export const BPF_RSH = 0x70;
/** ALU: `= -`. */
export const BPF_NEG = 0x80;
/** ALU: `%=`; signed where `off` is 1. Modulo zero leaves the dividend. */
export const BPF_MOD = 0x90;
/** ALU: `^=`. */
export const BPF_XOR = 0xa0;
/** ALU: `=`; sign-extends from `off` bits where `off` is 8, 16 or 32. */
export const BPF_MOV = 0xb0;
/** ALU: `s>>=`, sign-filling. */
export const BPF_ARSH = 0xc0;
/** ALU: byte swaps; `imm` is 16, 32 or 64. */
export const BPF_END = 0xd0;

/** Source bit of {@link BPF_END} in class ALU: to little endian. */
export const BPF_TO_LE = 0x00;
/** Source bit of {@link BPF_END} in class ALU: to big endian. */
export const BPF_TO_BE = 0x08;

/** `off` of {@link BPF_MOV} in ALU64 with a register source: address space cast. */
export const BPF_ADDR_SPACE_CAST = 1;

// Operation of JMP and JMP32: code & 0xf0.
/** Jump always; by `off` in class JMP, by `imm` in class JMP32 (gotol). */
export const BPF_JA = 0x00;
/** Jump if `==`. */
export const BPF_JEQ = 0x10;
/** Jump if `>`, unsigned. */
export const BPF_JGT = 0x20;
/** Jump if `>=`, unsigned. */
export const BPF_JGE = 0x30;
/** Jump if `&` is not zero. */
export const BPF_JSET = 0x40;
/** Jump if `!=`. */
export const BPF_JNE = 0x50;
/** Jump if `>`, signed. */
export const BPF_JSGT = 0x60;
/** Jump if `>=`, signed. */
export const BPF_JSGE = 0x70;
/** Call; `src` says of what. */
export const BPF_CALL = 0x80;
/** Return from the function. */
export const BPF_EXIT = 0x90;
/** Jump if `<`, unsigned. */
export const BPF_JLT = 0xa0;
/** Jump if `<=`, unsigned. */
export const BPF_JLE = 0xb0;
/** Jump if `<`, signed. */
export const BPF_JSLT = 0xc0;
/** Jump if `<=`, signed. */
export const BPF_JSLE = 0xd0;
/** Conditional pseudo jump: `may_goto` where `src` is {@link BPF_MAY_GOTO}. */
export const BPF_JCOND = 0xe0;

/** `src` of {@link BPF_JCOND}: jump once the loop budget is used up. */
export const BPF_MAY_GOTO = 0;

// Operation of an atomic: imm. ADD, OR, AND and XOR are the ALU codes.
/** Atomic: set beside ADD, OR, AND, XOR, the old value lands in `src`. */
export const BPF_FETCH = 0x01;
/** Atomic: exchange. */
export const BPF_XCHG = 0xe1;
/** Atomic: compare with R0 and exchange; the old value lands in R0. */
export const BPF_CMPXCHG = 0xf1;
/** Atomic: load with acquire semantics. */
export const BPF_LOAD_ACQ = 0x100;
/** Atomic: store with release semantics. */
export const BPF_STORE_REL = 0x110;

// Registers.
/** Result of calls, and of the program. */
export const BPF_REG_0 = 0;
/** First argument of a call; the context when the program starts. */
export const BPF_REG_1 = 1;
/** Second argument of a call. */
export const BPF_REG_2 = 2;
/** Third argument of a call. */
export const BPF_REG_3 = 3;
/** Fourth argument of a call. */
export const BPF_REG_4 = 4;
/** Fifth argument of a call. */
export const BPF_REG_5 = 5;
/** Kept over calls. */
export const BPF_REG_6 = 6;
/** Kept over calls. */
export const BPF_REG_7 = 7;
/** Kept over calls. */
export const BPF_REG_8 = 8;
/** Kept over calls. */
export const BPF_REG_9 = 9;
/** Frame pointer, read only. */
export const BPF_REG_10 = 10;
/** Number of registers that programs can name. */
export const MAX_BPF_REG = 11;
/** Register that rewrites of the kernel may use; programs cannot. */
export const BPF_REG_AX = 11;

/** The class of an opcode, one of `BPF_LD` … `BPF_ALU64`. */
export function BPF_CLASS(code: number): number {
  return code & 0x07;
}
/** The size part of a load or store, one of `BPF_W`, `BPF_H`, `BPF_B`, `BPF_DW`. */
export function BPF_SIZE(code: number): number {
  return code & 0x18;
}
/** The mode part of a load or store, one of `BPF_IMM` … `BPF_ATOMIC`. */
export function BPF_MODE(code: number): number {
  return code & 0xe0;
}
/** The operation part of an ALU or jump opcode. */
export function BPF_OP(code: number): number {
  return code & 0xf0;
}
/** The source part of an ALU or jump opcode, `BPF_K` or `BPF_X`. */
export function BPF_SRC(code: number): number {
  return code & 0x08;
}
