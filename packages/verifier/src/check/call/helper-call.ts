import type { Insn } from "@bpf-ts/isa";
import type { HelperProto } from "@bpf-ts/uapi";
import { EINVAL } from "@bpf-ts/uapi/errno";
import { BPF_FUNC_tail_call } from "@bpf-ts/uapi/helper-ids";
import { helperById } from "@bpf-ts/uapi/helpers";
import { reject } from "../../reject.ts";
import { type Env, inSleepable, reg } from "../../state/env.ts";
import { releaseReference } from "../../state/references.ts";
import { checkMemAccess } from "../mem/access.ts";
import { clearCallerSaved, isRegNull } from "../reg-arg.ts";
import { checkHelperArg } from "./arg/check.ts";
import { releaseDynptr } from "./arg/dynptr.ts";
import { checkMapFuncCompatibility, recordFuncMap } from "./func-map.ts";
import { CallMeta } from "./meta.ts";
import { clearPktPointers } from "./pkt-pointers.ts";
import { setReturnReg } from "./return.ts";
import { checkSpecial } from "./special/table.ts";
import { leaveByTailCall } from "./special/tail-call.ts";

const MAX_ARGS = 5;

/**
 * A call of a helper: may this program call it here, are its arguments right, what does it give back and what does it invalidate.
 *
 * @see v6.18 kernel/bpf/verifier.c, check_helper_call
 */
export function checkHelperCall(env: Env, insn: Insn, insnIdx: number): void {
  const proto = callableHelper(env, insn.imm);
  env.helpersUsed.add(proto.id);
  const meta = new CallMeta(proto, insnIdx);
  const args = proto.args ?? [];
  for (let i = 0; i < args.length && i < MAX_ARGS; i++) checkHelperArg(env, i, args, meta);
  recordFuncMap(env, meta);

  // Stack that the helper fills counts as written from here on.
  for (let i = 0; i < meta.accessSize; i++) {
    checkMemAccess(env, insnIdx, meta.rawRegno, i, 1, true, -1, false, false);
  }
  if (meta.releaseRegno !== 0) release(env, meta);
  checkSpecial(env, insn, meta);

  const frame = env.cur.frame;
  clearCallerSaved(env, frame.regs);
  setReturnReg(env, meta);
  checkMapFuncCompatibility(env, meta);
  if (proto.id === BPF_FUNC_tail_call) leaveByTailCall(env);
  else if (proto.changesPktData === true || meta.changesPktData) clearPktPointers(env);
}

/** The prototype, or a refusal because this program may not call the helper, or not here. */
function callableHelper(env: Env, id: number): HelperProto {
  const refuse = (text: string): never => reject(env, env.insnIdx, "call", EINVAL, text);
  const known = helperById(id);
  if (known === undefined && id !== 0) return refuse(`invalid func unknown#${id}`);
  const name = `bpf_${known?.name ?? "unspec"}`;
  const proto = env.protos.get(env, id);
  if (proto?.args === undefined) return refuse(`program of this type cannot use helper ${name}#${id}`);
  if (proto.gplOnly === true && !env.facts.gplCompatible) {
    refuse("cannot call GPL-restricted function from non-GPL compatible program");
  }
  if (proto.mightSleep === true) {
    if (!inSleepable(env)) refuse("helper call might sleep in a non-sleepable prog");
    if (env.cur.activeRcuLock) refuse(`sleepable helper ${name}#${id} in rcu_read_lock region`);
    if (env.cur.activePreemptLocks > 0) refuse(`sleepable helper ${name}#${id} in non-preemptible region`);
    if (env.cur.activeIrqId !== 0) refuse(`sleepable helper ${name}#${id} in IRQ-disabled region`);
  }
  return proto;
}

/** The reference that an argument carries is given back. */
function release(env: Env, meta: CallMeta): void {
  const arg = meta.proto?.args?.[meta.releaseRegno - 1];
  if (arg?.kind === "DYNPTR") {
    releaseDynptr(env, meta.releaseRegno);
    return;
  }
  const released = meta.refObjId !== 0 ? releaseReference(env, meta.refObjId) : isRegNull(reg(env, meta.releaseRegno));
  if (!released) {
    reject(
      env,
      env.insnIdx,
      "reference",
      EINVAL,
      `func ${meta.funcName}#${meta.funcId} reference has not been acquired before`,
    );
  }
}
