/**
 * One instruction.
 *
 * @see v6.18 kernel/bpf/verifier.c, do_check_insn
 */
import {
  BPF_ABS,
  BPF_ALU,
  BPF_ALU64,
  BPF_ATOMIC,
  BPF_CALL,
  BPF_CLASS,
  BPF_EXIT,
  BPF_IMM,
  BPF_IND,
  BPF_JA,
  BPF_JMP,
  BPF_JMP32,
  BPF_K,
  BPF_LD,
  BPF_LDX,
  BPF_MEM,
  BPF_MEMSX,
  BPF_MODE,
  BPF_OP,
  BPF_SRC,
  BPF_ST,
  BPF_STX,
  type Insn,
} from "@bpf-ts/isa";
import { EINVAL } from "@bpf-ts/uapi/errno";
import { BPF_FUNC_spin_unlock } from "@bpf-ts/uapi/helper-ids";
import { BPF_PSEUDO_CALL, BPF_PSEUDO_KFUNC_CALL } from "@bpf-ts/uapi/pseudo";
import { reject } from "../reject.ts";
import { type Env, INSN_SEEN, markRegScratched } from "../state/env.ts";
import { checkResourceLeak } from "../state/references.ts";
import { checkAlu } from "./alu.ts";
import { checkAtomic } from "./atomic.ts";
import { checkHelperCall } from "./call/helper-call.ts";
import { checkCondJmp } from "./jump.ts";
import { kfuncProto } from "./kfunc/add.ts";
import { checkKfuncCall } from "./kfunc/call.ts";
import { checkLdAbs } from "./ld-abs.ts";
import { checkLdImm } from "./ld-imm.ts";
import { checkLoad, checkStoreImm, checkStoreReg } from "./load-store.ts";
import { checkReturnCode } from "./return-code.ts";
import { checkFuncCall, prepareFuncExit } from "./subprog/call.ts";

/** Go on with `env.insnIdx`. */
export const STEP_ON = 0;
/** The walk has ended. */
export const STEP_EXIT = 1;
/** A subprogram has returned to its caller. */
export const STEP_RETURNED = 2;

/** Checks the instruction at `env.insnIdx` against `env.cur`, and moves both on. */
export function step(env: Env): typeof STEP_ON | typeof STEP_EXIT | typeof STEP_RETURNED {
  const insn = env.insns[env.insnIdx]!;
  switch (BPF_CLASS(insn.code)) {
    case BPF_ALU:
    case BPF_ALU64:
      checkAlu(env, insn);
      break;
    case BPF_LDX:
      checkLoad(env, insn, false, BPF_MODE(insn.code) === BPF_MEMSX, true, "ldx");
      break;
    case BPF_STX:
      if (BPF_MODE(insn.code) === BPF_ATOMIC) {
        checkAtomic(env, insn);
        break;
      }
      if (BPF_MODE(insn.code) !== BPF_MEM || insn.imm !== 0) reserved(env, "BPF_STX");
      checkStoreReg(env, insn, false);
      break;
    case BPF_ST:
      if (BPF_MODE(insn.code) !== BPF_MEM || insn.src !== 0) reserved(env, "BPF_ST");
      checkStoreImm(env, insn);
      break;
    case BPF_JMP:
    case BPF_JMP32:
      return stepJmp(env, insn);
    case BPF_LD: {
      const mode = BPF_MODE(insn.code);
      if (mode === BPF_ABS || mode === BPF_IND) {
        checkLdAbs(env, insn);
      } else if (mode === BPF_IMM) {
        checkLdImm(env, insn);
        env.insnIdx++;
        env.insnFlags[env.insnIdx]! |= INSN_SEEN;
      } else {
        reject(env, env.insnIdx, "instruction", EINVAL, "invalid BPF_LD mode");
      }
      break;
    }
    default:
      break;
  }
  env.insnIdx++;
  return STEP_ON;
}

function reserved(env: Env, name: string): never {
  reject(env, env.insnIdx, "instruction", EINVAL, `${name} uses reserved fields`);
}

function stepJmp(env: Env, insn: Insn): typeof STEP_ON | typeof STEP_EXIT | typeof STEP_RETURNED {
  const jmp32 = BPF_CLASS(insn.code) === BPF_JMP32;
  env.jmpsProcessed++;
  switch (BPF_OP(insn.code)) {
    case BPF_CALL:
      stepCall(env, insn, jmp32);
      if (isThrow(env, insn)) return stepExit(env, true);
      break;
    case BPF_JA:
      if (
        BPF_SRC(insn.code) !== BPF_K ||
        insn.src !== 0 ||
        insn.dst !== 0 ||
        (jmp32 ? insn.off !== 0 : insn.imm !== 0)
      ) {
        reserved(env, "BPF_JA");
      }
      env.insnIdx += (jmp32 ? insn.imm : insn.off) + 1;
      return STEP_ON;
    case BPF_EXIT:
      if (BPF_SRC(insn.code) !== BPF_K || insn.imm !== 0 || insn.src !== 0 || insn.dst !== 0 || jmp32) {
        reserved(env, "BPF_EXIT");
      }
      return stepExit(env, false);
    default:
      checkCondJmp(env, insn);
  }
  env.insnIdx++;
  return STEP_ON;
}

function stepCall(env: Env, insn: Insn, jmp32: boolean): void {
  const { src } = insn;
  if (
    BPF_SRC(insn.code) !== BPF_K ||
    (src !== BPF_PSEUDO_KFUNC_CALL && insn.off !== 0) ||
    (src !== 0 && src !== BPF_PSEUDO_CALL && src !== BPF_PSEUDO_KFUNC_CALL) ||
    insn.dst !== 0 ||
    jmp32
  ) {
    reserved(env, "BPF_CALL");
  }
  if (env.cur.activeLocks > 0 && src === 0 && insn.imm !== BPF_FUNC_spin_unlock) {
    reject(env, env.insnIdx, "lock", EINVAL, "function calls are not allowed while holding a lock");
  }
  if (src === BPF_PSEUDO_CALL) checkFuncCall(env, insn);
  else if (src === BPF_PSEUDO_KFUNC_CALL) checkKfuncCall(env, insn);
  else checkHelperCall(env, insn, env.insnIdx);
  markRegScratched(env, 0);
}

/** The end of a function, or of the whole program, which throwing an exception is from wherever it is done. */
function stepExit(env: Env, throws: boolean): typeof STEP_EXIT | typeof STEP_RETURNED {
  const nested = env.cur.curframe > 0;
  const what = throws ? "bpf_throw" : "BPF_EXIT instruction in main prog";
  checkResourceLeak(env, throws, throws || !nested, what);
  if (throws) return STEP_EXIT;
  if (nested) {
    prepareFuncExit(env);
    return STEP_RETURNED;
  }
  checkReturnCode(env, 0, "R0");
  return STEP_EXIT;
}

/** @see v6.18 kernel/bpf/verifier.c, is_bpf_throw_kfunc */
function isThrow(env: Env, insn: Insn): boolean {
  return insn.src === BPF_PSEUDO_KFUNC_CALL && kfuncProto(env, insn)?.name === "bpf_throw";
}
