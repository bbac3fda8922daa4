import type { BtfParam } from "@bpf-ts/btf";
import { EACCES, EINVAL } from "@bpf-ts/uapi/errno";
import { constValue, isConst } from "../../domain/index.ts";
import { markChainPrecision } from "../../precision/mark.ts";
import { reject, verifierBug } from "../../reject.ts";
import { type Env, reg } from "../../state/env.ts";
import { SCALAR_VALUE, typeMayBeNull } from "../../state/reg-type.ts";
import { isRcuReg, isTrustedReg } from "../btf/trust.ts";
import { isScalarType } from "../btf/type-class.ts";
import { btfTypeStr } from "../btf/type-names.ts";
import { checkArgRegOff } from "../call/arg/reg-off.ts";
import { isRegNull } from "../reg-arg.ts";
import type { KfuncArg } from "./arg/context.ts";
import { type KfuncArgKind, kfuncArgKind } from "./arg/kind.ts";
import { noteMap } from "./arg/map.ts";
import { KFUNC_ARG_CHECKS } from "./arg/table.ts";
import { KF_RCU, KF_RELEASE, KF_TRUSTED_ARGS } from "./flags.ts";
import type { KfuncMeta } from "./meta.ts";
import { hasSuffix } from "./param.ts";

const MAX_ARGS = 5;
const U32_MAX = 0xffffffffn;

/**
 * Checks the arguments of a call of a kernel function against its BTF.
 *
 * @see v6.18 kernel/bpf/verifier.c, check_kfunc_args
 */
export function checkKfuncArgs(env: Env, meta: KfuncMeta): void {
  const { params } = meta.proto;
  const refuse = (text: string): never => reject(env, env.insnIdx, "call", EINVAL, text);
  if (params.length > MAX_ARGS) refuse(`Function ${meta.name} has ${params.length} > ${MAX_ARGS} args`);
  for (let i = 0; i < params.length; i++) {
    const param = params[i]!;
    if (hasSuffix(param, "__ign") || hasSuffix(param, "__prog")) continue;
    const typeId = meta.btf.resolve(param.type);
    if (isScalarType(meta.btf, typeId)) {
      checkScalarArg(env, meta, param, i + 1);
    } else if (meta.btf.kindOf(typeId) === "ptr") {
      // The size of memory has been looked at together with the memory.
      if (checkPointerArg(env, meta, param, i, typeId) === "mem-size") i++;
    } else {
      refuse(`Unrecognized arg#${i} type ${btfTypeStr(meta.btf, typeId)}`);
    }
  }
  if (meta.has(KF_RELEASE) && meta.releaseRegno === 0) {
    refuse(`release kernel function ${meta.name} expects refcounted PTR_TO_BTF_ID`);
  }
}

function checkScalarArg(env: Env, meta: KfuncMeta, param: BtfParam, regno: number): void {
  const r = reg(env, regno);
  const refuse = (text: string): never => reject(env, env.insnIdx, "call", EINVAL, text);
  if (r.type !== SCALAR_VALUE) refuse(`R${regno} is not a scalar`);
  if (hasSuffix(param, "__k")) {
    if (meta.argConstant !== undefined) verifierBug("only one constant argument permitted");
    if (!isConst(r.scalar)) refuse(`R${regno} must be a known constant`);
    markChainPrecision(env, regno);
    meta.argConstant = constValue(r.scalar);
    return;
  }
  if (param.name !== "rdonly_buf_size" && param.name !== "rdwr_buf_size") return;
  if (param.name === "rdonly_buf_size") meta.r0Rdonly = true;
  if (meta.r0Size !== 0) refuse("2 or more rdonly/rdwr_buf_size parameters for kfunc");
  if (!isConst(r.scalar)) refuse(`R${regno} is not a const`);
  const size = constValue(r.scalar);
  if (size > U32_MAX) refuse(`R${regno} rdonly/rdwr_buf_size exceeds u32 max`);
  meta.r0Size = Number(size);
  markChainPrecision(env, regno);
}

function checkPointerArg(env: Env, meta: KfuncMeta, param: BtfParam, index: number, ptrId: number): KfuncArgKind {
  const regno = index + 1;
  const r = reg(env, regno);
  const refuse = (text: string): never => reject(env, env.insnIdx, "call", EINVAL, text);
  const wantsTrust = meta.has(KF_TRUSTED_ARGS | KF_RELEASE);
  const wantsRcu = meta.has(KF_RCU);
  if ((wantsTrust || wantsRcu) && (isRegNull(r) || typeMayBeNull(r.type)) && !hasSuffix(param, "__nullable")) {
    reject(env, env.insnIdx, "call", EACCES, `Possibly NULL pointer passed to trusted arg${index}`);
  }
  if (r.refObjId !== 0) {
    if (meta.has(KF_RELEASE) && meta.refObjId !== 0) verifierBug(`more than one arg with ref_obj_id R${regno}`);
    meta.refObjId = r.refObjId;
    if (meta.has(KF_RELEASE)) meta.releaseRegno = regno;
  }

  const targetId = meta.btf.resolve(meta.btf.sizeOrTypeOf(ptrId));
  const arg: KfuncArg = { env, meta, param, index, regno, reg: r, ptrId, targetId };
  const kind = kfuncArgKind(arg);
  if (kind === "null") return kind;
  if (kind === "map") noteMap(arg);
  if ((kind === "map" || kind === "alloc-obj" || kind === "btf-id") && (wantsTrust || wantsRcu) && !isTrustedReg(r)) {
    if (!wantsRcu) refuse(`R${regno} must be referenced or trusted`);
    if (!isRcuReg(r)) refuse(`R${regno} must be a rcu pointer`);
  }
  checkArgRegOff(env, r, regno, { release: meta.has(KF_RELEASE) && r.refObjId !== 0, dynptr: false });
  KFUNC_ARG_CHECKS[kind](arg);
  return kind;
}
