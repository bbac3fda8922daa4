import { ENOMEM } from "@bpf-ts/uapi/errno";
import { type Env, markRegScratched, setReg } from "../../../state/env.ts";
import { checkResourceLeak } from "../../../state/references.ts";
import { REG_UNKNOWN } from "../../../state/reg-state.ts";
import { pushBranch } from "../../branches.ts";
import { prepareFuncExit } from "../../subprog/call.ts";
import { clearPktPointers } from "../pkt-pointers.ts";

/** A tail call does not come back: whatever the program holds would stay held. */
export function checkTailCall(env: Env): void {
  checkResourceLeak(env, false, true, "tail_call");
}

/**
 * Out of a subprogram, a tail call that succeeds looks to the caller like a return: of a number of which nothing is known, with the packet moved. That
 * way is walked first, the one of a failed call later. In the main program nothing follows a call that succeeds.
 *
 * @see v6.18 kernel/bpf/verifier.c, check_helper_call (at its end)
 */
export function leaveByTailCall(env: Env): void {
  if (env.cur.curframe === 0) return;
  const at = env.insnIdx;
  markRegScratched(env, 0);
  pushBranch(env, at + 1, at, ENOMEM);
  clearPktPointers(env);
  setReg(env, 0, REG_UNKNOWN);
  prepareFuncExit(env);
  env.insnIdx--;
}
