/**
 * Which stack slots may still be read: the counterpart of register liveness, but found while the program is walked, because what a
 * pointer points to is known only then.
 *
 * For every chain of call sites there is an *instance* of the innermost function, with four sets of slots per instruction and frame of the chain:
 *
 * - `mayRead`: slots that some walk over this instruction read (only grows),
 * - `mustWrite`: slots that every walk over it wrote whole (only shrinks),
 * - `liveBefore`: slots that may be read by it or later,
 * - `mustWriteAcc`: slots that are certainly written by it or later within the function.
 *
 * The first two are collected instruction by instruction; the last two follow by backward data flow
 *
 *     liveBefore(i)   = (union over successors of liveBefore, minus mustWrite(i)) union mayRead(i)
 *     mustWriteAcc(i) = (intersection over successors of mustWriteAcc) union mustWrite(i)
 *
 * whenever a walk leaves the function, and are handed to the call instruction one frame further out. It is sound to compare states in live slots
 * only, because a checkpoint is compared in this way no sooner than all walks from it have ended: by then their reads are in.
 *
 * Sets are 64 bits: slot s is bit s. Eight 32-bit words an instruction, two for each set.
 *
 * @see v6.18 kernel/bpf/liveness.c
 */
import { subprogEnd } from "../pass/subprog-lookup.ts";
import { type Env, INSN_CALLS_CALLBACK, INSN_PRUNE_POINT } from "../state/env.ts";
import type { VerifierState } from "../state/verifier-state.ts";

const MAY_READ = 0;
const MUST_WRITE = 2;
const MUST_WRITE_ACC = 4;
const LIVE_BEFORE = 6;
const STRIDE = 8;

/** `Instance.commits` of an instruction: not walked yet; walked, never a slot written; `mustWrite` was set. */
const NEVER = 0;
const NO_WRITES = 1;
const WRITES = 2;

/** A function reached by one chain of call sites. */
export class Instance {
  /** That of the function that calls it; null for a function that is walked on its own. */
  readonly outer: Instance | null;
  /** Call site of each frame; the last is the function's own first slot. */
  readonly callsites: readonly number[];
  readonly subprogno: number;
  /** First slot of the function, and how many it has. */
  readonly start: number;
  readonly insnCnt: number;
  readonly curframe: number;
  updated = false;
  mustWriteDropped = false;
  /** Sets by frame, `STRIDE` words an instruction; undefined while all are empty. */
  readonly frames: (Int32Array | undefined)[];
  readonly commits: Uint8Array;
  /** By call site and callee. */
  readonly #inner = new Map<number, Instance>();

  constructor(env: Env, outer: Instance | null, callsite: number, subprogno: number) {
    const start = env.subprogs[subprogno]!.start;
    this.outer = outer;
    this.callsites = outer === null ? [start] : [...outer.callsites.slice(0, -1), callsite, start];
    this.subprogno = subprogno;
    this.start = start;
    this.insnCnt = subprogEnd(env, subprogno) - start;
    this.curframe = this.callsites.length - 1;
    this.frames = new Array(this.curframe + 1).fill(undefined);
    this.commits = new Uint8Array(this.insnCnt);
  }

  /** That of a function called from this one. */
  inner(env: Env, callsite: number, subprogno: number): Instance {
    const key = callsite * env.subprogs.length + subprogno;
    let inner = this.#inner.get(key);
    if (inner === undefined) {
      inner = new Instance(env, this, callsite, subprogno);
      this.#inner.set(key, inner);
    }
    return inner;
  }
}

/** Live slots of one verification. */
export class LiveStack {
  /** Instances of functions that are walked on their own. */
  readonly #outermost = new Map<number, Instance>();
  #current: Instance | null = null;
  /** Writes of the instruction being walked, two words a frame; all 0 unless `#dirty`. */
  readonly #writes = new Int32Array(16);
  #dirty = false;
  #writeInsn = 0;
  #query: VerifierState | null = null;

