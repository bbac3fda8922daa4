import type { Insn } from "@bpf-ts/isa";
import { ATOMIC_KIND, OP } from "./ops.ts";

/**
 * From wire opcodes to {@link OP}: what an instruction does, apart from its operands.
 *
 * @see RFC 9669 sections 4 and 5
 */

/** ALU operations by `code >> 4`, 64 bit; -1 where `off` or `imm` decide. */
const ALU64: readonly number[] = [
  OP.ADD64,
  OP.SUB64,
  OP.MUL64,
  OP.DIV64,
  OP.OR64,
  OP.AND64,
  OP.LSH64,
  OP.RSH64,
  OP.NEG64,
  OP.MOD64,
  OP.XOR64,
  OP.MOV64,
  OP.ARSH64,
];

const ALU32: readonly number[] = [
  OP.ADD32,
  OP.SUB32,
  OP.MUL32,
  OP.DIV32,
  OP.OR32,
  OP.AND32,
  OP.LSH32,
  OP.RSH32,
  OP.NEG32,
  OP.MOD32,
  OP.XOR32,
  OP.MOV32,
  OP.ARSH32,
];

const DIV = 3;
const NEG = 8;
const MOD = 9;
const MOV = 11;
const END = 13;

/** The operation of an instruction of class ALU or ALU64, or -1 if there is none such. Byte swaps: {@link selectSwap}. */
export function selectAlu(insn: Insn): number {
  const op = insn.code >>> 4;
  const wide = (insn.code & 7) === 7;
  const x = (insn.code & 8) !== 0;
  const table = wide ? ALU64 : ALU32;
  const base = table[op];
  if (base === undefined) return -1;
  if (x ? insn.imm !== 0 || op === NEG : insn.src !== 0) return -1;
  if (op === NEG) return insn.off === 0 && insn.imm === 0 ? base : -1;
  if (insn.off === 0) return base;
  if (op === DIV && insn.off === 1) return wide ? OP.SDIV64 : OP.SDIV32;
  if (op === MOD && insn.off === 1) return wide ? OP.SMOD64 : OP.SMOD32;
  if (op === MOV && x) {
    if (insn.off === 8) return wide ? OP.MOVSX8_64 : OP.MOVSX8_32;
    if (insn.off === 16) return wide ? OP.MOVSX16_64 : OP.MOVSX16_32;
    if (insn.off === 32 && wide) return OP.MOVSX32_64;
  }
  return -1;
}

/** The operation of `le16` … `be64`, `bswap16` … `bswap64`, or -1. The machine is little endian. */
export function selectSwap(insn: Insn): number {
  if (insn.code >>> 4 !== END || insn.off !== 0 || insn.src !== 0) return -1;
  const unconditional = (insn.code & 7) === 7;
  const toBig = (insn.code & 8) !== 0;
  if (unconditional && toBig) return -1;
  const swaps = unconditional || toBig;
  if (insn.imm === 16) return swaps ? OP.SWAP16 : OP.ZEXT16;
  if (insn.imm === 32) return swaps ? OP.SWAP32 : OP.MOV32;
  if (insn.imm === 64) return swaps ? OP.SWAP64 : OP.MOV64;
  return -1;
}

/** What a conditional jump becomes. */
export interface Jump {
  readonly op: number;
  /** The operation compares `src` with `dst` instead of `dst` with `src`. */
  readonly swapped: boolean;
}

const JUMP64: ReadonlyMap<number, Jump> = new Map([
  [0x1, { op: OP.JEQ64, swapped: false }],
  [0x2, { op: OP.JLT64, swapped: true }],
  [0x3, { op: OP.JLE64, swapped: true }],
  [0x4, { op: OP.JSET64, swapped: false }],
  [0x5, { op: OP.JNE64, swapped: false }],
  [0x6, { op: OP.JSLT64, swapped: true }],
  [0x7, { op: OP.JSLE64, swapped: true }],
  [0xa, { op: OP.JLT64, swapped: false }],
  [0xb, { op: OP.JLE64, swapped: false }],
  [0xc, { op: OP.JSLT64, swapped: false }],
  [0xd, { op: OP.JSLE64, swapped: false }],
]);

/** The comparison of a conditional jump of class JMP or JMP32, undefined if there is none such. */
export function selectJump(insn: Insn): Jump | undefined {
  const jump = JUMP64.get(insn.code >>> 4);
  if (jump === undefined) return undefined;
  if ((insn.code & 8) !== 0 ? insn.imm !== 0 : insn.src !== 0) return undefined;
  if ((insn.code & 7) === 5) return jump;
  return { op: jump.op - OP.JEQ64 + OP.JEQ32, swapped: jump.swapped };
}

/** Bytes of a load or store, by bits 3–4 of its code. */
export function accessSize(code: number): number {
  return [4, 2, 1, 8][(code >>> 3) & 3]!;
}

const LOADS: Readonly<Record<number, number>> = { 1: OP.LDX8, 2: OP.LDX16, 4: OP.LDX32, 8: OP.LDX64 };
const SIGNED_LOADS: Readonly<Record<number, number>> = { 1: OP.LDXS8, 2: OP.LDXS16, 4: OP.LDXS32 };
const STORES: Readonly<Record<number, number>> = { 1: OP.STX8, 2: OP.STX16, 4: OP.STX32, 8: OP.STX64 };

/** The zero-extending load of `size` bytes. */
export function loadOf(size: number): number {
  return LOADS[size]!;
}

/** The sign-extending load of `size` bytes; -1 for 8. */
export function signedLoadOf(size: number): number {
  return SIGNED_LOADS[size] ?? -1;
}

/** The store of `size` bytes. */
export function storeOf(size: number): number {
  return STORES[size]!;
}

const ATOMICS: ReadonlyMap<number, number> = new Map([
  [0x00, ATOMIC_KIND.ADD],
  [0x40, ATOMIC_KIND.OR],
  [0x50, ATOMIC_KIND.AND],
  [0xa0, ATOMIC_KIND.XOR],
  [0x01, ATOMIC_KIND.FETCH_ADD],
  [0x41, ATOMIC_KIND.FETCH_OR],
  [0x51, ATOMIC_KIND.FETCH_AND],
  [0xa1, ATOMIC_KIND.FETCH_XOR],
  [0xe1, ATOMIC_KIND.XCHG],
  [0xf1, ATOMIC_KIND.CMPXCHG],
]);

/** The kind of a read-modify-write by its imm, -1 if there is none such. */
export function atomicKind(imm: number): number {
  return ATOMICS.get(imm) ?? -1;
}
