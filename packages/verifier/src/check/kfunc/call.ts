import type { Insn } from "@bpf-ts/isa";
import { EACCES, EFAULT, EINVAL, ENOMEM } from "@bpf-ts/uapi/errno";
import { findPrevEntry, widenImpreciseScalars } from "../../prune/widen.ts";
import { reject, verifierBug } from "../../reject.ts";
import { curFrame, type Env, INSN_ITER_NEXT, inSleepable } from "../../state/env.ts";
import { releaseReference } from "../../state/references.ts";
import { REG_NOT_INIT, REG_ZERO } from "../../state/reg-state.ts";
import { PTR_MAYBE_NULL } from "../../state/reg-type.ts";
import { unsupported } from "../../unsupported.ts";
import { pushBranch } from "../branches.ts";
import { releaseDynptr } from "../call/arg/dynptr.ts";
import { pushAsyncCallback } from "../call/callback.ts";
import { clearPktPointers } from "../call/pkt-pointers.ts";
import { checkReturnCode } from "../return-code.ts";
import { isKfunc, kfuncProto } from "./add.ts";
import { ITER_ACTIVE, ITER_DRAINED } from "./arg/iter.ts";
import { checkKfuncArgs } from "./args.ts";
import { KF_DESTRUCTIVE, KF_ITER_NEXT, KF_SLEEPABLE } from "./flags.ts";
import { addToGraph, isAllowedUnderLock, pushGraphCallback } from "./graph.ts";
import { isKfuncAllowed } from "./hook.ts";
import { KfuncMeta } from "./meta.ts";
import { iterOf, setKfuncResult } from "./returns.ts";
import { trackSections } from "./sections.ts";
import { kfuncByName } from "./table.ts";

/**
 * A call of a kernel function: may this program call it here, are its arguments right, what does it enter, leave, give back and invalidate.
 *
 * @see v6.18 kernel/bpf/verifier.c, check_kfunc_call
 */
export function checkKfuncCall(env: Env, insn: Insn): void {
  if (env.cur.activeLocks > 0 && !isAllowedUnderLock(env, insn)) {
    reject(env, env.insnIdx, "lock", EINVAL, "function calls are not allowed while holding a lock");
  }
  // A function that the loader did not find: wrong only if the call is left in the program at the end.
  if (insn.imm === 0) return;
  const meta = fetchMeta(env, insn);
  if (meta.name === "__bpf_trap") {
    reject(env, env.insnIdx, "call", EFAULT, "unexpected __bpf_trap() due to uninitialized variable?");
  }
  if (meta.has(KF_DESTRUCTIVE)) unsupported("kfunc", meta.name);
  if (meta.has(KF_SLEEPABLE) && !inSleepable(env)) {
    const text = `program must be sleepable to call sleepable kfunc ${meta.name}`;
    reject(env, env.insnIdx, "call", EACCES, text);
  }
  checkKfuncArgs(env, meta);
  pushGraphCallback(env, meta);
  if (meta.name === "bpf_wq_set_callback_impl") pushAsyncCallback(env, meta, 1, true);
  trackSections(env, meta);
  if (meta.releaseRegno !== 0) release(env, meta);
  addToGraph(env, meta);
  // Without a handler of its own, what is thrown is what the program returns.
  if (meta.name === "bpf_throw") {
    env.seenException = true;
    if (env.exceptionCallbackSubprog === 0) checkReturnCode(env, 1, "R1");
  }

  const { regs } = curFrame(env);
  for (let i = 0; i <= 5; i++) regs[i] = REG_NOT_INIT;
  setKfuncResult(env, meta);
  if (meta.name === "bpf_xdp_pull_data") clearPktPointers(env);
  if (meta.has(KF_ITER_NEXT)) iterateOn(env, meta);
}

/** @see v6.18 kernel/bpf/verifier.c, fetch_kfunc_meta */
function fetchMeta(env: Env, insn: Insn): KfuncMeta {
  const kfunc = kfuncProto(env, insn) ?? verifierBug("kernel function that was not added");
  const row = kfuncByName(kfunc.name);
  if (row === undefined && isKfunc(env, insn)) unsupported("kfunc", kfunc.name);
  if (row === undefined || !isKfuncAllowed(row, env.facts)) {
    reject(env, env.insnIdx, "call", EACCES, `calling kernel function ${kfunc.name} is not allowed`);
  }
  return new KfuncMeta(kfunc.name, insn.imm, row.flags, env.profile.kernelBtf, kfunc.proto, env.insnIdx);
}

/** The reference that an argument carries is given back. */
function release(env: Env, meta: KfuncMeta): void {
  const r = curFrame(env).regs[meta.releaseRegno]!;
  if (meta.dynptr !== undefined && meta.dynptr.refObjId !== 0) {
    releaseDynptr(env, meta.releaseRegno);
  } else if (!releaseReference(env, r.refObjId)) {
    const text = `kfunc ${meta.name}#${meta.funcId} reference has not been acquired before`;
    reject(env, env.insnIdx, "reference", EINVAL, text);
  }
}

/**
 * An iterator's next element: there is one, and the loop's body follows; or there is none, ever again. The first is walked later, with what changes
 * from round to round forgotten as far as nothing relied on it, so that the walk arrives at a state that it has seen.
 *
 * @see v6.18 kernel/bpf/verifier.c, process_iter_next_call
 */
function iterateOn(env: Env, meta: KfuncMeta): void {
  const iter = iterOf(env, meta);
  const { spi, frameno } = meta.iter ?? verifierBug("no iterator");
  if ((env.insnFlags[meta.insnIdx]! & INSN_ITER_NEXT) === 0) verifierBug("iter_next without a checkpoint");
  const state = env.cur;
  if (iter.iterState === ITER_ACTIVE) {
    const { parent } = state;
    if (parent === null || parent.insnIdx !== meta.insnIdx) verifierBug("bad parent state for iter next call");
    const prev = findPrevEntry(env, parent, meta.insnIdx);
    const queued = pushBranch(env, meta.insnIdx + 1, meta.insnIdx, ENOMEM);
    const { stack } = queued.frames[frameno]!;
    const slot = stack[spi]!;
    const deeper = slot.reg.withUnion(iter.obj, iter.u1, ITER_ACTIVE | ((iter.iterDepth + 1) << 2));
    stack[spi] = slot.withReg(deeper);
    if (prev !== null) widenImpreciseScalars(env, prev, queued);
    const { regs } = queued.frame;
    regs[0] = regs[0]!.withType(regs[0]!.type & ~PTR_MAYBE_NULL);
  }
  const { stack } = state.frames[frameno]!;
  const slot = stack[spi]!;
  stack[spi] = slot.withReg(iter.withUnion(iter.obj, iter.u1, ITER_DRAINED | (iter.iterDepth << 2)));
  state.frame.regs[0] = REG_ZERO;
}