  /** The instance of frame `frameno` of a state; frames remember theirs. */
  #instanceOf(env: Env, st: VerifierState, frameno: number): Instance {
    const frame = st.frames[frameno]!;
    let { instance } = frame;
    if (instance !== null) return instance;
    const { subprogno } = frame;
    if (frameno > 0) {
      instance = this.#instanceOf(env, st, frameno - 1).inner(env, frame.callsite, subprogno);
    } else {
      instance = this.#outermost.get(subprogno) ?? null;
      if (instance === null) {
        instance = new Instance(env, null, -1, subprogno);
        this.#outermost.set(subprogno, instance);
      }
    }
    frame.instance = instance;
    return instance;
  }

  /** The walk entered another function: the next mark looks its instance up again. */
  resetCallchain(): void {
    this.#current = null;
  }

  #ensure(env: Env): Instance {
    return (this.#current ??= this.#instanceOf(env, env.cur, env.cur.curframe));
  }

  /** Slots of `frame` (bits lo for 0-31, hi for 32-63) may be read by slot `insnIdx`. */
  markRead(env: Env, frame: number, insnIdx: number, lo: number, hi: number): void {
    markRead(this.#ensure(env), frame, insnIdx, lo, hi);
  }

  /** One slot of `frame` may be read by slot `insnIdx`. */
  markSlotRead(env: Env, frame: number, insnIdx: number, spi: number): void {
    if (spi < 32) this.markRead(env, frame, insnIdx, 1 << spi, 0);
    else this.markRead(env, frame, insnIdx, 0, 1 << (spi - 32));
  }

  /** An instruction begins. */
  resetWriteMarks(env: Env, insnIdx: number): void {
    this.#ensure(env);
    this.#resetWrites(insnIdx);
  }

  #resetWrites(insnIdx: number): void {
    this.#writeInsn = insnIdx;
    if (!this.#dirty) return;
    this.#writes.fill(0);
    this.#dirty = false;
  }

  /** The instruction writes all eight bytes of slot `spi` of `frame`. */
  markSlotWritten(frame: number, spi: number): void {
    this.#dirty = true;
    if (spi < 32) this.#writes[2 * frame]! |= 1 << spi;
    else this.#writes[2 * frame + 1]! |= 1 << (spi - 32);
  }

  /** An instruction is done. */
  commitWriteMarks(): void {
    if (this.#current !== null) this.#commit(this.#current);
  }

  #commit(instance: Instance): void {
    const idx = this.#writeInsn - instance.start;
    const before = instance.commits[idx]!;
    if (!this.#dirty && before !== WRITES) {
      instance.commits[idx] = NO_WRITES;
      return;
    }
    instance.commits[idx] = WRITES;
    for (let frame = 0; frame <= instance.curframe; frame++) {
      let lo = this.#writes[2 * frame]!;
      let hi = this.#writes[2 * frame + 1]!;
      if (lo === 0 && hi === 0 && instance.frames[frame] === undefined) continue;
      const sets = setsOf(instance, frame);
      const at = idx * STRIDE + MUST_WRITE;
      const oldLo = sets[at]!;
      const oldHi = sets[at + 1]!;
      if (before !== NEVER) {
        lo &= oldLo;
        hi &= oldHi;
      }
      if (oldLo !== lo || oldHi !== hi) {
        sets[at] = lo;
        sets[at + 1] = hi;
        instance.updated = true;
      }
      if ((oldLo & ~lo) !== 0 || (oldHi & ~hi) !== 0) instance.mustWriteDropped = true;
    }
  }

  /**
   * Brings `liveBefore` of the current state's whole call chain up to date. To be called when a walk ends and when a function returns,
   * before any query.
   */
  update(env: Env): void {
    this.resetCallchain();
    for (let frame = env.cur.curframe; frame >= 0; frame--) {
      const instance = this.#instanceOf(env, env.cur, frame);
      if (!instance.updated) continue;
      this.#updateInstance(env, instance);
      instance.updated = false;
      instance.mustWriteDropped = false;
    }
  }

  #updateInstance(env: Env, instance: Instance): void {
    const { curframe, frames, start, subprogno } = instance;
    if (instance.mustWriteDropped) {
      for (const sets of frames) {
        if (sets === undefined) continue;
        for (let i = 0; i < instance.insnCnt; i++) {
          sets[i * STRIDE + MUST_WRITE_ACC] = 0;
          sets[i * STRIDE + MUST_WRITE_ACC + 1] = 0;
        }
      }
    }
    const from = env.postorderStart[subprogno]!;
    const to = env.postorderStart[subprogno + 1]!;
    let rounds = 0;
    let changed: boolean;
    do {
      rounds++;
      changed = false;
      for (let frame = 0; frame <= curframe; frame++) {
        const sets = frames[frame];
        if (sets === undefined) continue;
        for (let k = from; k < to; k++) {
          if (updateInsn(env, instance, sets, frame, start, env.postorder[k]!)) changed = true;
        }
      }
    } while (changed);
    if (env.log.level2) {
      env.log.write(`(${instance.callsites.join()}) live stack update done in ${rounds} iterations\n`);
    }
    if (instance.outer !== null) this.#propagateOut(instance, instance.outer);
  }

  /** Hands what is known at the function's entry to the call instruction in its caller. */
  #propagateOut(instance: Instance, outer: Instance): void {
    const callsite = instance.callsites[instance.curframe - 1]!;
    this.#resetWrites(callsite);
    for (let frame = 0; frame < instance.curframe; frame++) {
      const sets = instance.frames[frame];
      if (sets === undefined) continue;
      const accLo = sets[MUST_WRITE_ACC]!;
      const accHi = sets[MUST_WRITE_ACC + 1]!;
      if ((accLo | accHi) !== 0) this.#dirty = true;
      this.#writes[2 * frame]! |= accLo;
      this.#writes[2 * frame + 1]! |= accHi;
      markRead(outer, frame, callsite, sets[LIVE_BEFORE]!, sets[LIVE_BEFORE + 1]!);
    }
    this.#commit(outer);
  }

  /** Prepares `isSlotAlive` for a state. */
  initQuery(st: VerifierState): void {
    this.#query = st;
  }

  /** May slot `spi` of `frameno` of the state of `initQuery` still be read? */
  isSlotAlive(env: Env, frameno: number, spi: number): boolean {
    const st = this.#query!;
    const curframe = st.curframe;
    if (isLiveBefore(this.#instanceOf(env, st, curframe), st.insnIdx, frameno, spi)) return true;
    for (let i = frameno; i < curframe; i++) {
      const { callsite } = st.frames[i + 1]!;
      const at = env.insnFlags[callsite]! & INSN_CALLS_CALLBACK ? callsite : callsite + 1;
      if (isLiveBefore(this.#instanceOf(env, st, i), at, frameno, spi)) return true;
    }
    return false;
  }
}

function setsOf(instance: Instance, frame: number): Int32Array {
  return (instance.frames[frame] ??= new Int32Array(instance.insnCnt * STRIDE));
}

function markRead(instance: Instance, frame: number, insnIdx: number, lo: number, hi: number): void {
  const sets = setsOf(instance, frame);
  const at = (insnIdx - instance.start) * STRIDE;
  const newLo = sets[at + MAY_READ]! | lo;
  const newHi = sets[at + MAY_READ + 1]! | hi;
  if (newLo !== sets[at + MAY_READ] || newHi !== sets[at + MAY_READ + 1]) {
    if ((newLo & ~sets[at + LIVE_BEFORE]!) !== 0 || (newHi & ~sets[at + LIVE_BEFORE + 1]!) !== 0)
      instance.updated = true;
    sets[at + MAY_READ] = newLo;
    sets[at + MAY_READ + 1] = newHi;
  }
}

function updateInsn(env: Env, instance: Instance, sets: Int32Array, frame: number, start: number, i: number): boolean {
  const s0 = env.succ[2 * i]!;
  const s1 = env.succ[2 * i + 1]!;
  if (s0 < 0 && s1 < 0) return false;
  let liveLo = 0;
  let liveHi = 0;
  let accLo = -1;
  let accHi = -1;
  if (s0 >= 0) {
    const at = (s0 - start) * STRIDE;
    liveLo = sets[at + LIVE_BEFORE]!;
    liveHi = sets[at + LIVE_BEFORE + 1]!;
    accLo = sets[at + MUST_WRITE_ACC]!;
    accHi = sets[at + MUST_WRITE_ACC + 1]!;
  }
  if (s1 >= 0) {
    const at = (s1 - start) * STRIDE;
    liveLo |= sets[at + LIVE_BEFORE]!;
    liveHi |= sets[at + LIVE_BEFORE + 1]!;
    accLo &= sets[at + MUST_WRITE_ACC]!;
    accHi &= sets[at + MUST_WRITE_ACC + 1]!;
  }
  const at = (i - start) * STRIDE;
  const writeLo = sets[at + MUST_WRITE]!;
  const writeHi = sets[at + MUST_WRITE + 1]!;
  const readLo = sets[at + MAY_READ]!;
  const readHi = sets[at + MAY_READ + 1]!;
  accLo |= writeLo;
  accHi |= writeHi;
  liveLo = (liveLo & ~writeLo) | readLo;
  liveHi = (liveHi & ~writeHi) | readHi;
  const oldLiveLo = sets[at + LIVE_BEFORE]!;
  const oldLiveHi = sets[at + LIVE_BEFORE + 1]!;
  const oldAccLo = sets[at + MUST_WRITE_ACC]!;
  const oldAccHi = sets[at + MUST_WRITE_ACC + 1]!;
  const liveChanged = oldLiveLo !== liveLo || oldLiveHi !== liveHi;
  const accChanged = oldAccLo !== accLo || oldAccHi !== accHi;
  if (!liveChanged && !accChanged) return false;
  if (
    env.log.level2 &&
    ((readLo | readHi | writeLo | writeHi) !== 0 || i === start || (env.insnFlags[i]! & INSN_PRUNE_POINT) !== 0)
  ) {
    if (liveChanged) logChange(env, instance, "live", frame, i, oldLiveLo, oldLiveHi, liveLo, liveHi);
    if (accChanged) logChange(env, instance, "written", frame, i, oldAccLo, oldAccHi, accLo, accHi);
  }
  sets[at + LIVE_BEFORE] = liveLo;
  sets[at + LIVE_BEFORE + 1] = liveHi;
  sets[at + MUST_WRITE_ACC] = accLo;
  sets[at + MUST_WRITE_ACC + 1] = accHi;
  return true;
}

function isLiveBefore(instance: Instance, insnIdx: number, frameno: number, spi: number): boolean {
  const sets = instance.frames[frameno];
  if (sets === undefined) return false;
  const at = (insnIdx - instance.start) * STRIDE + LIVE_BEFORE;
  const word = spi < 32 ? sets[at]! : sets[at + 1]!;
  return ((word >>> (spi & 31)) & 1) !== 0;
}

/** `-8,-24` for slots 0 and 2. @see v6.18 kernel/bpf/verifier.c, bpf_fmt_stack_mask */
export function stackMaskText(lo: number, hi: number): string {
  const offsets: number[] = [];
  for (let i = 0; i < 32; i++) if ((lo >>> i) & 1) offsets.push(-(i + 1) * 8);
  for (let i = 0; i < 32; i++) if ((hi >>> i) & 1) offsets.push(-(i + 33) * 8);
  return offsets.join();
}

function logChange(
  env: Env,
  instance: Instance,
  what: string,
  frame: number,
  i: number,
  oldLo: number,
  oldHi: number,
  newLo: number,
  newHi: number,
): void {
  let text = `(${instance.callsites.join()}) frame ${frame} insn ${i} `;
  const plusLo = newLo & ~oldLo;
  const plusHi = newHi & ~oldHi;
  const minusLo = oldLo & ~newLo;
  const minusHi = oldHi & ~newHi;
  if ((plusLo | plusHi) !== 0) text += `+${what} ${stackMaskText(plusLo, plusHi)} `;
  if ((minusLo | minusHi) !== 0) text += `-${what} ${stackMaskText(minusLo, minusHi)}`;
  env.log.write(`${text}\n`);
}
