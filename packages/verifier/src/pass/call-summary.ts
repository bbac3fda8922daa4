import type { Insn } from "@bpf-ts/isa";
import { BPF_FUNC_get_smp_processor_id } from "@bpf-ts/uapi/helper-ids";
import { kfuncCallSummary } from "../check/kfunc/add.ts";
import type { Env } from "../state/env.ts";
import { isHelperCall, isPseudoKfuncCall } from "./subprog-lookup.ts";

/** What passes need to know of a callee from its prototype alone. */
export interface CallSummary {
  readonly numParams: number;
  readonly isVoid: boolean;
  /** Calls of it keep the registers that its prototype does not mention. */
  readonly fastcall: boolean;
}

/** undefined for calls of subprograms and of callees that are not there. @see v6.18 kernel/bpf/verifier.c, get_call_summary */
export function callSummary(env: Env, insn: Insn): CallSummary | undefined {
  if (isHelperCall(insn)) {
    const proto = env.protos.get(env, insn.imm);
    if (proto === undefined) return undefined;
    const args = proto.args ?? [];
    let numParams = 0;
    while (numParams < args.length && args[numParams]!.kind !== "DONTCARE") numParams++;
    return {
      numParams,
      isVoid: proto.ret?.kind === "VOID",
      fastcall: proto.fastcall === true && insn.imm === BPF_FUNC_get_smp_processor_id,
    };
  }
  if (isPseudoKfuncCall(insn)) return kfuncCallSummary(env, insn);
  return undefined;
}
