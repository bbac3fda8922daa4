/**
 * LLVM's BPF assembly, as llvm-objdump 19 prints it, with load-acquire and store-release as LLVM 20 does.
 *
 * @see llvm 19 lib/Target/BPF/BPFInstrInfo.td, lib/Target/BPF/MCTargetDesc/BPFInstPrinter.cpp, lib/Target/BPF/Disassembler
 * @module
 */
import type { Insn } from "../insn.ts";
import { FIELD_DST, FIELD_IMM, FIELD_OFF, FIELD_SRC, isSigned, movsxBits, usedFields } from "../opcode/fields.ts";
import { familyOf, is64, isX, sizeBytes } from "../opcode/table.ts";
import * as op from "../opcodes.ts";
import { annotation, dataSlot, isPlainSecondSlot } from "./lossless.ts";
import { ALU_OPERATORS, ATOMIC_NAMES, JMP_OPERATORS, join64, SIGNED_SIZES, UNSIGNED_SIZES } from "./operators.ts";

/** How {@link formatLlvm} prints. */
export interface LlvmFormatOptions {
  /** Immediates, offsets and targets in hexadecimal, as llvm-objdump does by default; false: decimal, as `clang -S` does. Default true. */
  readonly hex?: boolean | undefined;
  /**
   * Name 32-bit and narrower values `w1`, as for `-mcpu=v3` and up (`llvm-objdump --mcpu=v4`); false: `r1`, as llvm-objdump does without
   * `--mcpu`, which then knows no 32-bit fetching atomics. Default true.
   */
  readonly alu32?: boolean | undefined;
  /**
   * Where a jump goes, printed behind it as llvm-objdump does: `goto +0x4 <f+0x168>`.
   *
   * @param slot The target.
   */
  readonly symbol?: ((slot: number) => string | undefined) | undefined;
  /**
   * Lose nothing: what the syntax has no place for (the kind of a call, the upper half of `ld_pseudo`, reserved fields) follows in braces, and
   * slots without a text are printed as `.8byte`. `assembleLlvm` reads it back to the same instruction, whatever the bytes.
   */
  readonly lossless?: boolean | undefined;
}

const UNKNOWN = "<unknown>";
const LD_IMM64: number = op.BPF_LD | op.BPF_IMM | op.BPF_DW;

/**
 * The text of one instruction as llvm-objdump shows it.
 *
 * @param insns The program.
 * @param i Slot of an instruction; of `ld_imm64` its first.
 * @returns One line without end, e.g. `w1 = *(u32 *)(r2 + 0x4)`; `<unknown>` for what LLVM does not know.
 */
export function formatLlvm(insns: readonly Insn[], i: number, options: LlvmFormatOptions = {}): string {
  const insn = insns[i]!;
  const next = insns[i + 1];
  const known = llvmKnows(insn, next, options);
  if (!options.lossless) return known ? llvmText(insn, next, i, options) : UNKNOWN;
  if (!known || (insn.code === LD_IMM64 && !isPlainSecondSlot(next))) return dataSlot(insn);
  const text = llvmText(insn, next, i, options);
  const { code, dst, src, off } = insn;
  const used = usedFields(insn);
  const call = familyOf(code) === "call";
  const implied = {
    code,
    dst: used & FIELD_DST ? dst : 0,
    src: used & FIELD_SRC && !call ? src : 0,
    off: used & FIELD_OFF && !call ? off : 0,
    imm: used & FIELD_IMM ? impliedImm(insn, text) : 0,
  };
  return (
    text + annotation(insn, implied) + (code === LD_IMM64 && src !== 0 && next!.imm !== 0 ? ` {next=${next!.imm}}` : "")
  );
}

/** The imm that the text says, of an instruction that has one. */
function impliedImm({ code, imm }: Insn, text: string): number {
  const family = familyOf(code);
  if (family === "ind") return 0;
  if (family !== "atomic") return imm;
  if (text.startsWith("lock")) return imm & 0xf0;
  return imm === op.BPF_LOAD_ACQ || imm === op.BPF_STORE_REL ? imm : imm & 0xff;
}

/** `+ 0x4`, `- 0x8`, between base and offset of an address. */
function offset(off: number, options: LlvmFormatOptions): string {
  return `${off < 0 ? "-" : "+"} ${number(Math.abs(off), options)}`;
}

function number(n: number, options: LlvmFormatOptions): string {
  if (options.hex === false) return `${n}`;
  return n < 0 ? `-0x${(-n).toString(16)}` : `0x${n.toString(16)}`;
}

function target(slots: number, i: number, options: LlvmFormatOptions): string {
  const name = options.symbol?.(i + 1 + slots);
  return `${slots < 0 ? "" : "+"}${number(slots, options)}${name === undefined ? "" : ` <${name}>`}`;
}

/** What LLVM 19's disassembler takes for an instruction: some reserved fields must be zero, others are not looked at. */
function llvmKnows(insn: Insn, next: Insn | undefined, options: LlvmFormatOptions): boolean {
  const { code, dst, src, off, imm } = insn;
  const last = op.BPF_REG_AX;
  switch (familyOf(code)) {
    case "alu":
      if (dst > last || (off !== 0 && !isSigned(insn))) return false;
      return !isX(code) || src <= last;
    case "mov":
      if (dst > last) return false;
      if (off === 0 || !isX(code)) return off === 0 && (!isX(code) || src <= last);
      if (src > last) return false;
      return is64(code) ? off === op.BPF_ADDR_SPACE_CAST || movsxBits(insn) !== 0 : off === 8 || off === 16;
    case "neg":
    case "callx":
      return dst <= last;
    case "end":
      return dst <= last && (imm === 16 || imm === 32 || imm === 64);
    case "ja":
    case "gotol":
    case "jcond":
    case "call":
    case "abs":
      return true;
    case "ind":
      return src <= last;
    case "exit":
      return imm === 0;
    case "jmp":
      return dst <= last && (!isX(code) || src <= last);
    case "imm64":
      return dst <= last && off === 0 && next !== undefined;
    case "ldx":
    case "ldsx":
    case "stx":
      return dst <= last && src <= last;
    case "st":
      return dst <= last;
    case "atomic":
      return dst <= last && src <= last && atomicText(insn, options) !== undefined;
    default:
      return false;
  }
}

