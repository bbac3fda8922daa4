/**
 * Pruning: at chosen instructions the current state is compared with checkpoints made there earlier. If one covers it, the walk ends; if not, the
 * current state may become a checkpoint itself. Loops that can't end are found here too.
 *
 * @see v6.18 kernel/bpf/verifier.c, is_state_visited
 */
import { BPF_JCOND, BPF_JMP } from "@bpf-ts/isa";
import { EINVAL } from "@bpf-ts/uapi/errno";
import { constValue } from "../domain/index.ts";
import { printLineInfo } from "../log/line-info.ts";
import { frameText } from "../log/state.ts";
import { pushJmpHistory } from "../precision/history.ts";
import { markAllScalarsImprecise } from "../precision/mark.ts";
import { reject } from "../reject.ts";
import { type Env, INSN_CALLS_CALLBACK, INSN_FORCE_CHECKPOINT, INSN_ITER_NEXT, INSN_JMP_POINT } from "../state/env.ts";
import type { FuncState } from "../state/func-state.ts";
import { REG_NOT_INIT } from "../state/reg-state.ts";
import { SLOT_INVALID } from "../state/stack-slot.ts";
import type { VerifierState } from "../state/verifier-state.ts";
import { propagatePrecision } from "./propagate.ts";
import { EXACT, NOT_EXACT, RANGE_WITHIN } from "./reg-safe.ts";
import {
  frameInsnIdx,
  iterActiveDepthsDiffer,
  sameCallsites,
  statesEqual,
  statesMaybeLooping,
} from "./states-equal.ts";

const BPF_ITER_STATE_ACTIVE = 1;

/** Index into `env.explored` for the current frame at slot `insnIdx`. */
export function exploredBucket(env: Env, insnIdx: number): number {
  return ((insnIdx ^ env.cur.frame.callsite) >>> 0) % env.insns.length;
}

/** Notes the largest number of states held at once. */
export function updatePeakStates(env: Env): void {
  const states = env.exploredStates + env.freeListStates + env.backedges;
  if (states > env.peakStates) env.peakStates = states;
}

/** Nothing refers to an evicted checkpoint any more: it no longer counts. */
export function maybeFreeState(env: Env, st: VerifierState): void {
  if (!st.inFreeList || st.branches !== 0 || env.sccVisits.isIncomplete(env, st)) return;
  st.inFreeList = false;
  env.freeListStates--;
}

function cleanFrame(env: Env, frame: FuncState, insnIdx: number): void {
  const live = env.liveRegsBefore[insnIdx]!;
  for (let i = 0; i < 10; i++) if ((live & (1 << i)) === 0) frame.regs[i] = REG_NOT_INIT;
  for (let i = 0; i < frame.stack.length; i++) {
    if (!env.liveStack.isSlotAlive(env, frame.frameno, i)) frame.stack[i] = SLOT_INVALID;
  }
}

/** Drops from finished checkpoints what can't be read any more. */
function cleanLiveStates(env: Env, bucket: readonly VerifierState[], insnIdx: number, cur: VerifierState): void {
  for (let k = bucket.length - 1; k >= 0; k--) {
    const st = bucket[k]!;
    if (st.branches !== 0 || st.insnIdx !== insnIdx || st.cleaned) continue;
    if (!sameCallsites(st, cur) || env.sccVisits.isIncomplete(env, st)) continue;
    env.liveStack.initQuery(st);
    st.cleaned = true;
    for (let f = 0; f < st.frames.length; f++) cleanFrame(env, st.frames[f]!, frameInsnIdx(st, f));
  }
}

function rejectInfiniteLoop(env: Env, insnIdx: number, cur: VerifierState, old: VerifierState): never {
  printLineInfo(env, insnIdx, "; ");
  env.log.write(`infinite loop detected at insn ${insnIdx}\n`);
  env.log.write(`cur state:${frameText(cur, cur.curframe)}`);
  env.log.write(`old state:${frameText(old, cur.curframe)}`);
  reject(env, insnIdx, "cfg", EINVAL, "");
}

/** Outcome of comparing with a checkpoint from which walks are open. */
const MISS = 0;
const HIT = 1;
const HIT_LOOP = 2;
/** Not alike, and no reason to look for an infinite loop. */
const MISS_SKIP = 3;

