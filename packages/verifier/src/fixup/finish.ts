import type { VerifiedProgram } from "@bpf-ts/uapi";
import type { Env } from "../state/env.ts";
import { rewriteCalls, roundUp8 } from "./calls.ts";
import { removeDeadCode } from "./dead-code.ts";
import { EditedProgram } from "./edited-program.ts";
import { reportedDepths } from "./reported-depths.ts";
import { markProbeLoads, resolveReferences } from "./resolve.ts";
import { checkStaleFunctions } from "./stale-functions.ts";

/** The outcome of {@link finishProgram}. */
export interface FinishedProgram {
  readonly program: VerifiedProgram;
  /** Stack depths for the log. */
  readonly reportedDepths: readonly number[];
}

/**
 * The program as it will run: dead code out, references resolved, typed loads made safe, calls rewritten; and what later stages need to know of it.
 *
 * may_goto stays one instruction: the machine counts its iterations itself, so no stack slot is taken for them.
 *
 * @see v6.18 kernel/bpf/verifier.c, bpf_check, from opt_hard_wire_dead_code_branches on
 */
export function finishProgram(env: Env): FinishedProgram {
  const edited = new EditedProgram(env.insns);
  removeDeadCode(env, edited);
  const isLive = env.subprogs.map((_, s) => hasCode(env, edited, s));
  const newIndex = (subprog: number): number => isLive.slice(0, subprog).filter((live) => live).length;
  checkStaleFunctions(env, edited, isLive);
  const reported = reportedDepths(env, edited, isLive);
  resolveReferences(env, edited, newIndex);
  markProbeLoads(env, edited);
  const { internalCalls, extraStack } = rewriteCalls(env, edited);
  const { bytes, origin, position } = edited.assemble(env.input.insns);
  const program: VerifiedProgram = {
    xlated: bytes,
    subprogs: env.subprogs
      .map((s, index) => ({
        start: position(s.start),
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
    maxCtxOffset: env.maxCtxOffset,
    helpers: env.helpersUsed,
    hasTailCall: env.subprogs.some((s) => s.hasTailCall),
    sleepable: env.facts.sleepable,
    verifiedInsns: env.insnProcessed,
  };
  return { program, reportedDepths: reported };
}

/** A subprogram that no path calls is gone after dead code is. The main program always stays. */
function hasCode(env: Env, program: EditedProgram, subprog: number): boolean {
  if (subprog === 0) return true;
  const end = env.subprogs[subprog + 1]?.start ?? env.insns.length;
  for (let i = env.subprogs[subprog]!.start; i < end; i++) if (!program.isRemoved(i)) return true;
  return false;
}
