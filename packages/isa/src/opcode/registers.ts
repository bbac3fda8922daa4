/**
 * Which registers an instruction reads and writes, as bit masks: bit n is register n. The sets are those of Linux's liveness pass, so
 * that "Live regs before insn" follows from them; where it is coarser than the instruction, so are they.
 *
 * @see v6.18 kernel/bpf/verifier.c, compute_insn_live_regs
 * @module
 */
import type { Insn } from "../insn.ts";
import { BPF_CMPXCHG, BPF_FETCH, BPF_LOAD_ACQ, BPF_STORE_REL } from "../opcodes.ts";
import { familyOf, isX } from "./table.ts";

/** All sixteen register bits: what instructions count as reading of which nothing better is known. */
const ALL = 0xffff;

/**
 * Registers that an instruction reads.
 *
 * @param callArgs How many arguments a call takes, 0..5: they lie in R1 on. The instruction does not say it; 5 is always safe.
 * @returns Mask. Packet loads (`abs`, `ind`), `callx` and opcodes that do not exist count as reading everything (0xffff), as in Linux.
 */
export function readsRegs(insn: Insn, callArgs = 5): number {
  const dst = 1 << insn.dst;
  const src = 1 << insn.src;
  switch (familyOf(insn.code)) {
    case "alu":
    case "jmp":
      return isX(insn.code) ? dst | src : dst;
    case "mov":
      return isX(insn.code) ? src : 0;
    case "neg":
    case "end":
    case "st":
      return dst;
    case "ldx":
    case "ldsx":
      return src;
    case "stx":
      return dst | src;
    case "atomic":
      if (insn.imm === BPF_CMPXCHG) return dst | src | 1;
      return insn.imm === BPF_LOAD_ACQ ? src : dst | src;
    case "exit":
      return 1;
    case "call":
      return (2 << callArgs) - 2;
    case "imm64":
    case "ja":
    case "gotol":
    case "jcond":
      return 0;
    default:
      return ALL;
  }
}

/**
 * Registers that an instruction writes. Calls write R0 and leave R1–R5 unreadable, so all six are in.
 *
 * @returns Mask. Packet loads, which do what calls do, count as writing nothing, as in Linux: that is safe beside what they read.
 */
export function writesRegs(insn: Insn): number {
  const dst = 1 << insn.dst;
  switch (familyOf(insn.code)) {
    case "alu":
    case "mov":
    case "neg":
    case "end":
    case "imm64":
    case "ldx":
    case "ldsx":
      return dst;
    case "atomic":
      if (insn.imm === BPF_CMPXCHG) return 1;
      if (insn.imm === BPF_LOAD_ACQ) return dst;
      return insn.imm !== BPF_STORE_REL && (insn.imm & BPF_FETCH) !== 0 ? 1 << insn.src : 0;
    case "call":
      return 0x3f;
    default:
      return 0;
  }
}
