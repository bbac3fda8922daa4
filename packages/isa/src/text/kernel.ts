/**
 * The syntax of the kernel's verifier log and of `bpftool prog dump xlated`.
 *
 * @see v6.18 kernel/bpf/disasm.c, print_bpf_insn; tools/bpf/bpftool/xlated_dumper.c, print_imm
 * @module
 */
import { helperName } from "@bpf-ts/uapi/names";
import {
  BPF_PSEUDO_BTF_ID,
  BPF_PSEUDO_CALL,
  BPF_PSEUDO_FUNC,
  BPF_PSEUDO_KFUNC_CALL,
  BPF_PSEUDO_MAP_FD,
  BPF_PSEUDO_MAP_IDX,
  BPF_PSEUDO_MAP_IDX_VALUE,
  BPF_PSEUDO_MAP_VALUE,
} from "@bpf-ts/uapi/pseudo";
import type { Insn } from "../insn.ts";
import { FIELD_DST, FIELD_IMM, FIELD_OFF, FIELD_SRC, isSigned, movsxBits, usedFields } from "../opcode/fields.ts";
import { familyOf, isX } from "../opcode/table.ts";
import * as op from "../opcodes.ts";
import { annotation, dataSlot, isPlainSecondSlot } from "./lossless.ts";
import {
  ALU_OPERATORS,
  ATOMIC_NAMES,
  hex8,
  hex64,
  JMP_OPERATORS,
  join64,
  SIGNED_SIZES,
  signed,
  UNSIGNED_SIZES,
} from "./operators.ts";

/** How {@link formatKernel} prints. */
export interface KernelFormatOptions {
  /**
   * Name of what a call calls that is no helper with a known name: a kernel function, in logs. Of a subprogram's call it replaces the
   * `+5` of `call pc+5`, as bpftool does. undefined: the kernel's own fallback (`kernel-function`, `unknown`).
   */
  readonly callName?: ((insn: Insn) => string | undefined) | undefined;
  /**
   * Text of a `ld_imm64`'s immediate, e.g. {@link dumpImm64}; undefined: hexadecimal, as in logs.
   *
   * @param full Both halves, unsigned.
   */
  readonly imm64?: ((insn: Insn, full: bigint) => string | undefined) | undefined;
  /** Print the address of maps and of kernel variables as 0x0, as the log does for a loader without CAP_PERFMON. */
  readonly hidePointers?: boolean | undefined;
  /** Print the opcode in front: `(bf) r6 = r1`. Default true. Without it, `ld_imm64` ends in ` ll`, so that it is told from a mov. */
  readonly opcode?: boolean | undefined;
  /**
   * Lose nothing: references of `ld_imm64` are spelled (`map[fd:5]`), fields that the syntax has no place for follow in braces, and slots
   * without a text are printed as `.8byte`. `assembleKernel` reads it back to the same instruction, whatever the bytes.
   */
  readonly lossless?: boolean | undefined;
}

/**
 * The text of one instruction as the kernel's verifier log shows it.
 *
 * @param insns The program.
 * @param i Slot of an instruction; of `ld_imm64` its first.
 * @returns One line without end, e.g. `(61) r1 = *(u32 *)(r2 +4)`. Of what the kernel can't print, the kernel's own `BUG_…`.
 */
export function formatKernel(insns: readonly Insn[], i: number, options: KernelFormatOptions = {}): string {
  const insn = insns[i]!;
  const body = kernelBody(insn, insns[i + 1], options);
  if (options.lossless) {
    const rest = lossOf(insn, insns[i + 1], body);
    if (rest === undefined) return dataSlot(insn);
    return `${prefix(insn, options)}${body}${rest}`;
  }
  return body.startsWith("BUG_") ? body : prefix(insn, options) + body;
}

function prefix(insn: Insn, options: KernelFormatOptions): string {
  return options.opcode === false ? "" : `(${hex8(insn.code)}) `;
}

/** `ld_imm64`'s immediate as `bpftool prog dump xlated` prints it: `map[id:5]`, `map[id:5][0]+8`, `subprog[+3]`. */
export function dumpImm64(insn: Insn, full: bigint): string | undefined {
  const high = Number(BigInt.asIntN(32, full >> 32n));
  switch (insn.src) {
    case BPF_PSEUDO_MAP_FD:
      return `map[id:${insn.imm}]`;
    case BPF_PSEUDO_MAP_VALUE:
      return `map[id:${insn.imm}][0]+${high}`;
    case BPF_PSEUDO_MAP_IDX_VALUE:
      return `map[idx:${insn.imm}]+${high}`;
    case BPF_PSEUDO_FUNC:
      return `subprog[${signed(insn.imm)}]`;
    default:
      return undefined;
  }
}

