import { BTF_FUNC_GLOBAL, type Btf, type BtfFuncProto } from "@bpf-ts/btf";
import { EFAULT, EINVAL, ENOENT, EOPNOTSUPP, ESRCH } from "@bpf-ts/uapi/errno";
import { reject } from "../../reject.ts";
import type { Env } from "../../state/env.ts";
import type { SubprogArg, SubprogInfo } from "../../state/subprog.ts";
import { isProgCtxType, progCtxTypeFault } from "./ctx-type.ts";
import { resolveSize } from "./resolve-size.ts";
import { isAnyEnum, isStructOrUnion } from "./type-class.ts";
import { btfTypeName, btfTypeStr } from "./type-names.ts";

const MAX_ARGS = 5;

/** Tags `arg:<tag>` of global functions' arguments, in C: `__arg_ctx`, `__arg_nonnull` … */
type ArgTag = "ctx" | "trusted" | "untrusted" | "nonnull" | "nullable" | "arena";
const ARG_TAGS: ReadonlySet<string> = new Set<ArgTag>(["ctx", "trusted", "untrusted", "nonnull", "nullable", "arena"]);

const ANYTHING: SubprogArg = { kind: "anything", nullable: false, memSize: 0, btfId: 0 };
const CTX: SubprogArg = { kind: "ctx", nullable: false, memSize: 0, btfId: 0 };
const DYNPTR: SubprogArg = { kind: "dynptr", nullable: false, memSize: 0, btfId: 0 };
const ARENA: SubprogArg = { kind: "arena", nullable: false, memSize: 0, btfId: 0 };
const UNTRUSTED_MEM: SubprogArg = { kind: "mem", nullable: false, untrusted: true, memSize: 0, btfId: 0 };

/**
 * What a function's BTF says that it expects of its arguments; remembered in `SubprogInfo.args`.
 *
 * A static function whose types can't be understood is refused without a word: it will be walked with whatever its callers pass.
 *
 * @throws Rejection, which the check of a static function's call turns into "not known".
 * @see v6.18 kernel/bpf/btf.c, btf_prepare_func_args
 */
export function prepareFuncArgs(env: Env, sub: SubprogInfo): readonly SubprogArg[] {
  if (sub.args !== undefined) return sub.args;
  const { btf } = env;
  const isGlobal = sub.linkage === BTF_FUNC_GLOBAL;
  const refuse = (text: string, errno: number = EINVAL): never =>
    reject(env, env.insnIdx, "btf", errno, text === "" || isGlobal ? text : "");

  if (btf === undefined || sub.typeId === 0) reject(env, env.insnIdx, "btf", isGlobal ? EFAULT : EINVAL, "");
  if (sub.unreliable) reject(env, env.insnIdx, "btf", EFAULT, `Verifier bug in function ${sub.name}()`);

  const proto = btf.funcProto(sub.typeId);
  // The kernel counts the marker of a variadic list as an argument.
  const count = proto.params.length + (proto.variadic ? 1 : 0);
  if (count > MAX_ARGS) refuse(`Global function ${sub.name}() with ${count} > ${MAX_ARGS} args. Buggy compiler.`);
  const ret = btf.resolve(proto.ret);
  if (btf.kindOf(ret) !== "int" && !isAnyEnum(btf, ret)) {
    refuse(`Global function ${sub.name}() doesn't return scalar. Only those are supported.`);
  }
  const args: SubprogArg[] = [];
  for (let i = 0; i < count; i++) args.push(argOf(env, btf, sub, proto, i, isGlobal));
  sub.args = args;
  return args;
}

