import { BPF_JCOND, BPF_JMP } from "@bpf-ts/isa";
import type { Env } from "../state/env.ts";
import type { EditedProgram } from "./edited-program.ts";

/** Slots of a loop that Linux makes of a bpf_loop call: where R6 to R8 are saved. */
const INLINED_LOOP = 24;
/** Slots of may_goto: rounds left, and when the loop began. */
const TIMED_MAY_GOTO = 16;

/**
 * Stack of each subprogram in bytes as Linux reports it in its log: with what its own rewrites of bpf_loop and may_goto take. This machine needs none of
 * that (see `finishProgram`).
 *
 * @see v6.18 kernel/bpf/verifier.c, optimize_bpf_loop, do_misc_fixups, print_verification_stats
 */
export function reportedDepths(env: Env, program: EditedProgram, isLive: readonly boolean[]): number[] {
  const depths = env.subprogs.map((subprog, s) => {
    const end = env.subprogs[s + 1]?.start ?? env.insns.length;
    let { stackDepth } = subprog;
    for (let i = subprog.start; i < end; i++) {
      if (env.loopInline.get(i)?.fit !== true) continue;
      stackDepth += INLINED_LOOP + (((stackDepth + 7) & ~7) - stackDepth);
      break;
    }
    for (let i = subprog.start; i < end; i++) {
      if (program.at(i)?.code !== (BPF_JMP | BPF_JCOND)) continue;
      stackDepth += TIMED_MAY_GOTO;
      break;
    }
    return stackDepth;
  });
  const live = depths.filter((_, s) => isLive[s]);
  // What handles an exception where the program does not is put behind it.
  if (env.seenException && env.exceptionCallbackSubprog === 0) live.push(0);
  return live;
}