function kernelBody(insn: Insn, next: Insn | undefined, options: KernelFormatOptions): string {
  switch (op.BPF_CLASS(insn.code)) {
    case op.BPF_LD:
      return ld(insn, next, options);
    case op.BPF_LDX:
      return ldx(insn);
    case op.BPF_ST:
      return st(insn);
    case op.BPF_STX:
      return stx(insn);
    case op.BPF_JMP:
    case op.BPF_JMP32:
      return jmp(insn, options);
    default:
      return alu(insn);
  }
}

/** `(null)` is what the kernel's printf makes of an operator that does not exist. */
function spelled(names: readonly string[], index: number): string {
  return names[index] ?? "(null)";
}

function alu(insn: Insn): string {
  const { code, dst, src, off, imm } = insn;
  const wide = op.BPF_CLASS(code) === op.BPF_ALU64;
  const reg = wide ? "r" : "w";
  const operation = op.BPF_OP(code);
  if (operation === op.BPF_END) {
    const swap = wide ? "bswap" : isX(code) ? "be" : "le";
    return `r${dst} = ${swap}${imm} r${dst}`;
  }
  if (operation === op.BPF_NEG) return `${reg}${dst} = -${reg}${dst}`;
  const moves = operation === op.BPF_MOV && isX(code);
  if (moves && wide && off === op.BPF_ADDR_SPACE_CAST) {
    return `r${dst} = addr_space_cast(r${src}, ${imm >>> 16}, ${imm & 0xffff})`;
  }
  // Kernel-internal: rewrites use it, programs cannot.
  if (moves && wide && off === -1) return `r${dst} = &(void __percpu *)(r${src})`;
  const operator = (isSigned(insn) ? "s" : "") + spelled(ALU_OPERATORS, operation >> 4);
  if (!isX(code)) return `${reg}${dst} ${operator} ${imm}`;
  const bits = moves ? movsxBits(insn) : 0;
  return `${reg}${dst} ${operator} ${bits ? `(s${bits})` : ""}${reg}${src}`;
}

function ld(insn: Insn, next: Insn | undefined, options: KernelFormatOptions): string {
  const { code, dst, src, imm } = insn;
  const size = UNSIGNED_SIZES[op.BPF_SIZE(code) >> 3]!;
  const mode = op.BPF_MODE(code);
  if (mode === op.BPF_ABS) return `r0 = *(${size} *)skb[${imm}]`;
  if (mode === op.BPF_IND) return `r0 = *(${size} *)skb[r${src} + ${imm}]`;
  if (mode !== op.BPF_IMM || op.BPF_SIZE(code) !== op.BPF_DW) return `BUG_ld_${hex8(code)}`;

  const pointer = src !== 0 && src !== BPF_PSEUDO_FUNC && src <= BPF_PSEUDO_MAP_IDX_VALUE;
  const hide = pointer && options.hidePointers === true;
  const low = hide ? 0 : imm;
  const high = hide || next === undefined ? 0 : next.imm;
  const text = options.imm64?.(insn, join64(low, high)) ?? (options.lossless ? reference(insn, next) : undefined);
  return `r${dst} = ${text ?? hex64(low, high) + (options.opcode === false ? " ll" : "")}`;
}

/** The reference in a `ld_imm64` in words that hold all of its fields; undefined where there are none. */
function reference({ src, imm }: Insn, next: Insn | undefined): string | undefined {
  const high = next?.imm ?? 0;
  switch (src) {
    case BPF_PSEUDO_MAP_VALUE:
      return `map[fd:${imm}][0]${signed(high)}`;
    case BPF_PSEUDO_MAP_IDX_VALUE:
      return `map[idx:${imm}][0]${signed(high)}`;
    case BPF_PSEUDO_BTF_ID:
      return `btf[fd:${high}, id:${imm}]`;
    case BPF_PSEUDO_MAP_FD:
      return high === 0 ? `map[fd:${imm}]` : undefined;
    case BPF_PSEUDO_MAP_IDX:
      return high === 0 ? `map[idx:${imm}]` : undefined;
    case BPF_PSEUDO_FUNC:
      return high === 0 ? `subprog[${signed(imm)}]` : undefined;
    default:
      return undefined;
  }
}

function ldx({ code, dst, src, off }: Insn): string {
  const mode = op.BPF_MODE(code);
  if (mode !== op.BPF_MEM && mode !== op.BPF_MEMSX) return `BUG_ldx_${hex8(code)}`;
  const size = spelled(mode === op.BPF_MEM ? UNSIGNED_SIZES : SIGNED_SIZES, op.BPF_SIZE(code) >> 3);
  return `r${dst} = *(${size} *)(r${src} ${signed(off)})`;
}

