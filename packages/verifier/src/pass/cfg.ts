/**
 * Every instruction can be reached and every jump lands on one; on the way the slots are marked at which states are compared and jumps
 * remembered.
 *
 * Depth-first search over one graph whose edges are fall-through, jump, and call. `state[i]` says which edges of slot i were followed. A
 * callee is finished before its caller (there is no recursion at this point of view: an edge to a slot that is still open is a back edge), so what
 * a callee does to packet pointers and whether it may sleep is known when the call's edge is followed a second time.
 *
 * @see v6.18 kernel/bpf/verifier.c, check_cfg
 */
import {
  BPF_CALL,
  BPF_CLASS,
  BPF_EXIT,
  BPF_JA,
  BPF_JCOND,
  BPF_JMP,
  BPF_JMP32,
  BPF_OP,
  BPF_SRC,
  BPF_X,
} from "@bpf-ts/isa";
import { EINVAL } from "@bpf-ts/uapi/errno";
import { BPF_PSEUDO_CALL, BPF_PSEUDO_KFUNC_CALL } from "@bpf-ts/uapi/pseudo";
import { visitKfuncCall } from "../check/kfunc/add.ts";
import { printLineInfo } from "../log/line-info.ts";
import { reject } from "../reject.ts";
import {
  type Env,
  INSN_CALLS_CALLBACK,
  INSN_FORCE_CHECKPOINT,
  INSN_JMP_POINT,
  INSN_PRUNE_POINT,
} from "../state/env.ts";
import { isAsyncCallbackCall, isSyncCallbackCall } from "./callbacks.ts";
import { findContainingSubprog, isHelperCall, isPseudoFunc } from "./subprog-lookup.ts";
import { isLdImm64 } from "./successors.ts";

const DISCOVERED = 0x10;
const EXPLORED = 0x20;
const FALLTHROUGH = 1;
const BRANCH = 2;

/** Walks the graph. */
export function checkCfg(env: Env): void {
  new CfgWalk(env).run();
}

/** may_goto. */
export function isMayGoto(code: number, src: number): boolean {
  return code === (BPF_JMP | BPF_JCOND) && src === 0;
}

class CfgWalk {
  readonly #env: Env;
  readonly #state: Uint8Array;
  readonly #stack: Int32Array;
  #depth = 0;

  constructor(env: Env) {
    this.#env = env;
    this.#state = new Uint8Array(env.insns.length);
    this.#stack = new Int32Array(env.insns.length);
  }

