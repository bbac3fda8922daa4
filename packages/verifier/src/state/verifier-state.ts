import type { FuncState } from "./func-state.ts";

/** Kinds of things that must be given back. @see v6.18 include/linux/bpf_verifier.h, enum ref_state_type */
export const REF_TYPE_PTR = 2;
export const REF_TYPE_LOCK = 8;
export const REF_TYPE_RES_LOCK = 16;
export const REF_TYPE_RES_LOCK_IRQ = 32;
export const REF_TYPE_LOCK_MASK: number = REF_TYPE_LOCK | REF_TYPE_RES_LOCK | REF_TYPE_RES_LOCK_IRQ;

/** Something acquired and not yet released. Immutable. */
export interface RefState {
  readonly type: number;
  readonly id: number;
  /** Where it was acquired. */
  readonly insnIdx: number;
  /** Locks: the object that holds the lock, compared by identity. */
  readonly ptr: object | null;
}

/** Register or stack slot tied to a conditional jump's operand by a shared id, in the jump history. */
export interface LinkedReg {
  readonly frameno: number;
  readonly isReg: boolean;
  /** Register number or slot index. */
  readonly index: number;
}

/**
 * One remembered step of a state: which way a jump went, or what precision tracking must know to walk back over an instruction. Immutable but for
 * `flags` and `linkedRegs` of the entry of the instruction being verified.
 *
 * @see v6.18 include/linux/bpf_verifier.h, struct bpf_jmp_history_entry
 */
export interface JmpHistoryEntry {
  readonly idx: number;
  readonly prevIdx: number;
  /** INSN_F_*. */
  flags: number;
  /** Registers tied by id when the jump was walked; null for none. */
  linkedRegs: readonly LinkedReg[] | null;
}

/** Stack access: bits 0-2 frame, 3-8 slot. */
export const INSN_F_FRAMENO_MASK = 7;
export const INSN_F_SPI_MASK = 0x3f;
export const INSN_F_SPI_SHIFT = 3;
export const INSN_F_STACK_ACCESS: number = 1 << 9;
export const INSN_F_DST_REG_STACK: number = 1 << 10;
export const INSN_F_SRC_REG_STACK: number = 1 << 11;

/**
 * A program point and everything known there: frames, references, locks. Being walked (`env.cur`), waiting on the branch stack, or kept
 * as a checkpoint to compare later arrivals with.
 *
 * @see v6.18 include/linux/bpf_verifier.h, struct bpf_verifier_state
 */
export class VerifierState {
  frames: FuncState[] = [];
  parent: VerifierState | null = null;
  refs: readonly RefState[] = [];
  /** Branches from here that are not yet walked to their end. */
  branches = 0;
  insnIdx = 0;
  activeLocks = 0;
  activePreemptLocks = 0;
  activeIrqId = 0;
  activeLockId = 0;
  activeLockPtr: object | null = null;
  /** In an RCU read section. They do not nest. */
  activeRcuLock = false;
  inSleepable = false;
  cleaned = false;
  firstInsnIdx = 0;
  lastInsnIdx = 0;
  /** Checkpoint that this state was found equal to, while that one is still being explored. */
  equalState: VerifierState | null = null;
  jmpHistory: JmpHistoryEntry[] = [];
  dfsDepth = 0;
  callbackUnrollDepth = 0;
  mayGotoDepth = 0;
  /** Checkpoints: comparisons that succeeded, and that failed. */
  hitCnt = 0;
  missCnt = 0;
  /** Checkpoints: evicted, kept only because children still refer to it. */
  inFreeList = false;

  get curframe(): number {
    return this.frames.length - 1;
  }

  /** The frame being executed. */
  get frame(): FuncState {
    return this.frames[this.frames.length - 1]!;
  }

  /** Deep enough that neither side sees the other's changes: `copy_verifier_state`. Jump history and parent go along. */
  copy(): VerifierState {
    const c = new VerifierState();
    const n = this.frames.length;
    for (let i = 0; i < n; i++) c.frames.push(this.frames[i]!.copy());
    c.parent = this.parent;
    c.refs = this.refs;
    c.branches = this.branches;
    c.activeLocks = this.activeLocks;
    c.activePreemptLocks = this.activePreemptLocks;
    c.activeIrqId = this.activeIrqId;
    c.activeLockId = this.activeLockId;
    c.activeLockPtr = this.activeLockPtr;
    c.activeRcuLock = this.activeRcuLock;
    c.inSleepable = this.inSleepable;
    c.cleaned = this.cleaned;
    c.firstInsnIdx = this.firstInsnIdx;
    c.lastInsnIdx = this.lastInsnIdx;
    c.equalState = this.equalState;
    c.jmpHistory = this.jmpHistory.slice();
    c.dfsDepth = this.dfsDepth;
    c.callbackUnrollDepth = this.callbackUnrollDepth;
    c.mayGotoDepth = this.mayGotoDepth;
    return c;
  }
}