function argOf(env: Env, btf: Btf, sub: SubprogInfo, proto: BtfFuncProto, i: number, isGlobal: boolean): SubprogArg {
  const refuse = (text: string, errno: number = EINVAL): never => reject(env, env.insnIdx, "btf", errno, text);
  const tags = argTags(env, btf, sub.typeId, i, isGlobal);
  const onlyTag = (tag: ArgTag): boolean => tags.size === 1 && tags.has(tag);
  const badTags = `arg#${i} has invalid combination of tags`;

  const typeId = btf.resolve(proto.params[i]?.type ?? 0);
  if (btf.kindOf(typeId) !== "ptr") {
    if (tags.size !== 0) refuse(`arg#${i} has pointer tag, but is not a pointer type`);
    if (btf.kindOf(typeId) === "int" || isAnyEnum(btf, typeId)) return ANYTHING;
    return refuse(isGlobal ? `Arg#${i} type ${btfTypeStr(btf, typeId)} in ${sub.name}() is not supported yet.` : "");
  }

  const { progType, expectedAttachType } = env.facts;
  if (tags.has("ctx") || isProgCtxType(btf, typeId, progType)) {
    if (tags.size > 1 || (tags.size === 1 && !tags.has("ctx"))) refuse(badTags);
    if (tags.has("ctx")) {
      const fault = progCtxTypeFault(btf, typeId, progType, expectedAttachType);
      if (fault !== undefined) refuse(`arg#${i} ${fault}`);
    }
    return CTX;
  }
  if (isDynptrPtr(btf, typeId)) {
    if (tags.size !== 0) refuse(badTags);
    return DYNPTR;
  }
  if (tags.has("trusted")) {
    if (tags.has("nonnull")) refuse(badTags);
    const btfId = kernelTypeOf(env, btf, typeId, i);
    return { kind: "trusted-btf", nullable: tags.has("nullable"), memSize: 0, btf: env.profile.kernelBtf, btfId };
  }
  if (tags.has("untrusted")) {
    if (!onlyTag("untrusted")) refuse(`arg#${i} untrusted cannot be combined with any other tags`);
    return untrustedArg(env, btf, typeId, i);
  }
  if (tags.has("arena")) {
    if (!onlyTag("arena")) refuse(`arg#${i} arena cannot be combined with any other tags`);
    return ARENA;
  }
  // Static functions are walked with what they are called with; a pointer's type says nothing about the memory behind it.
  if (!isGlobal) return refuse("");
  if (tags.has("nullable")) refuse(badTags);
  const target = btf.resolve(btf.sizeOrTypeOf(typeId));
  const memSize = resolveSize(btf, target)?.size;
  if (memSize === undefined) {
    return refuse(
      `arg#${i} reference type('${btfTypeStr(btf, target)} ${btfTypeName(btf, target)}') size cannot be determined: -${EINVAL}`,
    );
  }
  return { kind: "mem", nullable: !tags.has("nonnull"), memSize, btfId: 0 };
}

function argTags(env: Env, btf: Btf, funcId: number, i: number, isGlobal: boolean): ReadonlySet<ArgTag> {
  const refuse = (text: string): never => reject(env, env.insnIdx, "btf", EOPNOTSUPP, text);
  const tags = new Set<ArgTag>();
  for (const { name } of btf.declTags(funcId, i)) {
    if (!name.startsWith("arg:")) continue;
    if (!isGlobal) refuse(`arg#${i} type tag is not supported in static functions`);
    const tag = name.slice(4);
    if (!ARG_TAGS.has(tag)) refuse(`arg#${i} has unsupported set of tags`);
    tags.add(tag as ArgTag);
  }
  return tags;
}

/** `struct bpf_dynptr *`, which may be declared only. @see v6.18 kernel/bpf/btf.c, btf_is_dynptr_ptr */
function isDynptrPtr(btf: Btf, ptrId: number): boolean {
  const target = btf.type(btf.resolve(btf.sizeOrTypeOf(ptrId)));
  const isStruct = target.kind === "struct" || target.kind === "union" || (target.kind === "fwd" && !target.union);
  return isStruct && target.name === "bpf_dynptr";
}

const PRIMITIVE_SIZES: ReadonlySet<number> = new Set([1, 2, 4, 8, 16]);

function untrustedArg(env: Env, btf: Btf, ptrId: number, i: number): SubprogArg {
  const target = btf.resolve(btf.sizeOrTypeOf(ptrId));
  const kind = btf.kindOf(target);
  const isInt = kind === "int" && PRIMITIVE_SIZES.has(btf.sizeOrTypeOf(target));
  if (target === 0 || isInt || isAnyEnum(btf, target)) return UNTRUSTED_MEM;
  const kernel = env.profile.kernelBtf;
  const btfId = kernelTypeOf(env, btf, ptrId, i);
  if (!isStructOrUnion(kernel, btfId)) {
    reject(
      env,
      env.insnIdx,
      "btf",
      EINVAL,
      `arg#${i} has type ${btfTypeStr(kernel, btfId)} '${btfTypeName(btf, ptrId, true)}', but only struct or primitive types are allowed`,
    );
  }
  return { kind: "untrusted-btf", nullable: false, memSize: 0, btf: kernel, btfId };
}

/**
 * The one type of the kernel that has the name of a program's, flavours (`___x`) apart.
 *
 * @see v6.18 kernel/bpf/btf.c, btf_get_ptr_to_btf_id
 */
function kernelTypeOf(env: Env, btf: Btf, ptrId: number, i: number): number {
  const target = btf.resolve(btf.sizeOrTypeOf(ptrId));
  const what = `arg#${i} reference type('${btfTypeStr(btf, target)} ${btfTypeName(btf, target, true)}')`;
  const refuse = (errno: number, text: string): never => reject(env, env.insnIdx, "btf", errno, `${what} ${text}`);
  const name = btfTypeName(btf, target);
  if (name === "") return refuse(EINVAL, `candidate matching error: -${EINVAL}`);
  const found = env.profile.kernelBtf.findByEssentialName(name, btf.kindOf(target));
  if (found.length === 0) return refuse(ENOENT, "has no matches");
  return found.length === 1 ? found[0]! : refuse(ESRCH, "is ambiguous");
}
