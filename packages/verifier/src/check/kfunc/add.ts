import type { BtfFuncProto } from "@bpf-ts/btf";
import type { Insn } from "@bpf-ts/isa";
import { EINVAL } from "@bpf-ts/uapi/errno";
import { findContainingSubprog, isPseudoKfuncCall } from "../../pass/subprog-lookup.ts";
import { reject } from "../../reject.ts";
import { type Env, INSN_FORCE_CHECKPOINT, INSN_ITER_NEXT, INSN_PRUNE_POINT, INSN_SEEN } from "../../state/env.ts";
import { unsupported } from "../../unsupported.ts";
import { KF_FASTCALL, KF_ITER_NEXT, KF_SLEEPABLE } from "./flags.ts";
import { isKfuncAllowed } from "./hook.ts";
import { kfuncByName } from "./table.ts";

/** What a kernel function's BTF says, undefined if the id names none. */
export function kfuncProto(env: Env, insn: Insn): { name: string; proto: BtfFuncProto } | undefined {
  if (insn.off !== 0) return undefined;
  const btf = env.profile.kernelBtf;
  const func = insn.imm > 0 && insn.imm < btf.typeCount ? btf.type(insn.imm) : undefined;
  if (func?.kind !== "func") return undefined;
  const proto = btf.type(func.type);
  return proto.kind === "func_proto" ? { name: func.name, proto } : undefined;
}

/** Whether the kernel's BTF marks the function as one that programs may be allowed to call. */
export function isKfunc(env: Env, insn: Insn): boolean {
  return env.profile.kernelBtf.declTags(insn.imm, -1).some((tag) => tag.name === "bpf_kfunc");
}

/** A call of a kernel function is met while subprograms are collected. @see v6.18 kernel/bpf/verifier.c, add_kfunc_call */
export function addKfuncCall(env: Env, at: number, insn: Insn): void {
  const refuse = (text: string): never => reject(env, at, "call", EINVAL, text);
  if (!env.facts.gplCompatible) refuse("cannot call kernel function from non-GPL compatible program");
  if (insn.imm === 0 && insn.off === 0) return;
  if (insn.off !== 0) unsupported("module-btf", "kernel function of a module");
  const kfunc = kfuncProto(env, insn);
  if (kfunc === undefined) refuse(`kernel btf_id ${insn.imm >>> 0} is not a function`);
  if (kfunc?.name.startsWith("bpf_xdp_metadata_rx_") === true) refuse("metadata kfuncs require device-bound program");
}

/** Register use of a call, from the prototype. */
export function kfuncCallSummary(
  env: Env,
  insn: Insn,
): { numParams: number; isVoid: boolean; fastcall: boolean } | undefined {
  const kfunc = kfuncProto(env, insn);
  const row = kfunc === undefined ? undefined : kfuncByName(kfunc.name);
  if (kfunc === undefined || row === undefined || !isKfuncAllowed(row, env.facts)) return undefined;
  const fastcall = (row.flags & KF_FASTCALL) !== 0;
  return { numParams: kfunc.proto.params.length, isVoid: kfunc.proto.ret === 0, fastcall };
}

/**
 * The control flow pass meets a call of a kernel function: where loops must be compared, and what the calling subprogram may do.
 *
 * @see v6.18 kernel/bpf/verifier.c, visit_insn
 */
export function visitKfuncCall(env: Env, at: number, insn: Insn): void {
  const kfunc = kfuncProto(env, insn);
  const row = kfunc === undefined ? undefined : kfuncByName(kfunc.name);
  if (kfunc === undefined || row === undefined) return;
  if (!isKfuncAllowed(row, env.facts)) return;
  if ((row.flags & KF_ITER_NEXT) !== 0) {
    env.insnFlags[at]! |= INSN_ITER_NEXT | INSN_PRUNE_POINT | INSN_FORCE_CHECKPOINT;
  }
  const subprog = env.subprogs[findContainingSubprog(env, at)]!;
  if ((row.flags & KF_SLEEPABLE) !== 0) subprog.mightSleep = true;
  if (kfunc.name === "bpf_xdp_pull_data") subprog.changesPktData = true;
}

/**
 * A call of a function that the loader did not find is wrong if the program can get to it.
 *
 * @see v6.18 kernel/bpf/verifier.c, fixup_kfunc_call
 */
export function checkMissingKfuncs(env: Env): void {
  env.insns.forEach((insn, i) => {
    if ((env.insnFlags[i]! & INSN_SEEN) === 0 || !isPseudoKfuncCall(insn) || insn.imm !== 0) return;
    reject(env, i, "call", EINVAL, "invalid kernel function call not eliminated in verifier pass");
  });
}
