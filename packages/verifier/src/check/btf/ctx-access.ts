import type { Btf, BtfFuncProto } from "@bpf-ts/btf";
import {
  BPF_LSM_CGROUP,
  BPF_LSM_MAC,
  BPF_MODIFY_RETURN,
  BPF_TRACE_FEXIT,
  BPF_TRACE_ITER,
  BPF_TRACE_RAW_TP,
} from "@bpf-ts/uapi/attach-types";
import { BPF_PROG_TYPE_LSM, BPF_PROG_TYPE_STRUCT_OPS, BPF_PROG_TYPE_TRACING } from "@bpf-ts/uapi/prog-types";
import type { Env } from "../../state/env.ts";
import {
  baseType,
  MEM_PERCPU,
  MEM_RDONLY,
  MEM_USER,
  PTR_MAYBE_NULL,
  PTR_TO_BTF_ID,
  PTR_TO_BUF,
  PTR_TRUSTED,
  SCALAR_VALUE,
} from "../../state/reg-type.ts";
import type { AttachTarget, CtxAccess, CtxField, ProgFacts } from "../../types.ts";
import { rawTpArgMayBeError, rawTpArgMayBeNull } from "./raw-tp-args.ts";
import { pointerTagFlags } from "./struct-walk.ts";
import { isAnyEnum, isSmallInt, isStructOrUnion } from "./type-class.ts";
import { btfTypeName, btfTypeStr } from "./type-names.ts";

const SCALAR: CtxField = { regType: SCALAR_VALUE };

/**
 * Reads of a context that is an array of the attach target's arguments, eight bytes each: what a read yields follows from the argument's
 * type in the kernel's BTF. Structures passed by value take as many words as they need; a word of one is a number.
 *
 * The shape of the access (in bounds, aligned, a read) is checked before.
 *
 * @returns undefined if the access is refused; the reason is logged.
 * @see v6.18 kernel/bpf/btf.c, btf_ctx_access
 */
export function btfCtxAccess(env: Env, access: CtxAccess): CtxField | undefined {
  const { facts, attach } = env;
  const btf = facts.kernelBtf;
  const log = (text: string): undefined => {
    env.log.write(`${text}\n`);
    return undefined;
  };
  if (attach === undefined) return undefined;
  const func = `func '${attach.name}'`;
  const { off, size } = access;
  if (off % 8 !== 0) return log(`${func} offset ${off} is not multiple of 8`);

  const proto = btf.type(attach.protoId);
  if (proto.kind !== "func_proto") return undefined;
  const arg = argAtOffset(btf, proto, off);
  // A raw tracepoint's first argument is its own; programs don't see it.
  const params = facts.expectedAttachType === BPF_TRACE_RAW_TP ? proto.params.slice(1) : proto.params;
  if (arg > params.length) return log(`${func} doesn't have ${arg + 1}-th argument`);
  const isReturn = arg === params.length;
  if (isReturn && !returnIsReadable(facts, btf, proto, log)) return undefined;

  const isRetval = isReturn && facts.expectedAttachType === BPF_LSM_MAC;
  const typeId = btf.resolve(isReturn ? proto.ret : params[arg]!.type);
  if (isSmallInt(btf, typeId) || isAnyEnum(btf, typeId) || isStructOrUnion(btf, typeId)) {
    return isRetval ? { regType: SCALAR_VALUE, isRetval } : SCALAR;
  }
  if (btf.kindOf(typeId) !== "ptr") {
    const name = btfTypeName(btf, typeId, true);
    return log(`${func} arg${arg} '${name}' has type ${btfTypeStr(btf, typeId)}. Only pointer access is allowed`);
  }
  if (size !== 8) return log(`${func} size ${size} must be 8`);
  const target = btf.sizeOrTypeOf(typeId);
  return pointerField(env, attach, arg, params[arg]?.name ?? "", target, log);
}

type Log = (text: string) => undefined;

