import { EFAULT, EINVAL } from "@bpf-ts/uapi/errno";
import { reject } from "../../../reject.ts";
import { MEM_ALLOC, MEM_PERCPU, PTR_TO_BTF_ID, typeIsNonOwningRef } from "../../../state/reg-type.ts";
import { isAllocObj } from "../../btf/trust.ts";
import { hasField } from "../../record/record.ts";
import { regRecord } from "../../record/reg-record.ts";
import type { KfuncArg } from "./context.ts";

/** Which function gives back which kind of object. */
const DROPPERS: ReadonlyMap<number, string> = new Map([
  [PTR_TO_BTF_ID | MEM_ALLOC, "bpf_obj_drop_impl"],
  [PTR_TO_BTF_ID | MEM_ALLOC | MEM_PERCPU, "bpf_percpu_obj_drop_impl"],
]);

/** An object that the program allocated and owns. */
export function checkAllocObj({ env, meta, index, reg: r }: KfuncArg): void {
  const refuse = (text: string): never => reject(env, env.insnIdx, "call", EINVAL, text);
  const dropper = DROPPERS.get(r.type);
  if (dropper === undefined) refuse(`arg#${index} expected pointer to allocated object`);
  if (dropper !== meta.name) refuse(`arg#${index} expected for ${dropper}()`);
  if (r.refObjId === 0) refuse("allocated object must be referenced");
  meta.argBtf = r.btf;
  meta.argBtfId = r.btfId;
}

/** An object that counts its references. */
export function checkRefcounted({ env, meta, index, reg: r }: KfuncArg): void {
  const refuse = (text: string): never => reject(env, env.insnIdx, "call", EINVAL, text);
  if (!isAllocObj(r.type)) refuse(`arg#${index} is neither owning or non-owning ref`);
  if (!typeIsNonOwningRef(r.type) && r.refObjId !== 0) meta.argOwningRef = true;
  const record = regRecord(env, r);
  // Linux takes objects without special fields for a defect of its own.
  if (record === undefined) reject(env, env.insnIdx, "call", EFAULT, "verifier bug: Couldn't find btf_record");
  if (!hasField(record, "refcount")) refuse(`arg#${index} doesn't point to a type with bpf_refcount field`);
  meta.argBtf = r.btf;
  meta.argBtfId = r.btfId;
}
