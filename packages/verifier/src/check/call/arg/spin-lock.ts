import { EACCES } from "@bpf-ts/uapi/errno";
import { BPF_FUNC_spin_lock } from "@bpf-ts/uapi/helper-ids";
import { reject } from "../../../reject.ts";
import { inGraphCallback } from "../../kfunc/graph.ts";
import { checkSpinLock } from "../lock.ts";
import type { ArgContext } from "./context.ts";

/** A spin lock to be taken or released. */
export function checkSpinLockArg({ env, meta, regno }: ArgContext): void {
  if (inGraphCallback(env)) {
    reject(env, env.insnIdx, "lock", EACCES, "can't spin_{lock,unlock} in rbtree cb");
  }
  checkSpinLock(env, regno, meta.funcId === BPF_FUNC_spin_lock);
}
