import { BPF_CALL, BPF_JMP, decode, type Insn } from "@bpf-ts/isa";
import { type Env, INSN_SEEN } from "../state/env.ts";
import type { EditedProgram } from "./edited-program.ts";

/** What the rewrites of calls asked for. */
export interface RewrittenCalls {
  /** Names of internal functions; an inserted call's `imm` is an index into it. */
  readonly internalCalls: readonly string[];
  /** Bytes of stack that each subprogram needs beyond its own depth. */
  readonly extraStack: Int32Array;
}

/**
 * The profile's rewrites of helper calls. The slots that a replacement spills to lie below the depth of the subprogram that contains the call; calls of
 * one subprogram share them, because a replacement is done with its slots before the next begins.
 */
export function rewriteCalls(env: Env, program: EditedProgram): RewrittenCalls {
  const internalCalls: string[] = [];
  const internalCall = (name: string): number => {
    const known = internalCalls.indexOf(name);
    return known >= 0 ? known : internalCalls.push(name) - 1;
  };
  const extraStack = new Int32Array(env.subprogs.length);
  const rewrites = env.profile.callRewrites;
  if (rewrites.length > 0) {
    for (let i = 0; i < env.insns.length; i++) {
      const insn = program.at(i);
      if (insn === undefined || !isHelperCall(insn)) continue;
      const rewrite = rewrites.find(({ helpers }) => helpers.has(insn.imm));
      const site = rewrite === undefined ? undefined : callSite(env, i, insn);
      const patch = site === undefined ? undefined : rewrite!.rewrite(site, internalCall);
      if (patch === undefined) continue;
      program.replace(i, decode(patch.insns));
      extraStack[site!.subprog] = Math.max(extraStack[site!.subprog]!, patch.extraStack ?? 0);
    }
  }
  return { internalCalls, extraStack };
}

function isHelperCall(insn: Insn): boolean {
  return insn.code === (BPF_JMP | BPF_CALL) && insn.src === 0;
}

function callSite(
  env: Env,
  slot: number,
  insn: Insn,
): Parameters<Env["profile"]["callRewrites"][number]["rewrite"]>[0] {
  const subprog = env.subprogs.findLastIndex(({ start }) => start <= slot);
  const state = env.mapPtrState.get(slot);
  return {
    insnIdx: slot,
    helper: insn.imm,
    subprog,
    stackDepth: roundUp8(env.subprogs[subprog]!.stackDepth),
    map: state === undefined || state.poisoned ? undefined : state.map,
    mapTypes: state?.types ?? new Set(),
    dead: (env.insnFlags[slot]! & INSN_SEEN) === 0,
  };
}

/** Stack frames are multiples of 8 bytes. */
export function roundUp8(bytes: number): number {
  return (bytes + 7) & ~7;
}
