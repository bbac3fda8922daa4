/**
 * Which fields of an instruction mean something. All others are reserved and must be zero; so validity, and the text forms that must lose
 * nothing, follow from here.
 *
 * @see RFC 9669 section 3.1; v6.18 kernel/bpf/verifier.c, the `uses reserved fields` checks
 * @module
 */
import { BPF_PSEUDO_KFUNC_CALL } from "@bpf-ts/uapi/pseudo";
import type { Insn } from "../insn.ts";
import { BPF_ADDR_SPACE_CAST, BPF_ALU64, BPF_CLASS, BPF_DIV, BPF_MOD, BPF_OP } from "../opcodes.ts";
import { familyOf, isX } from "./table.ts";

/** Bit of `dst` in {@link usedFields}. */
export const FIELD_DST = 1;
/** Bit of `src` in {@link usedFields}. */
export const FIELD_SRC = 2;
/** Bit of `off` in {@link usedFields}. */
export const FIELD_OFF = 4;
/** Bit of `imm` in {@link usedFields}. */
export const FIELD_IMM = 8;

/** `s/=` and `s%=`: division whose `off` is 1. */
export function isSigned(insn: Insn): boolean {
  const op = BPF_OP(insn.code);
  return insn.off === 1 && (op === BPF_DIV || op === BPF_MOD);
}

/** Bits that a mov from a register sign-extends from, 0 if it does not. */
export function movsxBits(insn: Insn): 0 | 8 | 16 | 32 {
  const { off } = insn;
  return off === 8 || off === 16 || off === 32 ? off : 0;
}

/** `r1 = addr_space_cast(r2, 0, 1)`. */
export function isAddrSpaceCast(insn: Insn): boolean {
  return insn.off === BPF_ADDR_SPACE_CAST && BPF_CLASS(insn.code) === BPF_ALU64;
}

/**
 * The fields that have a meaning in this instruction, as a sum of `FIELD_*`. 0 also for opcodes that do not exist.
 */
export function usedFields(insn: Insn): number {
  const { code } = insn;
  switch (familyOf(code)) {
    case "alu":
      return FIELD_DST | (isX(code) ? FIELD_SRC : FIELD_IMM) | (isSigned(insn) ? FIELD_OFF : 0);
    case "mov":
      if (!isX(code)) return FIELD_DST | FIELD_IMM;
      if (isAddrSpaceCast(insn)) return FIELD_DST | FIELD_SRC | FIELD_OFF | FIELD_IMM;
      return FIELD_DST | FIELD_SRC | (movsxBits(insn) ? FIELD_OFF : 0);
    case "jmp":
      return FIELD_DST | FIELD_OFF | (isX(code) ? FIELD_SRC : FIELD_IMM);
    case "neg":
    case "callx":
      return FIELD_DST;
    case "ja":
    case "jcond":
      return FIELD_OFF;
    case "gotol":
    case "abs":
      return FIELD_IMM;
    case "ind":
      return FIELD_SRC | FIELD_IMM;
    case "call":
      return FIELD_SRC | FIELD_IMM | (insn.src === BPF_PSEUDO_KFUNC_CALL ? FIELD_OFF : 0);
    case "end":
      return FIELD_DST | FIELD_IMM;
    case "imm64":
      return FIELD_DST | FIELD_SRC | FIELD_IMM;
    case "ldx":
    case "ldsx":
    case "stx":
      return FIELD_DST | FIELD_SRC | FIELD_OFF;
    case "st":
      return FIELD_DST | FIELD_OFF | FIELD_IMM;
    case "atomic":
      return FIELD_DST | FIELD_SRC | FIELD_OFF | FIELD_IMM;
    default:
      return 0;
  }
}
