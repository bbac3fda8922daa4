import type { Env } from "../../../state/env.ts";
import { checkResourceLeak } from "../../../state/references.ts";

/** A tail call does not come back: whatever the program holds would stay held. */
export function checkTailCall(env: Env): void {
  checkResourceLeak(env, false, true, "tail_call");
}
