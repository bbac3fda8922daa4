import type { Btf } from "@bpf-ts/btf";
import type { Env } from "../../state/env.ts";
import { inRcuCs } from "../../state/env.ts";
import type { RegState } from "../../state/reg-state.ts";
import {
  baseType,
  CONST_PTR_TO_MAP,
  MEM_ALLOC,
  MEM_PERCPU,
  MEM_RCU,
  MEM_USER,
  NON_OWN_REF,
  PTR_MAYBE_NULL,
  PTR_TO_BTF_ID,
  PTR_TO_SOCK_COMMON,
  PTR_TO_SOCKET,
  PTR_TO_TCP_SOCK,
  PTR_TRUSTED,
  PTR_UNTRUSTED,
  typeFlag,
  typeMayBeNull,
} from "../../state/reg-type.ts";

/**
 * How far the kernel vouches for a pointer: trusted (alive for the whole program), under RCU (alive as long as the read section), or not at all
 * (may be read through, with faults handled, and not be passed on). Walking from one structure to the next mostly loses trust; the kernel's
 * BTF lists the members that keep it, as structs named `<struct>__safe_rcu` and so on that have just those members.
 *
 * @see v6.18 kernel/bpf/verifier.c, BTF_TYPE_SAFE_TRUSTED and its kin; kernel/bpf/btf.c, btf_nested_type_is_trusted
 */

/** Modifiers that say a pointer is vouched for. @see v6.18 include/linux/bpf_verifier.h, BPF_REG_TRUSTED_MODIFIERS */
export const REG_TRUSTED_MODIFIERS: number = MEM_ALLOC | PTR_TRUSTED | NON_OWN_REF;

/** Base types that stand for a kernel structure although they are not PTR_TO_BTF_ID: `reg2btf_ids`. */
export function structBehind(base: number): string | undefined {
  switch (base) {
    case PTR_TO_SOCKET:
      return "sock";
    case PTR_TO_SOCK_COMMON:
      return "sock_common";
    case PTR_TO_TCP_SOCK:
      return "tcp_sock";
    case CONST_PTR_TO_MAP:
      return "bpf_map";
    default:
      return undefined;
  }
}

/** @see v6.18 kernel/bpf/verifier.c, bpf_type_has_unsafe_modifiers */
export function hasUnsafeModifiers(type: number): boolean {
  return (typeFlag(type) & ~REG_TRUSTED_MODIFIERS) !== 0;
}

/** The pointer is valid, for as long as it is needed. @see v6.18 kernel/bpf/verifier.c, is_trusted_reg */
export function isTrustedReg(r: RegState): boolean {
  // What carries a reference is alive until that is released.
  if (r.refObjId !== 0) return true;
  if (hasUnsafeModifiers(r.type)) return false;
  return structBehind(baseType(r.type)) !== undefined || (typeFlag(r.type) & REG_TRUSTED_MODIFIERS) !== 0;
}

/** @see v6.18 kernel/bpf/verifier.c, is_rcu_reg */
export function isRcuReg(r: RegState): boolean {
  return (r.type & MEM_RCU) !== 0;
}

type SafeList = "__safe_rcu" | "__safe_rcu_or_null" | "__safe_trusted" | "__safe_trusted_or_null";

/** Longest name that the kernel looks up, without its end. */
const MAX_SAFE_NAME = 63;

/** Whether the list of `structId` names a pointer member `field` to struct `targetId`. */
function isListed(btf: Btf, structId: number, field: string, targetId: number, list: SafeList): boolean {
  const kind = btf.kindOf(structId);
  const name = `${btf.nameOf(structId)}${list}`;
  if (name.length > MAX_SAFE_NAME) return false;
  const listId = btf.findByName(name, kind);
  if (listId === undefined) return false;
  const listed = btf.type(listId);
  if (listed.kind !== "struct" && listed.kind !== "union") return false;
  return listed.members.some(
    (m) => m.name === field && btf.kindOf(m.type) === "ptr" && btf.resolve(btf.sizeOrTypeOf(m.type)) === targetId,
  );
}

/**
 * Modifiers of a pointer that was read from member `field` of the structure that `r` points to.
 *
 * @param targetId Struct that the member points to.
 * @param flags What the walk itself says: type tags, PTR_UNTRUSTED behind a union.
 * @see v6.18 kernel/bpf/verifier.c, check_ptr_to_btf_access
 */
export function walkedPointerFlags(env: Env, r: RegState, field: string, targetId: number, flags: number): number {
  if ((r.type & PTR_UNTRUSTED) !== 0) return PTR_UNTRUSTED;
  if (!isTrustedReg(r) && !isRcuReg(r)) return clearTrusted(flags);

  const listed = (list: SafeList): boolean => isListed(r.btf, r.btfId, field, targetId, list);
  if (listed("__safe_trusted")) return flags | PTR_TRUSTED;
  if (listed("__safe_trusted_or_null")) return flags | PTR_TRUSTED | PTR_MAYBE_NULL;
  if (!inRcuCs(env) || typeMayBeNull(r.type)) return PTR_UNTRUSTED;
  if (listed("__safe_rcu")) return flags | MEM_RCU;
  const rcuOrNull = listed("__safe_rcu_or_null");
  if ((flags & MEM_RCU) !== 0 || rcuOrNull) {
    return (flags & ~(rcuOrNull ? PTR_UNTRUSTED : 0)) | MEM_RCU | PTR_MAYBE_NULL;
  }
  if ((flags & (MEM_PERCPU | MEM_USER)) !== 0) return flags;
  return clearTrusted(flags);
}

/** @see v6.18 kernel/bpf/verifier.c, clear_trusted_flags */
function clearTrusted(flags: number): number {
  return flags & ~(REG_TRUSTED_MODIFIERS | MEM_RCU);
}

/** A structure that the program allocated itself. @see v6.18 kernel/bpf/verifier.c, type_is_ptr_alloc_obj */
export function isAllocObj(type: number): boolean {
  return baseType(type) === PTR_TO_BTF_ID && (type & MEM_ALLOC) !== 0 && (type & PTR_UNTRUSTED) === 0;
}
