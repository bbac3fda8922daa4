import { EFAULT, type ENOMEM } from "@bpf-ts/uapi/errno";
import { maybeFreeState } from "../prune/state-visited.ts";
import { reject, verifierBug } from "../reject.ts";
import type { Env } from "../state/env.ts";
import type { VerifierState } from "../state/verifier-state.ts";

/**
 * Puts a copy of the current state aside, to be walked from slot `insnIdx` later.
 *
 * @param errno answered when there are too many such branches: that of the caller
 * @see v6.18 kernel/bpf/verifier.c, push_stack
 */
export function pushBranch(
  env: Env,
  insnIdx: number,
  prevInsnIdx: number,
  errno: typeof ENOMEM | typeof EFAULT,
): VerifierState {
  const state = env.cur.copy();
  pushState(env, state, insnIdx, prevInsnIdx, errno, "The sequence of %d jumps is too complex.");
  if (state.parent !== null) state.parent.branches++;
  return state;
}

/** Puts a state aside that does not follow from the current one: a callback that runs later. */
export function pushAsyncState(env: Env, state: VerifierState, insnIdx: number, prevInsnIdx: number): void {
  state.branches = 1;
  pushState(env, state, insnIdx, prevInsnIdx, EFAULT, "The sequence of %d jumps is too complex for async cb.");
}

function pushState(
  env: Env,
  state: VerifierState,
  insnIdx: number,
  prevInsnIdx: number,
  errno: number,
  tooMany: string,
): void {
  env.pending.push({ state, insnIdx, prevInsnIdx, logPosition: env.log.position });
  const count = env.pending.length;
  if (count > env.profile.limits.maxPendingBranches) {
    reject(env, env.insnIdx, "limit", errno, tooMany.replace("%d", String(count)));
  }
}

/**
 * A walk from `st` has ended: its checkpoints have one open walk less. Those that have none left leave their loops.
 *
 * @see v6.18 kernel/bpf/verifier.c, update_branch_counts
 */
export function updateBranchCounts(env: Env, st: VerifierState): void {
  let current: VerifierState | null = st;
  let listed: VerifierState | null = null;
  while (current !== null) {
    current.branches--;
    if (current.branches < 0) verifierBug(`update_branch_counts:branches_to_explore=${current.branches}`);
    if (current.branches !== 0) return;
    env.sccVisits.exit(env, current);
    const parent: VerifierState | null = current.parent;
    if (listed !== null) maybeFreeState(env, listed);
    listed = parent;
    current = parent;
  }
}
