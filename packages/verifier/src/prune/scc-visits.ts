/**
 * Loops being walked. A checkpoint inside a loop may be reached again while walks from it are still open; what it needs precise is then not
 * all known. Such an arrival is kept as a *back edge*, and when the last walk that entered the loop ends, marks are passed along all back edges until
 * nothing changes.
 *
 * A visit belongs to a loop and the chain of calls it was entered over.
 *
 * @see v6.18 kernel/bpf/verifier.c, struct bpf_scc_visit, maybe_enter_scc, maybe_exit_scc
 */
import { markAllScalarsPrecise } from "../precision/mark.ts";
import { verifierBug } from "../reject.ts";
import type { Env } from "../state/env.ts";
import type { VerifierState } from "../state/verifier-state.ts";
import { propagatePrecision } from "./propagate.ts";
import { frameInsnIdx } from "./states-equal.ts";

const MAX_BACKEDGE_ITERS = 64;

interface SccVisit {
  /** The checkpoint that entered the loop; null while it is not being walked. */
  entry: VerifierState | null;
  /** The newest last. */
  backedges: VerifierState[];
}

/** `(call site,…,component)` of the outermost frame that is in a loop, null if none is. */
function sccCallchain(env: Env, st: VerifierState): string | null {
  let key = "(";
  for (let i = 0; i < st.frames.length; i++) {
    const at = frameInsnIdx(st, i);
    const scc = env.scc[at]!;
    if (scc !== 0) return `${key}${scc})`;
    key += `${at},`;
  }
  return null;
}

/** A call chain in the log. The kernel's ends at a call in slot 0. @see v6.18 kernel/bpf/verifier.c, format_callchain */
function chainText(key: string): string {
  const calls = key.slice(1, -1).split(",");
  const scc = calls.pop()!;
  const end = calls.indexOf("0");
  return `(${[...(end < 0 ? calls : calls.slice(0, end)), scc].join(",")})`;
}

/** All visits of one verification. */
export class SccVisits {
  #visits = new Map<string, SccVisit>();

  /** A function is walked anew. */
  clear(): void {
    this.#visits.clear();
  }

  /** A new checkpoint: the first of its loop enters it. */
  enter(env: Env, st: VerifierState): void {
    const key = sccCallchain(env, st);
    if (key === null) return;
    let visit = this.#visits.get(key);
    if (visit === undefined) {
      visit = { entry: null, backedges: [] };
      this.#visits.set(key, visit);
    }
    if (visit.entry !== null) return;
    visit.entry = st;
    if (env.log.level2) env.log.write(`SCC enter ${chainText(key)}\n`);
  }

  /** All walks from `st` have ended. If it entered a loop, the loop is done: marks go round until they settle. */
  exit(env: Env, st: VerifierState): void {
    const key = sccCallchain(env, st);
    if (key === null) return;
    const visit = this.#visits.get(key);
    if (visit === undefined) verifierBug(`scc exit: no visit info for call chain ${key}`);
    if (visit.entry !== st) return;
    if (env.log.level2) env.log.write(`SCC exit ${chainText(key)}\n`);
    visit.entry = null;
    env.backedges -= visit.backedges.length;
    this.#propagate(env, visit);
  }

  #propagate(env: Env, visit: SccVisit): void {
    const { backedges } = visit;
    let rounds = 0;
    let changed: boolean;
    do {
      if (rounds++ > MAX_BACKEDGE_ITERS) {
        if (env.log.level2) env.log.write("propagate_backedges: too many iterations\n");
        for (let i = backedges.length - 1; i >= 0; i--) markAllScalarsPrecise(env, backedges[i]!);
        break;
      }
      changed = false;
      for (let i = backedges.length - 1; i >= 0; i--) {
        const st = backedges[i]!;
        if (propagatePrecision(env, st.equalState!, st)) changed = true;
      }
    } while (changed);
    visit.backedges = [];
  }

  /** `st` was found equal to checkpoint `old`, walks from which are open. */
  addBackedge(env: Env, old: VerifierState, st: VerifierState): void {
    const key = sccCallchain(env, old);
    if (key === null) verifierBug(`add backedge: no SCC in verification path, insn_idx ${old.insnIdx}`);
    const visit = this.#visits.get(key);
    if (visit === undefined) verifierBug(`add backedge: no visit info for call chain ${key}`);
    if (env.log.level2) env.log.write(`SCC backedge ${chainText(key)}\n`);
    visit.backedges.push(st);
    env.backedges++;
  }

  /** Marks of `st` may still be missing. */
  isIncomplete(env: Env, st: VerifierState): boolean {
    const key = sccCallchain(env, st);
    if (key === null) return false;
    const visit = this.#visits.get(key);
    return visit !== undefined && visit.backedges.length > 0;
  }
}
