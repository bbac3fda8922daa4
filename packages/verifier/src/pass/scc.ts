/**
 * Strongly connected components of the control flow graph: the loops. Each slot in a loop gets its component's number, from 1; slots outside of
 * loops get 0.
 *
 * Tarjan's algorithm without recursion. `pre` numbers slots in the order they are first met, `low` is the smallest number reachable so far;
 * a slot whose `low` stays its own number is the root of a component, which is then exactly what lies above it on the stack.
 *
 * @see v6.18 kernel/bpf/verifier.c, compute_scc; R. Tarjan, "Depth-First Search and Linear Graph Algorithms"
 */
import type { Env } from "../state/env.ts";

const OFF_STACK = 0x7fffffff;

/** Fills `env.scc`. The numbers are the kernel's, because its log shows them. */
export function computeScc(env: Env): void {
  const n = env.insns.length;
  const stack = new Int32Array(n);
  const pre = new Int32Array(n + 2);
  const low = new Int32Array(n + 2);
  const dfs = new Int32Array(n);
  const succ = env.succ;
  let nextPre = 1;
  let nextScc = 1;
  for (let i = 0; i < n; i++) {
    if (pre[i] !== 0) continue;
    let stackSize = 0;
    let dfsSize = 1;
    dfs[0] = i;
    walk: while (dfsSize > 0) {
      const w = dfs[dfsSize - 1]!;
      if (pre[w] === 0) {
        low[w] = nextPre;
        pre[w] = nextPre++;
        stack[stackSize++] = w;
      }
      for (let k = 0; k < 2; k++) {
        const s = succ[2 * w + k]!;
        if (s < 0 || s >= n) continue;
        if (pre[s] !== 0) {
          if (low[s]! < low[w]!) low[w] = low[s]!;
        } else {
          dfs[dfsSize++] = s;
          continue walk;
        }
      }
      if (low[w]! < pre[w]!) {
        dfsSize--;
        continue;
      }
      const loop = stack[stackSize - 1] !== w || succ[2 * w] === w || succ[2 * w + 1] === w;
      let t: number;
      do {
        t = stack[--stackSize]!;
        low[t] = OFF_STACK;
        if (loop) env.scc[t] = nextScc;
      } while (t !== w);
      if (loop) nextScc++;
      dfsSize--;
    }
  }
}
