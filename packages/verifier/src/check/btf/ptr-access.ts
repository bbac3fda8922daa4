import { EACCES, EFAULT, EINVAL, EPERM } from "@bpf-ts/uapi/errno";
import { formatTnum, isConstEqual } from "../../domain/index.ts";
import { reject } from "../../reject.ts";
import { type Env, reg } from "../../state/env.ts";
import { btfReg, type RegState } from "../../state/reg-state.ts";
import {
  MEM_ALLOC,
  MEM_PERCPU,
  MEM_RCU,
  MEM_USER,
  PTR_TO_BTF_ID,
  PTR_UNTRUSTED,
  typeIsNonOwningRef,
} from "../../state/reg-type.ts";
import { unsupported } from "../../unsupported.ts";
import { mapStructName } from "../mem/map-struct.ts";
import { fieldTypeName, recordOf } from "../record/record.ts";
import { markBtfLoad, type StructField, structAccess } from "./struct-access.ts";
import { isAllocObj, walkedPointerFlags } from "./trust.ts";

/** Linux's ENOTSUPP, which is no part of the interface's errno but is answered all the same. */
const ENOTSUPP = 524;

/**
 * A load or store through a pointer to a structure of the kernel (or one that the program allocated).
 *
 * @param off Offset of the instruction plus the register's own.
 * @param valueRegno Register that a load fills, -1 for none.
 * @see v6.18 kernel/bpf/verifier.c, check_ptr_to_btf_access
 */
export function checkPtrToBtfAccess(
  env: Env,
  regno: number,
  off: number,
  size: number,
  write: boolean,
  valueRegno: number,
): void {
  const r = reg(env, regno);
  const name = r.btf.nameOf(r.btfId);
  const inKernel = r.btf === env.profile.kernelBtf;
  const refuse = (errno: number, text: string): never => reject(env, env.insnIdx, "btf", errno, text);

  if (!env.allowPtrLeaks) refuse(EPERM, `'struct ${name}' access is allowed only to CAP_PERFMON and CAP_SYS_ADMIN`);
  if (!env.facts.gplCompatible && inKernel) {
    refuse(EINVAL, `Cannot access kernel 'struct ${name}' from non-GPL compatible program`);
  }
  if (off < 0) refuse(EACCES, `R${regno} is ptr_${name} invalid negative access: off=${off}`);
  if (!isConstEqual(r.scalar, 0n)) {
    refuse(
      EACCES,
      `R${regno} is ptr_${name} invalid variable offset: off=${off}, var_off=${formatTnum(r.scalar.tnum)}`,
    );
  }
  if ((r.type & MEM_USER) !== 0) refuse(EACCES, `R${regno} is ptr_${name} access user memory: off=${off}`);
  if ((r.type & MEM_PERCPU) !== 0) refuse(EACCES, `R${regno} is ptr_${name} access percpu memory: off=${off}`);
  if (write && (r.type & PTR_UNTRUSTED) !== 0) refuse(EACCES, "only read is supported");

  if (write && !isAllocObj(r.type)) {
    checkKernelWrite(env, name, off, size);
    return;
  }
  if (isAllocObj(r.type) && !typeIsNonOwningRef(r.type) && (r.type & MEM_RCU) === 0 && r.refObjId === 0) {
    refuse(EFAULT, "verifier bug: ref_obj_id for allocated object must be non-zero");
  }
  if ((r.type & MEM_ALLOC) !== 0) checkObjectFields(env, r, off, size);

  const field = structAccess(env, r, off, size);
  if (write || valueRegno < 0) return;
  const flags = field.kind === "ptr" ? walkedPointerFlags(env, r, field.field, field.id, field.flags) : 0;
  markBtfLoad(env, valueRegno, r, field, flags);
}

/** Fields of an object that only the kernel's own functions may touch. @see v6.18 kernel/bpf/btf.c, btf_struct_access */
function checkObjectFields(env: Env, r: RegState, off: number, size: number): void {
  const touched = recordOf(r.btf, r.btfId)?.fields.find((f) => off < f.offset + f.size && f.offset < off + size);
  if (touched !== undefined) {
    reject(env, env.insnIdx, "btf", EACCES, `direct access to ${fieldTypeName(touched.kind)} is disallowed`);
  }
}

/** Some program types may write single members of some structures; everybody else none. */
function checkKernelWrite(env: Env, name: string, off: number, size: number): void {
  const answer = env.progType.btfStructAccess?.(env.facts, name, off, size);
  if (answer === undefined) reject(env, env.insnIdx, "btf", EACCES, "only read is supported");
  if (answer !== true) reject(env, env.insnIdx, "btf", answer.errno, answer.text);
}

/**
 * A load through a pointer to a map: a read of the kernel's structure of that map.
 *
 * @param off Offset of the instruction plus the register's own.
 * @see v6.18 kernel/bpf/verifier.c, check_ptr_to_map_access
 */
export function checkPtrToMapAccess(
  env: Env,
  regno: number,
  off: number,
  size: number,
  write: boolean,
  valueRegno: number,
): void {
  const { map } = reg(env, regno);
  const refuse = (errno: number, text: string): never => reject(env, env.insnIdx, "map", errno, text);
  const name = mapStructName(map.def.type);
  if (name === undefined) {
    reject(env, env.insnIdx, "map", ENOTSUPP, `map_ptr access not supported for map type ${map.def.type}`);
  }
  if (!env.allowPtrLeaks) refuse(EPERM, `'struct ${name}' access is allowed only to CAP_PERFMON and CAP_SYS_ADMIN`);
  if (off < 0) refuse(EACCES, `R${regno} is ${name} invalid negative access: off=${off}`);
  if (write) refuse(EACCES, `only read from ${name} is supported`);

  const kernel = env.profile.kernelBtf;
  const id = kernel.findByName(name, "struct");
  if (id === undefined) unsupported("kernel-symbol", `struct ${name}`);
  const pointer = btfReg(PTR_TO_BTF_ID, kernel, id);
  const field: StructField = structAccess(env, pointer, off, size);
  if (valueRegno >= 0) markBtfLoad(env, valueRegno, pointer, field, field.kind === "ptr" ? field.flags : 0);
}
