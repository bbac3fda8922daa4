/**
 * A pointer plus or minus a number.
 *
 * A known number goes into the fixed offset; an unknown one into the variable part, which for packet pointers makes a new identity, because what
 * was learned about the range of the old one says nothing about the new.
 *
 * @see v6.18 kernel/bpf/verifier.c, adjust_ptr_min_max_vals
 */
import { BPF_ADD, BPF_ALU64, BPF_AND, BPF_CLASS, BPF_OP, BPF_OR, BPF_SUB, BPF_XOR, type Insn } from "@bpf-ts/isa";
import { EACCES, EINVAL } from "@bpf-ts/uapi/errno";
import { constSigned, isConst, pointerAdd, pointerSub, type Scalar, sync, withBounds } from "../domain/index.ts";
import { regTypeStr } from "../log/reg-type-str.ts";
import { reject } from "../reject.ts";
import { type Env, nextId, setReg } from "../state/env.ts";
import { REG_UNKNOWN, RegState } from "../state/reg-state.ts";
import {
  baseType,
  CONST_PTR_TO_DYNPTR,
  CONST_PTR_TO_MAP,
  PTR_MAYBE_NULL,
  PTR_TO_BTF_ID,
  PTR_TO_BUF,
  PTR_TO_CTX,
  PTR_TO_FLOW_KEYS,
  PTR_TO_FUNC,
  PTR_TO_MAP_KEY,
  PTR_TO_MAP_VALUE,
  PTR_TO_MEM,
  PTR_TO_PACKET,
  PTR_TO_PACKET_META,
  PTR_TO_STACK,
  PTR_TO_TP_BUFFER,
  PTR_UNTRUSTED,
  typeIsPktPointer,
} from "../state/reg-type.ts";

/** Offsets beyond this are refused, so that sums can't overflow. */
export const BPF_MAX_VAR_OFF: number = 1 << 29;
const MAX_VAR_OFF = BigInt(BPF_MAX_VAR_OFF);
const S64_MIN = -(1n << 63n);

const OPERATORS = ["+=", "-=", "*=", "/=", "|=", "&=", "<<=", ">>=", "neg", "%=", "^=", "=", "s>>=", "endian"];

/** `+=` … @see v6.18 kernel/bpf/disasm.c, bpf_alu_string */
export function aluOperator(op: number): string {
  return OPERATORS[op >> 4] ?? "";
}

function refuse(env: Env, errno: number, text: string): never {
  reject(env, env.insnIdx, "pointer", errno, text);
}

/** Offsets stay within bounds that later sums can't leave. @see v6.18 kernel/bpf/verifier.c, check_reg_sane_offset */
function checkSaneOffset(env: Env, scalar: Scalar, off: number, type: number): void {
  const name = regTypeStr(type);
  if (isConst(scalar)) {
    const val = constSigned(scalar);
    if (val >= MAX_VAR_OFF || val <= -MAX_VAR_OFF) {
      refuse(env, EINVAL, `math between ${name} pointer and ${val} is not allowed`);
    }
  }
  if (off >= BPF_MAX_VAR_OFF || off <= -BPF_MAX_VAR_OFF) {
    refuse(env, EINVAL, `${name} pointer offset ${off} is not allowed`);
  }
  const { smin } = scalar;
  if (smin === S64_MIN) {
    refuse(env, EINVAL, `math between ${name} pointer and register with unbounded min value is not allowed`);
  }
  if (smin >= MAX_VAR_OFF || smin <= -MAX_VAR_OFF) {
    refuse(env, EINVAL, `value ${smin} makes ${name} pointer be out of bounds`);
  }
}

function mayBeMoved(type: number, known: boolean, smin: bigint, op: number): boolean {
  switch (baseType(type)) {
    case PTR_TO_CTX:
    case PTR_TO_MAP_VALUE:
    case PTR_TO_MAP_KEY:
    case PTR_TO_STACK:
    case PTR_TO_PACKET_META:
    case PTR_TO_PACKET:
    case PTR_TO_TP_BUFFER:
    case PTR_TO_BTF_ID:
    case PTR_TO_MEM:
    case PTR_TO_BUF:
    case PTR_TO_FUNC:
    case CONST_PTR_TO_DYNPTR:
      return true;
    case PTR_TO_FLOW_KEYS:
      return known || (smin === 0n && op === BPF_ADD && known);
    case CONST_PTR_TO_MAP:
      return known && smin === 0n && op === BPF_ADD;
    default:
      return false;
  }
}

/**
 * Computes register `insn.dst`.
 *
 * @param offIsDst the number stands in dst and the pointer in src
 */
