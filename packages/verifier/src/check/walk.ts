/**
 * The walk: from a function's entry along every path, one instruction at a time, until all have reached an exit or a checkpoint that covers them.
 *
 * @see v6.18 kernel/bpf/verifier.c, do_check
 */
import { E2BIG, EFAULT } from "@bpf-ts/uapi/errno";
import { insnText } from "../log/insn.ts";
import { printLineInfo } from "../log/line-info.ts";
import { printInsnState, printState } from "../log/state.ts";
import { pushJmpHistory } from "../precision/history.ts";
import { isStateVisited } from "../prune/state-visited.ts";
import { reject } from "../reject.ts";
import { type Env, INSN_JMP_POINT, INSN_PRUNE_POINT, INSN_SEEN, markAllScratched } from "../state/env.ts";
import { updateBranchCounts } from "./branches.ts";
import { STEP_EXIT, STEP_RETURNED, step } from "./step.ts";

function logInsn(env: Env): void {
  const { log, cur } = env;
  if ((env.scratchedRegs | env.scratchedSlotsLo | env.scratchedSlotsHi) !== 0) printInsnState(env, cur);
  printLineInfo(env, env.insnIdx, "; ");
  const text = `${env.insnIdx}: ${insnText(env, env.insnIdx)}`;
  log.write(text);
  env.prevInsnPrintLen = text.length;
  env.prevLogPos = log.position;
}

/** Walks from `env.cur` at `env.insnIdx`. Returns when everything was walked. */
export function walk(env: Env): void {
  const { log, insns, insnFlags } = env;
  const insnCnt = insns.length;
  const maxInsns = env.profile.limits.maxProcessedInsns;
  let printWhole = false;
  let prevInsnIdx = -1;
  for (;;) {
    env.curHistEnt = null;
    env.prevInsnIdx = prevInsnIdx;
    const at = env.insnIdx;
    if (at >= insnCnt) reject(env, at, "cfg", EFAULT, `invalid insn idx ${at} insn_cnt ${insnCnt}`);
    if (++env.insnProcessed > maxInsns) {
      reject(env, at, "limit", E2BIG, `BPF program is too large. Processed ${env.insnProcessed} insn`);
    }
    const state = env.cur;
    state.lastInsnIdx = prevInsnIdx;
    state.insnIdx = at;

    let ended = false;
    const flags = insnFlags[at]!;
    if (flags & INSN_PRUNE_POINT && isStateVisited(env, at)) {
      if (log.verbose) log.write(printWhole ? `\nfrom ${prevInsnIdx} to ${at}: safe\n` : `${at}: safe\n`);
      ended = true;
    } else {
      if (flags & INSN_JMP_POINT) pushJmpHistory(env, state, 0, null);
      if (log.level2 && printWhole) {
        log.write(`\nfrom ${prevInsnIdx} to ${at}:`);
        printState(env, state, state.curframe);
        printWhole = false;
      }
      if (log.verbose) logInsn(env);
      insnFlags[at] = flags | INSN_SEEN;
      prevInsnIdx = at;
      env.liveStack.resetWriteMarks(env, at);
      const outcome = step(env);
      env.liveStack.commitWriteMarks();
      if (outcome === STEP_EXIT) ended = true;
      else if (outcome === STEP_RETURNED) printWhole = true;
    }
    if (!ended) continue;

    markAllScratched(env);
    updateBranchCounts(env, env.cur);
    env.liveStack.update(env);
    const next = env.pending.pop();
    if (next === undefined) return;
    if (!log.level2) log.reset(next.logPosition);
    env.cur = next.state;
    env.insnIdx = next.insnIdx;
    prevInsnIdx = next.prevInsnIdx;
    printWhole = true;
  }
}
