import type { Instance } from "../prune/live-stack.ts";
import type { RegState } from "./reg-state.ts";
import type { StackSlot } from "./stack-slot.ts";

/** Values that a callback or program may return, inclusive. */
export interface RetvalRange {
  readonly minval: number;
  readonly maxval: number;
}

/**
 * One frame of the call stack: registers and stack. Owned by one VerifierState; its registers and slots are shared.
 *
 * @see v6.18 include/linux/bpf_verifier.h, struct bpf_func_state
 */
export class FuncState {
  /** R0 to R10. */
  regs: RegState[];
  /** `stack[0]` is fp-8 to fp-1. Grows on demand. */
  stack: StackSlot[];
  /** Index of the call instruction; -1 in the main program (BPF_MAIN_FUNC). */
  callsite: number;
  frameno: number;
  subprogno: number;
  asyncEntryCnt = 0;
  inCallbackFn = false;
  inAsyncCallbackFn = false;
  inExceptionCallbackFn = false;
  callbackRetRange: RetvalRange = NO_RETVAL_RANGE;
  /** How often the callback of the call in this frame has been walked through. */
  callbackDepth = 0;
  /** What is known of this function's live stack slots, looked up when first asked for. */
  instance: Instance | null = null;

  constructor(regs: RegState[], stack: StackSlot[], callsite: number, frameno: number, subprogno: number) {
    this.regs = regs;
    this.stack = stack;
    this.callsite = callsite;
    this.frameno = frameno;
    this.subprogno = subprogno;
  }

  /** Bytes of stack that are described. */
  get allocatedStack(): number {
    return this.stack.length * 8;
  }

  copy(): FuncState {
    const c = new FuncState(this.regs.slice(), this.stack.slice(), this.callsite, this.frameno, this.subprogno);
    c.asyncEntryCnt = this.asyncEntryCnt;
    c.inCallbackFn = this.inCallbackFn;
    c.inAsyncCallbackFn = this.inAsyncCallbackFn;
    c.inExceptionCallbackFn = this.inExceptionCallbackFn;
    c.callbackRetRange = this.callbackRetRange;
    c.callbackDepth = this.callbackDepth;
    c.instance = this.instance;
    return c;
  }
}

const NO_RETVAL_RANGE: RetvalRange = { minval: 0, maxval: 0 };
