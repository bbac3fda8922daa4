import type { Btf } from "@bpf-ts/btf";
import { checkAttachTarget } from "./check/btf/attach.ts";
import { helperProtoFor } from "./helperAvailability/table.ts";
import { progTypeById } from "./progType/table.ts";
import type { KernelProfile, VerifierLimits } from "./types.ts";

/** Limits of Linux 6.18. */
export const LIMITS: VerifierLimits = {
  maxProcessedInsns: 1_000_000,
  maxPendingBranches: 8192,
  maxStatesPerInsn: 64,
  maxSubprogs: 256,
  maxStack: 512,
  maxUsedMaps: 64,
  maxInsnsUnprivileged: 4096,
  nrCpuIds: 2,
};

/** Linux 6.18 with the given BTF of its own. Derive other kernels by spreading. */
export function defaultProfile(kernelBtf: Btf): KernelProfile {
  return {
    limits: LIMITS,
    kernelBtf,
    progType: progTypeById,
    helperProto: helperProtoFor,
    checkAttach: (input) => checkAttachTarget(input, kernelBtf),
    callRewrites: [],
  };
}
