import { EINVAL } from "@bpf-ts/uapi/errno";
import { constValue, isConst } from "../../../domain/index.ts";
import { Rejection, reject, verifierBug } from "../../../reject.ts";
import { reg } from "../../../state/env.ts";
import { resolveSize } from "../../btf/resolve-size.ts";
import { btfTypeName, btfTypeStr } from "../../btf/type-names.ts";
import { checkKfuncMemSizeReg, checkMemReg } from "../../call/arg/helper-mem.ts";
import { CallMeta } from "../../call/meta.ts";
import { isRegNull } from "../../reg-arg.ts";
import { hasSuffix } from "../param.ts";
import type { KfuncArg } from "./context.ts";
import { isConstMemSize } from "./kind.ts";

/** Memory whose size is that of the type pointed to. */
export function checkMemArg({ env, meta, index, regno, targetId }: KfuncArg): void {
  const size = resolveSize(meta.btf, targetId)?.size;
  if (size === undefined) {
    const type = `${btfTypeStr(meta.btf, targetId)} ${btfTypeName(meta.btf, targetId)}`;
    reject(
      env,
      env.insnIdx,
      "call",
      EINVAL,
      `arg#${index} reference type('${type}') size cannot be determined: -${EINVAL}`,
    );
  }
  checkMemReg(env, regno, size);
}

/** Memory whose size is in the next argument. */
export function checkMemSizeArg(arg: KfuncArg): void {
  const { env, meta, param, index, regno, reg: r } = arg;
  if (!isRegNull(r) || !hasSuffix(param, "__opt")) {
    try {
      checkKfuncMemSizeReg(env, regno + 1, new CallMeta(undefined, meta.insnIdx));
    } catch (e) {
      if (!(e instanceof Rejection)) throw e;
      const text = `arg#${index} arg#${index + 1} memory, len pair leads to invalid memory access`;
      reject(env, env.insnIdx, "memory", e.errno, text);
    }
  }
  if (!isConstMemSize(env, meta, index + 1)) return;
  if (meta.argConstant !== undefined) verifierBug("only one constant argument permitted");
  const { scalar } = reg(env, regno + 1);
  if (!isConst(scalar)) reject(env, env.insnIdx, "call", EINVAL, `R${regno + 1} must be a known constant`);
  meta.argConstant = constValue(scalar);
}
