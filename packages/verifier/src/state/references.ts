/**
 * Things that a program acquired and must give back on every path.
 *
 * @see v6.18 kernel/bpf/verifier.c, acquire_reference, release_reference, check_resource_leak
 */
import { EINVAL } from "@bpf-ts/uapi/errno";
import { BPF_PROG_TYPE_STRUCT_OPS } from "@bpf-ts/uapi/prog-types";
import { reject } from "../reject.ts";
import { type Env, nextId, reg } from "./env.ts";
import { REG_NOT_INIT, REG_UNKNOWN, type RegState } from "./reg-state.ts";
import { REF_TYPE_PTR, type VerifierState } from "./verifier-state.ts";
import { forEachReg } from "./walk-regs.ts";

/** Notes a new reference; answers its id. */
export function acquireReference(env: Env, insnIdx: number): number {
  const id = nextId(env);
  env.cur.refs = [...env.cur.refs, { type: REF_TYPE_PTR, id, insnIdx, ptr: null }];
  return id;
}

/** Forgets reference `id` without touching registers. False: there is none. */
export function releaseReferenceNomark(st: VerifierState, id: number): boolean {
  const i = st.refs.findIndex((r) => r.type === REF_TYPE_PTR && r.id === id);
  if (i < 0) return false;
  st.refs = st.refs.filter((_, k) => k !== i);
  return true;
}

/** A register whose pointer is no longer good. */
export function invalidReg(env: Env): RegState {
  return env.allowPtrLeaks ? REG_UNKNOWN : REG_NOT_INIT;
}

/** Gives reference `refObjId` back: all registers derived from it become unusable. False: there is no such reference. */
export function releaseReference(env: Env, refObjId: number): boolean {
  if (!releaseReferenceNomark(env.cur, refObjId)) return false;
  const invalid = invalidReg(env);
  forEachReg(env.cur, (r) => (r.refObjId === refObjId ? invalid : r));
  return true;
}

/** Refuses if references are held at the end of the program. */
function leaksReference(env: Env, exceptionExit: boolean): boolean {
  const st = env.cur;
  if (!exceptionExit && st.curframe > 0) return false;
  let leaks = false;
  for (const ref of st.refs) {
    if (ref.type !== REF_TYPE_PTR) continue;
    const returned = env.facts.progType === BPF_PROG_TYPE_STRUCT_OPS && !exceptionExit;
    if (returned && reg(env, 0).refObjId === ref.id) continue;
    env.log.write(`Unreleased reference id=${ref.id} alloc_insn=${ref.insnIdx}\n`);
    leaks = true;
  }
  return leaks;
}

/**
 * Refuses to leave the program, or to run something that may, while anything is held.
 *
 * @param checkLock locks and sections count too
 * @param prefix what would leave
 */
export function checkResourceLeak(env: Env, exceptionExit: boolean, checkLock: boolean, prefix: string): void {
  const st = env.cur;
  const at = env.insnIdx;
  if (checkLock && st.activeLocks > 0) {
    reject(env, at, "lock", EINVAL, `${prefix} cannot be used inside bpf_spin_lock-ed region`);
  }
  if (leaksReference(env, exceptionExit)) {
    reject(env, at, "reference", EINVAL, `${prefix} would lead to reference leak`);
  }
  if (!checkLock) return;
  if (st.activeIrqId !== 0) {
    reject(env, at, "lock", EINVAL, `${prefix} cannot be used inside bpf_local_irq_save-ed region`);
  }
  if (st.activeRcuLock) {
    reject(env, at, "lock", EINVAL, `${prefix} cannot be used inside bpf_rcu_read_lock-ed region`);
  }
  if (st.activePreemptLocks > 0) {
    reject(env, at, "lock", EINVAL, `${prefix} cannot be used inside bpf_preempt_disable-ed region`);
  }
}
