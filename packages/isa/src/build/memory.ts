/**
 * Loads, stores, atomics and packet loads.
 *
 * @see RFC 9669 section 5
 * @module
 */
import type { Insn } from "../insn.ts";
import {
  BPF_ABS,
  BPF_ATOMIC,
  BPF_CMPXCHG,
  BPF_FETCH,
  BPF_IND,
  BPF_LD,
  BPF_LDX,
  BPF_LOAD_ACQ,
  BPF_MEM,
  BPF_MEMSX,
  BPF_ST,
  BPF_STORE_REL,
  BPF_STX,
  BPF_XCHG,
} from "../opcodes.ts";
import { atomicOperation, SIGNED_SIZES } from "../text/operators.ts";
import {
  finish,
  immediate,
  offset,
  operandError,
  type Reg64,
  type SignedSize,
  sizeField,
  type UnsignedSize,
  type WritableReg64,
  wideRegisterNumber,
} from "./operands.ts";

/**
 * `dst = *(size *)(base + off)`; `u…` zero-extends, `s…` sign-extends.
 *
 * @param off Bytes.
 * @throws {IsaError} `ISA_OPERAND`, `ISA_RANGE`
 */
export function load(dst: WritableReg64, size: UnsignedSize | SignedSize, base: Reg64, off: number): Insn {
  const signed = SIGNED_SIZES.includes(size);
  const code = BPF_LDX | (signed ? BPF_MEMSX | sizeField(size, SIGNED_SIZES) : BPF_MEM | sizeField(size));
  return finish(code, wideRegisterNumber(dst), wideRegisterNumber(base), offset(off), 0);
}

/**
 * `*(size *)(base + off) = value`.
 *
 * @param off Bytes.
 * @param value A register, or a number of signed 32 bits (sign-extended for u64).
 * @throws {IsaError} `ISA_OPERAND`, `ISA_RANGE`
 */
export function store(size: UnsignedSize, base: Reg64, off: number, value: Reg64 | number): Insn {
  const code = BPF_MEM | sizeField(size);
  const to = wideRegisterNumber(base);
  if (typeof value === "number") return finish(BPF_ST | code, to, 0, offset(off), immediate(value));
  return finish(BPF_STX | code, to, wideRegisterNumber(value), offset(off), 0);
}

/**
 * Atomic operations. Those with `fetch`, and `xchg`, leave the old value in the operand register; `cmpxchg` compares with R0 and leaves the
 * old value there.
 */
export type AtomicOperation = `${"" | "fetch_"}${"add" | "or" | "and" | "xor"}` | "xchg" | "cmpxchg";

/**
 * An atomic read-modify-write of `*(size *)(base + off)`.
 *
 * @param off Bytes.
 * @throws {IsaError} `ISA_OPERAND`, `ISA_RANGE`
 */
export function atomic(
  operation: AtomicOperation,
  size: "u32" | "u64",
  base: Reg64,
  off: number,
  operand: Reg64,
): Insn {
  return atomicInsn(size, base, operand, off, atomicImmediate(operation));
}

function atomicImmediate(operation: AtomicOperation): number {
  if (operation === "xchg") return BPF_XCHG;
  if (operation === "cmpxchg") return BPF_CMPXCHG;
  const name = String(operation);
  const fetches = name.startsWith("fetch_");
  const bits = atomicOperation(fetches ? name.slice(6) : name);
  if (bits !== undefined) return fetches ? bits | BPF_FETCH : bits;
  throw operandError(`"${operation}" is no atomic operation`, { operation });
}

function atomicInsn(size: UnsignedSize, dst: Reg64, src: Reg64, off: number, imm: number): Insn {
  const code = BPF_STX | BPF_ATOMIC | sizeField(size);
  return finish(code, wideRegisterNumber(dst), wideRegisterNumber(src), offset(off), imm);
}

/**
 * `dst = load_acquire((size *)(base + off))`.
 *
 * @throws {IsaError} `ISA_OPERAND`, `ISA_RANGE`
 * @see v6.18 include/uapi/linux/bpf.h, BPF_LOAD_ACQ
 */
export function loadAcquire(dst: WritableReg64, size: UnsignedSize, base: Reg64, off: number): Insn {
  return atomicInsn(size, dst, base, off, BPF_LOAD_ACQ);
}

/**
 * `store_release((size *)(base + off), value)`.
 *
 * @throws {IsaError} `ISA_OPERAND`, `ISA_RANGE`
 * @see v6.18 include/uapi/linux/bpf.h, BPF_STORE_REL
 */
export function storeRelease(size: UnsignedSize, base: Reg64, off: number, value: Reg64): Insn {
  return atomicInsn(size, base, value, off, BPF_STORE_REL);
}

/**
 * `r0 = *(size *)skb[off]`, or `skb[index + off]`: reads the packet in network byte order, ends the program with 0 where it is too short. R6 must hold
 * the context; R1–R5 are lost.
 *
 * @param off Bytes, signed 32 bits.
 * @throws {IsaError} `ISA_OPERAND`, `ISA_RANGE`
 */
export function loadPacket(size: "u8" | "u16" | "u32", off: number, index?: Reg64): Insn {
  const field = sizeField(size, ["u32", "u16", "u8"]);
  if (index === undefined) return finish(BPF_LD | BPF_ABS | field, 0, 0, 0, immediate(off));
  return finish(BPF_LD | BPF_IND | field, 0, wideRegisterNumber(index), 0, immediate(off));
}
