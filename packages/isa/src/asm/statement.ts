/**
 * The grammar of both syntaxes. They share most of it; where they differ, `context.kernel` says which is meant, and the other's form is
 * refused.
 *
 * @module
 */
import { helperName } from "@bpf-ts/uapi/names";
import { BPF_PSEUDO_CALL, BPF_PSEUDO_FUNC, BPF_PSEUDO_KFUNC_CALL } from "@bpf-ts/uapi/pseudo";
import * as op from "../opcodes.ts";
import { ALU_OPERATORS, JMP_OPERATORS } from "../text/operators.ts";
import { atomicAssignment, lockStatement, storeRelease } from "./atomic.ts";
import { slotOf } from "./data.ts";
import {
  address,
  asRegister,
  type Context,
  checkValueRegister,
  type Draft,
  draft,
  pointerType,
  type Register,
  register,
  sameRegister,
  wideRegister,
} from "./draft.ts";
import { labelName, ldPseudo, localLabel, reference, wideNumber } from "./imm64.ts";
import { syntaxError } from "./place.ts";

/** Takes one instruction. */
export function statement(context: Context): Draft {
  const { scanner, kernel } = context;
  // As LLVM has it, case matters in all words but the first one.
  const first = kernel ? scanner.peek() : scanner.peek().toLowerCase();
  const dst = asRegister(first, kernel);
  if (dst !== undefined) {
    scanner.take();
    return assignment(context, { ...dst, place: scanner.lastPlace });
  }
  switch (first) {
    case "exit":
      scanner.take();
      return draft(op.BPF_JMP | op.BPF_EXIT);
    case "goto":
      scanner.take();
      return target(context, draft(op.BPF_JMP | op.BPF_JA), "off");
    case "gotol":
      scanner.take();
      return target(context, draft(op.BPF_JMP32 | op.BPF_JA), "imm");
    case "may_goto":
      scanner.take();
      return target(context, draft(op.BPF_JMP | op.BPF_JCOND, { src: op.BPF_MAY_GOTO }), "off");
    case "if":
      scanner.take();
      return conditional(context);
    case "call":
      scanner.take();
      return kernel ? kernelCall(context) : llvmCall(context);
    case "*":
      scanner.take();
      return store(context);
    case "lock":
      scanner.take();
      return lockStatement(context);
    case "store_release":
      scanner.take();
      return storeRelease(context);
    case ".8byte":
    case ".quad":
      if (!kernel) break;
      scanner.take();
      return slotOf(scanner.integer("slot", -(1n << 63n), (1n << 64n) - 1n));
    case "callx":
      if (kernel) break;
      scanner.take();
      return draft(op.BPF_JMP | op.BPF_CALL | op.BPF_X, { dst: wideRegister(context) });
    case "ld_pseudo":
      if (kernel) break;
      scanner.take();
      return ldPseudo(context);
  }
  throw scanner.expected("an instruction");
}

/** Takes where a jump goes: `pc+5` in logs, `+5` in LLVM's syntax (with the `<name>` of llvm-objdump), or a label. */
function target(context: Context, insn: Draft, field: "off" | "imm"): Draft {
  const { scanner, kernel } = context;
  const local = kernel ? undefined : localLabel(scanner);
  if (local !== undefined) {
    insn.label = { name: local, place: scanner.lastPlace, field };
  } else if (kernel ? scanner.match(/pc(?=\s*[-+])/y) !== undefined : scanner.atNumber) {
    insn[field] = field === "off" ? scanner.int16("distance") : scanner.distance();
    if (!kernel) scanner.match(/<[^>]*>/y);
  } else {
    insn.label = { name: labelName(scanner), place: scanner.lastPlace, field };
  }
  return insn;
}

function operatorIn(names: readonly string[], word: string): number {
  const index = names.indexOf(word);
  return index < 0 ? -1 : index << 4;
}

function conditional(context: Context): Draft {
  const { scanner } = context;
  const left = register(context);
  const operation = operatorIn(JMP_OPERATORS, scanner.peek());
  if (operation < op.BPF_JEQ || operation === op.BPF_CALL || operation === op.BPF_EXIT) {
    throw scanner.expected("a comparison such as == or s>");
  }
  scanner.take();
  const code = (left.wide ? op.BPF_JMP : op.BPF_JMP32) | operation;
  const insn = operand(context, left, draft(code, { dst: left.index }));
  scanner.expect("goto");
  return target(context, insn, "off");
}

