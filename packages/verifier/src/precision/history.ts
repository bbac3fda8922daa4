import type { Env } from "../state/env.ts";
import {
  INSN_F_FRAMENO_MASK,
  INSN_F_SPI_MASK,
  INSN_F_SPI_SHIFT,
  INSN_F_STACK_ACCESS,
  type JmpHistoryEntry,
  type LinkedReg,
  type VerifierState,
} from "../state/verifier-state.ts";

/**
 * Remembers in `state` that the instruction being walked was reached from the one before it, and what precision tracking must know of it. A second
 * call for the same instruction adds to the same entry.
 *
 * @see v6.18 kernel/bpf/verifier.c, push_jmp_history
 */
export function pushJmpHistory(
  env: Env,
  state: VerifierState,
  flags: number,
  linkedRegs: readonly LinkedReg[] | null,
): void {
  const entry = env.curHistEnt;
  if (entry !== null) {
    entry.flags |= flags;
    entry.linkedRegs = linkedRegs;
    return;
  }
  const fresh: JmpHistoryEntry = { idx: env.insnIdx, prevIdx: env.prevInsnIdx, flags, linkedRegs };
  state.jmpHistory.push(fresh);
  env.curHistEnt = fresh;
}

/** `flags` of an access to slot `spi` of frame `frameno`. */
export function stackAccessFlags(frameno: number, spi: number): number {
  return INSN_F_STACK_ACCESS | (spi << INSN_F_SPI_SHIFT) | frameno;
}

/** Slot of a stack access. */
export function stackAccessSpi(flags: number): number {
  return (flags >> INSN_F_SPI_SHIFT) & INSN_F_SPI_MASK;
}

/** Frame of a stack access. */
export function stackAccessFrame(flags: number): number {
  return flags & INSN_F_FRAMENO_MASK;
}
