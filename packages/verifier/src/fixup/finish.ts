import { encode } from "@bpf-ts/isa";
import type { VerifiedProgram } from "@bpf-ts/uapi";
import { ENOMEM } from "@bpf-ts/uapi/errno";
import { reject } from "../reject.ts";
import type { Env } from "../state/env.ts";
import { rewriteCalls, roundUp8 } from "./calls.ts";
import { removeDeadCode } from "./dead-code.ts";
import { EditedProgram } from "./edited-program.ts";
import { markProbeLoads, resolveReferences } from "./resolve.ts";

/**
 * The program as it will run: dead code out, references resolved, typed loads made safe, calls rewritten; and what later stages need to know of it.
 *
 * may_goto stays one instruction: the machine counts its iterations itself, so no stack slot is taken for them.
 *
 * @see v6.18 kernel/bpf/verifier.c, bpf_check, from opt_hard_wire_dead_code_branches on
 */
export function finishProgram(env: Env): VerifiedProgram {
  const program = new EditedProgram(env.insns);
  removeDeadCode(env, program);
  const isLive = env.subprogs.map((_, s) => hasCode(env, program, s));
  const newIndex = (subprog: number): number => isLive.slice(0, subprog).filter((live) => live).length;
  resolveReferences(env, program, newIndex);
  markProbeLoads(env, program);
  const { internalCalls, extraStack } = rewriteCalls(env, program);
  const { insns, origin, positions, outOfRange } = program.assemble();
  if (outOfRange >= 0) {
    reject(env, outOfRange, "limit", ENOMEM, `insn ${outOfRange} cannot be patched due to 16-bit range`);
  }
  return {
    xlated: encode(insns),
    subprogs: env.subprogs
      .map((s, index) => ({
        start: positions[s.start]!,
        stackDepth: roundUp8(s.stackDepth) + extraStack[index]!,
        name: s.name,
        isCallback: s.isCb,
      }))
      .filter((_, index) => isLive[index]),
    internalCalls,
    origin,
    usedMaps: env.usedMaps.map((map) => map.id),
    maxCtxBufferAccess: env.maxCtxBufferAccess,
    maxPktOffset: env.maxPktOffset,
    helpers: env.helpersUsed,
    hasTailCall: env.subprogs.some((s) => s.hasTailCall),
    sleepable: env.facts.sleepable,
    verifiedInsns: env.insnProcessed,
  };
}

/** A subprogram that no path calls is gone after dead code is. The main program always stays. */
function hasCode(env: Env, program: EditedProgram, subprog: number): boolean {
  if (subprog === 0) return true;
  const end = env.subprogs[subprog + 1]?.start ?? env.insns.length;
  for (let i = env.subprogs[subprog]!.start; i < end; i++) if (!program.isRemoved(i)) return true;
  return false;
}
