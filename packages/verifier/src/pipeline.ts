/**
 * Verification from input to verdict: a table of contents.
 *
 * @see v6.18 kernel/bpf/verifier.c, bpf_check
 */
import { decode } from "@bpf-ts/isa";
import { E2BIG, EINVAL } from "@bpf-ts/uapi/errno";
import {
  BPF_F_ANY_ALIGNMENT,
  BPF_F_SLEEPABLE,
  BPF_F_STRICT_ALIGNMENT,
  BPF_F_TEST_REG_INVARIANTS,
  BPF_F_TEST_RND_HI32,
  BPF_F_TEST_STATE_FREQ,
  BPF_F_XDP_HAS_FRAGS,
} from "@bpf-ts/uapi/prog-flags";
import { checkAttach } from "./check/attach.ts";
import { checkBtfInfo, checkBtfInfoEarly } from "./check/btf/prog-info.ts";
import { checkGlobalFunctions, checkMain } from "./check/functions.ts";
import { checkMissingKfuncs } from "./check/kfunc/add.ts";
import { now } from "./clock.ts";
import { removeFastcallSpills } from "./fixup/fastcall.ts";
import { finishProgram } from "./fixup/finish.ts";
import { checkCfg } from "./pass/cfg.ts";
import { markFastcallPatterns } from "./pass/fastcall.ts";
import { computeLiveRegisters } from "./pass/live-registers.ts";
import { computePostorder } from "./pass/postorder.ts";
import { resolvePseudoLdImm64 } from "./pass/resolve-ldimm64.ts";
import { computeScc } from "./pass/scc.ts";
import { checkMaxStackDepth } from "./pass/stack-depth.ts";
import { addSubprogsAndKfuncs, checkSubprogs } from "./pass/subprogs.ts";
import { checkLoadAttach, fixedUpAttachType } from "./progType/load.ts";
import { Rejection } from "./reject.ts";
import { createEnv } from "./state/create-env.ts";
import type { Env } from "./state/env.ts";
import type { KernelProfile, Verdict, VerifierInput, VerifierStats } from "./types.ts";
import { UnsupportedSignal, unsupported } from "./unsupported.ts";

const MAX_INSNS = 1_000_000;

const KNOWN_FLAGS: number =
  BPF_F_STRICT_ALIGNMENT |
  BPF_F_ANY_ALIGNMENT |
  BPF_F_TEST_RND_HI32 |
  BPF_F_TEST_STATE_FREQ |
  BPF_F_SLEEPABLE |
  BPF_F_XDP_HAS_FRAGS |
  BPF_F_TEST_REG_INVARIANTS;

const NO_STATS: VerifierStats = {
  processed: 0,
  maxStatesPerInsn: 0,
  totalStates: 0,
  peakStates: 0,
  markRead: 0,
  usec: 0,
};

/** Decides whether the kernel of `profile` would load this program. */
export function verify(input: VerifierInput, profile: KernelProfile): Verdict {
  const began = now();
  const early = checkLoad(input, profile);
  if (early !== undefined) return early;
  const env = createEnv(input, profile, decode(input.insns));
  try {
    runPasses(env);
    const { program, reportedDepths } = finishProgram(env);
    return { kind: "accept", program, ...finishLog(env, began, reportedDepths) };
  } catch (e) {
    if (e instanceof Rejection) {
      const message = env.log.lastLine();
      const { insn, code, errno } = e;
      return { kind: "reject", errno, message, code, insn, ...finishLog(env, began) };
    }
    if (e instanceof UnsupportedSignal) {
      return { kind: "unsupported", feature: e.feature, detail: e.detail, ...finishLog(env, began) };
    }
    throw e;
  }
}

/** What the kernel checks before the verifier proper; refusals without a log. */
function checkLoad(input: VerifierInput, profile: KernelProfile): Verdict | undefined {
  const stats = NO_STATS;
  const refuse = (errno: number): Verdict => ({
    kind: "reject",
    errno,
    message: "",
    code: "load",
    insn: -1,
    log: "",
    stats,
  });
  try {
    const caps = input.caps;
    if (caps !== undefined && (!caps.bpf || !caps.perfmon)) unsupported("caps");
    if (input.progFlags & ~KNOWN_FLAGS) unsupported("prog-flag", `0x${(input.progFlags & ~KNOWN_FLAGS).toString(16)}`);
    const count = input.insns.length / 8;
    if (count === 0 || count > MAX_INSNS) return refuse(E2BIG);
    const row = profile.progType(input.progType);
    if (row === undefined) return refuse(EINVAL);
    const attachType = fixedUpAttachType(input.progType, input.expectedAttachType);
    const target = { btfId: input.attachBtfId ?? 0, prog: input.attachProg === true };
    const errno = checkLoadAttach(input.progType, attachType, target);
    if (errno !== 0) return refuse(errno);
    if (row.notModelled !== undefined) unsupported("prog-type", row.notModelled);
    return undefined;
  } catch (e) {
    if (e instanceof UnsupportedSignal) {
      return { kind: "unsupported", feature: e.feature, detail: e.detail, log: "", stats };
    }
    throw e;
  }
}

function runPasses(env: Env): void {
  const funcInfo = checkBtfInfoEarly(env);
  addSubprogsAndKfuncs(env);
  checkSubprogs(env);
  checkBtfInfo(env, funcInfo);
  resolvePseudoLdImm64(env);
  checkCfg(env);
  computePostorder(env);
  checkAttach(env);
  computeScc(env);
  computeLiveRegisters(env);
  markFastcallPatterns(env);
  checkMain(env);
  checkGlobalFunctions(env);
  removeFastcallSpills(env);
  checkMaxStackDepth(env);
  checkMissingKfuncs(env);
}

function finishLog(
  env: Env,
  began: number,
  depths: readonly number[] = env.subprogs.map((s) => s.stackDepth),
): { log: string; stats: VerifierStats } {
  const usec = Math.round((now() - began) * 1000);
  const { log } = env;
  if (log.level & 4) {
    log.write(`verification time ${usec} usec\nstack depth ${depths.join("+")}\n`);
  }
  const stats: VerifierStats = {
    processed: env.insnProcessed,
    maxStatesPerInsn: env.maxStatesPerInsn,
    totalStates: env.totalStates,
    peakStates: env.peakStates,
    markRead: 0,
    usec,
  };
  log.write(
    `processed ${stats.processed} insns (limit ${env.profile.limits.maxProcessedInsns}) max_states_per_insn ` +
      `${stats.maxStatesPerInsn} total_states ${stats.totalStates} peak_states ${stats.peakStates} mark_read 0\n`,
  );
  return { log: log.toString(), stats };
}
