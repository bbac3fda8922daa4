/**
 * Arithmetic and moves.
 *
 * @see v6.18 kernel/bpf/verifier.c, check_alu_op, adjust_reg_min_max_vals
 */
import {
  BPF_ADD,
  BPF_ADDR_SPACE_CAST,
  BPF_ALU64,
  BPF_ARSH,
  BPF_CLASS,
  BPF_DIV,
  BPF_END,
  BPF_K,
  BPF_LSH,
  BPF_MOD,
  BPF_MOV,
  BPF_NEG,
  BPF_OP,
  BPF_RSH,
  BPF_SRC,
  BPF_SUB,
  BPF_TO_LE,
  BPF_X,
  type Insn,
} from "@bpf-ts/isa";
import { EACCES, EINVAL, ENOMEM } from "@bpf-ts/uapi/errno";
import {
  aluScalar,
  byteSwap,
  constant,
  constSigned,
  forkScalar,
  isConst,
  isSubregConst,
  movsx32,
  movsx64,
  type Scalar,
  truncate,
  zext32,
} from "../domain/index.ts";
import { markChainPrecision } from "../precision/mark.ts";
import { reject } from "../reject.ts";
import { curFrame, type Env } from "../state/env.ts";
import { REG_UNKNOWN, RegState, scalarReg } from "../state/reg-state.ts";
import { PTR_TO_ARENA, SCALAR_VALUE } from "../state/reg-type.ts";
import { BPF_ADD_CONST32, BPF_ADD_CONST64, distanceFlag } from "../state/scalar-id.ts";
import { unsupported } from "../unsupported.ts";
import { adjustPointer, aluOperator } from "./alu-pointer.ts";
import { pushBranch } from "./branches.ts";
import { assignScalarId, checkBounds, checkRegArg, DST_OP, DST_OP_NO_MARK, isPointerValue, SRC_OP } from "./reg-arg.ts";

function reserved(env: Env, name: string): never {
  reject(env, env.insnIdx, "instruction", EINVAL, `${name} uses reserved fields`);
}

/** Checks an ALU or ALU64 instruction and computes its result. */
export function checkAlu(env: Env, insn: Insn): void {
  const op = BPF_OP(insn.code);
  if (op === BPF_END || op === BPF_NEG) checkUnary(env, insn, op);
  else if (op === BPF_MOV) checkMov(env, insn);
  else checkBinary(env, insn, op);

  const regs = curFrame(env).regs;
  const dst = regs[insn.dst]!;
  const scalar = checkBounds(env, dst.scalar, "alu");
  if (scalar !== dst.scalar) regs[insn.dst] = dst.withScalar(scalar);
}

function checkUnary(env: Env, insn: Insn, op: number): void {
  const { code, src, dst, off, imm } = insn;
  if (op === BPF_NEG) {
    if (BPF_SRC(code) !== BPF_K || src !== 0 || off !== 0 || imm !== 0) reserved(env, "BPF_NEG");
  } else if (
    src !== 0 ||
    off !== 0 ||
    (imm !== 16 && imm !== 32 && imm !== 64) ||
    (BPF_CLASS(code) === BPF_ALU64 && BPF_SRC(code) !== BPF_TO_LE)
  ) {
    reserved(env, "BPF_END");
  }
  checkRegArg(env, dst, SRC_OP);
  if (isPointerValue(env, dst)) {
    reject(env, env.insnIdx, "pointer", EACCES, `R${dst} pointer arithmetic prohibited`);
  }
  const regs = curFrame(env).regs;
  const reg = regs[dst]!;
  if (reg.type !== SCALAR_VALUE) {
    checkRegArg(env, dst, DST_OP);
    return;
  }
  checkRegArg(env, dst, DST_OP_NO_MARK);
  if (op === BPF_NEG) {
    regs[dst] = reg.withScalar(aluScalar(BPF_NEG, BPF_CLASS(code) === BPF_ALU64, reg.scalar, reg.scalar)).unlinked();
    return;
  }
  // The machine is little-endian: to_le only truncates, and not even that in 64 bits.
  const swaps = BPF_CLASS(code) === BPF_ALU64 || BPF_SRC(code) !== BPF_TO_LE;
  if (!swaps && imm === 64) return;
  const size = imm / 8;
  regs[dst] = reg.withScalar(swaps ? byteSwap(reg.scalar, size) : truncate(reg.scalar, size)).unlinked();
}

