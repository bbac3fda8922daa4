import { EINVAL } from "@bpf-ts/uapi/errno";
import { reject } from "../../reject.ts";
import { type Env, nextId, setReg } from "../../state/env.ts";
import { btfReg, memReg, REG_UNKNOWN, type RegState } from "../../state/reg-state.ts";
import {
  MEM_ALLOC,
  MEM_RDONLY,
  PTR_MAYBE_NULL,
  PTR_TO_BTF_ID,
  PTR_TO_MEM,
  PTR_UNTRUSTED,
} from "../../state/reg-type.ts";
import { walkStruct } from "./struct-walk.ts";

/** What a read of a structure yields. */
export type StructField =
  | { readonly kind: "scalar" }
  | { readonly kind: "ptr"; readonly id: number; readonly flags: number; readonly field: string }
  | { readonly kind: "untrusted-mem" };

const SCALAR: StructField = { kind: "scalar" };
const UNTRUSTED_MEM: StructField = { kind: "untrusted-mem" };

/**
 * Walks into the structure that a register points to, through nested ones, to what lies at an offset. Refuses an access to what is none.
 *
 * @param off Bytes from the start of the structure. @param size Bytes.
 * @see v6.18 kernel/bpf/btf.c, btf_struct_access
 */
export function structAccess(env: Env, r: RegState, off: number, size: number): StructField {
  const isAlloc = (r.type & MEM_ALLOC) !== 0;
  let id = r.btfId;
  let inner = off;
  let flags = 0;
  for (;;) {
    const found = walkStruct(r.btf, id, inner, size, flags, !isAlloc);
    switch (found.kind) {
      case "ptr":
        // What a program's own object holds is the program's word, not a pointer that may be followed.
        return isAlloc ? SCALAR : found;
      case "untrusted-ptr":
        return UNTRUSTED_MEM;
      case "scalar":
        return SCALAR;
      case "struct":
        id = found.id;
        flags = found.flags;
        inner = 0;
        break;
      case "fault":
        reject(env, env.insnIdx, "btf", found.errno, found.text);
        break;
      default:
        found satisfies never;
        reject(env, env.insnIdx, "btf", EINVAL, "");
    }
  }
}

/**
 * Puts into a register what was read from a structure: a number, a pointer to the next structure, or to memory that may not be there.
 *
 * @param flags Modifiers of the pointer, trust included.
 * @see v6.18 kernel/bpf/verifier.c, mark_btf_ld_reg
 */
export function markBtfLoad(env: Env, regno: number, from: RegState, field: StructField, flags: number): void {
  switch (field.kind) {
    case "scalar":
      setReg(env, regno, REG_UNKNOWN);
      return;
    case "untrusted-mem":
      setReg(env, regno, memReg(PTR_TO_MEM | MEM_RDONLY | PTR_UNTRUSTED, 0));
      return;
    case "ptr":
      setReg(
        env,
        regno,
        btfReg(PTR_TO_BTF_ID | flags, from.btf, field.id, (flags & PTR_MAYBE_NULL) !== 0 ? nextId(env) : 0),
      );
  }
}
