import type { Insn } from "@bpf-ts/isa";
import {
  BPF_F_ANY_ALIGNMENT,
  BPF_F_SLEEPABLE,
  BPF_F_STRICT_ALIGNMENT,
  BPF_F_TEST_REG_INVARIANTS,
  BPF_F_TEST_STATE_FREQ,
} from "@bpf-ts/uapi/prog-flags";
import { isGplCompatible } from "../check/license.ts";
import { Log } from "../log/log.ts";
import { computeSuccessors } from "../pass/successors.ts";
import { BacktrackState } from "../precision/backtrack-state.ts";
import { fixedUpAttachType } from "../progType/load.ts";
import { IdMap } from "../prune/id-map.ts";
import { LiveStack } from "../prune/live-stack.ts";
import { SccVisits } from "../prune/scc-visits.ts";
import { verifierBug } from "../reject.ts";
import type { KernelProfile, ProgFacts, VerifierCaps, VerifierInput } from "../types.ts";
import type { Env } from "./env.ts";
import { ProtoCache } from "./helper-proto.ts";
import { VerifierState } from "./verifier-state.ts";

const DEFAULT_LOG_SIZE = 16 << 20;
const ALL_CAPS: VerifierCaps = { bpf: true, perfmon: true, netAdmin: true, sysAdmin: true };

/** Everything a verification starts with. */
export function createEnv(input: VerifierInput, profile: KernelProfile, insns: readonly Insn[]): Env {
  const n = insns.length;
  const progType = profile.progType(input.progType);
  if (progType === undefined) verifierBug(`no program type ${input.progType}`);
  const caps = input.caps ?? ALL_CAPS;
  const flags = input.progFlags;
  const strictAlignment = (flags & BPF_F_STRICT_ALIGNMENT) !== 0 && (flags & BPF_F_ANY_ALIGNMENT) === 0;
  const facts: ProgFacts = {
    progType: input.progType,
    expectedAttachType: fixedUpAttachType(input.progType, input.expectedAttachType),
    license: input.license,
    gplCompatible: isGplCompatible(input.license),
    sleepable: (flags & BPF_F_SLEEPABLE) !== 0,
    caps,
    kernelBtf: profile.kernelBtf,
    attachBtfId: input.attachBtfId ?? 0,
    attachFuncName: "",
    attachFuncProto: 0,
    strictAlignment,
  };
  return {
    input,
    profile,
    progType,
    facts,
    attach: undefined,
    caps,
    log: new Log(input.logLevel ?? 0, input.logSize ?? DEFAULT_LOG_SIZE),
    insns,
    subprogs: [],
    hasFuncInfo: false,
    lineInfo: [],
    prevLineInfo: -1,
    exceptionCallbackSubprog: 0,
    insnFlags: new Uint16Array(n),
    succ: computeSuccessors(insns),
    postorder: new Int32Array(0),
    postorderStart: new Int32Array(0),
    liveRegsBefore: new Uint16Array(n),
    scc: new Uint32Array(n),
    fastcallSpills: new Uint8Array(n),
    insnMap: new Map(),
    pseudoBtfReg: new Map(),
    mapPtrState: new Map(),
    ptrType: new Int32Array(n),
    loopInline: new Map(),
    usedMaps: [],
    btf: input.btf,
    cur: new VerifierState(),
    insnIdx: 0,
    prevInsnIdx: 0,
    insnProcessed: 0,
    prevInsnProcessed: 0,
    jmpsProcessed: 0,
    prevJmpsProcessed: 0,
    idGen: 0,
    curHistEnt: null,
    pending: [],
    explored: new Array(n),
    exploredStates: 0,
    freeListStates: 0,
    backedges: 0,
    totalStates: 0,
    peakStates: 0,
    maxStatesPerInsn: 0,
    sccVisits: new SccVisits(),
    liveStack: new LiveStack(),
    bt: new BacktrackState(),
    idMap: new IdMap(),
    allowPtrLeaks: caps.perfmon,
    allowUninitStack: caps.perfmon,
    bpfCapable: caps.bpf,
    strictAlignment,
    testStateFreq: (flags & BPF_F_TEST_STATE_FREQ) !== 0,
    testRegInvariants: (flags & BPF_F_TEST_REG_INVARIANTS) !== 0,
    seenDirectWrite: false,
    seenException: false,
    scratchedRegs: 0,
    scratchedSlotsLo: 0,
    scratchedSlotsHi: 0,
    mapRecords: new Map(),
    innerTemplates: new Map(),
    protos: new ProtoCache(),
    immScalars: new Array(n),
    insnTexts: new Array(n),
    prevLogPos: -1,
    prevInsnPrintLen: 0,
    maxPktOffset: 0,
    maxCtxOffset: 0,
    maxCtxBufferAccess: [],
    helpersUsed: new Set(),
  };
}
