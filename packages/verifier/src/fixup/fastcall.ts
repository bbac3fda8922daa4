import type { Env } from "../state/env.ts";

/**
 * Stack depths once the stores and loads around fast calls are gone (they are removed with the other no-ops).
 *
 * @see v6.18 kernel/bpf/verifier.c, remove_fastcall_spills_fills
 */
export function removeFastcallSpills(env: Env): void {
  for (let s = 0; s < env.subprogs.length; s++) {
    const subprog = env.subprogs[s]!;
    const end = s + 1 < env.subprogs.length ? env.subprogs[s + 1]!.start : env.insns.length;
    let modified = false;
    for (let i = subprog.start; i < end; i++) if (env.fastcallSpills[i]! > 0) modified = true;
    if (modified && !subprog.keepFastcallStack) subprog.stackDepth = -subprog.fastcallStackOff;
  }
}