export function adjustPointer(env: Env, insn: Insn, ptr: RegState, off: RegState, offIsDst: boolean): void {
  const { dst } = insn;
  const op = BPF_OP(insn.code);
  const s = off.scalar;
  const known = isConst(s);
  if ((known && (s.smin !== s.smax || s.umin !== s.umax)) || s.smin > s.smax || s.umin > s.umax) {
    setReg(env, dst, REG_UNKNOWN);
    return;
  }
  if (BPF_CLASS(insn.code) !== BPF_ALU64) {
    if (op === BPF_SUB && env.allowPtrLeaks) {
      setReg(env, dst, REG_UNKNOWN);
      return;
    }
    refuse(env, EACCES, `R${dst} 32-bit pointer arithmetic prohibited`);
  }
  const { type } = ptr;
  if (type & PTR_MAYBE_NULL) {
    refuse(env, EACCES, `R${dst} pointer arithmetic on ${regTypeStr(type)} prohibited, null-check it first`);
  }
  // Such memory is read by loads that can't fault: its offsets need no tracking, and dst stays as it is.
  if (baseType(type) === PTR_TO_MEM && type & PTR_UNTRUSTED) return;
  if (!mayBeMoved(type, known, s.smin, op)) {
    refuse(env, EACCES, `R${dst} pointer arithmetic on ${regTypeStr(type)} prohibited`);
  }
  checkSaneOffset(env, s, off.off, type);
  checkSaneOffset(env, ptr.scalar, ptr.off, type);

  let result: RegState;
  switch (op) {
    case BPF_ADD:
      result = addOffset(env, ptr, s, known, dstBase(env, dst));
      break;
    case BPF_SUB:
      if (offIsDst) refuse(env, EACCES, `R${dst} tried to subtract pointer from scalar`);
      if (type === PTR_TO_STACK) refuse(env, EACCES, `R${dst} subtraction from stack pointer prohibited`);
      result = subOffset(env, ptr, s, known, dstBase(env, dst));
      break;
    case BPF_AND:
    case BPF_OR:
    case BPF_XOR:
      refuse(env, EACCES, `R${dst} bitwise operator ${aluOperator(op)} on pointer prohibited`);
      break;
    default:
      refuse(env, EACCES, `R${dst} pointer arithmetic with ${aluOperator(op)} operator prohibited`);
  }
  checkSaneOffset(env, result.scalar, result.off, type);
  setReg(env, dst, result);
}

/** What of the destination survives when the pointer stood in the other operand: its reference, frame and precision are not the pointer's. */
function dstBase(env: Env, dst: number): RegState {
  const frames = env.cur.frames;
  return frames[frames.length - 1]!.regs[dst]!;
}

function moved(ptr: RegState, dst: RegState, off: number, scalar: Scalar, id: number, keepUnion: boolean): RegState {
  return new RegState(
    ptr.type,
    off,
    scalar,
    id,
    dst.refObjId,
    dst.frameno,
    dst.precise,
    keepUnion ? ptr.obj : null,
    keepUnion ? ptr.u1 : 0,
    keepUnion ? ptr.u2 : 0,
  );
}

/** Pointers carry no 32-bit bounds of their own: those that follow from the rest are deduced anew. */
function without32(s: Scalar): Scalar {
  if (isConst(s)) return s;
  return sync(withBounds(s, { s32min: -(2 ** 31), s32max: 2 ** 31 - 1, u32min: 0, u32max: 2 ** 32 - 1 }));
}

function fitsS32(v: bigint): boolean {
  return v === BigInt.asIntN(32, v);
}

function addOffset(env: Env, ptr: RegState, s: Scalar, known: boolean, dst: RegState): RegState {
  const sum = BigInt(ptr.off) + s.smin;
  if (known && fitsS32(sum)) return moved(ptr, dst, Number(sum), without32(ptr.scalar), ptr.id, true);
  const pkt = typeIsPktPointer(ptr.type);
  return moved(ptr, dst, ptr.off, pointerAdd(ptr.scalar, s), pkt ? nextId(env) : ptr.id, !pkt);
}

function subOffset(env: Env, ptr: RegState, s: Scalar, known: boolean, dst: RegState): RegState {
  const difference = BigInt(ptr.off) - s.smin;
  if (known && fitsS32(difference)) return moved(ptr, dst, Number(difference), without32(ptr.scalar), ptr.id, true);
  const pkt = typeIsPktPointer(ptr.type);
  // Moving a packet pointer back leaves what lies before it in range.
  return moved(ptr, dst, ptr.off, pointerSub(ptr.scalar, s), pkt ? nextId(env) : ptr.id, !(pkt && s.smin < 0n));
}
