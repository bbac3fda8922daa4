import type { Insn } from "@bpf-ts/isa";
import { BPF_MODIFY_RETURN, BPF_TRACE_FENTRY, BPF_TRACE_FEXIT } from "@bpf-ts/uapi/attach-types";
import { BPF_PROG_TYPE_KPROBE, BPF_PROG_TYPE_TRACING } from "@bpf-ts/uapi/prog-types";
import { reject } from "../../../reject.ts";
import type { Env } from "../../../state/env.ts";
import type { CallMeta } from "../meta.ts";

const ENOTSUPP = 524;

/** Only probes of functions know one. @see v6.18 kernel/bpf/verifier.c, check_get_func_ip */
export function checkGetFuncIp(env: Env, _insn: Insn, meta: CallMeta): void {
  const { progType, expectedAttachType: attach } = env.facts;
  const refuse = (text: string): never =>
    reject(env, env.insnIdx, "call", ENOTSUPP, `func ${meta.funcName}#${meta.funcId} ${text}`);
  if (progType === BPF_PROG_TYPE_KPROBE) return;
  if (progType !== BPF_PROG_TYPE_TRACING) refuse(`not supported for program type ${progType}`);
  if (attach !== BPF_TRACE_FENTRY && attach !== BPF_TRACE_FEXIT && attach !== BPF_MODIFY_RETURN) {
    refuse("supported only for fentry/fexit/fmod_ret programs");
  }
}
