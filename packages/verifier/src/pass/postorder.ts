import type { Env } from "../state/env.ts";

const DISCOVERED = 1;
const EXPLORED = 2;

/**
 * The slots of each subprogram in postorder of a depth-first walk, for the data flow passes.
 *
 * @see v6.18 kernel/bpf/verifier.c, compute_postorder
 */
export function computePostorder(env: Env): void {
  const n = env.insns.length;
  const postorder = new Int32Array(n);
  const start = new Int32Array(env.subprogs.length + 1);
  const state = new Uint8Array(n);
  // Each slot is pushed once, but a slot may be re-examined while its successors are on the stack.
  const stack = new Int32Array(n + 1);
  const succ = env.succ;
  let done = 0;
  for (let s = 0; s < env.subprogs.length; s++) {
    start[s] = done;
    stack[0] = env.subprogs[s]!.start;
    let depth = 1;
    do {
      const top = stack[depth - 1]!;
      state[top]! |= DISCOVERED;
      if (state[top]! & EXPLORED) {
        postorder[done++] = top;
        depth--;
        continue;
      }
      for (let k = 0; k < 2; k++) {
        const next = succ[2 * top + k]!;
        if (next >= 0 && state[next] === 0) {
          stack[depth++] = next;
          state[next]! |= DISCOVERED;
        }
      }
      state[top]! |= EXPLORED;
    } while (depth > 0);
  }
  start[env.subprogs.length] = done;
  env.postorder = postorder.subarray(0, done);
  env.postorderStart = start;
}