function checkMov(env: Env, insn: Insn): void {
  const { code, src, off, imm } = insn;
  const is64 = BPF_CLASS(code) === BPF_ALU64;
  if (BPF_SRC(code) === BPF_X) {
    if (!is64) {
      if ((off !== 0 && off !== 8 && off !== 16) || imm !== 0) reserved(env, "BPF_MOV");
    } else if (off === BPF_ADDR_SPACE_CAST) {
      if (imm !== 1 && imm !== 1 << 16) {
        const text = "addr_space_cast insn can only convert between address space 1 and 0";
        reject(env, env.insnIdx, "instruction", EINVAL, text);
      }
      // Programs with an arena end as unsupported when their maps are resolved.
      const text = "addr_space_cast insn can only be used in a program that has an associated arena";
      reject(env, env.insnIdx, "instruction", EINVAL, text);
    } else if ((off !== 0 && off !== 8 && off !== 16 && off !== 32) || imm !== 0) {
      reserved(env, "BPF_MOV");
    }
    checkRegArg(env, src, SRC_OP);
  } else if (src !== 0 || off !== 0) {
    reserved(env, "BPF_MOV");
  }
  checkRegArg(env, insn.dst, DST_OP_NO_MARK);

  const regs = curFrame(env).regs;
  if (BPF_SRC(code) === BPF_K) {
    regs[insn.dst] = scalarReg(immScalar(env, is64 ? imm : imm >>> 0));
    return;
  }
  if (is64) movReg64(env, insn, regs);
  else movReg32(env, insn, regs);
}

function movReg64(env: Env, insn: Insn, regs: RegState[]): void {
  const { src, dst, off } = insn;
  if (off === 0) {
    const reg = assignScalarId(env, regs[src]!);
    regs[src] = reg;
    regs[dst] = reg;
    return;
  }
  if (isPointerValue(env, src)) {
    reject(env, env.insnIdx, "pointer", EACCES, `R${src} sign-extension part of pointer`);
  }
  const reg = regs[src]!;
  if (reg.type !== SCALAR_VALUE) {
    regs[dst] = REG_UNKNOWN;
    return;
  }
  // A value that the extension leaves as it is stays tied to its source.
  const same = reg.scalar.umax < 1n << BigInt(off - 1);
  const kept = same ? assignScalarId(env, reg) : reg;
  regs[src] = kept;
  const copy = kept.withScalar(movsx64(kept.scalar, off >> 3));
  regs[dst] = same ? copy : copy.unlinked();
}

function movReg32(env: Env, insn: Insn, regs: RegState[]): void {
  const { src, dst, off } = insn;
  if (isPointerValue(env, src)) reject(env, env.insnIdx, "pointer", EACCES, `R${src} partial copy of pointer`);
  const reg = regs[src]!;
  if (reg.type !== SCALAR_VALUE) {
    regs[dst] = scalarReg(zext32(REG_UNKNOWN.scalar));
    return;
  }
  const same = off === 0 ? reg.scalar.umax <= 0xffffffffn : reg.scalar.umax < 1n << BigInt(off - 1);
  const kept = same ? assignScalarId(env, reg) : reg;
  regs[src] = kept;
  const copy = kept.withScalar(off === 0 ? zext32(kept.scalar) : movsx32(kept.scalar, off >> 3));
  regs[dst] = same ? copy : copy.unlinked();
}

function checkBinary(env: Env, insn: Insn, op: number): void {
  const { code, src, dst, off, imm } = insn;
  if (op > BPF_END) reject(env, env.insnIdx, "instruction", EINVAL, `invalid BPF_ALU opcode ${op.toString(16)}`);
  const division = op === BPF_MOD || op === BPF_DIV;
  const isX = BPF_SRC(code) === BPF_X;
  if ((isX ? imm !== 0 : src !== 0) || (off !== 0 && off !== 1) || (off === 1 && !division)) reserved(env, "BPF_ALU");
  if (isX) checkRegArg(env, src, SRC_OP);
  checkRegArg(env, dst, SRC_OP);
  if (!isX) {
    if (division && imm === 0) reject(env, env.insnIdx, "instruction", EINVAL, "div by zero");
    if (op === BPF_LSH || op === BPF_RSH || op === BPF_ARSH) {
      const size = BPF_CLASS(code) === BPF_ALU64 ? 64 : 32;
      if (imm < 0 || imm >= size) reject(env, env.insnIdx, "instruction", EINVAL, `invalid shift ${imm}`);
    }
  }
  checkRegArg(env, dst, DST_OP_NO_MARK);
  adjustRegs(env, insn, op);
}

