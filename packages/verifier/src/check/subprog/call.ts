/**
 * Calls between functions of the program. A static function is walked as part of its caller, with the very arguments; a global one is checked
 * alone, for all arguments that its BTF allows, and at the call its result is simply a number.
 *
 * @see v6.18 kernel/bpf/verifier.c, check_func_call, prepare_func_exit
 */
import { BTF_FUNC_GLOBAL } from "@bpf-ts/btf";
import type { Insn } from "@bpf-ts/isa";
import { E2BIG, EACCES, EFAULT, EINVAL } from "@bpf-ts/uapi/errno";
import { printState } from "../../log/state.ts";
import { findSubprog } from "../../pass/subprog-lookup.ts";
import { markChainPrecision } from "../../precision/mark.ts";
import { findPrevEntry, widenImpreciseScalars } from "../../prune/widen.ts";
import { reject, verifierBug } from "../../reject.ts";
import { type Env, INSN_CALLS_CALLBACK, inSleepable, markAllScratched, setReg } from "../../state/env.ts";
import { FuncState } from "../../state/func-state.ts";
import { REG_NOT_INIT, REG_UNKNOWN, type RegState, stackReg } from "../../state/reg-state.ts";
import { PTR_TO_STACK, SCALAR_VALUE } from "../../state/reg-type.ts";
import type { VerifierState } from "../../state/verifier-state.ts";
import { checkSubprogArgs } from "../btf/subprog-call.ts";
import { clearPktPointers } from "../call/pkt-pointers.ts";
import { clearCallerSaved } from "../reg-arg.ts";
import { rejectScalar, retvalWithin } from "../return-code.ts";

const MAX_CALL_FRAMES = 8;

/** Sets the arguments of a function that is about to be walked. */
export type SetCalleeState = (env: Env, caller: FuncState, callee: FuncState, insnIdx: number) => void;

/** A frame of which nothing is known but its stack pointer. */
export function newFrame(env: Env, callsite: number, frameno: number, subprogno: number): FuncState {
  const regs: RegState[] = new Array(11).fill(REG_NOT_INIT);
  regs[10] = stackReg(frameno, 0);
  markAllScratched(env);
  return new FuncState(regs, [], callsite, frameno, subprogno);
}

/** Puts a frame for `subprogno` on top of `state`. */
export function enterSubprog(
  env: Env,
  state: VerifierState,
  subprogno: number,
  callsite: number,
  setCallee: SetCalleeState,
): void {
  const depth = state.frames.length;
  if (depth >= MAX_CALL_FRAMES) {
    reject(env, callsite, "limit", E2BIG, `the call stack of ${depth + 1} frames is too deep`);
  }
  const caller = state.frame;
  const callee = newFrame(env, callsite, depth, subprogno);
  setCallee(env, caller, callee, callsite);
  state.frames.push(callee);
}

function passArguments(_env: Env, caller: FuncState, callee: FuncState): void {
  for (let i = 1; i <= 5; i++) callee.regs[i] = caller.regs[i]!;
}

/** A bpf-to-bpf call; leaves `env.insnIdx` one before the slot to go on with. */
export function checkFuncCall(env: Env, insn: Insn): void {
  const at = env.insnIdx;
  const state = env.cur;
  const subprogno = findSubprog(env, at + insn.imm + 1);
  if (subprogno < 0) verifierBug(`target of func call at insn ${at + insn.imm + 1} is not a program`);
  const subprog = env.subprogs[subprogno]!;
  const mismatch = checkSubprogArgs(env, subprogno);
  if (mismatch === EFAULT) reject(env, at, "call", EFAULT, "");
  if (subprog.linkage === BTF_FUNC_GLOBAL && env.hasFuncInfo) {
    callGlobal(env, subprogno, mismatch);
    return;
  }
  const caller = state.frame;
  enterSubprog(env, state, subprogno, at, passArguments);
  clearCallerSaved(env, caller.regs);
  env.insnIdx = subprog.start - 1;
  env.liveStack.resetCallchain();
  if (env.log.verbose) {
    env.log.write("caller:\n");
    printState(env, state, caller.frameno);
    env.log.write("callee:\n");
    printState(env, state, state.curframe);
  }
}

function callGlobal(env: Env, subprogno: number, mismatch: number): void {
  const at = env.insnIdx;
  const state = env.cur;
  const subprog = env.subprogs[subprogno]!;
  if (state.activeLocks > 0) {
    const text = "global function calls are not allowed while holding a lock,\nuse static function instead";
    reject(env, at, "lock", EINVAL, text);
  }
  if (
    subprog.mightSleep &&
    (state.activeRcuLock || state.activePreemptLocks > 0 || state.activeIrqId !== 0 || !inSleepable(env))
  ) {
    const text =
      "global functions that may sleep are not allowed in non-sleepable context,\n" +
      "i.e., in a RCU/IRQ/preempt-disabled section, or in\n" +
      "a non-sleepable BPF program context";
    reject(env, at, "call", EINVAL, text);
  }
  if (mismatch !== 0) {
    const text = `Caller passes invalid args into func#${subprogno} ('${subprog.name}')`;
    reject(env, at, "call", mismatch, text);
  }
  env.log.write(`Func#${subprogno} ('${subprog.name}') is global and assumed valid.\n`);
  if (subprog.changesPktData) clearPktPointers(env);
  subprog.called = true;
  clearCallerSaved(env, state.frame.regs);
  setReg(env, 0, REG_UNKNOWN);
}

/** Return from a function that is not the outermost; leaves the slot to go on with in `env.insnIdx`. */
export function prepareFuncExit(env: Env): void {
  env.liveStack.update(env);
  const state = env.cur;
  const at = env.insnIdx;
  const callee = state.frame;
  const caller = state.frames[state.curframe - 1]!;
  const r0 = callee.regs[0]!;
  if (r0.type === PTR_TO_STACK) reject(env, at, "return", EINVAL, "cannot return stack pointer to the caller");
  if (callee.inCallbackFn) {
    if (r0.type !== SCALAR_VALUE) reject(env, at, "return", EACCES, "R0 not a scalar value");
    markChainPrecision(env, 0);
    if (!retvalWithin(callee.callbackRetRange, r0, false)) {
      rejectScalar(env, r0, callee.callbackRetRange, "At callback return", "R0");
    }
    if ((env.insnFlags[callee.callsite]! & INSN_CALLS_CALLBACK) === 0) {
      verifierBug(`in callback at ${at}, callsite ${callee.callsite} !calls_callback`);
    }
  } else {
    caller.regs[0] = r0;
  }
  env.insnIdx = callee.inCallbackFn ? callee.callsite : callee.callsite + 1;
  if (env.log.verbose) {
    env.log.write("returning from callee:\n");
    printState(env, state, callee.frameno);
    env.log.write(`to caller at ${env.insnIdx}:\n`);
    printState(env, state, caller.frameno);
  }
  state.frames.pop();
  if (!callee.inCallbackFn) return;
  const prev = findPrevEntry(env, state, env.insnIdx);
  if (prev !== null) widenImpreciseScalars(env, prev, state);
}
