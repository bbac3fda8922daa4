import { EINVAL } from "@bpf-ts/uapi/errno";
import {
  BPF_PROG_TYPE_EXT,
  BPF_PROG_TYPE_LSM,
  BPF_PROG_TYPE_SYSCALL,
  BPF_PROG_TYPE_TRACING,
} from "@bpf-ts/uapi/prog-types";
import { reject } from "../reject.ts";
import type { Env } from "../state/env.ts";
import { unsupported } from "../unsupported.ts";

/**
 * May the program be sleepable, and is there what it wants to be attached to?
 *
 * @see v6.18 kernel/bpf/verifier.c, check_attach_btf_id
 */
export function checkAttach(env: Env): void {
  const { facts } = env;
  if (facts.progType === BPF_PROG_TYPE_SYSCALL) {
    if (!facts.sleepable) reject(env, -1, "attach", EINVAL, "Syscall programs can only be sleepable");
    return;
  }
  if (facts.sleepable && env.progType.sleepable?.(facts.expectedAttachType) !== true) {
    const text = "Only fentry/fexit/fmod_ret, lsm, iter, uprobe, and struct_ops programs can be sleepable";
    reject(env, -1, "attach", EINVAL, text);
  }
  if (
    facts.progType !== BPF_PROG_TYPE_TRACING &&
    facts.progType !== BPF_PROG_TYPE_LSM &&
    facts.progType !== BPF_PROG_TYPE_EXT
  ) {
    return;
  }
  const answer = env.profile.checkAttach(env.input);
  if ("unsupported" in answer) unsupported(answer.unsupported, "attach target");
  if ("errno" in answer) reject(env, -1, "attach", answer.errno, answer.text);
  env.attach = answer;
  env.facts = { ...facts, attachFuncName: answer.name, attachFuncProto: answer.protoId };
}
