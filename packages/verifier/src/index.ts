/** Linux 6.18's BPF verifier: verdict, log, facts and rewrites, without a kernel. */
export { verify } from "./pipeline.ts";
export { defaultProfile, LIMITS } from "./profile.ts";
export type {
  AcceptVerdict,
  AttachTarget,
  CallRewrite,
  CallSite,
  CtxAccess,
  CtxField,
  KernelProfile,
  ProgFacts,
  ProgTypeDef,
  RejectCode,
  RejectVerdict,
  RewritePatch,
  UnsupportedVerdict,
  Verdict,
  VerifierCaps,
  VerifierInput,
  VerifierLimits,
  VerifierMap,
  VerifierStats,
} from "./types.ts";
export { UNSUPPORTED_FEATURES, type UnsupportedFeature } from "./unsupported.ts";
