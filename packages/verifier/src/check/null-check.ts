import { BPF_MAP_TYPE_SOCKHASH, BPF_MAP_TYPE_SOCKMAP, BPF_MAP_TYPE_XSKMAP } from "@bpf-ts/uapi/map-types";
import { ZERO } from "../domain/index.ts";
import type { Env } from "../state/env.ts";
import { releaseReferenceNomark } from "../state/references.ts";
import { RegState } from "../state/reg-state.ts";
import {
  baseType,
  CONST_PTR_TO_MAP,
  MEM_RCU,
  PTR_TO_MAP_VALUE,
  PTR_TO_SOCKET,
  PTR_TO_XDP_SOCK,
  SCALAR_VALUE,
  typeMayBeNull,
} from "../state/reg-type.ts";
import type { VerifierState } from "../state/verifier-state.ts";
import { forEachReg } from "../state/walk-regs.ts";
import type { VerifierMap } from "../types.ts";
import { hasField, mapRecord } from "./record/record.ts";
import { mayPointToSpinLock } from "./record/reg-record.ts";

/**
 * A pointer that was found not to be null. What a look-up in a map of maps or sockets gave becomes what it points to.
 *
 * @see v6.18 kernel/bpf/verifier.c, mark_ptr_not_null_reg
 */
export function markPtrNotNull(env: Env, reg: RegState): RegState {
  if (baseType(reg.type) !== PTR_TO_MAP_VALUE) return reg.nonNull();
  const map = reg.map;
  if (map.inner !== undefined) {
    const inner = innerTemplate(env, map.inner);
    const record = mapRecord(env, inner);
    const uid = record !== undefined && hasField(record, "timer", "wq", "task_work") ? reg.id : reg.mapUid;
    return reg.withType(CONST_PTR_TO_MAP).withUnion(inner, uid, 0);
  }
  switch (map.def.type) {
    case BPF_MAP_TYPE_XSKMAP:
      return reg.withType(PTR_TO_XDP_SOCK);
    case BPF_MAP_TYPE_SOCKMAP:
    case BPF_MAP_TYPE_SOCKHASH:
      return reg.withType(PTR_TO_SOCKET);
    default:
      return reg.withType(PTR_TO_MAP_VALUE);
  }
}

/** Templates of inner maps have no names. @see v6.18 kernel/bpf/map_in_map.c, bpf_map_meta_alloc */
function innerTemplate(env: Env, inner: VerifierMap): VerifierMap {
  const known = env.innerTemplates.get(inner);
  if (known !== undefined) return known;
  const { def, id, handle, frozen, btf, keyTypeId, valueTypeId } = inner;
  const template: VerifierMap = {
    def,
    id,
    handle,
    name: "",
    frozen,
    btf,
    ...(keyTypeId !== undefined && { keyTypeId }),
    ...(valueTypeId !== undefined && { valueTypeId }),
  };
  env.innerTemplates.set(inner, template);
  return template;
}

/**
 * After a test of register `regno` against null: all copies of the pointer, in one of the two ways.
 *
 * @see v6.18 kernel/bpf/verifier.c, mark_ptr_or_null_regs
 */
export function markPtrOrNullRegs(env: Env, st: VerifierState, regno: number, isNull: boolean): void {
  const { id, refObjId } = st.frame.regs[regno]!;
  if (refObjId !== 0 && refObjId === id && isNull) releaseReferenceNomark(st, id);
  forEachReg(st, (reg) => {
    if (reg.id !== id || !typeMayBeNull(reg.type) || (id === 0 && (reg.type & MEM_RCU) === 0)) return reg;
    if (isNull) {
      return new RegState(SCALAR_VALUE, reg.off, ZERO, 0, 0, reg.frameno, reg.precise, reg.obj, reg.u1, reg.u2);
    }
    const known = markPtrNotNull(env, reg);
    return mayPointToSpinLock(env, known) ? known : known.withId(0);
  });
}
