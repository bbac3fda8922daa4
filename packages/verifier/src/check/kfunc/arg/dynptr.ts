import {
  BPF_DYNPTR_TYPE_INVALID,
  BPF_DYNPTR_TYPE_SKB,
  BPF_DYNPTR_TYPE_SKB_META,
  BPF_DYNPTR_TYPE_XDP,
} from "@bpf-ts/uapi/helper-flags";
import { verifierBug } from "../../../reject.ts";
import { CONST_PTR_TO_DYNPTR } from "../../../state/reg-type.ts";
import { checkDynptrArg, dynptrReg } from "../../call/arg/dynptr.ts";
import type { KfuncMeta } from "../meta.ts";
import { hasSuffix } from "../param.ts";
import type { KfuncArg } from "./context.ts";

/** Functions that make dynptrs, by what these are dynptrs to. */
const MADE_TYPE: ReadonlyMap<string, number> = new Map([
  ["bpf_dynptr_from_skb", BPF_DYNPTR_TYPE_SKB],
  ["bpf_dynptr_from_xdp", BPF_DYNPTR_TYPE_XDP],
  ["bpf_dynptr_from_skb_meta", BPF_DYNPTR_TYPE_SKB_META],
]);

/** A dynptr that the function makes, or takes. */
export function checkDynptrKfuncArg({ env, meta, param, regno, reg: r }: KfuncArg): void {
  const uninit = hasSuffix(param, "__uninit");
  const { type, cloneRefObjId } = uninit ? madeType(meta) : { type: BPF_DYNPTR_TYPE_INVALID, cloneRefObjId: 0 };
  checkDynptrArg(env, regno, meta.insnIdx, { uninit, readonly: r.type === CONST_PTR_TO_DYNPTR, type }, cloneRefObjId);
  if (uninit) return;
  const { dynptrType, id, refObjId } = dynptrReg(env, r);
  meta.dynptr = { type: dynptrType, id, refObjId };
}

function madeType(meta: KfuncMeta): { type: number; cloneRefObjId: number } {
  const type = MADE_TYPE.get(meta.name);
  if (type !== undefined) return { type, cloneRefObjId: 0 };
  // A clone is what its original is, and shares its reference.
  const original = meta.dynptr ?? verifierBug("no dynptr type for parent of clone");
  return { type: original.type, cloneRefObjId: original.refObjId };
}
