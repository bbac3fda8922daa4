import { EINVAL } from "@bpf-ts/uapi/errno";
import { BPF_TRACE_MAP } from "@bpf-ts/uapi/map-trace";
import { BPF_F_SLEEPABLE } from "@bpf-ts/uapi/prog-flags";
import { BPF_PROG_TYPE_TRACING } from "@bpf-ts/uapi/prog-types";
import type { AttachTarget, KernelProfile, VerifierInput } from "@bpf-ts/verifier";
import { mapTraceRewrite } from "./rewrite.ts";
import type { MapTraceTarget, TargetRegistry } from "./targets.ts";

/** Whether a program asks to be loaded as a map tracer. */
export function isMapTracer(input: { progType: number; expectedAttachType: number }): boolean {
  return input.progType === BPF_PROG_TYPE_TRACING && input.expectedAttachType === BPF_TRACE_MAP;
}

/**
 * A kernel with map tracing: `profile`, whose tracing programs may also have the attach type `BPF_TRACE_MAP`, and whose map operations are
 * rewritten. `key` and `value` of a tracer's context are read-only buffers that are never null.
 */
export function withMapTrace(profile: KernelProfile, registry: TargetRegistry): KernelProfile {
  return {
    ...profile,
    checkAttach(input) {
      return isMapTracer(input) ? checkTracer(profile, registry, input) : profile.checkAttach(input);
    },
    callRewrites: [...profile.callRewrites, mapTraceRewrite],
  };
}

/** The hook FUNC's name in the kernel's BTF, undefined for an id that is no FUNC. */
function hookName(profile: KernelProfile, btfId: number): string | undefined {
  const btf = profile.kernelBtf;
  if (btfId <= 0 || btfId >= btf.typeCount || btf.kindOf(btfId) !== "func") return undefined;
  return btf.nameOf(btfId);
}

/**
 * The target that a tracer's `attach_btf_id` names.
 *
 * @param profile the kernel whose BTF the id belongs to
 */
export function mapTraceTargetOf(
  profile: KernelProfile,
  registry: TargetRegistry,
  attachBtfId: number,
): MapTraceTarget | undefined {
  return registry.byBtfId(attachBtfId, (id) => hookName(profile, id));
}

function checkTracer(
  profile: KernelProfile,
  registry: TargetRegistry,
  input: VerifierInput,
): AttachTarget | { errno: number; text: string } {
  if (input.attachProg === true)
    return { errno: EINVAL, text: "Map tracers attach to the kernel's hooks, not to programs" };
  if ((input.progFlags & BPF_F_SLEEPABLE) !== 0) {
    return {
      errno: EINVAL,
      text: "Only fentry/fexit/fmod_ret, lsm, iter, uprobe, and struct_ops programs can be sleepable",
    };
  }
  const btfId = input.attachBtfId ?? 0;
  if (btfId === 0) return { errno: EINVAL, text: "Tracing programs must provide btf_id" };
  const name = hookName(profile, btfId);
  if (name === undefined) return { errno: EINVAL, text: `attach_btf_id ${btfId} is not a function` };
  const target = mapTraceTargetOf(profile, registry, btfId);
  if (target === undefined) return { errno: EINVAL, text: `attach_btf_id ${btfId} is not a map trace target` };
  return {
    name,
    protoId: profile.kernelBtf.sizeOrTypeOf(btfId),
    bufferArgs: target.args.flatMap(({ kind }, arg) => (kind === "key" || kind === "value" ? [{ arg }] : [])),
  };
}
