import { EINVAL } from "@bpf-ts/uapi/errno";
import { reject } from "../../../reject.ts";
import { baseType, CONST_PTR_TO_MAP, PTR_TO_MAP_KEY, PTR_TO_MAP_VALUE } from "../../../state/reg-type.ts";
import { hasField, mapRecord } from "../../record/record.ts";
import type { KfuncArg } from "./context.ts";

/** A map: noted; a work queue or task work given before must lie in this very one. */
export function noteMap({ env, meta, regno, reg: r }: KfuncArg): void {
  const refuse = (text: string): never => reject(env, env.insnIdx, "map", EINVAL, text);
  if (r.obj === null) refuse(`pointer in R${regno} isn't map pointer`);
  const base = baseType(r.type);
  // A map that the kernel showed the program, of which nothing is known here but its type.
  if (base !== CONST_PTR_TO_MAP && base !== PTR_TO_MAP_VALUE && base !== PTR_TO_MAP_KEY) return;
  if (meta.map !== null && (meta.map !== r.map || meta.mapUid !== r.mapUid)) {
    const record = mapRecord(env, r.map);
    const uids = (what: string): string =>
      `${what} pointer in R1 map_uid=${meta.mapUid} doesn't match map pointer in R2 map_uid=${r.mapUid}`;
    if (record !== undefined && hasField(record, "task_work")) refuse(uids("bpf_task_work"));
    if (record !== undefined && hasField(record, "wq")) refuse(uids("workqueue"));
  }
  meta.map = r.map;
  meta.mapUid = r.mapUid;
}
