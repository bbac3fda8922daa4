import type { Btf } from "@bpf-ts/btf";
import type { Insn } from "@bpf-ts/isa";
import type { BtfRecord } from "../check/record/record.ts";
import type { Scalar } from "../domain/index.ts";
import type { Log } from "../log/log.ts";
import type { BacktrackState } from "../precision/backtrack-state.ts";
import type { ProgTypeRow } from "../progType/types.ts";
import type { IdMap } from "../prune/id-map.ts";
import type { LiveStack } from "../prune/live-stack.ts";
import type { SccVisits } from "../prune/scc-visits.ts";
import type { AttachTarget, KernelProfile, ProgFacts, VerifierCaps, VerifierInput, VerifierMap } from "../types.ts";
import type { FuncState } from "./func-state.ts";
import type { ProtoCache } from "./helper-proto.ts";
import type { RegState } from "./reg-state.ts";
import type { SubprogInfo } from "./subprog.ts";
import type { JmpHistoryEntry, VerifierState } from "./verifier-state.ts";

/** Bits of `env.insnFlags`. @see v6.18 include/linux/bpf_verifier.h, struct bpf_insn_aux_data */
export const INSN_SEEN = 1;
export const INSN_PRUNE_POINT = 2;
export const INSN_JMP_POINT = 4;
export const INSN_FORCE_CHECKPOINT = 8;
export const INSN_CALLS_CALLBACK = 16;
export const INSN_ITER_NEXT = 64;
export const INSN_FASTCALL_PATTERN = 256;

/** Which maps a call of a map helper was seen with. Poisoned: several. */
export interface MapPtrState {
  map: VerifierMap;
  poisoned: boolean;
  types: Set<number>;
}

/** A branch that waits for its turn. */
export interface PendingBranch {
  readonly state: VerifierState;
  readonly insnIdx: number;
  readonly prevInsnIdx: number;
  /** Where the log stood. */
  readonly logPosition: number;
}

/** One record of `struct bpf_line_info`, decoded. */
export interface LineInfo {
  /** Slot. */
  readonly insnOff: number;
  /** Offset of the file's name in the string section of the program's BTF. */
  readonly fileNameOff: number;
  /** Offset of the source line's text. */
  readonly lineOff: number;
  /** From 1. */
  readonly lineNum: number;
}

/** Everything about one verification in progress. One object a `verify` call; nothing outlives it but what the verdict copies. */
export interface Env {
  readonly input: VerifierInput;
  readonly profile: KernelProfile;
  readonly progType: ProgTypeRow;
  /** Complete after the attach check. */
  facts: ProgFacts;
  /** What the attach check found; undefined for program types without a target. */
  attach: AttachTarget | undefined;
  readonly caps: VerifierCaps;
  readonly log: Log;

  /** One entry a slot; ld_imm64 takes two. Never modified. */
  readonly insns: readonly Insn[];
  /** The main program first, by start. */
  readonly subprogs: SubprogInfo[];
  /** The program came with func_info: subprograms have names and types. */
  hasFuncInfo: boolean;
  /** By `insnOff`, empty without line_info. */
  lineInfo: readonly LineInfo[];
  /** Index into `lineInfo` of the record printed last, -1 for none. */
  prevLineInfo: number;
  /** Subprogram that handles exceptions, 0 for none. */
  exceptionCallbackSubprog: number;
  /** `INSN_*`, by slot. */
  readonly insnFlags: Uint16Array;
  /** Successors of slot i: `succ[2 * i]` and `succ[2 * i + 1]`, -1 where absent. */
  readonly succ: Int32Array;
  /** Slots in postorder, subprogram after subprogram. */
  postorder: Int32Array;
  /** `postorder` of subprogram s: [postorderStart[s], postorderStart[s + 1]). */
  postorderStart: Int32Array;
  /** Bit r: register r may be read at or after this slot before it is written. */
  readonly liveRegsBefore: Uint16Array;
  /** Strongly connected component of the control flow graph, 0 for none. */
  readonly scc: Uint32Array;
  /** Calls in a fastcall pattern: number of spill/fill pairs around them. */
  readonly fastcallSpills: Uint8Array;
  /** ld_imm64 of a map or map value: index into `usedMaps`, by slot. */
  readonly insnMap: Map<number, number>;
  /** ld_imm64 of a kernel symbol: the register that it yields, by slot. */
  readonly pseudoBtfReg: Map<number, RegState>;
  /** Calls of map helpers: the map. */
  readonly mapPtrState: Map<number, MapPtrState>;
  /** Type of the pointer that a load or store goes through, by slot; 0 = none yet. */
  readonly ptrType: Int32Array;
  /** bpf_loop calls: may they be inlined, and with which callback. */
  readonly loopInline: Map<number, { fit: boolean; subprogno: number }>;

