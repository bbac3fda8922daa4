import { BTF_FUNC_GLOBAL } from "@bpf-ts/btf";
import { EINVAL } from "@bpf-ts/uapi/errno";
import { reject } from "../reject.ts";
import type { Env } from "../state/env.ts";
import { pointerReg } from "../state/reg-state.ts";
import { PTR_TO_CTX } from "../state/reg-type.ts";
import { VerifierState } from "../state/verifier-state.ts";
import { globalEntryRegs, noteMainSignature } from "./btf/subprog-call.ts";
import { newFrame } from "./subprog/call.ts";
import { walk } from "./walk.ts";

/** A state at the entry of subprogram `s`, which runs on its own. */
function enter(env: Env, s: number): VerifierState {
  const state = new VerifierState();
  const { start } = env.subprogs[s]!;
  state.branches = 1;
  state.firstInsnIdx = start;
  state.lastInsnIdx = -1;
  env.prevLineInfo = -1;
  env.cur = state;
  env.insnIdx = start;
  state.frames.push(newFrame(env, -1, 0, s));
  return state;
}

/** Walks from `env.cur`; what one function leaves behind is no use to the next. */
function run(env: Env): void {
  walk(env);
  if (!env.log.level2) env.log.reset(0);
  env.explored = new Array(env.insns.length);
  env.sccVisits.clear();
}

/** The main program, with all that it calls. @see v6.18 kernel/bpf/verifier.c, do_check_main */
export function checkMain(env: Env): void {
  const state = enter(env, 0);
  noteMainSignature(env);
  state.frame.regs[1] = pointerReg(PTR_TO_CTX);
  run(env);
}

/**
 * Each global function that verified code calls, alone, for all arguments that its BTF allows.
 *
 * @see v6.18 kernel/bpf/verifier.c, do_check_subprogs
 */
export function checkGlobalFunctions(env: Env): void {
  if (!env.hasFuncInfo) return;
  if (env.exceptionCallbackSubprog !== 0) env.subprogs[env.exceptionCallbackSubprog]!.called = true;
  let found: boolean;
  do {
    found = false;
    for (let s = 1; s < env.subprogs.length; s++) {
      const sub = env.subprogs[s]!;
      if (sub.linkage !== BTF_FUNC_GLOBAL || !sub.called || sub.verified) continue;
      checkAlone(env, s);
      if (env.log.verbose) {
        env.log.write(`Func#${s} ('${sub.name}') is safe for any args that match its prototype\n`);
      }
      sub.verified = true;
      found = true;
    }
  } while (found);
}

function checkAlone(env: Env, s: number): void {
  const sub = env.subprogs[s]!;
  const state = enter(env, s);
  env.log.write(`Validating ${sub.name}() func#${s}...\n`);
  const args = globalEntryRegs(env, sub);
  if (sub.isExceptionCb) {
    state.frame.inExceptionCallbackFn = true;
    if (args.length !== 1 || sub.args?.[0]?.kind !== "anything") {
      reject(env, sub.start, "call", EINVAL, "exception cb only supports single integer argument");
    }
  }
  args.forEach((arg, i) => {
    state.frame.regs[i + 1] = arg;
  });
  run(env);
}
