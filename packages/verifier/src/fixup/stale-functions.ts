import { BPF_DW, BPF_IMM, BPF_LD } from "@bpf-ts/isa";
import { EFAULT } from "@bpf-ts/uapi/errno";
import { BPF_PSEUDO_FUNC } from "@bpf-ts/uapi/pseudo";
import { reject } from "../reject.ts";
import { type Env, INSN_SEEN } from "../state/env.ts";
import type { EditedProgram } from "./edited-program.ts";

/**
 * Refuses a program that holds the address of a function that no path enters, unless the address happens to become that of another function: Linux
 * removes the function as dead code, leaves the reference as it was, and its JIT finds no function there. It does not look in programs of one function.
 *
 * @see v6.18 kernel/bpf/verifier.c, bpf_adj_delta_to_imm, jit_subprogs
 */
export function checkStaleFunctions(env: Env, program: EditedProgram, isLive: readonly boolean[]): void {
  // Where a program may throw and has no handler, Linux appends one.
  const hasHandler = env.seenException && env.exceptionCallbackSubprog === 0;
  if (isLive.filter((live) => live).length + (hasHandler ? 1 : 0) <= 1) return;
  let moved: ((slot: number) => number) | undefined;
  for (let i = 0; i < env.insns.length; i++) {
    const insn = program.at(i);
    if (insn?.code !== (BPF_LD | BPF_IMM | BPF_DW) || insn.src !== BPF_PSEUDO_FUNC) continue;
    const target = i + 1 + insn.imm;
    if (isLive[env.subprogs.findIndex(({ start }) => start === target)] === true) continue;
    moved ??= removals(env, program);
    const at = moved(target);
    const isFunction =
      env.subprogs.some(({ start }, s) => isLive[s] === true && moved!(start) === at) ||
      (hasHandler && at === moved(env.insns.length));
    if (!isFunction) reject(env, i, "call", EFAULT, `verifier bug: No program to jit at insn ${at} (subprog < 0)`);
  }
}

/** Where a target is after all removals. In what is removed, a target stays where it is; behind it, it moves up. */
function removals(env: Env, program: EditedProgram): (slot: number) => number {
  const runs: { start: number; count: number }[] = [];
  const isDead = (slot: number): boolean => program.isRemoved(slot) && (env.insnFlags[slot]! & INSN_SEEN) === 0;
  for (let i = 0; i < env.insns.length; i++) {
    const start = i;
    while (i < env.insns.length && isDead(i)) i++;
    if (i > start) runs.push({ start, count: i - start });
  }
  const afterRuns = (slot: number): number => shifted(slot, runs);
  const noOps = env.insns.flatMap((_, i) =>
    program.isRemoved(i) && !isDead(i) ? [{ start: afterRuns(i), count: 1 }] : [],
  );
  return (slot) => shifted(afterRuns(slot), noOps);
}

function shifted(slot: number, runs: readonly { readonly start: number; readonly count: number }[]): number {
  let at = slot;
  let removed = 0;
  for (const { start, count } of runs) {
    if (at >= start - removed + count) at -= count;
    removed += count;
  }
  return at;
}
