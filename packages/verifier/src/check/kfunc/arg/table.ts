import { EINVAL } from "@bpf-ts/uapi/errno";
import { regTypeStr } from "../../../log/reg-type-str.ts";
import { reject } from "../../../reject.ts";
import { PTR_TO_CTX, PTR_TO_FUNC, PTR_TO_MAP_VALUE } from "../../../state/reg-type.ts";
import { unsupported } from "../../../unsupported.ts";
import { checkRegConstStr } from "../../call/arg/const-str.ts";
import { checkMapField } from "../../call/map-field.ts";
import { checkBtfIdArg, checkMapStructArg } from "./btf-id.ts";
import type { KfuncArg } from "./context.ts";
import { checkDynptrKfuncArg } from "./dynptr.ts";
import { checkListHead, checkListNode, checkRbNode, checkRbRoot } from "./graph.ts";
import { checkIterArg } from "./iter.ts";
import type { KfuncArgKind } from "./kind.ts";
import { checkMemArg, checkMemSizeArg } from "./mem.ts";
import { checkAllocObj, checkRefcounted } from "./object.ts";

function nothing(): void {}

function checkCtxArg({ env, index, reg: r }: KfuncArg): void {
  if (r.type !== PTR_TO_CTX) {
    reject(env, env.insnIdx, "call", EINVAL, `arg#${index} expected pointer to ctx, but got ${regTypeStr(r.type)}`);
  }
}

function checkCallbackArg({ env, meta, index, reg: r }: KfuncArg): void {
  if (r.type !== PTR_TO_FUNC) reject(env, env.insnIdx, "call", EINVAL, `arg${index} expected pointer to func`);
  meta.subprogno = r.subprogno;
}

function checkConstStrArg({ env, index, regno, reg: r }: KfuncArg): void {
  if (r.type !== PTR_TO_MAP_VALUE) {
    reject(env, env.insnIdx, "call", EINVAL, `arg#${index} doesn't point to a const string`);
  }
  checkRegConstStr(env, regno);
}

function checkWorkqueue({ env, meta, index, regno, reg: r }: KfuncArg): void {
  if (r.type !== PTR_TO_MAP_VALUE) {
    reject(env, env.insnIdx, "call", EINVAL, `arg#${index} doesn't point to a map value`);
  }
  checkMapField(env, regno, "wq", meta);
}

/** What is asked of each kind of argument once trust and offset are right. The one place where kinds are registered. */
export const KFUNC_ARG_CHECKS: Readonly<Record<KfuncArgKind, (arg: KfuncArg) => void>> = {
  null: nothing,
  ctx: checkCtxArg,
  "alloc-obj": checkAllocObj,
  "refcounted-kptr": checkRefcounted,
  dynptr: checkDynptrKfuncArg,
  iter: checkIterArg,
  "list-head": checkListHead,
  "list-node": checkListNode,
  "rb-root": checkRbRoot,
  "rb-node": checkRbNode,
  "const-str": checkConstStrArg,
  map: checkMapStructArg,
  workqueue: checkWorkqueue,
  "task-work": ({ meta }) => unsupported("async-callback", meta.name),
  "irq-flag": ({ meta }) => unsupported("irq-flag", meta.name),
  "res-spin-lock": ({ meta }) => unsupported("res-spin-lock", meta.name),
  "btf-id": checkBtfIdArg,
  callback: checkCallbackArg,
  mem: checkMemArg,
  "mem-size": checkMemSizeArg,
};