function llvmText(insn: Insn, next: Insn | undefined, i: number, options: LlvmFormatOptions): string {
  const { code, dst, src, off, imm } = insn;
  const num = (n: number): string => number(n, options);
  const reg = is64(code) ? "r" : "w";
  const size = op.BPF_SIZE(code) >> 3;
  /** The register that a load or store moves. */
  const value = (n: number): string => `${options.alu32 !== false && sizeBytes(code) < 8 ? "w" : "r"}${n}`;
  switch (familyOf(code)) {
    case "alu": {
      const operator = (isSigned(insn) ? "s" : "") + ALU_OPERATORS[op.BPF_OP(code) >> 4];
      return `${reg}${dst} ${operator} ${isX(code) ? reg + src : num(imm)}`;
    }
    case "mov": {
      if (!isX(code)) return `${reg}${dst} = ${num(imm)}`;
      if (off === op.BPF_ADDR_SPACE_CAST)
        return `r${dst} = addr_space_cast(r${src}, ${num(imm >>> 16)}, ${num(imm & 0xffff)})`;
      return `${reg}${dst} = ${off ? `(s${off})` : ""}${reg}${src}`;
    }
    case "neg":
      return `${reg}${dst} = -${reg}${dst}`;
    case "end":
      return `r${dst} = ${is64(code) ? "bswap" : isX(code) ? "be" : "le"}${imm} r${dst}`;
    case "ja":
      return `goto ${target(off, i, options)}`;
    case "gotol":
      return `gotol ${target(imm, i, options)}`;
    case "jcond":
      return `may_goto ${target(off, i, options)}`;
    case "jmp": {
      const operand = isX(code) ? reg + src : num(imm);
      return `if ${reg}${dst} ${JMP_OPERATORS[op.BPF_OP(code) >> 4]} ${operand} goto ${target(off, i, options)}`;
    }
    case "call":
      return `call ${num(imm)}`;
    case "callx":
      return `callx r${dst}`;
    case "exit":
      return "exit";
    case "imm64": {
      if (src !== 0) return `ld_pseudo\tr${dst}, ${num(src)}, ${num(imm >>> 0)}`;
      const wide = BigInt.asIntN(64, join64(imm, next!.imm));
      if (options.hex === false) return `r${dst} = ${wide} ll`;
      return `r${dst} = ${wide < 0n ? `-0x${(-wide).toString(16)}` : `0x${wide.toString(16)}`} ll`;
    }
    case "abs":
      return `r0 = *(${UNSIGNED_SIZES[size]} *)skb[${num(imm)}]`;
    case "ind":
      return `r0 = *(${UNSIGNED_SIZES[size]} *)skb[r${src}]`;
    case "ldx":
      return `${value(dst)} = *(${UNSIGNED_SIZES[size]} *)(r${src} ${offset(off, options)})`;
    case "ldsx":
      return `r${dst} = *(${SIGNED_SIZES[size]} *)(r${src} ${offset(off, options)})`;
    case "st":
      return `*(${UNSIGNED_SIZES[size]} *)(r${dst} ${offset(off, options)}) = ${num(imm)}`;
    case "stx":
      return `*(${UNSIGNED_SIZES[size]} *)(r${dst} ${offset(off, options)}) = ${value(src)}`;
    default:
      return atomicText(insn, options)!;
  }
}

/** The text of an atomic; undefined where LLVM has none. */
function atomicText({ code, dst, src, off, imm }: Insn, options: LlvmFormatOptions): string | undefined {
  const bytes = sizeBytes(code);
  const alu32 = options.alu32 !== false;
  const reg = bytes < 8 && alu32 ? "w" : "r";
  const size = UNSIGNED_SIZES[op.BPF_SIZE(code) >> 3]!;
  const at = (base: number): string => `r${base} ${offset(off, options)}`;
  if (bytes === 8 || alu32) {
    if (imm === op.BPF_LOAD_ACQ) return `${reg}${dst} = load_acquire((${size} *)(${at(src)}))`;
    if (imm === op.BPF_STORE_REL) return `store_release((${size} *)(${at(dst)}), ${reg}${src})`;
  }
  if (bytes < 4) return undefined;
  // Of the operation LLVM 19 looks at the lower eight bits only, and takes an addition that is no fetch it knows for a plain one.
  const low = imm & 0xff;
  const width = bytes === 8 ? "_64" : "32_32";
  if (bytes === 8 || alu32) {
    if (low === op.BPF_CMPXCHG) return `${reg}0 = cmpxchg${width}(${at(dst)}, ${reg}0, ${reg}${src})`;
    if (low === op.BPF_XCHG) return `${reg}${src} = xchg${width}(${at(dst)}, ${reg}${src})`;
  } else if (low >> 4 !== 0) {
    return undefined;
  }
  const name = ATOMIC_NAMES[low >> 4];
  if (name === undefined) return undefined;
  return (low & 15) === op.BPF_FETCH && (bytes === 8 || alu32)
    ? `${reg}${src} = atomic_fetch_${name}((${size} *)(${at(dst)}), ${reg}${src})`
    : `lock *(${size} *)(${at(dst)}) ${ALU_OPERATORS[low >> 4]} ${reg}${src}`;
}
