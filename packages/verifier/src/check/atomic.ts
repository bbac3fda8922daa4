import {
  BPF_ADD,
  BPF_AND,
  BPF_CMPXCHG,
  BPF_DW,
  BPF_FETCH,
  BPF_LOAD_ACQ,
  BPF_OR,
  BPF_SIZE,
  BPF_STORE_REL,
  BPF_W,
  BPF_XCHG,
  BPF_XOR,
  type Insn,
} from "@bpf-ts/isa";
import { EACCES, EINVAL } from "@bpf-ts/uapi/errno";
import { regTypeStr } from "../log/reg-type-str.ts";
import { reject } from "../reject.ts";
import { type Env, reg } from "../state/env.ts";
import { PTR_TO_ARENA, PTR_TO_CTX, PTR_TO_FLOW_KEYS, typeIsPktPointer, typeIsSkPointer } from "../state/reg-type.ts";
import { unsupported } from "../unsupported.ts";
import { accessSize, checkLoad, checkStoreReg } from "./load-store.ts";
import { checkMemAccess } from "./mem/access.ts";
import { checkRegArg, DST_OP, isPointerValue, SRC_OP } from "./reg-arg.ts";

function mayBeAtomic(type: number): boolean {
  if (type === PTR_TO_ARENA) unsupported("arena");
  return !(type === PTR_TO_CTX || type === PTR_TO_FLOW_KEYS || typeIsPktPointer(type) || typeIsSkPointer(type));
}

function checkAtomicPtr(env: Env, regno: number, what: string): void {
  const { type } = reg(env, regno);
  if (!mayBeAtomic(type)) {
    reject(env, env.insnIdx, "pointer", EACCES, `BPF_ATOMIC ${what} R${regno} ${regTypeStr(type)} is not allowed`);
  }
}

/** Atomic operations, loads and stores. @see v6.18 kernel/bpf/verifier.c, check_atomic */
export function checkAtomic(env: Env, insn: Insn): void {
  switch (insn.imm) {
    case BPF_ADD:
    case BPF_ADD | BPF_FETCH:
    case BPF_AND:
    case BPF_AND | BPF_FETCH:
    case BPF_OR:
    case BPF_OR | BPF_FETCH:
    case BPF_XOR:
    case BPF_XOR | BPF_FETCH:
    case BPF_XCHG:
    case BPF_CMPXCHG:
      checkAtomicRmw(env, insn);
      return;
    case BPF_LOAD_ACQ:
      checkLoad(env, insn, true, false, false, "atomic_load");
      checkAtomicPtr(env, insn.src, "loads from");
      return;
    case BPF_STORE_REL:
      checkStoreReg(env, insn, true);
      checkAtomicPtr(env, insn.dst, "stores into");
      return;
    default: {
      const hex = (insn.imm >>> 0).toString(16).padStart(2, "0");
      reject(env, env.insnIdx, "instruction", EINVAL, `BPF_ATOMIC uses invalid atomic opcode ${hex}`);
    }
  }
}

function checkAtomicRmw(env: Env, insn: Insn): void {
  const at = env.insnIdx;
  const size = BPF_SIZE(insn.code);
  if (size !== BPF_W && size !== BPF_DW) reject(env, at, "instruction", EINVAL, "invalid atomic operand size");
  checkRegArg(env, insn.src, SRC_OP);
  checkRegArg(env, insn.dst, SRC_OP);
  if (insn.imm === BPF_CMPXCHG) {
    checkRegArg(env, 0, SRC_OP);
    if (isPointerValue(env, 0)) reject(env, at, "pointer", EACCES, "R0 leaks addr into mem");
  }
  if (isPointerValue(env, insn.src)) reject(env, at, "pointer", EACCES, `R${insn.src} leaks addr into mem`);
  checkAtomicPtr(env, insn.dst, "stores into");
  let loadReg = -1;
  if (insn.imm & BPF_FETCH) {
    loadReg = insn.imm === BPF_CMPXCHG ? 0 : insn.src;
    checkRegArg(env, loadReg, DST_OP);
  }
  const bytes = accessSize(insn.code);
  checkMemAccess(env, at, insn.dst, insn.off, bytes, false, -1, true, false);
  if (loadReg >= 0) checkMemAccess(env, at, insn.dst, insn.off, bytes, false, loadReg, true, false);
  checkMemAccess(env, at, insn.dst, insn.off, bytes, true, -1, true, false);
}