  run(): void {
    const env = this.#env;
    this.#walkFrom(0);
    if (env.exceptionCallbackSubprog !== 0) {
      const start = env.subprogs[env.exceptionCallbackSubprog]!.start;
      if (this.#state[start] !== EXPLORED) this.#walkFrom(start);
    }
    for (let i = 0; i < env.insns.length; i++) {
      if (this.#state[i] !== EXPLORED) reject(env, i, "cfg", EINVAL, `unreachable insn ${i}`);
      if (isLdImm64(env.insns[i]!)) {
        if (this.#state[i + 1] !== 0) reject(env, i, "cfg", EINVAL, `jump into the middle of ldimm64 insn ${i}`);
        i++;
      }
    }
  }

  #walkFrom(start: number): void {
    this.#state[start] = DISCOVERED;
    this.#stack[0] = start;
    this.#depth = 1;
    while (this.#depth > 0) {
      const t = this.#stack[this.#depth - 1]!;
      if (!this.#visit(t)) {
        this.#state[t] = EXPLORED;
        this.#depth--;
      }
    }
  }

  /** Follows one edge of slot `t` that was not followed yet. True: there is a new slot on the stack. */
  #visit(t: number): boolean {
    const env = this.#env;
    const insn = env.insns[t]!;
    if (isPseudoFunc(insn)) return this.#visitCall(t, 2, true);
    const klass = BPF_CLASS(insn.code);
    if (klass !== BPF_JMP && klass !== BPF_JMP32) return this.#push(t, t + (isLdImm64(insn) ? 2 : 1), FALLTHROUGH);

    switch (BPF_OP(insn.code)) {
      case BPF_EXIT:
        return false;
      case BPF_CALL: {
        if (isAsyncCallbackCall(env, insn)) this.#mark(t, INSN_PRUNE_POINT);
        if (isSyncCallbackCall(env, insn)) {
          this.#mark(t, INSN_CALLS_CALLBACK | INSN_FORCE_CHECKPOINT | INSN_PRUNE_POINT | INSN_JMP_POINT);
        }
        if (isHelperCall(insn)) {
          const proto = env.protos.get(env, insn.imm);
          if (proto !== undefined) {
            const subprog = env.subprogs[findContainingSubprog(env, t)]!;
            if (proto.mightSleep) subprog.mightSleep = true;
            if (proto.changesPktData) subprog.changesPktData = true;
          }
        } else if (insn.src === BPF_PSEUDO_KFUNC_CALL) {
          visitKfuncCall(env, t, insn);
        }
        return this.#visitCall(t, 1, insn.src === BPF_PSEUDO_CALL);
      }
      case BPF_JA: {
        if (BPF_SRC(insn.code) === BPF_X) reject(env, t, "instruction", EINVAL, "");
        const target = t + (klass === BPF_JMP ? insn.off : insn.imm) + 1;
        const pushed = this.#push(t, target, FALLTHROUGH);
        if (pushed) return true;
        this.#mark(target, INSN_PRUNE_POINT | INSN_JMP_POINT);
        return false;
      }
      default:
        this.#mark(t, INSN_PRUNE_POINT);
        if (isMayGoto(insn.code, insn.src)) this.#mark(t, INSN_FORCE_CHECKPOINT);
        if (this.#push(t, t + 1, FALLTHROUGH)) return true;
        return this.#push(t, t + insn.off + 1, BRANCH);
    }
  }

  #visitCall(t: number, slots: number, visitCallee: boolean): boolean {
    if (this.#push(t, t + slots, FALLTHROUGH)) return true;
    this.#mark(t + slots, INSN_PRUNE_POINT | INSN_JMP_POINT);
    if (!visitCallee) return false;
    const env = this.#env;
    const w = t + env.insns[t]!.imm + 1;
    this.#mark(t, INSN_PRUNE_POINT);
    const caller = env.subprogs[findContainingSubprog(env, t)]!;
    const callee = env.subprogs[findContainingSubprog(env, w)]!;
    caller.changesPktData ||= callee.changesPktData;
    caller.mightSleep ||= callee.mightSleep;
    return this.#push(t, w, BRANCH);
  }

  #mark(i: number, flags: number): void {
    if (i < this.#env.insns.length) this.#env.insnFlags[i]! |= flags;
  }

  #push(t: number, w: number, edge: number): boolean {
    const env = this.#env;
    const state = this.#state;
    if (edge === FALLTHROUGH && state[t]! >= (DISCOVERED | FALLTHROUGH)) return false;
    if (edge === BRANCH && state[t]! >= (DISCOVERED | BRANCH)) return false;
    if (w < 0 || w >= env.insns.length) {
      printLineInfo(env, t, `${t}: `);
      reject(env, t, "cfg", EINVAL, `jump out of range from insn ${t} to ${w}`);
    }
    if (edge === BRANCH) this.#mark(w, INSN_PRUNE_POINT | INSN_JMP_POINT);
    if (state[w] === 0) {
      state[t] = DISCOVERED | edge;
      state[w] = DISCOVERED;
      this.#stack[this.#depth++] = w;
      return true;
    }
    if ((state[w]! & 0xf0) === DISCOVERED) {
      if (env.bpfCapable) return false;
      printLineInfo(env, t, `${t}: `);
      printLineInfo(env, w, `${w}: `);
      reject(env, t, "cfg", EINVAL, `back-edge from insn ${t} to ${w}`);
    }
    state[t] = DISCOVERED | edge;
    return false;
  }
}
