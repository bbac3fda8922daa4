/**
 * Where subprograms begin, and that no jump crosses from one into another.
 *
 * A subprogram begins at slot 0, at each target of a bpf-to-bpf call, and at each function whose address is taken. Its end is where the next
 * one begins.
 */
import {
  BPF_ABS,
  BPF_CALL,
  BPF_CLASS,
  BPF_EXIT,
  BPF_IND,
  BPF_JA,
  BPF_JMP,
  BPF_JMP32,
  BPF_LD,
  BPF_MODE,
  BPF_OP,
  type Insn,
} from "@bpf-ts/isa";
import { E2BIG, EINVAL, EPERM } from "@bpf-ts/uapi/errno";
import { BPF_FUNC_tail_call } from "@bpf-ts/uapi/helper-ids";
import { BPF_PSEUDO_CALL, BPF_PSEUDO_FUNC, BPF_PSEUDO_KFUNC_CALL } from "@bpf-ts/uapi/pseudo";
import { findExceptionCallback } from "../check/btf/exception-callback.ts";
import { addKfuncCall } from "../check/kfunc/add.ts";
import { reject } from "../reject.ts";
import type { Env } from "../state/env.ts";
import { newSubprog, type SubprogInfo } from "../state/subprog.ts";
import { jmpOffset, LD_IMM64 } from "./successors.ts";

/** Call of another subprogram. */
export function isPseudoCall(insn: Insn): boolean {
  return insn.code === (BPF_JMP | BPF_CALL) && insn.src === BPF_PSEUDO_CALL;
}

/** Call of a kernel function. */
export function isPseudoKfuncCall(insn: Insn): boolean {
  return insn.code === (BPF_JMP | BPF_CALL) && insn.src === BPF_PSEUDO_KFUNC_CALL;
}

/** Call of a helper. */
export function isHelperCall(insn: Insn): boolean {
  return insn.code === (BPF_JMP | BPF_CALL) && insn.src === 0;
}

/** ld_imm64 of a subprogram's address. */
export function isPseudoFunc(insn: Insn): boolean {
  return insn.code === LD_IMM64 && insn.src === BPF_PSEUDO_FUNC;
}

/** Number of the subprogram that slot `off` belongs to. */
export function findContainingSubprog(env: Env, off: number): number {
  const subprogs = env.subprogs;
  let l = 0;
  let r = subprogs.length - 1;
  while (l < r) {
    const m = l + ((r - l + 1) >> 1);
    if (subprogs[m]!.start <= off) l = m;
    else r = m - 1;
  }
  return l;
}

/** Number of the subprogram that begins at slot `off`, -1 if none does. */
export function findSubprog(env: Env, off: number): number {
  if (off < 0 || off >= env.insns.length || env.subprogs.length === 0) return -1;
  const s = findContainingSubprog(env, off);
  return env.subprogs[s]!.start === off ? s : -1;
}

/** Slot behind the last one of subprogram `s`. */
export function subprogEnd(env: Env, s: number): number {
  return s + 1 < env.subprogs.length ? env.subprogs[s + 1]!.start : env.insns.length;
}

function addSubprog(env: Env, at: number, off: number): void {
  if (off >= env.insns.length || off < 0) reject(env, at, "cfg", EINVAL, "call to invalid destination");
  if (findSubprog(env, off) >= 0) return;
  if (env.subprogs.length >= env.profile.limits.maxSubprogs) {
    reject(env, at, "limit", E2BIG, "too many subprograms");
  }
  const fresh: SubprogInfo = newSubprog(off);
  let i = env.subprogs.length;
  while (i > 0 && env.subprogs[i - 1]!.start > off) i--;
  env.subprogs.splice(i, 0, fresh);
}

/** Finds all subprograms. @see v6.18 kernel/bpf/verifier.c, add_subprog_and_kfunc */
export function addSubprogsAndKfuncs(env: Env): void {
  addSubprog(env, 0, 0);
  const insns = env.insns;
  for (let i = 0; i < insns.length; i++) {
    const insn = insns[i]!;
    const isFunc = isPseudoFunc(insn);
    const isCall = !isFunc && isPseudoCall(insn);
    if (!isFunc && !isCall && !isPseudoKfuncCall(insn)) continue;
    if (!env.bpfCapable) {
      reject(
        env,
        i,
        "call",
        EPERM,
        "loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN",
      );
    }
    if (isFunc || isCall) addSubprog(env, i, i + insn.imm + 1);
    else addKfuncCall(env, i, insn);
  }
  const exceptionCallback = findExceptionCallback(env);
  if (exceptionCallback !== 0) {
    addSubprog(env, exceptionCallback, exceptionCallback);
    const s = findSubprog(env, exceptionCallback);
    env.exceptionCallbackSubprog = s;
    const info = env.subprogs[s]!;
    info.isCb = true;
    info.isAsyncCb = true;
    info.isExceptionCb = true;
  }
  if (env.log.level2) {
    for (let s = 0; s < env.subprogs.length; s++) env.log.write(`func#${s} @${env.subprogs[s]!.start}\n`);
  }
}

/** Jumps stay inside, control does not run off the end. @see v6.18 kernel/bpf/verifier.c, check_subprogs */
export function checkSubprogs(env: Env): void {
  const insns = env.insns;
  let s = 0;
  let start = 0;
  let end = subprogEnd(env, 0);
  for (let i = 0; i < insns.length; i++) {
    const insn = insns[i]!;
    const code = insn.code;
    const info = env.subprogs[s]!;
    if (code === (BPF_JMP | BPF_CALL) && insn.src === 0 && insn.imm === BPF_FUNC_tail_call) {
      info.hasTailCall = true;
      info.tailCallReachable = true;
    }
    const klass = BPF_CLASS(code);
    if (klass === BPF_LD && (BPF_MODE(code) === BPF_ABS || BPF_MODE(code) === BPF_IND)) info.hasLdAbs = true;
    if (klass === BPF_JMP || klass === BPF_JMP32) {
      const op = BPF_OP(code);
      if (op !== BPF_EXIT && op !== BPF_CALL) {
        const off = i + jmpOffset(insn) + 1;
        if (off < start || off >= end) {
          reject(env, i, "cfg", EINVAL, `jump out of range from insn ${i} to ${off}`);
        }
      }
    }
    if (i === end - 1) {
      if (code !== (BPF_JMP | BPF_EXIT) && code !== (BPF_JMP32 | BPF_JA) && code !== (BPF_JMP | BPF_JA)) {
        reject(env, i, "cfg", EINVAL, "last insn is not an exit or jmp");
      }
      start = end;
      s++;
      if (s < env.subprogs.length) end = subprogEnd(env, s);
    }
  }
}
