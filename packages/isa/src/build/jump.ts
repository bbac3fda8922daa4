/**
 * Jumps, calls, exit. Distances count slots from the slot behind the instruction; `ld_imm64` has two.
 *
 * @see RFC 9669 section 4.3
 * @module
 */
import { BPF_PSEUDO_CALL, BPF_PSEUDO_KFUNC_CALL } from "@bpf-ts/uapi/pseudo";
import type { Insn } from "../insn.ts";
import { BPF_CALL, BPF_EXIT, BPF_JA, BPF_JCOND, BPF_JMP, BPF_JMP32, BPF_MAY_GOTO, BPF_X } from "../opcodes.ts";
import { JMP_OPERATORS } from "../text/operators.ts";
import { sameWidth } from "./alu.ts";
import { finish, immediate, isWide, offset, operation, type Reg32, type Reg64, registerNumber } from "./operands.ts";

/** Comparisons, spelled as in the kernel's log. `&` asks whether a common bit is set, `s` is for signed. */
export type JumpOperator = "==" | "!=" | ">" | ">=" | "<" | "<=" | "s>" | "s>=" | "s<" | "s<=" | "&";

/**
 * Compares and jumps: `jump("r1", "s>", 5, +3)`, `jump("w1", "==", "w2", -7)`.
 *
 * @param right A register of the same width, or a number of signed 32 bits, which is sign-extended.
 * @param distance Slots, signed 16 bits.
 * @throws {IsaError} `ISA_OPERAND`, `ISA_RANGE`
 */
export function jump(left: Reg64, operator: JumpOperator, right: Reg64 | number, distance: number): Insn;
export function jump(left: Reg32, operator: JumpOperator, right: Reg32 | number, distance: number): Insn;
export function jump(
  left: Reg64 | Reg32,
  operator: JumpOperator,
  right: Reg64 | Reg32 | number,
  distance: number,
): Insn {
  const a = registerNumber(left);
  const code = (isWide(left) ? BPF_JMP : BPF_JMP32) | operation(JMP_OPERATORS, operator);
  const off = offset(distance, "distance");
  if (typeof right === "number") return finish(code, a, 0, off, immediate(right));
  const b = registerNumber(right);
  sameWidth(left, right);
  return finish(code | BPF_X, a, b, off, 0);
}

/** `goto`, signed 16 bits far. @throws {IsaError} `ISA_RANGE` */
export function jumpAlways(distance: number): Insn {
  return finish(BPF_JMP | BPF_JA, 0, 0, offset(distance, "distance"), 0);
}

/** `gotol`, signed 32 bits far. @throws {IsaError} `ISA_RANGE` */
export function jumpFar(distance: number): Insn {
  return finish(BPF_JMP32 | BPF_JA, 0, 0, 0, immediate(distance, "distance"));
}

/** `may_goto`: jumps once the budget of the loop is used up. @throws {IsaError} `ISA_RANGE` */
export function mayGoto(distance: number): Insn {
  return finish(BPF_JMP | BPF_JCOND, 0, BPF_MAY_GOTO, offset(distance, "distance"), 0);
}

/** Calls a helper by its `BPF_FUNC_*` id. @throws {IsaError} `ISA_RANGE` */
export function callHelper(id: number): Insn {
  return finish(BPF_JMP | BPF_CALL, 0, 0, 0, immediate(id, "helper"));
}

/** Calls the subprogram that starts this many slots further on. @throws {IsaError} `ISA_RANGE` */
export function callSubprog(distance: number): Insn {
  return finish(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, immediate(distance, "distance"));
}

/**
 * Calls a kernel function.
 *
 * @param btfId Type id of the function.
 * @param btfIndex Which BTF the id is of: 0 the kernel's own, else an index into the `fd_array` of the load.
 * @throws {IsaError} `ISA_RANGE`
 */
export function callKfunc(btfId: number, btfIndex = 0): Insn {
  return finish(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_KFUNC_CALL, offset(btfIndex, "btfIndex"), immediate(btfId, "btfId"));
}

/** Returns from the function; R0 is the result. */
export function exit(): Insn {
  return finish(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}
