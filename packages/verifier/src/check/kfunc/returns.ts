import type { Btf } from "@bpf-ts/btf";
import { EINVAL } from "@bpf-ts/uapi/errno";
import { reject, verifierBug } from "../../reject.ts";
import { type Env, nextId, setReg } from "../../state/env.ts";
import { acquireReference } from "../../state/references.ts";
import { btfReg, memReg, REG_NOT_INIT, REG_UNKNOWN, type RegState } from "../../state/reg-state.ts";
import {
  MEM_RCU,
  MEM_RDONLY,
  PTR_MAYBE_NULL,
  PTR_TO_BTF_ID,
  PTR_TO_MEM,
  PTR_TRUSTED,
  PTR_UNTRUSTED,
} from "../../state/reg-type.ts";
import { resolveSize } from "../btf/resolve-size.ts";
import { isScalarType, isStructOrUnion, isStructPtr } from "../btf/type-class.ts";
import { btfTypeName, btfTypeStr } from "../btf/type-names.ts";
import { mayPointToSpinLock } from "../record/reg-record.ts";
import { KF_ACQUIRE, KF_ITER_NEXT, KF_RCU_PROTECTED, KF_RET_NULL } from "./flags.ts";
import { setNonOwning } from "./graph.ts";
import type { KfuncMeta } from "./meta.ts";
import { ACQUIRES_UNTYPED, specialResult } from "./special-result.ts";

/**
 * Puts into R0 what a kernel function gives back, by its BTF; what BTF does not tell of some functions is in special-result.ts.
 *
 * @see v6.18 kernel/bpf/verifier.c, check_kfunc_call (from "Check return type" on)
 */
export function setKfuncResult(env: Env, meta: KfuncMeta): void {
  const { btf } = meta;
  const typeId = btf.resolve(meta.proto.ret);
  if (meta.has(KF_ACQUIRE) && !isStructPtr(btf, typeId) && !ACQUIRES_UNTYPED.has(meta.name)) {
    reject(env, env.insnIdx, "call", EINVAL, "acquire kernel function does not return PTR_TO_BTF_ID");
  }
  if (isScalarType(btf, typeId)) {
    setReg(env, 0, REG_UNKNOWN);
  } else if (btf.kindOf(typeId) === "ptr") {
    setReg(env, 0, pointerResult(env, meta, btf, btf.resolve(btf.sizeOrTypeOf(typeId))));
  } else {
    setReg(env, 0, REG_NOT_INIT);
  }
}

function pointerResult(env: Env, meta: KfuncMeta, btf: Btf, targetId: number): RegState {
  let r0 = specialResult(env, meta, targetId) ?? typedResult(env, meta, btf, targetId);
  // A borrowed reference of an object is good as long as it is owned elsewhere.
  const mayBeNull = meta.has(KF_RET_NULL) && !(meta.name === "bpf_refcount_acquire_impl" && meta.argOwningRef);
  if (mayBeNull) r0 = r0.withType(r0.type | PTR_MAYBE_NULL).withId(nextId(env));
  if (meta.has(KF_ACQUIRE)) {
    const id = acquireReference(env, meta.insnIdx);
    if (mayBeNull) r0 = r0.withId(id);
    r0 = r0.withRefObjId(id);
  } else if (isGraphNode(btf, targetId)) {
    r0 = setNonOwning(env, r0);
  }
  return r0.id === 0 && mayPointToSpinLock(env, r0) ? r0.withId(nextId(env)) : r0;
}

function isGraphNode(btf: Btf, id: number): boolean {
  const name = btf.nameOf(id);
  return btf.kindOf(id) === "struct" && (name === "bpf_rb_node" || name === "bpf_list_node");
}

function typedResult(env: Env, meta: KfuncMeta, btf: Btf, targetId: number): RegState {
  // A pointer to nothing in particular is a number.
  if (targetId === 0) return REG_UNKNOWN;
  const isProtected = meta.has(KF_RCU_PROTECTED) ? MEM_RCU : 0;
  if (!isStructOrUnion(btf, targetId)) {
    let { r0Size, r0Rdonly } = meta;
    if (r0Size === 0) {
      r0Size = resolveSize(btf, targetId)?.size ?? 0;
      r0Rdonly = true;
    }
    if (r0Size === 0) {
      reject(
        env,
        env.insnIdx,
        "call",
        EINVAL,
        `kernel function ${meta.name} returns pointer type ${btfTypeStr(btf, targetId)} ` +
          `${btfTypeName(btf, targetId)} is not supported`,
      );
    }
    return memReg(PTR_TO_MEM | isProtected | (r0Rdonly ? MEM_RDONLY : 0), r0Size, 0, meta.refObjId);
  }
  let flags = isProtected;
  if (meta.name === "bpf_get_kmem_cache") flags = PTR_UNTRUSTED;
  if (meta.has(KF_ITER_NEXT)) flags |= iterOf(env, meta).type & MEM_RCU ? MEM_RCU : PTR_TRUSTED;
  return btfReg(PTR_TO_BTF_ID | flags, btf, targetId);
}

/** What describes the iterator given. */
export function iterOf(env: Env, meta: KfuncMeta): RegState {
  const { iter } = meta;
  if (iter === undefined) verifierBug("no iterator");
  return env.cur.frames[iter.frameno]!.stack[iter.spi]!.reg;
}