/** Takes the second operand of arithmetic or a comparison: a register of the first one's width, or a number. */
function operand(context: Context, left: Register, insn: Draft): Draft {
  const { scanner, kernel } = context;
  const right = asRegister(scanner.peek(), kernel);
  if (right === undefined) {
    if (!scanner.atNumber) throw scanner.expected("a register or a number");
    insn.imm = scanner.int32("immediate");
    return insn;
  }
  if (right.wide !== left.wide)
    throw scanner.expected(`a register ${left.wide ? "r" : "w"}0..${left.wide ? "r" : "w"}10`);
  scanner.take();
  insn.code |= op.BPF_X;
  insn.src = right.index;
  return insn;
}

/** An instruction that starts with a register. */
function assignment(context: Context, dst: Register): Draft {
  const { scanner } = context;
  const cls = dst.wide ? op.BPF_ALU64 : op.BPF_ALU;
  if (scanner.accept("=")) return assigned(context, dst, cls);
  const word = scanner.peek();
  const isSigned = word === "s/=" || word === "s%=";
  const operation = operatorIn(ALU_OPERATORS, isSigned ? word.slice(1) : word);
  if (operation < 0 || operation === op.BPF_NEG || operation === op.BPF_END) {
    throw scanner.expected("an operator such as = or +=");
  }
  scanner.take();
  return operand(context, dst, draft(cls | operation, { dst: dst.index, off: isSigned ? 1 : 0 }));
}

/** What can stand behind `dst =`. */
function assigned(context: Context, dst: Register, cls: number): Draft {
  const { scanner, kernel } = context;
  const mov = cls | op.BPF_MOV;
  const word = scanner.peek();
  if (word === "*") {
    scanner.take();
    return load(context, dst);
  }
  if (word === "(") return extended(context, dst, draft(mov | op.BPF_X, { dst: dst.index }));
  const src = asRegister(word, kernel);
  // clang -S writes the 32-bit move that zero-extends as r1 = w2.
  if (src?.wide === false && dst.wide && !kernel) {
    scanner.take();
    return draft(op.BPF_ALU | op.BPF_MOV | op.BPF_X, { dst: dst.index, src: src.index });
  }
  if (src !== undefined) return operand(context, dst, draft(mov, { dst: dst.index }));
  if (scanner.atNumber) return number(context, dst, mov);
  if (word === "-") {
    scanner.take();
    sameRegister(context, dst);
    return draft(cls | op.BPF_NEG, { dst: dst.index });
  }
  if (dst.wide) {
    const swap = /^(le|be|bswap)(16|32|64)$/u.exec(word);
    if (swap !== null) {
      scanner.take();
      sameRegister(context, dst);
      const code = swap[1] === "bswap" ? op.BPF_ALU64 : op.BPF_ALU | (swap[1] === "be" ? op.BPF_TO_BE : op.BPF_TO_LE);
      return draft(code | op.BPF_END, { dst: dst.index, imm: Number(swap[2]) });
    }
    if (word === "addr_space_cast") return addrSpaceCast(context, dst.index);
    const found = reference(context, dst.index);
    if (found !== undefined) return found;
  }
  const found = atomicAssignment(context, dst);
  if (found !== undefined) return found;
  const name = dst.wide ? scanner.match(/([A-Za-z_.$][\w.$]*)\s+ll\b/y) : undefined;
  if (name !== undefined) {
    const label = { name: name[1]!, place: scanner.lastPlace, field: "imm" } as const;
    return draft(op.BPF_LD | op.BPF_IMM | op.BPF_DW, { dst: dst.index, src: BPF_PSEUDO_FUNC, next: 0, label });
  }
  throw scanner.expected("a value");
}

/** A number behind `dst =`: a mov, or `ld_imm64` where ` ll` or the opcode in front says so. */
function number(context: Context, dst: Register, mov: number): Draft {
  const { scanner } = context;
  const what = "immediate (ld_imm64 is written with ll)";
  const numeral = scanner.numeral(what);
  const isWide = dst.wide && (scanner.accept("ll") || context.opcode === (op.BPF_LD | op.BPF_IMM | op.BPF_DW));
  if (isWide) return wideNumber(context, dst.index, numeral);
  return draft(mov, { dst: dst.index, imm: scanner.int32(what, numeral) });
}

/** `(s8)r2`, behind `dst =`. */
function extended(context: Context, dst: Register, insn: Draft): Draft {
  const { scanner, kernel } = context;
  scanner.expect("(");
  const bits = /^s(8|16|32)$/u.exec(scanner.peek());
  // The kernel's printer knows a 32-bit move that extends from 32 bits, though no kernel runs it.
  if (bits === null || (bits[1] === "32" && !dst.wide && !kernel))
    throw scanner.expected(`s8, s16${dst.wide ? " or s32" : ""}`);
  scanner.take();
  scanner.expect(")");
  const { index, wide } = register(context);
  if (wide !== dst.wide) throw scanner.wrong(`expected ${dst.wide ? "r" : "w"}${index}`);
  insn.src = index;
  insn.off = Number(bits[1]);
  return insn;
}

