/**
 * Whether an instruction is one, taken alone: what Linux refuses whatever stands around it. Jump targets, what registers hold, and which
 * helpers exist are the verifier's matter.
 *
 * @see v6.18 kernel/bpf/verifier.c, check_alu_op, check_load_mem, check_atomic, check_ld_abs, check_ld_imm, resolve_pseudo_ldimm64, do_check_insn
 * @module
 */
import {
  BPF_PSEUDO_KFUNC_CALL,
  BPF_PSEUDO_MAP_FD,
  BPF_PSEUDO_MAP_IDX,
  BPF_PSEUDO_MAP_IDX_VALUE,
} from "@bpf-ts/uapi/pseudo";
import type { Insn } from "../insn.ts";
import {
  BPF_ADD,
  BPF_AND,
  BPF_ARSH,
  BPF_CMPXCHG,
  BPF_DIV,
  BPF_FETCH,
  BPF_LOAD_ACQ,
  BPF_LSH,
  BPF_MOD,
  BPF_OP,
  BPF_OR,
  BPF_REG_10,
  BPF_RSH,
  BPF_STORE_REL,
  BPF_XCHG,
  BPF_XOR,
} from "../opcodes.ts";
import { FIELD_DST, FIELD_IMM, FIELD_OFF, FIELD_SRC, isAddrSpaceCast, usedFields } from "./fields.ts";
import { writesRegs } from "./registers.ts";
import { familyOf, is64, isX, sizeBytes } from "./table.ts";

/**
 * What is wrong with the instruction at slot `i`, seen alone.
 *
 * @param insns The program; the slot after `ld_imm64` is looked at too.
 * @returns undefined where it is valid in Linux 6.18, else a phrase such as `reserved field off is 5`.
 */
export function insnProblem(insns: readonly Insn[], i: number): string | undefined {
  const insn = insns[i]!;
  const family = familyOf(insn.code);
  if (family === undefined || family === "callx") return `unknown opcode ${insn.code.toString(16).padStart(2, "0")}`;

  const used = usedFields(insn);
  if (!(used & FIELD_DST) && insn.dst !== 0) return reserved("dst", insn.dst);
  if (!(used & FIELD_SRC) && insn.src !== 0) return reserved("src", insn.src);
  if (!(used & FIELD_OFF) && insn.off !== 0) return reserved("off", insn.off);
  if (!(used & FIELD_IMM) && insn.imm !== 0) return reserved("imm", insn.imm);
  if (insn.dst > BPF_REG_10) return `register r${insn.dst} does not exist`;
  if (family !== "call" && insn.src > BPF_REG_10) return `register r${insn.src} does not exist`;
  if (writesRegs(insn) & (1 << BPF_REG_10)) return "r10 is read only";

  switch (family) {
    case "alu":
      return isX(insn.code) ? undefined : aluImmediate(insn);
    case "mov":
      if (!isX(insn.code)) return undefined;
      if (!is64(insn.code) && insn.off === 32) return "32 bits do not sign-extend into 32";
      if (isAddrSpaceCast(insn) && insn.imm !== 1 && insn.imm !== 0x10000)
        return "casts are between address space 0 and 1";
      return undefined;
    case "end":
      return insn.imm === 16 || insn.imm === 32 || insn.imm === 64 ? undefined : `swap of ${insn.imm} bits`;
    case "call":
      if (insn.src > BPF_PSEUDO_KFUNC_CALL) return `call with src ${insn.src}`;
      return undefined;
    case "atomic":
      return atomicOperation(insn);
    case "imm64":
      return secondSlot(insn, insns[i + 1]);
    default:
      return undefined;
  }
}

function reserved(field: string, value: number): string {
  return `reserved field ${field} is ${value}`;
}

function aluImmediate({ code, imm }: Insn): string | undefined {
  const op = BPF_OP(code);
  if ((op === BPF_DIV || op === BPF_MOD) && imm === 0) return "division by zero";
  if (op === BPF_LSH || op === BPF_RSH || op === BPF_ARSH) {
    const bits = is64(code) ? 64 : 32;
    if (imm < 0 || imm >= bits) return `shift by ${imm}`;
  }
  return undefined;
}

function atomicOperation({ code, imm }: Insn): string | undefined {
  if (imm === BPF_LOAD_ACQ || imm === BPF_STORE_REL) return undefined;
  const base = imm & ~BPF_FETCH;
  const known =
    base === BPF_ADD ||
    base === BPF_OR ||
    base === BPF_AND ||
    base === BPF_XOR ||
    imm === BPF_XCHG ||
    imm === BPF_CMPXCHG;
  if (!known) return `atomic operation 0x${(imm >>> 0).toString(16)}`;
  return sizeBytes(code) < 4 ? `atomic operation on ${sizeBytes(code)} bytes` : undefined;
}

function secondSlot(insn: Insn, next: Insn | undefined): string | undefined {
  if (next === undefined) return "second slot is missing";
  if (next.code !== 0) return `second slot has opcode ${next.code.toString(16).padStart(2, "0")}`;
  if (next.dst !== 0 || next.src !== 0 || next.off !== 0) return "second slot has reserved fields set";
  if (insn.src > BPF_PSEUDO_MAP_IDX_VALUE) return `ld_imm64 with src ${insn.src}`;
  const map = insn.src === BPF_PSEUDO_MAP_FD || insn.src === BPF_PSEUDO_MAP_IDX;
  return map && next.imm !== 0 ? reserved("imm of the second slot", next.imm) : undefined;
}
