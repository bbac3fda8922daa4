import { EINVAL } from "@bpf-ts/uapi/errno";
import { regTypeStr } from "../../../log/reg-type-str.ts";
import { reject } from "../../../reject.ts";
import { baseType, PTR_TO_BTF_ID, typeFlag } from "../../../state/reg-type.ts";
import { unsupported } from "../../../unsupported.ts";
import { isProjectionOf } from "../../btf/ctx-type.ts";
import { isNocastAlias, structIdsMatch } from "../../btf/struct-ids-match.ts";
import { hasUnsafeModifiers, isAllocObj, isRcuReg, REG_TRUSTED_MODIFIERS, structBehind } from "../../btf/trust.ts";
import { btfTypeStr } from "../../btf/type-names.ts";
import { KF_RELEASE } from "../flags.ts";
import type { KfuncArg } from "./context.ts";

/** A pointer to a structure of the kernel. */
export function checkBtfIdArg(arg: KfuncArg): void {
  const { env, index, reg: r } = arg;
  const base = baseType(r.type);
  const isUsable = base === PTR_TO_BTF_ID && (!hasUnsafeModifiers(r.type) || isRcuReg(r));
  if (!isUsable && structBehind(base) === undefined) {
    const expected = regTypeStr(base | (typeFlag(r.type) & REG_TRUSTED_MODIFIERS));
    reject(env, env.insnIdx, "call", EINVAL, `arg#${index} is ${regTypeStr(r.type)} expected ${expected} or socket`);
  }
  checkStructArg(arg, arg.targetId);
}

/** A map, which every program has pointers to. */
export function checkMapStructArg(arg: KfuncArg): void {
  const id = arg.meta.btf.findByName("bpf_map", "struct");
  if (id === undefined) unsupported("kernel-symbol", "struct bpf_map");
  checkStructArg(arg, id);
}

/**
 * The structure must be the function's, or have it at its beginning; one that is given back, the very same.
 *
 * @see v6.18 kernel/bpf/verifier.c, process_kf_arg_ptr_to_btf_id
 */
function checkStructArg(arg: KfuncArg, needId: number): void {
  const { env, meta, index, reg: r } = arg;
  const base = baseType(r.type);
  const btf = base === PTR_TO_BTF_ID ? r.btf : env.profile.kernelBtf;
  const behind = structBehind(base);
  const id = base === PTR_TO_BTF_ID ? r.btfId : btf.findByName(behind ?? "", "struct");
  if (id === undefined) unsupported("kernel-symbol", `struct ${behind}`);

  const strict = (meta.has(KF_RELEASE) && r.refObjId !== 0) || isNocastAlias(btf, id, meta.btf, needId);
  const own = btf.resolve(id);
  const log = (text: string): void => env.log.write(`${text}\n`);
  const fits = structIdsMatch(btf, own, r.off, meta.btf, needId, strict, !isAllocObj(r.type), log);
  const needName = meta.btf.nameOf(needId);
  const ownName = btf.nameOf(own);
  if (fits || isProjectionOf(needName, ownName)) return;
  reject(
    env,
    env.insnIdx,
    "call",
    EINVAL,
    `kernel function ${meta.name} args#${index} expected pointer to ${btfTypeStr(meta.btf, needId)} ${needName} ` +
      `but R${index + 1} has a pointer to ${btfTypeStr(btf, own)} ${ownName}`,
  );
}
