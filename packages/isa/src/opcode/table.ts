import { BPF_ALU, BPF_ALU64, BPF_CLASS, BPF_JMP, BPF_JMP32, BPF_SIZE } from "../opcodes.ts";

/**
 * What kind of instruction an opcode is. Instructions of one family have the same fields, effects and text, but for operator and size.
 *
 * | family | instructions |
 * |---|---|
 * | `alu` | two-operand arithmetic, `r1 += r2`, `w1 s/= 3` |
 * | `mov` | `r1 = r2`, `r1 = (s8)r2`, `r1 = 5`, address space casts |
 * | `neg` | `r1 = -r1` |
 * | `end` | `r1 = be16 r1`, `r1 = bswap64 r1` |
 * | `ja` | `goto` by `off` |
 * | `gotol` | `goto` by `imm` |
 * | `jcond` | `may_goto` |
 * | `jmp` | compare and jump |
 * | `call` | calls of helpers, subprograms and kernel functions |
 * | `callx` | call of a register: compilers know it, Linux refuses it |
 * | `exit` | return |
 * | `imm64` | `ld_imm64`, two slots |
 * | `abs`, `ind` | legacy packet loads |
 * | `ldx`, `ldsx` | loads, zero- and sign-extending |
 * | `st`, `stx` | stores of an immediate and of a register |
 * | `atomic` | atomic read-modify-write, load-acquire, store-release |
 */
export type Family = (typeof FAMILIES)[keyof typeof FAMILIES];

const FAMILIES = {
  a: "alu",
  o: "mov",
  n: "neg",
  e: "end",
  j: "ja",
  l: "gotol",
  m: "jcond",
  c: "jmp",
  k: "call",
  y: "callx",
  x: "exit",
  i: "imm64",
  p: "abs",
  q: "ind",
  r: "ldx",
  s: "ldsx",
  t: "st",
  u: "stx",
  v: "atomic",
} as const;

/**
 * All 256 opcodes: one row a high nibble, one column a low nibble, a letter of `FAMILIES` in each place, a dot for an opcode that does
 * not exist.
 *
 * @see v6.18 kernel/bpf/core.c, bpf_opcode_in_insntable (`y` is LLVM's only); RFC 9669 section 2.4 ff.
 */
const OPCODE_MAP: string =
  // classes of the columns: LD LDX ST STX ALU JMP JMP32 ALU64, twice: operand K / size without bit 3, operand X / size with bit 3
  "....ajla....a..a" + // 0x00 add, ja
  "....accai...acca" + // 0x10 sub, jeq
  "p...accap...acca" + // 0x20 mul, jgt
  "p...acca....acca" + // 0x30 div, jge
  "q...accaq...acca" + // 0x40 or, jset
  "q...acca....acca" + // 0x50 and, jne
  ".rtuacca.rtuacca" + // 0x60 lsh, jsgt
  ".rtuacca.rtuacca" + // 0x70 rsh, jsge
  ".s..nk.n.s...y.." + // 0x80 neg, call
  ".s..ax.a....a..a" + // 0x90 mod, exit
  "....acca....acca" + // 0xa0 xor, jlt
  "....occo....occo" + // 0xb0 mov, jle
  "...vacca...vacca" + // 0xc0 arsh, jslt
  "...vecce...vecc." + // 0xd0 end, jsle
  ".....m.........." + // 0xe0 jcond
  "................"; //  0xf0

/** One row of the table of opcodes. */
export interface OpcodeInfo {
  /** 0..255. */
  readonly code: number;
  readonly family: Family;
  /** `BPF_LD` … `BPF_ALU64`. */
  readonly class: number;
  /** Bytes that a load, store or atomic moves: 1, 2, 4 or 8; 0 for the others. */
  readonly size: number;
  /** Where arithmetic and comparisons take their second operand from: `K` is `imm`, `X` is `src`; undefined for the others. */
  readonly source: "K" | "X" | undefined;
  /** Slots that it takes: 2 for `ld_imm64`, else 1. */
  readonly slots: 1 | 2;
  /** Linux 6.18 knows it. False for `callx` alone. */
  readonly linux: boolean;
}

/** The family of an opcode, undefined for one that does not exist. */
export function familyOf(code: number): Family | undefined {
  return FAMILIES[OPCODE_MAP[code] as keyof typeof FAMILIES];
}

/** Bytes that a load, store or atomic of this opcode's size moves. */
export function sizeBytes(code: number): 1 | 2 | 4 | 8 {
  return ([4, 2, 1, 8] as const)[(BPF_SIZE(code) >> 3) as 0 | 1 | 2 | 3];
}

/** True where the second operand is the register `src` rather than `imm`; asked of arithmetic and jumps only. */
export function isX(code: number): boolean {
  return (code & 8) !== 0;
}

/** Arithmetic on 64 bits, or a jump that compares 64 bits. */
export function is64(code: number): boolean {
  const cls = BPF_CLASS(code);
  return cls === BPF_ALU64 || cls === BPF_JMP;
}

/**
 * The row of an opcode.
 *
 * @returns undefined for the opcodes that do not exist, 0..255 or not.
 */
export function opcodeInfo(code: number): OpcodeInfo | undefined {
  const family = familyOf(code);
  if (family === undefined) return undefined;
  const cls = BPF_CLASS(code);
  const arithmetic = cls === BPF_ALU || cls === BPF_ALU64 || cls === BPF_JMP || cls === BPF_JMP32;
  const operands = family === "alu" || family === "mov" || family === "jmp";
  return {
    code,
    family,
    class: cls,
    size: arithmetic ? 0 : sizeBytes(code),
    source: operands ? (isX(code) ? "X" : "K") : undefined,
    slots: family === "imm64" ? 2 : 1,
    linux: family !== "callx",
  };
}

/**
 * Whether Linux 6.18 knows an opcode: what it answers `unknown opcode` about is false.
 *
 * @see v6.18 kernel/bpf/core.c, bpf_opcode_in_insntable
 */
export function isOpcode(code: number): boolean {
  const family = familyOf(code);
  return family !== undefined && family !== "callx";
}
