import type { Env } from "../../state/env.ts";
import type { RegState } from "../../state/reg-state.ts";
import { PTR_TO_MAP_VALUE } from "../../state/reg-type.ts";
import { isAllocObj } from "../btf/trust.ts";
import { type BtfRecord, hasField, mapRecord, recordOf } from "./record.ts";

/** The special fields of what a register points to. @see v6.18 kernel/bpf/verifier.c, reg_btf_record */
export function regRecord(env: Env, reg: RegState): BtfRecord | undefined {
  if (reg.type === PTR_TO_MAP_VALUE) return mapRecord(env, reg.map);
  if (isAllocObj(reg.type)) return recordOf(reg.btf, reg.btfId);
  return undefined;
}

/** What the register points to has a lock: its identity matters. */
export function mayPointToSpinLock(env: Env, reg: RegState): boolean {
  const record = regRecord(env, reg);
  return record !== undefined && hasField(record, "spin_lock", "res_spin_lock");
}
