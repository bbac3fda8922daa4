/**
 * Operands of the builders, and what they all end in.
 *
 * @module
 */
import { IsaError } from "../error.ts";
import type { Insn } from "../insn.ts";
import { insnProblem } from "../opcode/validity.ts";
import { ALU_OPERATORS, UNSIGNED_SIZES } from "../text/operators.ts";

/** A 64-bit register that can be written: all but the frame pointer. */
export type WritableReg64 = "r0" | "r1" | "r2" | "r3" | "r4" | "r5" | "r6" | "r7" | "r8" | "r9";
/** A 64-bit register. */
export type Reg64 = WritableReg64 | "r10";
/** The lower half of a register that can be written. */
export type WritableReg32 = "w0" | "w1" | "w2" | "w3" | "w4" | "w5" | "w6" | "w7" | "w8" | "w9";
/** The lower half of a register. */
export type Reg32 = WritableReg32 | "w10";
/** What a store writes and a load reads: unsigned, of 8 to 64 bits. */
export type UnsignedSize = "u8" | "u16" | "u32" | "u64";
/** What a sign-extending load reads. */
export type SignedSize = "s8" | "s16" | "s32";

/** The number of a register: `"r3"` is 3, `"w3"` too. */
export function registerNumber(register: Reg64 | Reg32): number {
  const found = /^[rw](\d|10)$/u.exec(register);
  if (found === null) throw operandError(`"${register}" is no register r0..r10 or w0..w10`, { register });
  return Number(found[1]);
}

/** True for the full register. */
export function isWide(register: Reg64 | Reg32): boolean {
  return register[0] === "r";
}

/** The number of a register that must be a full one. */
export function wideRegisterNumber(register: Reg64): number {
  const number = registerNumber(register);
  if (!isWide(register)) throw operandError(`"${register}" is no 64-bit register`, { register });
  return number;
}

/** The size field of a type; `names` says which types are allowed. */
export function sizeField(size: string, names: readonly string[] = UNSIGNED_SIZES): number {
  const index = names.indexOf(size);
  if (index < 0) throw operandError(`"${size}" is none of ${names.join(", ")}`, { size });
  return index << 3;
}

/** The operation of an operator in one of the tables of spellings. */
export function operation(names: readonly string[], operator: string): number {
  const index = names.indexOf(operator);
  // The tables hold the kernel's words for what is no operator, too.
  if (index < 0 || /^[a-z]+$/u.test(operator)) {
    const list = names.filter((name) => !/^[a-z]+$/u.test(name)).join(" ");
    throw operandError(`"${operator}" is no operator, these are: ${list}${names === ALU_OPERATORS ? " s/= s%=" : ""}`, {
      operator,
    });
  }
  return index << 4;
}

/** An `ISA_OPERAND` error. */
export function operandError(message: string, details: Record<string, unknown>): IsaError {
  return new IsaError(message, { code: "ISA_OPERAND", details });
}

/** Checks that a number is whole and within bounds. */
export function within(value: number, what: string, min: number, max: number): number {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new IsaError(`${what} is ${value}, allowed is ${min}..${max}`, {
      code: "ISA_RANGE",
      details: { [what]: value, min, max },
    });
  }
  // Of -0 and 0, 0.
  return value + 0;
}

/** Checks a number for `off`. */
export function offset(value: number, what = "offset"): number {
  return within(value, what, -0x8000, 0x7fff);
}

/** Checks a number for `imm`, which is signed. */
export function immediate(value: number, what = "immediate"): number {
  return within(value, what, -0x8000_0000, 0x7fff_ffff);
}

/** The finished instruction: refused where Linux would refuse it whatever stood around it. */
export function finish(code: number, dst: number, src: number, off: number, imm: number): Insn {
  const insn: Insn = { code, dst, src, off, imm };
  const problem = insnProblem([insn], 0);
  if (problem !== undefined) throw operandError(problem, { insn });
  return insn;
}
