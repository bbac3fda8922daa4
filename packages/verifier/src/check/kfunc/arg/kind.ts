import type { Btf } from "@bpf-ts/btf";
import { EINVAL } from "@bpf-ts/uapi/errno";
import { reject } from "../../../reject.ts";
import { type Env, reg } from "../../../state/env.ts";
import { baseType, PTR_TO_BTF_ID, SCALAR_VALUE } from "../../../state/reg-type.ts";
import { isProgCtxType } from "../../btf/ctx-type.ts";
import { structBehind } from "../../btf/trust.ts";
import { isScalarType, isStructOrUnion } from "../../btf/type-class.ts";
import { btfTypeName, btfTypeStr } from "../../btf/type-names.ts";
import { isRegNull } from "../../reg-arg.ts";
import { KF_ITER_DESTROY, KF_ITER_NEW, KF_ITER_NEXT } from "../flags.ts";
import type { KfuncMeta } from "../meta.ts";
import { hasSuffix, pointsToStruct } from "../param.ts";
import type { KfuncArg } from "./context.ts";

/** What a pointer argument of a kernel function is: enum kfunc_ptr_arg_type. */
export type KfuncArgKind =
  | "ctx"
  | "null"
  | "alloc-obj"
  | "refcounted-kptr"
  | "dynptr"
  | "iter"
  | "list-head"
  | "list-node"
  | "rb-root"
  | "rb-node"
  | "const-str"
  | "map"
  | "workqueue"
  | "task-work"
  | "irq-flag"
  | "res-spin-lock"
  | "btf-id"
  | "callback"
  | "mem"
  | "mem-size";

/** Structs of the kernel's that are an argument of a kind of its own. */
const STRUCT_KINDS: readonly (readonly [struct: string, kind: KfuncArgKind])[] = [
  ["bpf_list_head", "list-head"],
  ["bpf_list_node", "list-node"],
  ["bpf_rb_root", "rb-root"],
  ["bpf_rb_node", "rb-node"],
];
const LATER_STRUCT_KINDS: readonly (readonly [struct: string, kind: KfuncArgKind])[] = [
  ["bpf_wq", "workqueue"],
  ["bpf_task_work", "task-work"],
  ["bpf_res_spin_lock", "res-spin-lock"],
];

const ITER_FUNCS = KF_ITER_NEW | KF_ITER_NEXT | KF_ITER_DESTROY;

/**
 * Tells from BTF, and where BTF leaves it open from the register, what kind of argument it is.
 *
 * @see v6.18 kernel/bpf/verifier.c, get_kfunc_ptr_arg_type
 */
export function kfuncArgKind(arg: KfuncArg): KfuncArgKind {
  const { env, meta, param, index, reg: r, ptrId, targetId } = arg;
  const { btf } = meta;
  if (meta.name === "bpf_cast_to_kern_ctx") return "ctx";
  const hasSize = isMemSize(env, meta, index + 1);
  if (isProgCtxType(btf, ptrId, env.facts.progType)) return "ctx";
  if (hasSuffix(param, "__nullable") && isRegNull(r) && !hasSize) return "null";
  if (hasSuffix(param, "__alloc")) return "alloc-obj";
  if (hasSuffix(param, "__refcounted_kptr")) return "refcounted-kptr";
  if (pointsToStruct(btf, param, "bpf_dynptr")) return "dynptr";
  if (meta.has(ITER_FUNCS) ? index === 0 : hasSuffix(param, "__iter")) return "iter";
  for (const [struct, kind] of STRUCT_KINDS) if (pointsToStruct(btf, param, struct)) return kind;
  if (hasSuffix(param, "__str")) return "const-str";
  if (hasSuffix(param, "__map")) return "map";
  for (const [struct, kind] of LATER_STRUCT_KINDS) if (pointsToStruct(btf, param, struct)) return kind;
  if (hasSuffix(param, "__irq_flag")) return "irq-flag";

  const base = baseType(r.type);
  const targetText = `${btfTypeStr(btf, targetId)} ${btfTypeName(btf, targetId)}`;
  if (base === PTR_TO_BTF_ID || structBehind(base) !== undefined) {
    if (!isStructOrUnion(btf, targetId)) {
      refuse(env, `kernel function ${meta.name} args#${index} pointer type ${targetText} is not supported`);
    }
    return "btf-id";
  }
  if (btf.kindOf(targetId) === "func_proto") return "callback";
  const isPlain = isScalarType(btf, targetId) || isScalarStruct(env, btf, targetId, 0);
  if (!isPlain && !(hasSize && targetId === 0)) {
    refuse(
      env,
      `arg#${index} pointer type ${targetText} must point to ${hasSize ? "void, " : ""}scalar, or struct with scalar`,
    );
  }
  return hasSize ? "mem-size" : "mem";
}

function refuse(env: Env, text: string): never {
  reject(env, env.insnIdx, "call", EINVAL, text);
}

/** Whether argument `index` is the size of the memory in the one before. */
export function isMemSize(env: Env, meta: KfuncMeta, index: number): boolean {
  return isSizeNamed(env, meta, index, "__sz") || isConstMemSize(env, meta, index);
}

/** Whether it is one, and must be a constant. */
export function isConstMemSize(env: Env, meta: KfuncMeta, index: number): boolean {
  return isSizeNamed(env, meta, index, "__szk");
}

function isSizeNamed(env: Env, meta: KfuncMeta, index: number, suffix: "__sz" | "__szk"): boolean {
  const param = meta.proto.params[index];
  if (param === undefined || !hasSuffix(param, suffix)) return false;
  return isScalarType(meta.btf, meta.btf.resolve(param.type)) && reg(env, index + 1).type === SCALAR_VALUE;
}

const MAX_NESTING = 3;

/** A struct that is numbers through and through. @see v6.18 kernel/bpf/verifier.c, __btf_type_is_scalar_struct */
export function isScalarStruct(env: Env, btf: Btf, id: number, depth: number): boolean {
  const struct = btf.type(id);
  if (struct.kind !== "struct" && struct.kind !== "union") return false;
  for (const { type } of struct.members) {
    const at = btf.resolve(type);
    const member = btf.type(at);
    if (member.kind === "struct" || member.kind === "union") {
      if (depth >= MAX_NESTING) {
        env.log.write("max struct nesting depth exceeded\n");
        return false;
      }
      if (!isScalarStruct(env, btf, at, depth + 1)) return false;
    } else if (member.kind === "array") {
      if (member.length === 0 || !isScalarType(btf, btf.resolve(member.type))) return false;
    } else if (!isScalarType(btf, at)) {
      return false;
    }
  }
  return true;
}