function compareOpen(env: Env, old: VerifierState, cur: VerifierState, insnIdx: number): number {
  const oldFrame = old.frame;
  if (oldFrame.inAsyncCallbackFn && oldFrame.asyncEntryCnt !== cur.frame.asyncEntryCnt) return MISS_SKIP;
  const flags = env.insnFlags[insnIdx]!;
  if (flags & INSN_ITER_NEXT) {
    if (statesEqual(env, old, cur, RANGE_WITHIN)) {
      const reg = cur.frame.regs[1]!;
      const off = reg.off + Number(BigInt.asIntN(32, constValue(reg.scalar)));
      const spi = Math.trunc((-off - 1) / 8);
      const iter = cur.frames[reg.frameno]!.stack[spi]!.reg;
      if (iter.iterState === BPF_ITER_STATE_ACTIVE) return HIT_LOOP;
    }
    return MISS_SKIP;
  }
  const insn = env.insns[insnIdx]!;
  if (insn.code === (BPF_JMP | BPF_JCOND) && insn.src === 0) {
    if (old.mayGotoDepth !== cur.mayGotoDepth && statesEqual(env, old, cur, RANGE_WITHIN)) return HIT_LOOP;
  }
  if (flags & INSN_CALLS_CALLBACK) {
    return statesEqual(env, old, cur, RANGE_WITHIN) ? HIT : MISS_SKIP;
  }
  if (
    statesMaybeLooping(old, cur) &&
    statesEqual(env, old, cur, EXACT) &&
    !iterActiveDepthsDiffer(old, cur) &&
    old.mayGotoDepth === cur.mayGotoDepth &&
    old.callbackUnrollDepth === cur.callbackUnrollDepth
  ) {
    rejectInfiniteLoop(env, insnIdx, cur, old);
  }
  return MISS;
}

/** The current state is covered by `old`. `loop`: what `old` needs is not all known yet. */
function acceptHit(env: Env, old: VerifierState, cur: VerifierState, insnIdx: number, loop: boolean): void {
  old.hitCnt++;
  if (env.insnFlags[env.insnIdx]! & INSN_JMP_POINT) pushJmpHistory(env, cur, 0, null);
  propagatePrecision(env, old, cur);
  if (!loop) return;
  const backedge = cur.copy();
  backedge.equalState = old;
  backedge.insnIdx = insnIdx;
  env.sccVisits.addBackedge(env, old, backedge);
  updatePeakStates(env);
}

/** True: a checkpoint covers the current state, the walk ends here. */
export function isStateVisited(env: Env, insnIdx: number): boolean {
  const cur = env.cur;
  const flags = env.insnFlags[insnIdx]!;
  const force = env.testStateFreq || (flags & INSN_FORCE_CHECKPOINT) !== 0 || cur.jmpHistory.length > 40;
  let add = force;
  if (env.jmpsProcessed - env.prevJmpsProcessed >= 2 && env.insnProcessed - env.prevInsnProcessed >= 8) add = true;

  const index = exploredBucket(env, insnIdx);
  let bucket = env.explored[index];
  let seen = 0;
  let loop = false;
  if (bucket !== undefined) {
    cleanLiveStates(env, bucket, insnIdx, cur);
    for (let k = bucket.length - 1; k >= 0; k--) {
      const old = bucket[k]!;
      seen++;
      if (old.insnIdx !== insnIdx) continue;
      if (old.branches > 0) {
        const outcome = compareOpen(env, old, cur, insnIdx);
        if (outcome === HIT || outcome === HIT_LOOP) {
          if (outcome === HIT_LOOP) loop = true;
          acceptHit(env, old, cur, insnIdx, loop);
          return true;
        }
        if (
          !force &&
          env.jmpsProcessed - env.prevJmpsProcessed < 20 &&
          env.insnProcessed - env.prevInsnProcessed < 100
        ) {
          add = false;
        }
      } else {
        loop = env.sccVisits.isIncomplete(env, old);
        if (statesEqual(env, old, cur, loop ? RANGE_WITHIN : NOT_EXACT)) {
          acceptHit(env, old, cur, insnIdx, loop);
          return true;
        }
      }
      if (add) old.missCnt++;
      const n = flags & INSN_FORCE_CHECKPOINT && old.branches > 0 ? 64 : 3;
      if (old.missCnt > old.hitCnt * n + n) {
        old.inFreeList = true;
        bucket.splice(k, 1);
        env.freeListStates++;
        env.exploredStates--;
        maybeFreeState(env, old);
      }
    }
  }
  if (env.maxStatesPerInsn < seen) env.maxStatesPerInsn = seen;
  if (!env.bpfCapable && seen > env.profile.limits.maxStatesPerInsn) return false;
  if (!add) return false;

  env.totalStates++;
  env.exploredStates++;
  updatePeakStates(env);
  env.prevJmpsProcessed = env.jmpsProcessed;
  env.prevInsnProcessed = env.insnProcessed;
  if (env.bpfCapable) markAllScalarsImprecise(cur);
  const checkpoint = cur.copy();
  checkpoint.insnIdx = insnIdx;
  env.sccVisits.enter(env, checkpoint);
  cur.parent = checkpoint;
  cur.firstInsnIdx = insnIdx;
  cur.dfsDepth = checkpoint.dfsDepth + 1;
  cur.jmpHistory = [];
  if (bucket === undefined) {
    bucket = [];
    env.explored[index] = bucket;
  }
  bucket.push(checkpoint);
  return false;
}
