import { BPF_TRACE_ITER } from "@bpf-ts/uapi/attach-types";
import { EACCES, EINVAL } from "@bpf-ts/uapi/errno";
import * as fn from "@bpf-ts/uapi/helper-ids";
import { BPF_F_RDONLY_PROG } from "@bpf-ts/uapi/map-flags";
import { BPF_MAP_TYPE_PROG_ARRAY, BPF_MAP_TYPE_SOCKHASH, BPF_MAP_TYPE_SOCKMAP } from "@bpf-ts/uapi/map-types";
import * as prog from "@bpf-ts/uapi/prog-types";
import { isConst } from "../../domain/index.ts";
import { markChainPrecision } from "../../precision/mark.ts";
import { reject, verifierBug } from "../../reject.ts";
import { type Env, reg } from "../../state/env.ts";
import { SCALAR_VALUE } from "../../state/reg-type.ts";
import { helperAcceptsMap, mapAcceptsHelper } from "./map-helpers.ts";
import type { CallMeta } from "./meta.ts";

/** Helpers whose calls are rewritten for the map that they are made with, if it is always the same one. */
const RECORDED: ReadonlySet<number> = new Set([
  fn.BPF_FUNC_tail_call,
  fn.BPF_FUNC_map_lookup_elem,
  fn.BPF_FUNC_map_update_elem,
  fn.BPF_FUNC_map_delete_elem,
  fn.BPF_FUNC_map_push_elem,
  fn.BPF_FUNC_map_pop_elem,
  fn.BPF_FUNC_map_peek_elem,
  fn.BPF_FUNC_for_each_map_elem,
  fn.BPF_FUNC_redirect_map,
  fn.BPF_FUNC_map_lookup_percpu_elem,
]);

const CHANGES_MAP: ReadonlySet<number> = new Set([
  fn.BPF_FUNC_map_delete_elem,
  fn.BPF_FUNC_map_update_elem,
  fn.BPF_FUNC_map_push_elem,
  fn.BPF_FUNC_map_pop_elem,
]);

/**
 * Notes which map a call is made with, and refuses changes of maps that programs may only read.
 *
 * @see v6.18 kernel/bpf/verifier.c, record_func_map, record_func_key
 */
export function recordFuncMap(env: Env, meta: CallMeta): void {
  const { funcId, insnIdx } = meta;
  if (!RECORDED.has(funcId)) return;
  const map = meta.map ?? verifierBug("kernel subsystem misconfigured verifier");
  if ((map.def.mapFlags & BPF_F_RDONLY_PROG) !== 0 && CHANGES_MAP.has(funcId)) {
    reject(env, env.insnIdx, "map", EACCES, "write into map forbidden");
  }
  const seen = env.mapPtrState.get(insnIdx);
  if (seen === undefined) {
    env.mapPtrState.set(insnIdx, { map, poisoned: false, types: new Set([map.def.type]) });
  } else {
    if (seen.map !== map) seen.poisoned = true;
    seen.types.add(map.def.type);
  }
  if (funcId === fn.BPF_FUNC_tail_call) {
    if (map.def.type !== BPF_MAP_TYPE_PROG_ARRAY) {
      reject(env, env.insnIdx, "map", EINVAL, "expected prog array map for tail call");
    }
    const index = reg(env, 3);
    if (index.type === SCALAR_VALUE && isConst(index.scalar) && index.scalar.tnum.value < BigInt(map.def.maxEntries))
      markChainPrecision(env, 3);
  }
}

/** @see v6.18 kernel/bpf/verifier.c, check_map_func_compatibility */
export function checkMapFuncCompatibility(env: Env, meta: CallMeta): void {
  const { map, funcId } = meta;
  if (map === null) return;
  const { type } = map.def;
  const fits =
    (mapAcceptsHelper(type, funcId) || (isSockMap(type) && mayUpdateSockmap(env, funcId))) &&
    helperAcceptsMap(funcId, type);
  if (!fits) {
    reject(env, env.insnIdx, "map", EINVAL, `cannot pass map_type ${type} into func ${meta.funcName}#${funcId}`);
  }
}

function isSockMap(type: number): boolean {
  return type === BPF_MAP_TYPE_SOCKMAP || type === BPF_MAP_TYPE_SOCKHASH;
}

/** Programs that never run with a socket locked. */
const SOCKMAP_UPDATERS: ReadonlySet<number> = new Set([
  prog.BPF_PROG_TYPE_SOCKET_FILTER,
  prog.BPF_PROG_TYPE_SCHED_CLS,
  prog.BPF_PROG_TYPE_SCHED_ACT,
  prog.BPF_PROG_TYPE_XDP,
  prog.BPF_PROG_TYPE_SK_REUSEPORT,
  prog.BPF_PROG_TYPE_FLOW_DISSECTOR,
  prog.BPF_PROG_TYPE_SK_LOOKUP,
]);

/** @see v6.18 kernel/bpf/verifier.c, may_update_sockmap */
function mayUpdateSockmap(env: Env, funcId: number): boolean {
  if (funcId !== fn.BPF_FUNC_map_update_elem && funcId !== fn.BPF_FUNC_map_delete_elem) return false;
  const { progType, expectedAttachType } = env.facts;
  if (SOCKMAP_UPDATERS.has(progType)) return true;
  if (progType === prog.BPF_PROG_TYPE_TRACING && expectedAttachType === BPF_TRACE_ITER) return true;
  if (progType === prog.BPF_PROG_TYPE_SOCK_OPS && funcId === fn.BPF_FUNC_map_delete_elem) return true;
  env.log.write("cannot update sockmap in this context\n");
  return false;
}