/** The result of `dst op= src`, where either may be a pointer. */
function adjustRegs(env: Env, insn: Insn, op: number): void {
  const { dst } = insn;
  const regs = curFrame(env).regs;
  const dstReg = regs[dst]!;
  if (dstReg.type === PTR_TO_ARENA) unsupported("arena");
  const dstIsPtr = dstReg.type !== SCALAR_VALUE;
  let value: Scalar;
  if (BPF_SRC(insn.code) === BPF_X) {
    const srcReg = regs[insn.src]!;
    if (srcReg.type !== SCALAR_VALUE) {
      if (dstIsPtr) {
        if (op === BPF_SUB && env.allowPtrLeaks) {
          regs[dst] = REG_UNKNOWN;
          return;
        }
        const text = `R${dst} pointer ${aluOperator(op)} pointer prohibited`;
        reject(env, env.insnIdx, "pointer", EACCES, text);
      }
      markChainPrecision(env, dst);
      adjustPointer(env, insn, srcReg, dstReg, true);
      return;
    }
    if (dstIsPtr) {
      markChainPrecision(env, insn.src);
      adjustPointer(env, insn, dstReg, srcReg, false);
      return;
    }
    if (dstReg.precise) markChainPrecision(env, insn.src);
    value = srcReg.scalar;
  } else {
    value = immScalar(env, insn.imm);
    if (dstIsPtr) {
      adjustPointer(env, insn, dstReg, scalarReg(value), false);
      return;
    }
  }
  const is64 = BPF_CLASS(insn.code) === BPF_ALU64;
  const result = aluScalar(op, is64, forkIfBoolean(env, op, dstReg, dst, value), value);
  const { off, id } = tieAfter(env, insn, op, dstReg, value);
  regs[dst] = new RegState(SCALAR_VALUE, off, result, id, 0, 0, dstReg.precise, null, 0, 0);
}

/** A destination that is known to be 0 or all ones: goes on with the latter here, and queues the same instruction with the former. */
function forkIfBoolean(env: Env, op: number, dstReg: RegState, dst: number, value: Scalar): Scalar {
  const fork = forkScalar(op, dstReg.scalar, value);
  if (fork === undefined) return dstReg.scalar;
  const branch = pushBranch(env, env.insnIdx, env.insnIdx, ENOMEM);
  branch.frame.regs[dst] = dstReg.withScalar(fork.zero);
  return fork.ones;
}

/**
 * What ties the result to the registers that the destination was equal to: after the addition or subtraction of a constant, their distance. One
 * step only; in 32 bits only if the upper half was 0, so that nothing is lost.
 *
 * @see v6.18 kernel/bpf/verifier.c, adjust_reg_min_max_vals
 */
function tieAfter(env: Env, insn: Insn, op: number, dstReg: RegState, value: Scalar): { off: number; id: number } {
  const none = { off: 0, id: 0 };
  const is64 = BPF_CLASS(insn.code) === BPF_ALU64;
  if (!env.bpfCapable || (op !== BPF_ADD && op !== BPF_SUB) || dstReg.id === 0) return none;
  if (!(is64 ? isConst(value) : isSubregConst(value))) return none;
  if (BPF_SRC(insn.code) === BPF_X && insn.src === insn.dst) return none;
  if (distanceFlag(dstReg.id) !== 0) return none;
  const known = constSigned(value);
  const low = BigInt.asIntN(32, known);
  if (is64 ? known !== low : dstReg.scalar.umax > 0xffff_ffffn) return none;
  if (op === BPF_SUB && low === -0x8000_0000n) return none;
  const off = Number(op === BPF_SUB ? -low : low);
  return { off, id: dstReg.id + (is64 ? BPF_ADD_CONST64 : BPF_ADD_CONST32) };
}

/** The scalar of an immediate, made once a slot. */
function immScalar(env: Env, value: number): Scalar {
  return (env.immScalars[env.insnIdx] ??= constant(value));
}
