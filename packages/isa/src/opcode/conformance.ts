import type { Insn } from "../insn.ts";
import { BPF_DIV, BPF_LOAD_ACQ, BPF_MOD, BPF_MUL, BPF_OP, BPF_STORE_REL } from "../opcodes.ts";
import { isAddrSpaceCast } from "./fields.ts";
import { familyOf, is64, isX, sizeBytes } from "./table.ts";

/** A conformance group of RFC 9669. `base64` includes `base32`, `atomic64` includes `atomic32`, `divmul64` includes `divmul32`. */
export type ConformanceGroup = "base32" | "base64" | "atomic32" | "atomic64" | "divmul32" | "divmul64" | "packet";

/**
 * The smallest conformance group that an instruction is in, by the text of the RFC (`r1 = -r1` of class ALU64 is base64 by section 4.1,
 * although IANA's informative table lists base32).
 *
 * @returns undefined for what the RFC does not define: `may_goto`, address space casts, load-acquire and store-release, `callx`, opcodes that
 * do not exist.
 * @see RFC 9669 section 2.4
 */
export function conformanceGroup(insn: Insn): ConformanceGroup | undefined {
  const { code } = insn;
  switch (familyOf(code)) {
    case "alu": {
      const op = BPF_OP(code);
      const divmul = op === BPF_MUL || op === BPF_DIV || op === BPF_MOD;
      if (divmul) return is64(code) ? "divmul64" : "divmul32";
      return is64(code) ? "base64" : "base32";
    }
    case "mov":
      if (isX(code) && isAddrSpaceCast(insn)) return undefined;
      return is64(code) ? "base64" : "base32";
    case "neg":
    case "jmp":
      return is64(code) ? "base64" : "base32";
    case "end":
      return insn.imm === 64 ? "base64" : "base32";
    case "ja":
    case "gotol":
    case "call":
    case "exit":
      return "base32";
    case "imm64":
      return "base64";
    case "ldx":
    case "ldsx":
    case "st":
    case "stx":
      return sizeBytes(code) === 8 ? "base64" : "base32";
    case "atomic":
      if (insn.imm === BPF_LOAD_ACQ || insn.imm === BPF_STORE_REL || sizeBytes(code) < 4) return undefined;
      return sizeBytes(code) === 8 ? "atomic64" : "atomic32";
    case "abs":
    case "ind":
      return "packet";
    default:
      return undefined;
  }
}
