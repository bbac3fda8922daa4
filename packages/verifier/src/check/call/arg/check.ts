import type { ArgProto } from "@bpf-ts/uapi";
import { EACCES, EINVAL } from "@bpf-ts/uapi/errno";
import { BPF_FUNC_map_peek_elem } from "@bpf-ts/uapi/helper-ids";
import { BPF_MAP_TYPE_BLOOM_FILTER, BPF_MAP_TYPE_SOCKHASH, BPF_MAP_TYPE_SOCKMAP } from "@bpf-ts/uapi/map-types";
import { BPF_PROG_TYPE_CGROUP_SOCKOPT } from "@bpf-ts/uapi/prog-types";
import { reject, verifierBug } from "../../../reject.ts";
import { type Env, reg } from "../../../state/env.ts";
import { PTR_TO_STACK, typeIsPktPointer } from "../../../state/reg-type.ts";
import { checkRegArg, isPointerValue, isRegNull, SRC_OP } from "../../reg-arg.ts";
import type { CallMeta } from "../meta.ts";
import { dynptrRefObjId } from "./dynptr.ts";
import { checkArgRegOff } from "./reg-off.ts";
import { checkRegType } from "./reg-type.ts";
import { ARG_CHECKS } from "./table.ts";

/**
 * Checks one argument of a helper call: that it may be read, that its type and offset suit, what it means for the references held, and what
 * its kind asks for beyond that.
 *
 * @param index 0-based.
 * @see v6.18 kernel/bpf/verifier.c, check_func_arg
 */
export function checkHelperArg(env: Env, index: number, args: readonly ArgProto[], meta: CallMeta): void {
  const declared = args[index]!;
  if (declared.kind === "DONTCARE") return;
  const regno = index + 1;
  checkRegArg(env, regno, SRC_OP);
  if (declared.kind === "ANYTHING") {
    if (isPointerValue(env, regno)) {
      reject(env, env.insnIdx, "pointer", EACCES, `R${regno} leaks addr into helper function`);
    }
    return;
  }
  const r = reg(env, regno);
  if (typeIsPktPointer(r.type) && !mayPassPacket(env, meta)) {
    reject(env, env.insnIdx, "packet", EACCES, "helper access to the packet is not allowed");
  }

  const arg = declared.kind === "MAP_VALUE" ? mapValueArg(env, declared, meta) : declared;
  if (arg.nullable !== true || !isRegNull(r)) {
    checkRegType(env, regno, arg, meta);
    checkArgRegOff(env, r, regno, { release: arg.release === true, dynptr: arg.kind === "DYNPTR" });
  }
  if (arg.release === true) noteRelease(env, regno, arg, meta);
  if (r.refObjId !== 0 && arg.kind !== "KPTR_XCHG_DEST") {
    if (meta.refObjId !== 0) {
      const text = `more than one arg with ref_obj_id R${regno} ${r.refObjId} ${meta.refObjId}`;
      reject(env, env.insnIdx, "reference", EACCES, text);
    }
    meta.refObjId = r.refObjId;
  }
  ARG_CHECKS[arg.kind]({ env, meta, arg, regno, before: args[index - 1] });
}

/** @see v6.18 kernel/bpf/verifier.c, may_access_direct_pkt_data with a helper's prototype */
function mayPassPacket(env: Env, meta: CallMeta): boolean {
  if (env.facts.progType === BPF_PROG_TYPE_CGROUP_SOCKOPT) return true;
  return env.progType.pktRead === true && meta.proto?.pktAccess === true;
}

/** A value of some maps is something else than memory. @see v6.18 kernel/bpf/verifier.c, resolve_map_arg_type */
function mapValueArg(env: Env, arg: ArgProto, meta: CallMeta): ArgProto {
  switch (meta.map?.def.type) {
    case BPF_MAP_TYPE_SOCKMAP:
    case BPF_MAP_TYPE_SOCKHASH:
      if (arg.uninit === true || arg.write === true || arg.nullable === true) {
        reject(env, env.insnIdx, "map", EINVAL, "invalid arg_type for sockmap/sockhash");
      }
      return { kind: "BTF_ID_SOCK_COMMON" };
    case BPF_MAP_TYPE_BLOOM_FILTER:
      // What is asked for is given, not filled in.
      return meta.funcId === BPF_FUNC_map_peek_elem ? { kind: "MAP_VALUE" } : arg;
    case undefined:
      return verifierBug("invalid map_ptr to access map->type");
    default:
      return arg;
  }
}

/** The argument's reference goes with the call: there must be one. */
function noteRelease(env: Env, regno: number, arg: ArgProto, meta: CallMeta): void {
  const r = reg(env, regno);
  const refuse = (text: string): never => reject(env, env.insnIdx, "reference", EINVAL, text);
  if (arg.kind === "DYNPTR") {
    if (r.type !== PTR_TO_STACK) refuse("cannot release unowned const bpf_dynptr");
    if (dynptrRefObjId(env, r) === 0) refuse(`arg ${regno} is an unacquired reference`);
  } else if (r.refObjId === 0 && !isRegNull(r)) {
    refuse(`R${regno} must be referenced when passed to release function`);
  }
  if (meta.releaseRegno !== 0) verifierBug("more than one release argument");
  meta.releaseRegno = regno;
}
