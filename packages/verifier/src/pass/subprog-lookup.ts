/** Which instructions lead to other functions, and which subprogram a slot belongs to. */
import { BPF_CALL, BPF_JMP, type Insn } from "@bpf-ts/isa";
import { BPF_PSEUDO_CALL, BPF_PSEUDO_FUNC, BPF_PSEUDO_KFUNC_CALL } from "@bpf-ts/uapi/pseudo";
import type { Env } from "../state/env.ts";
import { LD_IMM64 } from "./successors.ts";

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
