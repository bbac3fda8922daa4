/**
 * The interpreter's own operations. A program is translated once, from wire form to these, so that the loop decides on one dense number:
 * operands that are constants have become registers behind the real ones (see `translate.ts`), so K and X forms are one operation, `a > b` is
 * `b < a`, an acquire load is a load (one thread runs a machine), and jumps hold their target.
 *
 * `interpret.ts` spells these numbers as literals, because only literals make a jump table; a test compares the two files.
 */
export const OP = {
  ADD64: 0,
  SUB64: 1,
  MUL64: 2,
  DIV64: 3,
  SDIV64: 4,
  MOD64: 5,
  SMOD64: 6,
  OR64: 7,
  AND64: 8,
  XOR64: 9,
  LSH64: 10,
  RSH64: 11,
  ARSH64: 12,
  NEG64: 13,
  MOV64: 14,
  MOVSX8_64: 15,
  MOVSX16_64: 16,
  MOVSX32_64: 17,
  LDIMM64: 18,
  ADD32: 19,
  SUB32: 20,
  MUL32: 21,
  DIV32: 22,
  SDIV32: 23,
  MOD32: 24,
  SMOD32: 25,
  OR32: 26,
  AND32: 27,
  XOR32: 28,
  LSH32: 29,
  RSH32: 30,
  ARSH32: 31,
  NEG32: 32,
  MOV32: 33,
  MOVSX8_32: 34,
  MOVSX16_32: 35,
  ZEXT16: 36,
  SWAP16: 37,
  SWAP32: 38,
  SWAP64: 39,
  JA: 40,
  JEQ64: 41,
  JNE64: 42,
  JLT64: 43,
  JLE64: 44,
  JSLT64: 45,
  JSLE64: 46,
  JSET64: 47,
  JEQ32: 48,
  JNE32: 49,
  JLT32: 50,
  JLE32: 51,
  JSLT32: 52,
  JSLE32: 53,
  JSET32: 54,
  MAY_GOTO: 55,
  CALL_HELPER: 56,
  CALL_WIDE: 57,
  CALL_LOOP: 58,
  CALL_LOCAL: 59,
  TAIL_CALL: 60,
  EXIT: 61,
  LDX8: 62,
  LDX16: 63,
  LDX32: 64,
  LDX64: 65,
  LDXS8: 66,
  LDXS16: 67,
  LDXS32: 68,
  PROBE: 69,
  STX8: 70,
  STX16: 71,
  STX32: 72,
  STX64: 73,
  ATOMIC: 74,
  LD_PACKET: 75,
  FELL_OFF: 76,
} as const;

/** Words of the translated program an instruction slot takes: operation, destination, source, offset or target. */
export const WORDS = 4;

/** Registers that the register file begins with: R0–R10 and the one that rewrites use. */
export const REGS = 12;

/** Word of the register file at which constants begin: each register is a low and a high word. */
export const CONSTS: number = REGS * 2;

/** How the second word of {@link OP.ATOMIC} and {@link OP.PROBE} is put together: register | size << 8 | kind << 12. */
export const ATOMIC_KIND = {
  ADD: 0,
  OR: 1,
  AND: 2,
  XOR: 3,
  FETCH_ADD: 4,
  FETCH_OR: 5,
  FETCH_AND: 6,
  FETCH_XOR: 7,
  XCHG: 8,
  CMPXCHG: 9,
} as const;

/** Second word of {@link OP.CALL_HELPER} and {@link OP.CALL_WIDE}: R0 is the result, sign-extended. */
export const RESULT_SIGNED = 0;
/** R0 is the result, zero-extended. */
export const RESULT_UNSIGNED = 1;
/** R0 is what the helper left in the argument block. */
export const RESULT_WIDE = 2;
