/**
 * Stack that chains of calls need together, and rules about what may call what: the call graph is walked from the main program and from each
 * function that runs on its own.
 *
 * @see v6.18 kernel/bpf/verifier.c, check_max_stack_depth
 */

import { BPF_TRACE_ITER } from "@bpf-ts/uapi/attach-types";
import { E2BIG, EACCES, EINVAL } from "@bpf-ts/uapi/errno";
import {
  BPF_PROG_TYPE_KPROBE,
  BPF_PROG_TYPE_PERF_EVENT,
  BPF_PROG_TYPE_RAW_TRACEPOINT,
  BPF_PROG_TYPE_TRACEPOINT,
  BPF_PROG_TYPE_TRACING,
} from "@bpf-ts/uapi/prog-types";
import { kfuncProto } from "../check/kfunc/add.ts";
import { reject, verifierBug } from "../reject.ts";
import type { Env } from "../state/env.ts";
import { findSubprog, isPseudoCall, isPseudoFunc, isPseudoKfuncCall, subprogEnd } from "./subprog-lookup.ts";

const MAX_CALL_FRAMES = 8;
/** Functions that use less share the caller's stack even where each could have its own. */
const PRIV_STACK_MIN_SIZE = 64;
const TAIL_CALL_STACK = 256;

type StackMode = "unknown" | "none" | "own";

/** x86-64 gives programs that may not be re-entered a stack of their own. @see bpf_enable_priv_stack */
function ownStackByType(env: Env): boolean {
  switch (env.facts.progType) {
    case BPF_PROG_TYPE_KPROBE:
    case BPF_PROG_TYPE_TRACEPOINT:
    case BPF_PROG_TYPE_PERF_EVENT:
    case BPF_PROG_TYPE_RAW_TRACEPOINT:
      return true;
    case BPF_PROG_TYPE_TRACING:
      return env.facts.expectedAttachType !== BPF_TRACE_ITER;
    default:
      return false;
  }
}

/** Refuses programs whose calls nest too deep or need too much stack. */
export function checkMaxStackDepth(env: Env): void {
  const ownStack = !env.subprogs.some((s) => s.hasTailCall) && ownStackByType(env);
  const modes: StackMode[] = env.subprogs.map(() => "unknown");
  for (let s = env.subprogs.length - 1; s >= 0; s--) {
    if (s === 0 || env.subprogs[s]!.isAsyncCb) checkFrom(env, s, s === 0 && ownStack, modes);
  }
}

function roundUp16(n: number): number {
  return (n + 15) & ~15;
}

interface Return {
  readonly insn: number;
  readonly subprog: number;
}

function checkFrom(env: Env, root: number, ownStack: boolean, modes: StackMode[]): void {
  const { subprogs, insns } = env;
  const maxStack = env.profile.limits.maxStack;
  const returns: Return[] = [];
  let idx = root;
  let i = subprogs[idx]!.start;
  let depth = 0;
  let tailCallReachable = false;
  if (!ownStack) modes[idx] = "none";

  const enter = (): void => {
    const subprog = subprogs[idx]!;
    if (idx !== 0 && subprog.hasTailCall && depth >= TAIL_CALL_STACK) {
      const text = `tail_calls are not allowed when call stack of previous frames is ${depth} bytes. Too large`;
      reject(env, i, "limit", EACCES, text);
    }
    const own = roundUp16(subprog.stackDepth);
    if (ownStack && modes[idx] === "unknown" && own >= PRIV_STACK_MIN_SIZE) modes[idx] = "own";
    if (modes[idx] === "own") {
      if (own > maxStack) reject(env, i, "limit", EACCES, `stack size of subprog ${idx} is ${own}. Too large`);
      return;
    }
    depth += own;
    if (depth > maxStack) {
      const text = `combined stack size of ${returns.length + 1} calls is ${depth}. Too large`;
      reject(env, i, "limit", EACCES, text);
    }
  };

  enter();
  for (;;) {
    const end = subprogEnd(env, idx);
    let called = false;
    for (; i < end; i++) {
      const insn = insns[i]!;
      if (isPseudoKfuncCall(insn) && insn.off === 0) {
        checkThrow(env, i, idx, returns);
        continue;
      }
      const isCall = isPseudoCall(insn);
      if (!isCall && !isPseudoFunc(insn)) continue;
      const next = findSubprog(env, i + insn.imm + 1);
      if (next < 0) verifierBug(`callee not found at insn ${i + insn.imm + 1}`);
      const callee = subprogs[next]!;
      if (callee.isAsyncCb) {
        if (callee.hasTailCall) verifierBug("subprog has tail_call and async cb");
        if (!isCall) continue;
        if (callee.isExceptionCb) {
          env.log.write(`insn ${i} cannot call exception cb directly`);
          reject(env, i, "call", EINVAL, "");
        }
      }
      returns.push({ insn: i + 1, subprog: idx });
      idx = next;
      i = callee.start;
      if (!ownStack) modes[idx] = "none";
      if (callee.hasTailCall) tailCallReachable = true;
      if (returns.length >= MAX_CALL_FRAMES) {
        reject(env, i, "limit", E2BIG, `the call stack of ${returns.length} frames is too deep !`);
      }
      called = true;
      break;
    }
    if (called) {
      enter();
      continue;
    }
    if (tailCallReachable) {
      for (const r of returns) {
        if (subprogs[r.subprog]!.isExceptionCb) {
          reject(env, i, "call", EINVAL, "cannot tail call within exception cb");
        }
        subprogs[r.subprog]!.tailCallReachable = true;
      }
    }
    const back = returns.pop();
    if (back === undefined) return;
    if (modes[idx] !== "own") depth -= roundUp16(subprogs[idx]!.stackDepth);
    i = back.insn;
    idx = back.subprog;
  }
}

/** bpf_throw unwinds to the main program: it may not be reached from a callback. */
function checkThrow(env: Env, at: number, idx: number, returns: readonly Return[]): void {
  if (kfuncProto(env, env.insns[at]!)?.name !== "bpf_throw") return;
  if (!env.subprogs[idx]!.isCb && !returns.some((r) => env.subprogs[r.subprog]!.isCb)) return;
  const text = `bpf_throw kfunc (insn ${at}) cannot be called from callback subprog ${idx}`;
  reject(env, at, "call", EINVAL, text);
}