  readonly usedMaps: VerifierMap[];
  /** The program's own types. */
  readonly btf: Btf | undefined;

  /** The state being walked. */
  cur: VerifierState;
  insnIdx: number;
  prevInsnIdx: number;
  insnProcessed: number;
  prevInsnProcessed: number;
  jmpsProcessed: number;
  prevJmpsProcessed: number;
  /** Last id given out. */
  idGen: number;
  /** The history entry made for the instruction being walked, if any. */
  curHistEnt: JmpHistoryEntry | null;
  readonly pending: PendingBranch[];

  /** Checkpoints, hashed by slot and call site; the newest of a bucket last. */
  explored: (VerifierState[] | undefined)[];
  exploredStates: number;
  freeListStates: number;
  backedges: number;
  totalStates: number;
  peakStates: number;
  maxStatesPerInsn: number;
  readonly sccVisits: SccVisits;
  readonly liveStack: LiveStack;
  readonly bt: BacktrackState;
  readonly idMap: IdMap;

  /** The loader may see kernel addresses: CAP_PERFMON. */
  allowPtrLeaks: boolean;
  allowUninitStack: boolean;
  bpfCapable: boolean;
  strictAlignment: boolean;
  testStateFreq: boolean;
  testRegInvariants: boolean;
  seenDirectWrite: boolean;
  /** bpf_throw was walked. */
  seenException: boolean;
  /** Registers that the current instruction touched: bit a register. */
  scratchedRegs: number;
  /** Stack slots that it touched: slots 0-31 and 32-63. */
  scratchedSlotsLo: number;
  scratchedSlotsHi: number;
  /** Special fields of maps' values, null for none; found when first needed. */
  readonly mapRecords: Map<VerifierMap, BtfRecord | null>;
  /** What registers refer to for an inner map, by the map of the input. */
  readonly innerTemplates: Map<VerifierMap, VerifierMap>;
  readonly protos: ProtoCache;
  /** Constants that slots hold, made when first needed. */
  readonly immScalars: (Scalar | undefined)[];
  /** Texts of slots in the log's syntax, made when first needed. */
  readonly insnTexts: (string | undefined)[];
  /** Log position after the text of the current instruction, -1 for none. */
  prevLogPos: number;
  /** Length of that text. */
  prevInsnPrintLen: number;

  maxPktOffset: number;
  maxCtxOffset: number;
  readonly maxCtxBufferAccess: number[];
  readonly helpersUsed: Set<number>;
}

/** A fresh id: `++env->id_gen`. */
export function nextId(env: Env): number {
  return ++env.idGen;
}

/** The frame being executed. */
export function curFrame(env: Env): FuncState {
  const frames = env.cur.frames;
  return frames[frames.length - 1]!;
}

/** Register of the frame being executed. */
export function reg(env: Env, regno: number): RegState {
  const frames = env.cur.frames;
  return frames[frames.length - 1]!.regs[regno]!;
}

/** Replaces a register of the frame being executed. */
export function setReg(env: Env, regno: number, value: RegState): void {
  const frames = env.cur.frames;
  frames[frames.length - 1]!.regs[regno] = value;
}

/** The register shows in the log after this instruction. */
export function markRegScratched(env: Env, regno: number): void {
  env.scratchedRegs |= 1 << regno;
}

/** The slot shows in the log after this instruction. */
export function markSlotScratched(env: Env, spi: number): void {
  if (spi < 32) env.scratchedSlotsLo |= 1 << spi;
  else env.scratchedSlotsHi |= 1 << (spi - 32);
}

/** Every register and slot shows in the log next time. */
export function markAllScratched(env: Env): void {
  env.scratchedRegs = -1;
  env.scratchedSlotsLo = -1;
  env.scratchedSlotsHi = -1;
}

/** A program is sleepable as a whole, or walks a callback that may sleep. */
export function inSleepable(env: Env): boolean {
  return env.facts.sleepable || env.cur.inSleepable;
}

/** In a section in which RCU-protected pointers stay valid. @see v6.18 kernel/bpf/verifier.c, in_rcu_cs */
export function inRcuCs(env: Env): boolean {
  return env.cur.activeRcuLock || env.cur.activeLocks > 0 || !inSleepable(env);
}
