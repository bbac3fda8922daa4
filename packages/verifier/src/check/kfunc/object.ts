import { EINVAL } from "@bpf-ts/uapi/errno";
import { reject, verifierBug } from "../../reject.ts";
import type { Env } from "../../state/env.ts";
import { btfReg, type RegState } from "../../state/reg-state.ts";
import { MEM_ALLOC, MEM_PERCPU, PTR_TO_BTF_ID } from "../../state/reg-type.ts";
import { recordOf } from "../record/record.ts";
import { isScalarStruct } from "./arg/kind.ts";
import type { KfuncMeta } from "./meta.ts";

const U32_MAX = 0xffffffffn;
/** BPF_GLOBAL_PERCPU_MA_MAX_SIZE, bytes. */
const MAX_PERCPU_SIZE = 512;

/**
 * Objects: memory that the program allocates, typed by a struct of its own BTF.
 *
 * @see v6.18 kernel/bpf/verifier.c, check_special_kfunc
 */
export function objectResult(env: Env, meta: KfuncMeta): RegState {
  if (meta.name === "bpf_refcount_acquire_impl") {
    return btfReg(PTR_TO_BTF_ID | MEM_ALLOC, meta.argBtf ?? verifierBug("no object"), meta.argBtfId);
  }
  const refuse = (text: string): never => reject(env, env.insnIdx, "call", EINVAL, text);
  const isPercpu = meta.name === "bpf_percpu_obj_new_impl";
  const value = meta.argConstant ?? verifierBug("no type given");
  if (value > U32_MAX) refuse("local type ID argument must be in range [0, U32_MAX]");
  const { btf } = env;
  if (btf === undefined) return refuse("bpf_obj_new/bpf_percpu_obj_new requires prog BTF");
  const id = Number(value);
  if (id >= btf.typeCount || btf.kindOf(id) !== "struct") {
    refuse("bpf_obj_new/bpf_percpu_obj_new type ID argument must be of a struct");
  }
  if (!isPercpu) return btfReg(PTR_TO_BTF_ID | MEM_ALLOC, btf, id);

  const size = btf.sizeOrTypeOf(id);
  if (size > MAX_PERCPU_SIZE) refuse(`bpf_percpu_obj_new type size (${size}) is greater than ${MAX_PERCPU_SIZE}`);
  if (!isScalarStruct(env, btf, id, 0)) {
    refuse("bpf_percpu_obj_new type ID argument must be of a struct of scalars");
  }
  if (recordOf(btf, id) !== undefined) {
    refuse("bpf_percpu_obj_new type ID argument must not contain special fields");
  }
  return btfReg(PTR_TO_BTF_ID | MEM_ALLOC | MEM_PERCPU, btf, id);
}
