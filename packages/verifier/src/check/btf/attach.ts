import type { Btf } from "@bpf-ts/btf";
import {
  BPF_LSM_CGROUP,
  BPF_LSM_MAC,
  BPF_MODIFY_RETURN,
  BPF_TRACE_FENTRY,
  BPF_TRACE_FEXIT,
  BPF_TRACE_ITER,
  BPF_TRACE_RAW_TP,
} from "@bpf-ts/uapi/attach-types";
import { EINVAL } from "@bpf-ts/uapi/errno";
import { BPF_F_SLEEPABLE } from "@bpf-ts/uapi/prog-flags";
import { BPF_PROG_TYPE_EXT } from "@bpf-ts/uapi/prog-types";
import type { AttachTarget, VerifierInput } from "../../types.ts";
import type { UnsupportedFeature } from "../../unsupported.ts";
import { iterCtxArgs } from "./iter-targets.ts";
import { isAnyEnum, isStructOrUnion } from "./type-class.ts";
import { btfTypeStr } from "./type-names.ts";

/** What `KernelProfile.checkAttach` answers. */
export type AttachAnswer =
  | AttachTarget
  | { readonly errno: number; readonly text: string }
  | { readonly unsupported: UnsupportedFeature };

const refusal = (text: string, errno: number = EINVAL): AttachAnswer => ({ errno, text });

const RAW_TP_PREFIX = "btf_trace_";

/**
 * Whether a function of the kernel may have its result replaced by a program. BTF does not tell; a kernel's profile may know.
 */
export interface AttachPolicy {
  /** undefined: not known. */
  isModifiable?(func: string): boolean | undefined;
  /** undefined: not known. */
  isSleepable?(func: string): boolean | undefined;
}

/**
 * Finds and checks the function, hook, tracepoint or iterator that a tracing or LSM program is to be attached to.
 *
 * @see v6.18 kernel/bpf/verifier.c, bpf_check_attach_target, check_attach_btf_id
 */
export function checkAttachTarget(input: VerifierInput, btf: Btf, policy: AttachPolicy = {}): AttachAnswer {
  const btfId = input.attachBtfId ?? 0;
  if (btfId === 0) return refusal("Tracing programs must provide btf_id");
  if (input.attachProg === true) return { unsupported: "attach-prog" };
  if (btfId >= btf.typeCount) return refusal(`attach_btf_id ${btfId} is invalid`);
  if (input.progType === BPF_PROG_TYPE_EXT) return refusal("Cannot replace kernel functions");

  switch (input.expectedAttachType) {
    case BPF_TRACE_RAW_TP:
      return rawTpTarget(btf, btfId);
    case BPF_TRACE_ITER:
      return iterTarget(btf, btfId);
    case BPF_LSM_MAC:
    case BPF_LSM_CGROUP:
      return { unsupported: "prog-type" };
    case BPF_MODIFY_RETURN:
    case BPF_TRACE_FENTRY:
    case BPF_TRACE_FEXIT:
      return funcTarget(input, btf, btfId, policy);
    default:
      return refusal("");
  }
}

/** A tracepoint is named by the typedef of its probe; argument names come from the function that calls the probes. */
function rawTpTarget(btf: Btf, btfId: number): AttachAnswer {
  if (btf.kindOf(btfId) !== "typedef") return refusal(`attach_btf_id ${btfId} is not a typedef`);
  const typeName = btf.nameOf(btfId);
  if (!typeName.startsWith(RAW_TP_PREFIX)) {
    return refusal(`attach_btf_id ${btfId} points to wrong type name ${typeName}`);
  }
  const name = typeName.slice(RAW_TP_PREFIX.length);
  const caller = btf.findByName(`__bpf_trace_${name}`, "func") ?? btf.findByName(`__traceiter_${name}`, "func");
  return { name, protoId: btf.funcProto(caller ?? btfId).id };
}

function iterTarget(btf: Btf, btfId: number): AttachAnswer {
  if (btf.kindOf(btfId) !== "func") return refusal(`attach_btf_id ${btfId} is not a function`);
  const name = btf.nameOf(btfId);
  const fault = funcModelFault(btf, btfId);
  if (fault !== undefined) return refusal(fault);
  const ctxArgs = iterCtxArgs(name);
  // The kernel only has programs for iterators that are registered.
  return ctxArgs === undefined ? refusal("") : { name, protoId: btf.funcProto(btfId).id, ctxArgs };
}

function funcTarget(input: VerifierInput, btf: Btf, btfId: number, policy: AttachPolicy): AttachAnswer {
  if (btf.kindOf(btfId) !== "func") return refusal(`attach_btf_id ${btfId} is not a function`);
  const name = btf.nameOf(btfId);
  const fault = funcModelFault(btf, btfId);
  if (fault !== undefined) return refusal(fault);
  if ((input.progFlags & BPF_F_SLEEPABLE) !== 0) {
    const sleepable = policy.isSleepable?.(name);
    if (sleepable === undefined) return { unsupported: "sleepable" };
    if (!sleepable) return refusal(`${name} is not sleepable`);
  } else if (input.expectedAttachType === BPF_MODIFY_RETURN) {
    const modifiable = name.startsWith("security_") ? true : policy.isModifiable?.(name);
    if (modifiable === undefined) return { unsupported: "attach-prog" };
    if (!modifiable) return refusal(`${name}() is not modifiable`);
  }
  return { name, protoId: btf.funcProto(btfId).id };
}

const MAX_FUNC_ARGS = 12;

/**
 * Why a function's arguments can't be passed on by a trampoline.
 *
 * @see v6.18 kernel/bpf/btf.c, btf_distill_func_proto
 */
function funcModelFault(btf: Btf, funcId: number): string | undefined {
  const name = btf.nameOf(funcId);
  const proto = btf.funcProto(funcId);
  const count = proto.params.length + (proto.variadic ? 1 : 0);
  if (count > MAX_FUNC_ARGS) return `The function ${name} has ${count} arguments. Too many.`;
  const ret = btf.resolve(proto.ret);
  const retSize = passedSize(btf, ret);
  if (retSize === undefined || isStructOrUnion(btf, ret)) {
    return `The function ${name} return type ${btfTypeStr(btf, ret)} is unsupported.`;
  }
  for (let i = 0; i < count; i++) {
    if (i === proto.params.length) return `The function ${name} with variable args is unsupported.`;
    const at = btf.resolve(proto.params[i]!.type);
    if (at === 0) return `The function ${name} has malformed void argument.`;
    const size = passedSize(btf, at);
    if (size === undefined || size > 16) {
      return `The function ${name} arg${i} type ${btfTypeStr(btf, at)} is unsupported.`;
    }
  }
  return undefined;
}

/** Bytes of a value in registers, 0 for none; undefined for what can't be passed. @see v6.18 kernel/bpf/btf.c, __get_type_size */
function passedSize(btf: Btf, id: number): number | undefined {
  if (id === 0) return 0;
  const kind = btf.kindOf(id);
  if (kind === "ptr") return 8;
  if (kind === "int" || isAnyEnum(btf, id) || isStructOrUnion(btf, id)) return btf.sizeOrTypeOf(id);
  return undefined;
}
