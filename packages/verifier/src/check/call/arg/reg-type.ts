import type { ArgProto } from "@bpf-ts/uapi";
import { EACCES } from "@bpf-ts/uapi/errno";
import { BPF_FUNC_kptr_xchg, BPF_FUNC_sk_release } from "@bpf-ts/uapi/helper-ids";
import { regTypeStr } from "../../../log/reg-type-str.ts";
import { reject, verifierBug } from "../../../reject.ts";
import { type Env, reg } from "../../../state/env.ts";
import type { RegState } from "../../../state/reg-state.ts";
import {
  baseType,
  DYNPTR_TYPE_FLAG_MASK,
  MEM_ALLOC,
  MEM_PERCPU,
  MEM_RCU,
  MEM_RDONLY,
  PTR_MAYBE_NULL,
  PTR_TO_BTF_ID,
  PTR_TRUSTED,
  typeMayBeNull,
} from "../../../state/reg-type.ts";
import { unsupported } from "../../../unsupported.ts";
import { structIdsMatch } from "../../btf/struct-ids-match.ts";
import { checkKptrMatch } from "../kptr.ts";
import type { CallMeta } from "../meta.ts";
import { COMPATIBLE_TYPES, MEM_TYPES } from "./compatible.ts";

const R2 = 2;

/**
 * Checks that a register's type suits an argument: first the type itself against the kind's list, then, for kernel structures, which
 * structure it is.
 *
 * Modifiers that the argument allows are folded away before the comparison: a helper that only reads takes read-only memory, one that takes
 * NULL takes what may be NULL.
 *
 * @param btfType Kernel struct that the argument points to, by name; '' where the argument is none or any.
 * @see v6.18 kernel/bpf/verifier.c, check_reg_type
 */
export function checkRegType(env: Env, regno: number, arg: ArgProto, meta: CallMeta): void {
  const compatible = COMPATIBLE_TYPES[arg.kind];
  if (compatible === undefined) verifierBug(`unsupported arg type ${arg.kind}`);
  const r = reg(env, regno);

  let folded = r.type;
  if (arg.readonly === true) folded &= ~MEM_RDONLY;
  if (arg.nullable === true) folded &= ~PTR_MAYBE_NULL;
  if (arg.kind === "MEM") folded &= ~DYNPTR_TYPE_FLAG_MASK;
  if (meta.funcId === BPF_FUNC_kptr_xchg && regno === R2 && (folded & MEM_ALLOC) !== 0) {
    folded &= ~(MEM_ALLOC | MEM_PERCPU);
  }
  if (!compatible.includes(folded)) {
    const expected = compatible.map((t) => regTypeStr(t)).join(", ");
    reject(env, env.insnIdx, "call", EACCES, `R${regno} type=${regTypeStr(r.type)} expected=${expected}`);
  }
  if (baseType(r.type) !== PTR_TO_BTF_ID) return;

  if (compatible === MEM_TYPES) {
    if (arg.readonly === true) return;
    reject(
      env,
      env.insnIdx,
      "call",
      EACCES,
      `${meta.funcName}() may write into memory pointed by R${regno} type=${regTypeStr(r.type)}`,
    );
  }
  // Which per-CPU variable it is, is for the helper to say; allocated objects only get here in arguments of locks and kptrs.
  if ((r.type & MEM_ALLOC) !== 0) {
    if (meta.funcId === BPF_FUNC_kptr_xchg && regno === R2) checkExchanged(env, r, regno, meta);
    return;
  }
  if ((r.type & MEM_PERCPU) !== 0) return;
  checkStruct(env, regno, r, arg, meta);
}

/** The pointer that goes into the field. */
function checkExchanged(env: Env, r: RegState, regno: number, meta: CallMeta): void {
  if (typeMayBeNull(r.type)) unsupported("kptr", "object that may be NULL");
  checkKptrMatch(env, meta.kptr ?? verifierBug("no field to exchange with"), regno);
}

const NULLABLE_FORMS: ReadonlySet<number> = new Set([0, PTR_TRUSTED, MEM_RCU]);

function checkStruct(env: Env, regno: number, r: RegState, arg: ArgProto, meta: CallMeta): void {
  if (!NULLABLE_FORMS.has(r.type & ~PTR_MAYBE_NULL & ~PTR_TO_BTF_ID)) {
    verifierBug("invalid PTR_TO_BTF_ID register for type match");
  }
  if (typeMayBeNull(r.type) && (arg.nullable !== true || arg.release === true)) {
    reject(env, env.insnIdx, "call", EACCES, `Possibly NULL pointer passed to helper arg${regno}`);
  }
  if (meta.funcId === BPF_FUNC_kptr_xchg) {
    checkExchanged(env, r, regno, meta);
    return;
  }

  const kernel = env.profile.kernelBtf;
  const name = arg.kind === "BTF_ID_SOCK_COMMON" ? "sock_common" : arg.btfType;
  const needId = name === undefined ? undefined : kernel.findByName(name, "struct");
  if (needId === undefined) unsupported("kernel-symbol", `struct ${name ?? "of argument"} in the kernel's BTF`);
  const strict = arg.release === true && meta.funcId !== BPF_FUNC_sk_release;
  if (!structIdsMatch(r.btf, r.btfId, r.off, kernel, needId, strict, true, (t) => env.log.write(`${t}\n`))) {
    reject(
      env,
      env.insnIdx,
      "call",
      EACCES,
      `R${regno} is of type ${r.btf.nameOf(r.btfId)} but ${kernel.nameOf(needId)} is expected`,
    );
  }
}
