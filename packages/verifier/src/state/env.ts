import type { Insn } from "@bpf-ts/isa";
import type { Log } from "../log/log.ts";
import type { KernelProfile, ProgFacts, ProgTypeDef, VerifierCaps, VerifierInput, VerifierMap } from "../types.ts";
import type { FuncState } from "./func-state.ts";
import type { RegState } from "./reg-state.ts";
import type { SubprogInfo } from "./subprog.ts";
import type { JmpHistoryEntry, VerifierState } from "./verifier-state.ts";

/** Bits of `env.insnFlags`. @see v6.18 include/linux/bpf_verifier.h, struct bpf_insn_aux_data */
export const INSN_SEEN = 1;
export const INSN_PRUNE_POINT = 2;
export const INSN_JMP_POINT = 4;
export const INSN_FORCE_CHECKPOINT = 8;
export const INSN_CALLS_CALLBACK = 16;
export const INSN_JUMP_TARGET = 32;
export const INSN_ITER_NEXT = 64;
export const INSN_INDIRECT_TARGET = 128;
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

/** Everything about one verification in progress. One object a `verify` call; nothing outlives it but what the verdict copies. */
export interface Env {
  readonly input: VerifierInput;
  readonly profile: KernelProfile;
  readonly progType: ProgTypeDef;
  readonly facts: ProgFacts;
  readonly caps: VerifierCaps;
  readonly log: Log;

  /** One entry a slot; ld_imm64 takes two. Never modified. */
  readonly insns: readonly Insn[];
  /** The main program first, by start. */
  readonly subprogs: SubprogInfo[];
  /** `INSN_*`, by slot. */
  readonly insnFlags: Uint16Array;
  /** Bit r: register r may be read at or after this slot before it is written. */
  readonly liveRegsBefore: Uint16Array;
  /** Strongly connected component of the control flow graph, 0 for none. */
  readonly scc: Uint32Array;
  /** ld_imm64 of a map or map value: its map, by slot. */
  readonly insnMap: Map<number, VerifierMap>;
  /** Calls of map helpers: the map. */
  readonly mapPtrState: Map<number, MapPtrState>;
  /** Type of the pointer that a load or store goes through, by slot; 0 = none yet. */
  readonly ptrType: Int32Array;

  readonly usedMaps: VerifierMap[];

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
  subprog: number;
  /** The history entry made for the instruction being walked, if any. */
  curHistEnt: JmpHistoryEntry | null;
  readonly pending: PendingBranch[];

  /** The loader may see kernel addresses: CAP_PERFMON. */
  allowPtrLeaks: boolean;
  allowUninitStack: boolean;
  bpfCapable: boolean;
  strictAlignment: boolean;
  testStateFreq: boolean;
  testRegInvariants: boolean;
  seenDirectWrite: boolean;
  /** Registers that the current instruction touched: bit a register. */
  scratchedRegs: number;
  /** Stack slots that it touched: slots 0-31 and 32-63. */
  scratchedSlotsLo: number;
  scratchedSlotsHi: number;

  maxPktOffset: number;
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
