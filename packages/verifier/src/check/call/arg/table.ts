import type { ArgKind } from "@bpf-ts/uapi";
import { reg } from "../../../state/env.ts";
import { PTR_TO_MAP_VALUE } from "../../../state/reg-type.ts";
import { unsupported } from "../../../unsupported.ts";
import { xchgField } from "../kptr.ts";
import { checkMapField } from "../map-field.ts";
import { checkConstStr } from "./const-str.ts";
import type { ArgCheck, ArgContext } from "./context.ts";
import { checkDynptr } from "./dynptr.ts";
import { checkConstMapPtr, checkMapKey, checkMapValue } from "./map.ts";
import { checkAllocSize, checkConstSize, checkConstSizeOrZero, checkMem } from "./mem.ts";
import { checkPercpuBtfId } from "./percpu.ts";
import { checkSpinLockArg } from "./spin-lock.ts";

/** Its type says it all. */
function nothing(): void {}

function checkFunc({ env, meta, regno }: ArgContext): void {
  meta.subprogno = reg(env, regno).subprogno;
}

function checkXchgDest({ env, meta, regno }: ArgContext): void {
  const r = reg(env, regno);
  if (r.type === PTR_TO_MAP_VALUE) meta.map = r.map;
  meta.kptr = xchgField(env, regno);
}

/** What is asked of each kind of argument once its type is right. The one place where kinds are registered. */
export const ARG_CHECKS: Readonly<Record<ArgKind, ArgCheck>> = {
  DONTCARE: nothing,
  ANYTHING: nothing,
  ARENA: () => unsupported("arena"),
  CTX: nothing,
  SOCK_COMMON: nothing,
  SOCKET: nothing,
  BTF_ID: nothing,
  BTF_ID_SOCK_COMMON: nothing,
  RINGBUF_MEM: nothing,
  STACK: nothing,
  CONST_MAP_PTR: checkConstMapPtr,
  MAP_KEY: checkMapKey,
  MAP_VALUE: checkMapValue,
  MEM: checkMem,
  CONST_SIZE: checkConstSize,
  CONST_SIZE_OR_ZERO: checkConstSizeOrZero,
  CONST_ALLOC_SIZE_OR_ZERO: checkAllocSize,
  CONST_STR: checkConstStr,
  PERCPU_BTF_ID: checkPercpuBtfId,
  FUNC: checkFunc,
  SPIN_LOCK: checkSpinLockArg,
  TIMER: ({ env, meta, regno }) => checkMapField(env, regno, "timer", meta),
  KPTR_XCHG_DEST: checkXchgDest,
  DYNPTR: checkDynptr,
};