/** A pointer argument whose type in BTF leads to `target`. */
function pointerField(
  env: Env,
  attach: AttachTarget,
  arg: number,
  paramName: string,
  target: number,
  log: Log,
): CtxField | undefined {
  const { facts } = env;
  const btf = facts.kernelBtf;
  const func = `func '${attach.name}'`;
  const buffer = attach.bufferArgs?.find((b) => b.arg === arg);
  if (buffer !== undefined) {
    const field = { regType: PTR_TO_BUF | MEM_RDONLY, bufferArg: arg };
    return buffer.maxSize === undefined ? field : { ...field, memSize: buffer.maxSize };
  }
  const typed = attach.ctxArgs?.find((a) => a.arg === arg);
  if (typed !== undefined && baseType(typed.regType) === PTR_TO_BUF) return { regType: typed.regType, bufferArg: arg };

  const pointee = btf.resolve(target);
  // To the verifier a pointer to nothing in particular is a number.
  if (pointee === 0 || btf.kindOf(pointee) === "int") return SCALAR;
  if (typed !== undefined) return { regType: typed.regType, btf, btfId: pointee };

  let regType = PTR_TO_BTF_ID;
  if (argsAreTrusted(facts)) regType |= PTR_TRUSTED;
  if (paramName.endsWith("__nullable")) regType |= PTR_MAYBE_NULL;
  let mayBeError = false;
  if (facts.expectedAttachType === BPF_TRACE_RAW_TP) {
    if (rawTpArgMayBeNull(attach.name, arg)) regType |= PTR_MAYBE_NULL;
    mayBeError = rawTpArgMayBeError(attach.name, arg);
  }
  regType |= pointerTagFlags(btf, target) & (MEM_USER | MEM_PERCPU);
  if (!isStructOrUnion(btf, pointee)) {
    return log(`${func} arg${arg} type ${btfTypeStr(btf, pointee)} is not a struct`);
  }
  log(`${func} arg${arg} has btf_id ${pointee} type ${btfTypeStr(btf, pointee)} '${btfTypeName(btf, pointee, true)}'`);
  if (mayBeError) {
    env.log.write(`marking pointer arg${arg} as scalar as it may encode error`);
    return SCALAR;
  }
  return { regType, btf, btfId: pointee };
}

/** Bytes that a value of a type takes in the context. @see v6.18 kernel/bpf/btf.c, get_ctx_arg_idx */
function contextBytes(btf: Btf, id: number): number {
  const at = btf.resolve(id);
  if (at === 0) return 0;
  return btf.kindOf(at) === "ptr" ? 8 : Math.ceil(btf.sizeOrTypeOf(at) / 8) * 8;
}

/** Number of the argument that lies at an offset; behind the last one the return value, and one more for anything further on. */
function argAtOffset(btf: Btf, proto: BtfFuncProto, off: number): number {
  let end = 0;
  const { params } = proto;
  for (let i = 0; i < params.length; i++) {
    end += contextBytes(btf, params[i]!.type);
    if (off < end) return i;
  }
  end += contextBytes(btf, proto.ret);
  return off < end ? params.length : params.length + 1;
}

/** Whether programs of this attach type see the target's return value, which follows the arguments. */
function returnIsReadable(facts: ProgFacts, btf: Btf, proto: BtfFuncProto, log: Log): boolean {
  switch (facts.expectedAttachType) {
    case BPF_LSM_MAC:
    case BPF_LSM_CGROUP:
    case BPF_TRACE_FEXIT:
      return true;
    case BPF_MODIFY_RETURN: {
      const ret = btf.resolve(proto.ret);
      if (isSmallInt(btf, ret)) return true;
      log(`ret type ${btfTypeStr(btf, ret)} not allowed for fmod_ret`);
      return false;
    }
    default: {
      const count = proto.params.length - (facts.expectedAttachType === BPF_TRACE_RAW_TP ? 1 : 0);
      log(`func '${facts.attachFuncName}' doesn't have ${count + 1}-th argument`);
      return false;
    }
  }
}

/** @see v6.18 kernel/bpf/btf.c, prog_args_trusted */
function argsAreTrusted(facts: ProgFacts): boolean {
  switch (facts.progType) {
    case BPF_PROG_TYPE_TRACING:
      return facts.expectedAttachType === BPF_TRACE_RAW_TP || facts.expectedAttachType === BPF_TRACE_ITER;
    case BPF_PROG_TYPE_LSM:
    case BPF_PROG_TYPE_STRUCT_OPS:
      return true;
    default:
      return false;
  }
}
