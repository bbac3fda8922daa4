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
} from "@bpf-ts/isa";
import { E2BIG, EINVAL, EPERM } from "@bpf-ts/uapi/errno";
import { BPF_FUNC_tail_call } from "@bpf-ts/uapi/helper-ids";
import { findExceptionCallback } from "../check/btf/exception-callback.ts";
import { addKfuncCall } from "../check/kfunc/add.ts";
import { reject } from "../reject.ts";
import type { Env } from "../state/env.ts";
import { newSubprog, type SubprogInfo } from "../state/subprog.ts";
import { findSubprog, isPseudoCall, isPseudoFunc, isPseudoKfuncCall, subprogEnd } from "./subprog-lookup.ts";
import { jmpOffset } from "./successors.ts";

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
        // 32 bits wide, as in the message.
        const off = (i + jmpOffset(insn) + 1) | 0;
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
