import type { RetProto } from "@bpf-ts/uapi";
import { EINVAL } from "@bpf-ts/uapi/errno";
import * as fn from "@bpf-ts/uapi/helper-ids";
import { fromUnsignedRange, sync, withBounds } from "../../domain/index.ts";
import { reject, verifierBug } from "../../reject.ts";
import { type Env, nextId, setReg } from "../../state/env.ts";
import { acquireReference } from "../../state/references.ts";
import {
  btfReg,
  mapReg,
  memReg,
  pointerReg,
  REG_NOT_INIT,
  REG_UNKNOWN,
  type RegState,
  scalarReg,
} from "../../state/reg-state.ts";
import {
  MEM_ALLOC,
  MEM_RCU,
  MEM_RDONLY,
  MEM_RINGBUF,
  PTR_MAYBE_NULL,
  PTR_TO_BTF_ID,
  PTR_TO_MAP_VALUE,
  PTR_TO_MEM,
  PTR_TO_SOCK_COMMON,
  PTR_TO_SOCKET,
  PTR_TO_TCP_SOCK,
  PTR_TRUSTED,
  typeMayBeNull,
} from "../../state/reg-type.ts";
import { unsupported } from "../../unsupported.ts";
import { resolveSize } from "../btf/resolve-size.ts";
import { isStructOrUnion } from "../btf/type-class.ts";
import { btfTypeName } from "../btf/type-names.ts";
import { hasField, mapRecord } from "../record/record.ts";
import { checkBounds } from "../reg-arg.ts";
import { keyIsPresent } from "./arg/map.ts";
import { isAcquireFunction, isDynptrRefFunction, isPtrCastFunction } from "./classes.ts";
import { takenFromMap } from "./kptr.ts";
import type { CallMeta } from "./meta.ts";

/** Kernel's MAX_ERRNO. */
const MAX_ERRNO = 4095;

/**
 * Puts into R0 what the helper gives back, with the ids that tie it to null checks and references.
 *
 * @see v6.18 kernel/bpf/verifier.c, check_helper_call (from "update return register" on)
 */
export function setReturnReg(env: Env, meta: CallMeta): void {
  const ret = meta.proto?.ret;
  if (ret === undefined) verifierBug("helper without return type");
  let r0 = returned(env, ret, meta);
  if (typeMayBeNull(r0.type)) r0 = r0.withId(nextId(env));
  if (isDynptrRefFunction(meta.funcId)) r0 = r0.withUnion(r0.obj, r0.u1, meta.dynptrId);
  if (isPtrCastFunction(meta.funcId) || isDynptrRefFunction(meta.funcId)) {
    r0 = r0.withRefObjId(meta.refObjId);
  } else if (isAcquireFunction(meta.funcId, meta.map?.def.type ?? 0)) {
    const id = acquireReference(env, meta.insnIdx);
    r0 = r0.withId(id).withRefObjId(id);
  }
  if (ret.kind === "INTEGER") r0 = refined(env, meta, r0);
  setReg(env, 0, r0);
}

function retFlags(ret: RetProto): number {
  let flags = 0;
  if (ret.nullable === true) flags |= PTR_MAYBE_NULL;
  if (ret.ringbuf === true) flags |= MEM_RINGBUF;
  if (ret.trusted === true) flags |= PTR_TRUSTED;
  if (ret.readonly === true) flags |= MEM_RDONLY;
  return flags;
}

function returned(env: Env, ret: RetProto, meta: CallMeta): RegState {
  const flags = retFlags(ret);
  switch (ret.kind) {
    case "INTEGER":
      return REG_UNKNOWN;
    case "VOID":
      return REG_NOT_INIT;
    case "MAP_VALUE": {
      const map = meta.map ?? verifierBug("kernel subsystem misconfigured verifier");
      const isThere = meta.funcId === fn.BPF_FUNC_map_lookup_elem && keyIsPresent(meta);
      const type = PTR_TO_MAP_VALUE | (isThere ? flags & ~PTR_MAYBE_NULL : flags);
      const record = typeMayBeNull(type) ? undefined : mapRecord(env, map);
      const hasLock = record !== undefined && hasField(record, "spin_lock", "res_spin_lock");
      return mapReg(type, map, hasLock ? nextId(env) : 0, meta.mapUid);
    }
    case "SOCKET":
      return pointerReg(PTR_TO_SOCKET | flags);
    case "SOCK_COMMON":
      return pointerReg(PTR_TO_SOCK_COMMON | flags);
    case "TCP_SOCK":
      return pointerReg(PTR_TO_TCP_SOCK | flags);
    case "MEM":
      return memReg(PTR_TO_MEM | flags, meta.memSize);
    case "MEM_OR_BTF_ID":
      return memOrStruct(env, meta, flags);
    case "BTF_ID": {
      if (meta.kptr !== undefined) return takenFromMap(env, meta.kptr);
      const kernel = env.profile.kernelBtf;
      const id = ret.btfType === undefined ? undefined : kernel.findByName(ret.btfType, "struct");
      if (id === undefined) return unsupported("kernel-symbol", `struct ${ret.btfType ?? "?"} in the kernel's BTF`);
      return btfReg(PTR_TO_BTF_ID | flags, kernel, id);
    }
    default:
      ret.kind satisfies never;
      return verifierBug(`unknown return type of ${meta.funcName}`);
  }
}

/** One CPU's part of a per-CPU variable: a structure, or memory of its type's size. */
function memOrStruct(env: Env, meta: CallMeta, flags: number): RegState {
  const btf = meta.retBtf ?? verifierBug("per-CPU argument without type");
  const id = btf.resolve(meta.retBtfId);
  if (!isStructOrUnion(btf, id)) {
    const size = resolveSize(btf, id)?.size;
    if (size === undefined) {
      reject(
        env,
        env.insnIdx,
        "btf",
        EINVAL,
        `unable to resolve the size of type '${btfTypeName(btf, id)}': -${EINVAL}`,
      );
    }
    return memReg(PTR_TO_MEM | flags, size);
  }
  if (meta.percpuAlloc) return btfReg(PTR_TO_BTF_ID | MEM_ALLOC | MEM_RCU, btf, meta.retBtfId);
  return btfReg(PTR_TO_BTF_ID | (flags & ~MEM_RDONLY), btf, meta.retBtfId);
}

/** Helpers that answer how much of a buffer they filled, or an error. */
const FILLED_SIZE: ReadonlySet<number> = new Set([
  fn.BPF_FUNC_get_stack,
  fn.BPF_FUNC_get_task_stack,
  fn.BPF_FUNC_probe_read_str,
  fn.BPF_FUNC_probe_read_kernel_str,
  fn.BPF_FUNC_probe_read_user_str,
]);

/** @see v6.18 kernel/bpf/verifier.c, do_refine_retval_range */
function refined(env: Env, meta: CallMeta, r0: RegState): RegState {
  let { scalar } = r0;
  if (FILLED_SIZE.has(meta.funcId)) {
    const max = meta.msizeMaxValue;
    scalar = sync(withBounds(scalar, { smax: max, s32max: Number(max), smin: BigInt(-MAX_ERRNO), s32min: -MAX_ERRNO }));
  } else if (meta.funcId === fn.BPF_FUNC_get_smp_processor_id) {
    scalar = fromUnsignedRange(0n, BigInt(env.profile.limits.nrCpuIds - 1));
  }
  return scalarReg(checkBounds(env, scalar, "retval"));
}
