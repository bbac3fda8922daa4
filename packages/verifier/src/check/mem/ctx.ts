import { EACCES } from "@bpf-ts/uapi/errno";
import { sync, withBounds } from "../../domain/index.ts";
import { printLineInfo } from "../../log/line-info.ts";
import { reject } from "../../reject.ts";
import { curFrame, type Env, nextId } from "../../state/env.ts";
import { pointerReg, REG_UNKNOWN, type RegState } from "../../state/reg-state.ts";
import { baseType, PTR_TO_BTF_ID, PTR_TO_BUF, PTR_TO_MEM, SCALAR_VALUE, typeMayBeNull } from "../../state/reg-type.ts";
import type { CtxAccess, CtxField } from "../../types.ts";
import { btfCtxAccess } from "../btf/ctx-access.ts";
import { checkBounds } from "../reg-arg.ts";
import { checkPtrOffReg } from "./ptr-off.ts";

/** Access to the program's context, by its type's table. @see v6.18 kernel/bpf/verifier.c, check_ctx_access */
export function accessCtx(
  env: Env,
  insnIdx: number,
  r: RegState,
  regno: number,
  off: number,
  size: number,
  write: boolean,
  valueRegno: number,
  isLdsx: boolean,
): void {
  checkPtrOffReg(env, r, regno);
  const field = ctxField(env, off, size, write, isLdsx);
  if (field === undefined) {
    env.log.write(`invalid bpf_context access off=${off} size=${size}\n`);
    printLineInfo(env, insnIdx, "; ");
    reject(env, insnIdx, "context", EACCES, "");
  }
  env.maxCtxOffset = Math.max(env.maxCtxOffset, off + size);
  if (write || valueRegno < 0) return;
  const regs = curFrame(env).regs;
  const type = field.regType ?? SCALAR_VALUE;
  if (type === SCALAR_VALUE) {
    regs[valueRegno] = REG_UNKNOWN;
    const range = field.isRetval ? env.attach?.retval : undefined;
    if (range === undefined) return;
    const { scalar } = REG_UNKNOWN;
    const bounded = sync(
      withBounds(scalar, {
        s32min: range.minval,
        s32max: range.maxval,
        smin: BigInt(range.minval),
        smax: BigInt(range.maxval),
      }),
    );
    regs[valueRegno] = REG_UNKNOWN.withScalar(checkBounds(env, bounded, "s32_range"));
    return;
  }
  let value = pointerReg(type);
  if (typeMayBeNull(type)) value = value.withId(nextId(env));
  const base = baseType(type);
  if (base === PTR_TO_BTF_ID) value = value.withUnion(field.btf!, field.btfId!, 0);
  else if (base === PTR_TO_BUF)
    value = value.withUnion(null, 0, field.bufferArg === undefined ? 0 : field.bufferArg + 1);
  else if (base === PTR_TO_MEM) value = value.withUnion(null, field.memSize ?? 0, 0);
  regs[valueRegno] = value;
}

function ctxField(env: Env, off: number, size: number, write: boolean, isLdsx: boolean): CtxField | undefined {
  const access: CtxAccess = { off, size, write, ldsx: isLdsx };
  const field = env.progType.ctxAccess(env.facts, access);
  if (typeof field === "string") {
    env.log.write(`${field}\n`);
    return undefined;
  }
  if (field === undefined || env.progType.btfContext !== true) return field;
  return btfCtxAccess(env, access);
}
