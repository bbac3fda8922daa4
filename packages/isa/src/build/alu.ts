/**
 * Arithmetic.
 *
 * @see RFC 9669 section 4.1 and 4.2
 * @module
 */
import type { Insn } from "../insn.ts";
import {
  BPF_ADDR_SPACE_CAST,
  BPF_ALU,
  BPF_ALU64,
  BPF_END,
  BPF_MOV,
  BPF_NEG,
  BPF_TO_BE,
  BPF_TO_LE,
  BPF_X,
} from "../opcodes.ts";
import { ALU_OPERATORS } from "../text/operators.ts";
import {
  finish,
  immediate,
  isWide,
  operandError,
  operation,
  type Reg32,
  type Reg64,
  registerNumber,
  type WritableReg32,
  type WritableReg64,
  wideRegisterNumber,
  within,
} from "./operands.ts";

/** Operators of arithmetic, spelled as in the kernel's log. `s` is for signed. */
export type AluOperator =
  | "="
  | "+="
  | "-="
  | "*="
  | "/="
  | "s/="
  | "%="
  | "s%="
  | "|="
  | "&="
  | "^="
  | "<<="
  | ">>="
  | "s>>=";

/**
 * Arithmetic on two operands, or a move: `alu("r1", "+=", "r2")`, `alu("w1", "s>>=", 4)`, `alu("r1", "=", 0)`. Operands of names `r` make it
 * a 64-bit instruction, `w` a 32-bit one, whose result is zero-extended.
 *
 * @param src A register of the same width, or a number of signed 32 bits, which is sign-extended. Shifts are below the width, divisors not 0.
 * @throws {IsaError} `ISA_OPERAND`, `ISA_RANGE`
 */
export function alu(dst: WritableReg64, operator: AluOperator, src: Reg64 | number): Insn;
export function alu(dst: WritableReg32, operator: AluOperator, src: Reg32 | number): Insn;
export function alu(dst: Reg64 | Reg32, operator: AluOperator, src: Reg64 | Reg32 | number): Insn {
  const to = registerNumber(dst);
  const signed = operator === "s/=" || operator === "s%=";
  const op = operation(ALU_OPERATORS, signed ? operator.slice(1) : operator);
  const code = (isWide(dst) ? BPF_ALU64 : BPF_ALU) | op;
  const off = signed ? 1 : 0;
  if (typeof src === "number") return finish(code, to, 0, off, immediate(src));
  const from = registerNumber(src);
  sameWidth(dst, src);
  return finish(code | BPF_X, to, from, off, 0);
}

/** Refuses operands of two widths. */
export function sameWidth(left: Reg64 | Reg32, right: Reg64 | Reg32): void {
  if (isWide(left) !== isWide(right)) throw operandError(`${left} and ${right} differ in width`, { left, right });
}

/** `dst = -dst`. @throws {IsaError} `ISA_OPERAND` */
export function negate(dst: WritableReg64 | WritableReg32): Insn {
  const to = registerNumber(dst);
  return finish((isWide(dst) ? BPF_ALU64 : BPF_ALU) | BPF_NEG, to, 0, 0, 0);
}

/**
 * Moves with sign extension, `r1 = (s8)r2`.
 *
 * @param bits How many lower bits of `src` to take; 32 only into a 64-bit register.
 * @throws {IsaError} `ISA_OPERAND`, `ISA_RANGE`
 */
export function signExtend(dst: WritableReg64, bits: 8 | 16 | 32, src: Reg64): Insn;
export function signExtend(dst: WritableReg32, bits: 8 | 16, src: Reg32): Insn;
export function signExtend(dst: Reg64 | Reg32, bits: 8 | 16 | 32, src: Reg64 | Reg32): Insn {
  if (bits !== 8 && bits !== 16 && bits !== 32) throw operandError(`sign extension from ${bits} bits`, { bits });
  const to = registerNumber(dst);
  const from = registerNumber(src);
  sameWidth(dst, src);
  return finish((isWide(dst) ? BPF_ALU64 : BPF_ALU) | BPF_MOV | BPF_X, to, from, bits, 0);
}

/** Byte order to convert to or from (`le`, `be`), or `bswap` whatever the machine's, and how many bits. */
export type Swap = `${"le" | "be" | "bswap"}${16 | 32 | 64}`;

/** Swaps bytes within the lower 16, 32 or 64 bits, and clears those above: `r1 = be16 r1`. @throws {IsaError} `ISA_OPERAND` */
export function swapBytes(dst: WritableReg64, swap: Swap): Insn {
  const found = /^(le|be|bswap)(16|32|64)$/u.exec(swap);
  if (found === null) throw operandError(`"${swap}" is none of le, be, bswap with 16, 32 or 64`, { swap });
  const code = found[1] === "bswap" ? BPF_ALU64 : BPF_ALU | (found[1] === "be" ? BPF_TO_BE : BPF_TO_LE);
  return finish(code | BPF_END, wideRegisterNumber(dst), 0, 0, Number(found[2]));
}

/**
 * Casts a pointer between the kernel's address space 0 and the arena's 1: `r1 = addr_space_cast(r2, 0, 1)` makes a kernel pointer of an arena
 * pointer.
 *
 * @throws {IsaError} `ISA_OPERAND`, `ISA_RANGE`
 * @see v6.18 kernel/bpf/verifier.c, check_alu_op
 */
export function addrSpaceCast(dst: WritableReg64, src: Reg64, to: 0 | 1, from: 0 | 1): Insn {
  const imm = (within(to, "to", 0, 1) << 16) | within(from, "from", 0, 1);
  const code = BPF_ALU64 | BPF_MOV | BPF_X;
  return finish(code, wideRegisterNumber(dst), wideRegisterNumber(src), BPF_ADDR_SPACE_CAST, imm);
}
