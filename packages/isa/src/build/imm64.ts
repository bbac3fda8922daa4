/**
 * `ld_imm64`: 64-bit numbers, and references that the kernel replaces with addresses. Always two slots.
 *
 * @see RFC 9669 section 5.4
 * @module
 */
import {
  BPF_PSEUDO_BTF_ID,
  BPF_PSEUDO_FUNC,
  BPF_PSEUDO_MAP_FD,
  BPF_PSEUDO_MAP_IDX,
  BPF_PSEUDO_MAP_IDX_VALUE,
  BPF_PSEUDO_MAP_VALUE,
} from "@bpf-ts/uapi/pseudo";
import { IsaError } from "../error.ts";
import type { Insn } from "../insn.ts";
import { insnProblem } from "../opcode/validity.ts";
import { BPF_DW, BPF_IMM, BPF_LD } from "../opcodes.ts";
import { immediate, operandError, type WritableReg64, wideRegisterNumber } from "./operands.ts";

/** The two slots of a `ld_imm64`. */
export type Imm64 = [Insn, Insn];

function imm64(dst: WritableReg64, src: number, low: number, high: number): Imm64 {
  const insns: Imm64 = [
    { code: BPF_LD | BPF_IMM | BPF_DW, dst: wideRegisterNumber(dst), src, off: 0, imm: low },
    { code: 0, dst: 0, src: 0, off: 0, imm: high },
  ];
  const problem = insnProblem(insns, 0);
  if (problem !== undefined) throw operandError(problem, { insns });
  return insns;
}

/**
 * Loads a number.
 *
 * @param value -2^63..2^64-1; as a `number` it must be a safe integer.
 * @throws {IsaError} `ISA_OPERAND`, `ISA_RANGE`
 */
export function loadImm64(dst: WritableReg64, value: bigint | number): Imm64 {
  const fits = typeof value === "bigint" ? value >= -(1n << 63n) && value < 1n << 64n : Number.isSafeInteger(value);
  if (!fits) {
    const allowed = typeof value === "bigint" ? "-2^63..2^64-1" : "-(2^53-1)..2^53-1 (bigint beyond)";
    throw new IsaError(`immediate is ${value}, allowed is ${allowed}`, { code: "ISA_RANGE", details: { value } });
  }
  const wide = BigInt(value);
  return imm64(dst, 0, Number(BigInt.asIntN(32, wide)), Number(BigInt.asIntN(32, wide >> 32n)));
}

/** Loads a map, by file descriptor. @throws {IsaError} `ISA_OPERAND`, `ISA_RANGE` */
export function loadMap(dst: WritableReg64, fd: number): Imm64 {
  return imm64(dst, BPF_PSEUDO_MAP_FD, immediate(fd, "fd"), 0);
}

/** Loads a map, by index into the `fd_array` of the load. @throws {IsaError} `ISA_OPERAND`, `ISA_RANGE` */
export function loadMapByIndex(dst: WritableReg64, index: number): Imm64 {
  return imm64(dst, BPF_PSEUDO_MAP_IDX, immediate(index, "index"), 0);
}

/**
 * Loads the address of the first value of a map, by file descriptor.
 *
 * @param off Bytes into the value.
 * @throws {IsaError} `ISA_OPERAND`, `ISA_RANGE`
 */
export function loadMapValue(dst: WritableReg64, fd: number, off: number): Imm64 {
  return imm64(dst, BPF_PSEUDO_MAP_VALUE, immediate(fd, "fd"), immediate(off, "offset"));
}

/** As {@link loadMapValue}, by index into the `fd_array` of the load. @throws {IsaError} `ISA_OPERAND`, `ISA_RANGE` */
export function loadMapValueByIndex(dst: WritableReg64, index: number, off: number): Imm64 {
  return imm64(dst, BPF_PSEUDO_MAP_IDX_VALUE, immediate(index, "index"), immediate(off, "offset"));
}

/**
 * Loads the address of a kernel variable.
 *
 * @param btfId Type id of the variable.
 * @param btfFd File descriptor of the module's BTF; 0 for the kernel's own.
 * @throws {IsaError} `ISA_OPERAND`, `ISA_RANGE`
 */
export function loadBtfId(dst: WritableReg64, btfId: number, btfFd = 0): Imm64 {
  return imm64(dst, BPF_PSEUDO_BTF_ID, immediate(btfId, "btfId"), immediate(btfFd, "btfFd"));
}

/** Loads the address of the subprogram that starts this many slots behind the first slot's next. @throws {IsaError} `ISA_OPERAND`, `ISA_RANGE` */
export function loadSubprog(dst: WritableReg64, distance: number): Imm64 {
  return imm64(dst, BPF_PSEUDO_FUNC, immediate(distance, "distance"), 0);
}
