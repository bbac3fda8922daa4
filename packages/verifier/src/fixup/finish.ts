import type { VerifiedProgram } from "@bpf-ts/uapi";
import type { Env } from "../state/env.ts";

/** The program as it will run. */
export function finishProgram(env: Env): VerifiedProgram {
  const n = env.insns.length;
  const origin = new Uint32Array(n);
  for (let i = 0; i < n; i++) origin[i] = i;
  return {
    xlated: env.input.insns.slice(),
    subprogs: env.subprogs.map((s) => ({ start: s.start, stackDepth: s.stackDepth, name: s.name, isCallback: s.isCb })),
    internalCalls: [],
    origin,
    usedMaps: env.usedMaps.map((_, i) => i),
    maxCtxBufferAccess: env.maxCtxBufferAccess,
    maxPktOffset: env.maxPktOffset,
    helpers: env.helpersUsed,
    hasTailCall: env.subprogs.some((s) => s.hasTailCall),
    sleepable: env.facts.sleepable,
    verifiedInsns: env.insnProcessed,
  };
}
