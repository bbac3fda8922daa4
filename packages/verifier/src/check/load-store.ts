import type { Insn } from "@bpf-ts/isa";
import { BPF_B, BPF_DW, BPF_H, BPF_SIZE, BPF_W } from "@bpf-ts/isa";
import { EINVAL } from "@bpf-ts/uapi/errno";
import { reject } from "../reject.ts";
import { curFrame, type Env } from "../state/env.ts";
import {
  baseType,
  MEM_RDONLY,
  NOT_INIT,
  PTR_TO_ARENA,
  PTR_TO_BTF_ID,
  PTR_TO_CTX,
  PTR_TO_MEM,
  PTR_TO_SOCK_COMMON,
  PTR_TO_SOCKET,
  PTR_TO_TCP_SOCK,
  PTR_TO_XDP_SOCK,
  PTR_UNTRUSTED,
} from "../state/reg-type.ts";
import { checkMemAccess } from "./mem/access.ts";
import { checkBounds, checkRegArg, DST_OP_NO_MARK, SRC_OP } from "./reg-arg.ts";

/** Bytes of a load or store. */
export function accessSize(code: number): number {
  switch (BPF_SIZE(code)) {
    case BPF_B:
      return 1;
    case BPF_H:
      return 2;
    case BPF_W:
      return 4;
    case BPF_DW:
      return 8;
    default:
      return 0;
  }
}

/** These are accessed by rewritten instructions: one instruction can't serve two of them. */
function needsOwnInsn(type: number): boolean {
  switch (baseType(type)) {
    case PTR_TO_CTX:
    case PTR_TO_SOCKET:
    case PTR_TO_SOCK_COMMON:
    case PTR_TO_TCP_SOCK:
    case PTR_TO_XDP_SOCK:
    case PTR_TO_BTF_ID:
    case PTR_TO_ARENA:
      return true;
    default:
      return false;
  }
}

function isMemOrBtfId(type: number): boolean {
  return baseType(type) === PTR_TO_MEM || baseType(type) === PTR_TO_BTF_ID;
}

/**
 * Notes the type of pointer that the instruction goes through; other walks must come with one that is accessed alike.
 *
 * @see v6.18 kernel/bpf/verifier.c, save_aux_ptr_type
 */
export function savePtrType(env: Env, type: number, allowTrustMismatch: boolean): void {
  const prev = env.ptrType[env.insnIdx]!;
  if (prev === NOT_INIT) {
    env.ptrType[env.insnIdx] = type;
    return;
  }
  if (type === prev || (!needsOwnInsn(type) && !needsOwnInsn(prev))) return;
  if (!allowTrustMismatch || !isMemOrBtfId(type) || !isMemOrBtfId(prev)) {
    reject(env, env.insnIdx, "pointer", EINVAL, "same insn cannot be used with different pointers");
  }
  const base = baseType(type) === PTR_TO_MEM || baseType(prev) === PTR_TO_MEM ? PTR_TO_MEM : PTR_TO_BTF_ID;
  env.ptrType[env.insnIdx] = base | ((type | prev) & (PTR_UNTRUSTED | MEM_RDONLY));
}

/** `dst = *(size *)(src + off)`. @see v6.18 kernel/bpf/verifier.c, check_load_mem */
export function checkLoad(
  env: Env,
  insn: Insn,
  strictOnce: boolean,
  isLdsx: boolean,
  allowTrustMismatch: boolean,
  what: string,
): void {
  checkRegArg(env, insn.src, SRC_OP);
  checkRegArg(env, insn.dst, DST_OP_NO_MARK);
  const regs = curFrame(env).regs;
  const srcType = regs[insn.src]!.type;
  checkMemAccess(env, env.insnIdx, insn.src, insn.off, accessSize(insn.code), false, insn.dst, strictOnce, isLdsx);
  savePtrType(env, srcType, allowTrustMismatch);
  const dst = regs[insn.dst]!;
  const scalar = checkBounds(env, dst.scalar, what);
  if (scalar !== dst.scalar) regs[insn.dst] = dst.withScalar(scalar);
}

/** `*(size *)(dst + off) = src`. @see v6.18 kernel/bpf/verifier.c, check_store_reg */
export function checkStoreReg(env: Env, insn: Insn, strictOnce: boolean): void {
  checkRegArg(env, insn.src, SRC_OP);
  checkRegArg(env, insn.dst, SRC_OP);
  const dstType = curFrame(env).regs[insn.dst]!.type;
  checkMemAccess(env, env.insnIdx, insn.dst, insn.off, accessSize(insn.code), true, insn.src, strictOnce, false);
  savePtrType(env, dstType, false);
}

/** `*(size *)(dst + off) = imm`. */
export function checkStoreImm(env: Env, insn: Insn): void {
  checkRegArg(env, insn.dst, SRC_OP);
  const dstType = curFrame(env).regs[insn.dst]!.type;
  checkMemAccess(env, env.insnIdx, insn.dst, insn.off, accessSize(insn.code), true, -1, false, false);
  savePtrType(env, dstType, false);
}
