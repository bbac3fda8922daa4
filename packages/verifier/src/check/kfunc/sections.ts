import { EACCES, EINVAL } from "@bpf-ts/uapi/errno";
import { reject } from "../../reject.ts";
import { type Env, inRcuCs } from "../../state/env.ts";
import type { RegState } from "../../state/reg-state.ts";
import { MEM_RCU, PTR_MAYBE_NULL, PTR_UNTRUSTED } from "../../state/reg-type.ts";
import { STACK_ITER } from "../../state/stack-slot.ts";
import { forEachReg } from "../../state/walk-regs.ts";
import { KF_RCU_PROTECTED, KF_SLEEPABLE } from "./flags.ts";
import { inGraphCallback } from "./graph.ts";
import type { KfuncMeta } from "./meta.ts";

/**
 * Sections that a program enters and leaves by calls: RCU read sections, sections without preemption. In none of them anything may sleep.
 *
 * @see v6.18 kernel/bpf/verifier.c, check_kfunc_call
 */
export function trackSections(env: Env, meta: KfuncMeta): void {
  trackRcu(env, meta);
  trackPreemption(env, meta);
  if (env.cur.activeIrqId !== 0 && meta.has(KF_SLEEPABLE)) {
    refuse(env, EACCES, `kernel func ${meta.name} is sleepable within IRQ-disabled region`);
  }
  if (meta.has(KF_RCU_PROTECTED) && !inRcuCs(env)) {
    refuse(env, EACCES, `kernel func ${meta.name} requires RCU critical section protection`);
  }
}

function refuse(env: Env, errno: number, text: string): never {
  reject(env, env.insnIdx, "lock", errno, text);
}

function trackRcu(env: Env, meta: KfuncMeta): void {
  const state = env.cur;
  const enters = meta.name === "bpf_rcu_read_lock";
  const leaves = meta.name === "bpf_rcu_read_unlock";
  if (!state.activeRcuLock) {
    if (leaves) refuse(env, EINVAL, `unmatched rcu read unlock (kernel function ${meta.name})`);
    state.activeRcuLock = enters;
    return;
  }
  if ((enters || leaves) && inGraphCallback(env)) {
    refuse(env, EACCES, "Calling bpf_rcu_read_{lock,unlock} in unnecessary rbtree callback");
  }
  if (enters) refuse(env, EINVAL, `nested rcu read lock (kernel function ${meta.name})`);
  if (leaves) {
    forgetRcuPointers(env);
    state.activeRcuLock = false;
  } else if (meta.has(KF_SLEEPABLE)) {
    refuse(env, EACCES, `kernel func ${meta.name} is sleepable within rcu_read_lock region`);
  }
}

/** The read section that kept pointers good is over: they may be read from, with faults handled. */
function forgetRcuPointers(env: Env): void {
  const untrusted = (r: RegState): RegState =>
    (r.type & MEM_RCU) === 0 ? r : r.withType((r.type & ~(MEM_RCU | PTR_MAYBE_NULL)) | PTR_UNTRUSTED);
  forEachReg(env.cur, untrusted);
  for (const { stack } of env.cur.frames) {
    stack.forEach((slot, spi) => {
      if (slot.typeAt(7) === STACK_ITER) stack[spi] = slot.withReg(untrusted(slot.reg));
    });
  }
}

function trackPreemption(env: Env, meta: KfuncMeta): void {
  const state = env.cur;
  if (meta.name === "bpf_preempt_disable") {
    state.activePreemptLocks++;
  } else if (meta.name === "bpf_preempt_enable") {
    if (state.activePreemptLocks === 0) {
      refuse(env, EINVAL, `unmatched attempt to enable preemption (kernel function ${meta.name})`);
    }
    state.activePreemptLocks--;
  } else if (state.activePreemptLocks > 0 && meta.has(KF_SLEEPABLE)) {
    refuse(env, EACCES, `kernel func ${meta.name} is sleepable within non-preemptible region`);
  }
}
