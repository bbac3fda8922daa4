import type { BtfFuncProto } from "@bpf-ts/btf";
import type { Insn } from "@bpf-ts/isa";
import { EINVAL } from "@bpf-ts/uapi/errno";
import { reject } from "../../reject.ts";
import type { Env } from "../../state/env.ts";
import { unsupported } from "../../unsupported.ts";

/** What a kernel function's BTF says, undefined if the id names none. */
export function kfuncProto(env: Env, insn: Insn): { name: string; proto: BtfFuncProto } | undefined {
  if (insn.off !== 0) return undefined;
  const btf = env.profile.kernelBtf;
  const func = insn.imm > 0 && insn.imm < btf.typeCount ? btf.type(insn.imm) : undefined;
  if (func?.kind !== "func") return undefined;
  const proto = btf.type(func.type);
  return proto.kind === "func_proto" ? { name: func.name, proto } : undefined;
}

/** A call of a kernel function is met while subprograms are collected. @see v6.18 kernel/bpf/verifier.c, add_kfunc_call */
export function addKfuncCall(env: Env, at: number, insn: Insn): void {
  if (!env.facts.gplCompatible) {
    reject(env, at, "call", EINVAL, "cannot call kernel function from non-GPL compatible program");
  }
  if (insn.imm === 0 && insn.off === 0) return;
  if (insn.off !== 0) unsupported("module-btf", "kernel function of a module");
  const btf = env.profile.kernelBtf;
  const func = insn.imm > 0 && insn.imm < btf.typeCount ? btf.type(insn.imm) : undefined;
  if (func?.kind !== "func") reject(env, at, "call", EINVAL, `kernel btf_id ${insn.imm >>> 0} is not a function`);
}

/** Register use of a call, from the prototype. */
export function kfuncCallSummary(
  env: Env,
  insn: Insn,
): { numParams: number; isVoid: boolean; fastcall: boolean } | undefined {
  const kfunc = kfuncProto(env, insn);
  if (kfunc === undefined) return undefined;
  return { numParams: kfunc.proto.params.length, isVoid: kfunc.proto.ret === 0, fastcall: false };
}

/** The control flow pass meets a call of a kernel function. */
export function visitKfuncCall(_env: Env, _at: number, _insn: Insn): void {}

/** A call of a kernel function is walked. */
export function checkKfuncCall(env: Env, insn: Insn): never {
  unsupported("kfunc", kfuncProto(env, insn)?.name ?? `#${insn.imm}`);
}
