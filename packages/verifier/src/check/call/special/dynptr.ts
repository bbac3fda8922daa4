import type { Insn } from "@bpf-ts/isa";
import { EACCES } from "@bpf-ts/uapi/errno";
import { BPF_DYNPTR_TYPE_SKB, BPF_DYNPTR_TYPE_SKB_META } from "@bpf-ts/uapi/helper-flags";
import { regTypeStr } from "../../../log/reg-type-str.ts";
import { reject, verifierBug } from "../../../reject.ts";
import { type Env, reg } from "../../../state/env.ts";
import { PTR_TO_MAP_VALUE } from "../../../state/reg-type.ts";
import { dynptrReg } from "../arg/dynptr.ts";
import type { CallMeta } from "../meta.ts";

/** Only a map's value outlives the program's frames. */
export function checkDynptrFromMem(env: Env): void {
  const { type } = reg(env, 1);
  if (type !== PTR_TO_MAP_VALUE) {
    reject(env, env.insnIdx, "call", EACCES, `Unsupported reg type ${regTypeStr(type)} for bpf_dynptr_from_mem data`);
  }
}

/** The result lives as long as the dynptr, and shares its reference. */
export function checkDynptrData(env: Env, _insn: Insn, meta: CallMeta): void {
  const dynptr = dynptrReg(env, reg(env, dynptrArg(meta)));
  meta.dynptrId = dynptr.id;
  meta.refObjId = dynptr.refObjId;
}

/** Writing through a dynptr of a packet may move the packet. */
export function checkDynptrWrite(env: Env, _insn: Insn, meta: CallMeta): void {
  const { dynptrType } = dynptrReg(env, reg(env, dynptrArg(meta)));
  if (dynptrType === BPF_DYNPTR_TYPE_SKB || dynptrType === BPF_DYNPTR_TYPE_SKB_META) meta.changesPktData = true;
}

function dynptrArg(meta: CallMeta): number {
  const at = (meta.proto?.args ?? []).findIndex((arg) => arg.kind === "DYNPTR");
  return at < 0 ? verifierBug("no dynptr arg found") : at + 1;
}
