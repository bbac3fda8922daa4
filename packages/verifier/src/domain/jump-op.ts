/** Comparisons of conditional jumps: `code & 0xf0` of an instruction of class BPF_JMP or BPF_JMP32. */

export const JEQ = 0x10;
export const JGT = 0x20;
export const JGE = 0x30;
export const JSET = 0x40;
/** "No bit in common", what a JSET that does not jump means; no instruction. */
export const NSET: number = JSET | 0x08;
export const JNE = 0x50;
export const JSGT = 0x60;
export const JSGE = 0x70;
export const JLT = 0xa0;
export const JLE = 0xb0;
export const JSLT = 0xc0;
export const JSLE = 0xd0;

/** The comparison that holds where `op` does not. */
export function opposite(op: number): number {
  switch (op) {
    case JEQ:
      return JNE;
    case JNE:
      return JEQ;
    case JSET:
      return NSET;
    case NSET:
      return JSET;
    case JGT:
      return JLE;
    case JLE:
      return JGT;
    case JGE:
      return JLT;
    case JLT:
      return JGE;
    case JSGT:
      return JSLE;
    case JSLE:
      return JSGT;
    case JSGE:
      return JSLT;
    case JSLT:
      return JSGE;
    default:
      return 0;
  }
}
