import { EINVAL } from "@bpf-ts/uapi/errno";
import { isConst } from "../../domain/index.ts";
import { reject } from "../../reject.ts";
import { type Env, reg } from "../../state/env.ts";
import { invalidReg } from "../../state/references.ts";
import type { RegState } from "../../state/reg-state.ts";
import { PTR_TO_MAP_VALUE, typeIsNonOwningRef } from "../../state/reg-type.ts";
import { REF_TYPE_LOCK, REF_TYPE_LOCK_MASK, type RefState, type VerifierState } from "../../state/verifier-state.ts";
import { forEachReg } from "../../state/walk-regs.ts";
import { constOffset } from "../mem/const-offset.ts";
import { regRecord } from "../record/reg-record.ts";

/**
 * Spin locks. A lock lies in a map's value or an allocated object, together with what it protects. Which lock is held is remembered by where it lies
 * (map or type) and by the id of the pointer: two look-ups in a map give two pointers with different ids, even for the same key.
 *
 * @see v6.18 kernel/bpf/verifier.c, process_spin_lock, check_reg_allocation_locked
 */

/** Map or BTF that the register's memory is of. */
function ownerOf(r: RegState): object {
  return r.type === PTR_TO_MAP_VALUE ? r.map : r.btf;
}

function findLock(state: VerifierState, types: number, id: number, owner: object | null): RefState | undefined {
  return state.refs.find((ref) => (ref.type & types) !== 0 && (owner === null || (ref.id === id && ref.ptr === owner)));
}

/** Whether the lock beside what a register points to is held; logs if another one is. */
export function isHeld(env: Env, r: RegState): boolean {
  if (env.cur.activeLocks === 0) return false;
  if (findLock(env.cur, REF_TYPE_LOCK_MASK, r.id, ownerOf(r)) !== undefined) return true;
  env.log.write("held lock and object are not in the same allocation\n");
  return false;
}

/** `bpf_spin_lock` and `bpf_spin_unlock`. */
export function checkSpinLock(env: Env, regno: number, locks: boolean): void {
  const r = reg(env, regno);
  const refuse = (text: string): never => reject(env, env.insnIdx, "lock", EINVAL, text);
  if (!isConst(r.scalar)) {
    refuse(`R${regno} doesn't have constant offset. bpf_spin_lock has to be at the constant offset`);
  }
  const inMap = r.type === PTR_TO_MAP_VALUE;
  if (inMap && r.map.btf === undefined) {
    refuse(`map '${r.map.name}' has to have BTF in order to use bpf_spin_lock`);
  }
  const lock = regRecord(env, r)?.fields.find((f) => f.kind === "spin_lock");
  if (lock === undefined) {
    reject(
      env,
      env.insnIdx,
      "lock",
      EINVAL,
      `${inMap ? `map '${r.map.name}'` : "local 'kptr'"} has no valid bpf_spin_lock`,
    );
  }
  const off = constOffset(r);
  if (off !== lock.offset) {
    refuse(`off ${off} doesn't point to 'struct bpf_spin_lock' that is at ${lock.offset}`);
  }
  if (locks) acquireLock(env, r);
  else releaseLock(env, r);
}

function acquireLock(env: Env, r: RegState): void {
  const state = env.cur;
  if (state.activeLocks !== 0 && findLock(state, REF_TYPE_LOCK, 0, null) !== undefined) {
    reject(env, env.insnIdx, "lock", EINVAL, "Locking two bpf_spin_locks are not allowed");
  }
  const ptr = ownerOf(r);
  state.refs = [...state.refs, { type: REF_TYPE_LOCK, id: r.id, insnIdx: env.insnIdx, ptr }];
  state.activeLocks++;
  state.activeLockId = r.id;
  state.activeLockPtr = ptr;
}

function releaseLock(env: Env, r: RegState): void {
  const state = env.cur;
  const refuse = (text: string): never => reject(env, env.insnIdx, "lock", EINVAL, text);
  if (state.activeLocks === 0) refuse("bpf_spin_unlock without taking a lock");
  const ptr = ownerOf(r);
  const held = findLock(state, REF_TYPE_LOCK, r.id, ptr);
  if (held === undefined) refuse("bpf_spin_unlock of different lock");
  if (r.id !== state.activeLockId || ptr !== state.activeLockPtr) {
    refuse("bpf_spin_unlock cannot be out of order");
  }
  const before = state.refs
    .slice(0, state.refs.indexOf(held!))
    .findLast((ref) => (ref.type & REF_TYPE_LOCK_MASK) !== 0);
  state.refs = state.refs.filter((ref) => ref !== held);
  state.activeLocks--;
  state.activeLockId = before?.id ?? 0;
  state.activeLockPtr = before?.ptr ?? null;
  // What was borrowed from lists and trees may be gone as soon as others can get at them.
  const gone = invalidReg(env);
  forEachReg(env.cur, (other) => (typeIsNonOwningRef(other.type) ? gone : other));
}
