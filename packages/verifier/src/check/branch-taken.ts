import { BPF_JEQ, BPF_JGE, BPF_JGT, BPF_JLE, BPF_JLT, BPF_JNE } from "@bpf-ts/isa";
import { type BranchOutcome, branchTaken, constValue, isConst, isSubregConst } from "../domain/index.ts";
import { BEYOND_PKT_END, type RegState } from "../state/reg-state.ts";
import {
  baseType,
  CONST_PTR_TO_MAP,
  PTR_TO_BTF_ID,
  PTR_TO_MAP_KEY,
  PTR_TO_MAP_VALUE,
  PTR_TO_MEM,
  PTR_TO_PACKET_END,
  PTR_TO_SOCK_COMMON,
  PTR_TO_SOCKET,
  PTR_TO_TCP_SOCK,
  PTR_UNTRUSTED,
  SCALAR_VALUE,
  typeIsPktPointer,
  typeMayBeNull,
} from "../state/reg-type.ts";
import { isTrustedReg } from "./btf/trust.ts";

/** Points into a packet, or to its end. */
export function isPktPointerAny(reg: RegState): boolean {
  return typeIsPktPointer(reg.type) || reg.type === PTR_TO_PACKET_END;
}

/** Certainly no null pointer. @see v6.18 kernel/bpf/verifier.c, reg_not_null */
export function isNotNull(reg: RegState): boolean {
  if (typeMayBeNull(reg.type)) return false;
  switch (baseType(reg.type)) {
    case PTR_TO_SOCKET:
    case PTR_TO_TCP_SOCK:
    case PTR_TO_MAP_VALUE:
    case PTR_TO_MAP_KEY:
    case PTR_TO_SOCK_COMMON:
    case CONST_PTR_TO_MAP:
      return true;
    case PTR_TO_BTF_ID:
      return isTrustedReg(reg);
    case PTR_TO_MEM:
      return (reg.type & PTR_UNTRUSTED) === 0;
    default:
      return false;
  }
}

function isConstReg(reg: RegState, is32: boolean): boolean {
  return reg.type === SCALAR_VALUE && (is32 ? isSubregConst(reg.scalar) : isConst(reg.scalar));
}

/** `a op b` as `b flipped(op) a`. */
function flip(op: number): number {
  switch (op) {
    case BPF_JGE:
      return BPF_JLE;
    case BPF_JGT:
      return BPF_JLT;
    case BPF_JLE:
      return BPF_JGE;
    case BPF_JLT:
      return BPF_JGT;
    default:
      return op;
  }
}

function pktBranchTaken(dst: RegState, src: RegState, op: number): BranchOutcome {
  let pkt: RegState;
  let how = op;
  if (src.type === PTR_TO_PACKET_END) {
    pkt = dst;
  } else if (dst.type === PTR_TO_PACKET_END) {
    pkt = src;
    how = flip(op);
  } else {
    return -1;
  }
  if (pkt.range >= 0) return -1;
  switch (how) {
    case BPF_JLE:
    case BPF_JGT:
      if (pkt.range === BEYOND_PKT_END) return how === BPF_JGT ? 1 : 0;
      return -1;
    case BPF_JLT:
    case BPF_JGE:
      return how === BPF_JGE ? 1 : 0;
    default:
      return -1;
  }
}

/** Which way `if (a op b)` goes, where that is certain. @see v6.18 kernel/bpf/verifier.c, is_branch_taken */
export function isBranchTaken(a: RegState, b: RegState, op: number, is32: boolean): BranchOutcome {
  if (a.type === SCALAR_VALUE && b.type === SCALAR_VALUE) return branchTaken(op, is32, a.scalar, b.scalar);
  if (!is32 && isPktPointerAny(a) && isPktPointerAny(b)) return pktBranchTaken(a, b, op);
  let ptr = a;
  let num = b;
  if (!isConstReg(num, is32)) {
    ptr = b;
    num = a;
  }
  if (!isConstReg(num, is32) || !isNotNull(ptr)) return -1;
  const value = constValue(num.scalar);
  if ((is32 ? BigInt.asUintN(32, value) : value) !== 0n) return -1;
  return op === BPF_JEQ ? 0 : op === BPF_JNE ? 1 : -1;
}