function st({ code, dst, off, imm }: Insn): string {
  const mode = op.BPF_MODE(code);
  if (mode === op.BPF_MEM) return `*(${UNSIGNED_SIZES[op.BPF_SIZE(code) >> 3]} *)(r${dst} ${signed(off)}) = ${imm}`;
  // Kernel-internal: a speculation barrier that the verifier inserts.
  return mode === op.BPF_ATOMIC ? "nospec" : `BUG_st_${hex8(code)}`;
}

function stx({ code, dst, src, off, imm }: Insn): string {
  const size = UNSIGNED_SIZES[op.BPF_SIZE(code) >> 3]!;
  const at = (base: number): string => `(${size} *)(r${base} ${signed(off)})`;
  const mode = op.BPF_MODE(code);
  if (mode === op.BPF_MEM) return `*${at(dst)} = r${src}`;
  if (mode === op.BPF_ATOMIC) {
    if (imm === op.BPF_LOAD_ACQ) return `r${dst} = load_acquire(${at(src)})`;
    if (imm === op.BPF_STORE_REL) return `store_release(${at(dst)}, r${src})`;
    const atomic = op.BPF_SIZE(code) === op.BPF_DW ? "atomic64" : "atomic";
    if (imm === op.BPF_CMPXCHG) return `r0 = ${atomic}_cmpxchg(${at(dst)}, r0, r${src})`;
    if (imm === op.BPF_XCHG) return `r${src} = ${atomic}_xchg(${at(dst)}, r${src})`;
    const operation = (imm & ~op.BPF_FETCH) >> 4;
    const name = (imm & 0xe) === 0 ? ATOMIC_NAMES[operation] : undefined;
    if (name !== undefined) {
      return imm & op.BPF_FETCH
        ? `r${src} = ${atomic}_fetch_${name}(${at(dst)}, r${src})`
        : `lock *${at(dst)} ${ALU_OPERATORS[operation]} r${src}`;
    }
  }
  return `BUG_${hex8(code)}`;
}

function jmp(insn: Insn, options: KernelFormatOptions): string {
  const { code, dst, src, off, imm } = insn;
  const operation = op.BPF_OP(code);
  if (operation === op.BPF_CALL) return call(insn, options);
  switch (code) {
    case op.BPF_JMP | op.BPF_JA:
      return `goto pc${signed(off)}`;
    case op.BPF_JMP32 | op.BPF_JA:
      return `gotol pc${signed(imm)}`;
    case op.BPF_JMP | op.BPF_EXIT:
      return "exit";
    case op.BPF_JMP | op.BPF_JCOND:
      if (src === op.BPF_MAY_GOTO) return `may_goto pc${signed(off)}`;
  }
  const reg = op.BPF_CLASS(code) === op.BPF_JMP32 ? "w" : "r";
  const operand = isX(code) ? `${reg}${src}` : `0x${(imm >>> 0).toString(16)}`;
  return `if ${reg}${dst} ${spelled(JMP_OPERATORS, operation >> 4)} ${operand} goto pc${signed(off)}`;
}

function call(insn: Insn, options: KernelFormatOptions): string {
  const { src, imm } = insn;
  const helper = src === 0 ? knownHelper(imm) : undefined;
  const name = helper ?? options.callName?.(insn);
  if (src === BPF_PSEUDO_CALL) return `call pc${name ?? signed(imm)}`;
  return `call ${name ?? (src === BPF_PSEUDO_KFUNC_CALL ? "kernel-function" : "unknown")}#${imm}`;
}

function knownHelper(id: number): string | undefined {
  const name = helperName(id);
  return name.startsWith("bpf_") ? name : undefined;
}

/** What must follow `body` so that nothing is lost; undefined where the text can't be read back. */
function lossOf(insn: Insn, next: Insn | undefined, body: string): string | undefined {
  const family = familyOf(insn.code);
  const { code, src, imm } = insn;
  const used = usedFields(insn);
  const implied = {
    code,
    dst: used & FIELD_DST ? insn.dst : 0,
    src: used & FIELD_SRC ? src : 0,
    off: used & FIELD_OFF ? insn.off : 0,
    imm: used & FIELD_IMM ? imm : 0,
  };
  switch (family) {
    case undefined:
    case "callx":
      return undefined;
    case "jcond":
      if (src !== op.BPF_MAY_GOTO) return undefined;
      break;
    case "end":
      if (imm !== 16 && imm !== 32 && imm !== 64) return undefined;
      break;
    case "atomic":
      if (body.startsWith("BUG_")) return undefined;
      break;
    case "mov":
      if (body.includes("__percpu")) return undefined;
      break;
    case "call":
      implied.off = 0;
      implied.src = src <= BPF_PSEUDO_KFUNC_CALL ? src : 0;
      break;
    case "imm64":
      if (!isPlainSecondSlot(next)) return undefined;
      implied.src = reference(insn, next) === undefined ? 0 : src;
  }
  return annotation(insn, implied);
}