/** `addr_space_cast(r2, 0, 1)`. */
function addrSpaceCast(context: Context, dst: number): Draft {
  const { scanner } = context;
  scanner.take();
  scanner.expect("(");
  const src = wideRegister(context);
  scanner.expect(",");
  const to = Number(scanner.integer("address space", 0n, 0xffffn));
  scanner.expect(",");
  const from = Number(scanner.integer("address space", 0n, 0xffffn));
  scanner.expect(")");
  const code = op.BPF_ALU64 | op.BPF_MOV | op.BPF_X;
  return draft(code, { dst, src, off: op.BPF_ADDR_SPACE_CAST, imm: (to << 16) | from });
}

/** `(u32 *)(r1 +4)` or `(u32 *)skb[5]`, behind `dst = *`. */
function load(context: Context, dst: Register): Draft {
  const { scanner, kernel } = context;
  const { size, isSigned } = pointerType(context);
  if (scanner.accept("skb")) {
    if (isSigned || size === op.BPF_DW) throw scanner.wrong("packets are read as u8, u16 or u32");
    if (dst.index !== 0 || !dst.wide) throw syntaxError(dst.place, "packet loads answer in r0");
    scanner.expect("[");
    let insn: Draft;
    if (scanner.atNumber) insn = draft(op.BPF_LD | op.BPF_ABS | size, { imm: scanner.int32("offset") });
    else {
      insn = draft(op.BPF_LD | op.BPF_IND | size, { src: wideRegister(context) });
      if (kernel) {
        scanner.expect("+");
        insn.imm = scanner.int32("offset");
      }
    }
    scanner.expect("]");
    return insn;
  }
  if (isSigned) {
    if (!dst.wide) throw syntaxError(dst.place, `sign-extending loads fill r${dst.index}`);
  } else {
    checkValueRegister(context, dst, size !== op.BPF_DW);
  }
  scanner.expect("(");
  const { base, off } = address(context);
  scanner.expect(")");
  return draft(op.BPF_LDX | (isSigned ? op.BPF_MEMSX : op.BPF_MEM) | size, { dst: dst.index, src: base, off });
}

/** `(u32 *)(r1 +4) = r2`, behind the star. */
function store(context: Context): Draft {
  const { scanner, kernel } = context;
  const { size, isSigned } = pointerType(context);
  if (isSigned) throw scanner.wrong("stores are u8, u16, u32 or u64");
  scanner.expect("(");
  const { base, off } = address(context);
  scanner.expect(")", "=");
  if (!asRegister(scanner.peek(), kernel)) {
    if (!scanner.atNumber) throw scanner.expected("a register or a number");
    return draft(op.BPF_ST | op.BPF_MEM | size, { dst: base, off, imm: scanner.int32("immediate") });
  }
  const value = register(context);
  checkValueRegister(context, value, size !== op.BPF_DW);
  return draft(op.BPF_STX | op.BPF_MEM | size, { dst: base, src: value.index, off });
}

const CALL: number = op.BPF_JMP | op.BPF_CALL;

/** `pc+5`, `bpf_map_lookup_elem#1`, `kernel-function#7`, a label, or a helper's name alone; behind `call`. */
function kernelCall(context: Context): Draft {
  const { scanner } = context;
  if (scanner.match(/pc(?=\s*[-+])/y)) return draft(CALL, { src: BPF_PSEUDO_CALL, imm: scanner.distance() });
  // Of a kernel function that its BTF does not name, or whose BTF is not there, logs have these.
  const numbered = scanner.match(/(kernel-function|<error>|[A-Za-z_.$][\w.$]*)?\s*#/y);
  if (numbered !== undefined) {
    const imm = scanner.int32("number");
    const helper = numbered[1] === "unknown" || numbered[1] === helperName(imm);
    return draft(CALL, { src: helper ? 0 : BPF_PSEUDO_KFUNC_CALL, imm });
  }
  if (!/^[A-Za-z_.$]/u.test(scanner.peek()))
    throw scanner.expected("what to call, such as pc+5 or bpf_map_lookup_elem#1");
  return draft(CALL, { label: { name: scanner.take(), place: scanner.lastPlace, field: "callee" } });
}

/** A helper's number or a label, behind `call`. */
function llvmCall(context: Context): Draft {
  const { scanner } = context;
  const local = localLabel(scanner);
  if (local === undefined && scanner.atNumber) return draft(CALL, { imm: scanner.int32("helper") });
  const label = { name: local ?? labelName(scanner), place: scanner.lastPlace, field: "imm" } as const;
  return draft(CALL, { src: BPF_PSEUDO_CALL, label });
}
