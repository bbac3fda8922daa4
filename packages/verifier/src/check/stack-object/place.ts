import { constSigned, isConst } from "../../domain/index.ts";
import { type Env, markSlotScratched } from "../../state/env.ts";
import type { RegState } from "../../state/reg-state.ts";

/** The place is no place for the object; why has been logged. */
export const BAD_PLACE = -1;
/** The place is fine, but nothing was ever written there. */
export const UNUSED_PLACE = -2;

/**
 * First slot (the one with the lowest address) of an object that a register points to on the stack: `slots` slots, aligned, at a known offset.
 *
 * @param kind What the log calls the object: `dynptr`, `iter`, `irq_flag`.
 * @returns Index of the slot, {@link BAD_PLACE} or {@link UNUSED_PLACE}.
 * @see v6.18 kernel/bpf/verifier.c, stack_slot_obj_get_spi
 */
export function objectSpi(env: Env, r: RegState, kind: string, slots: number): number {
  if (!isConst(r.scalar)) {
    env.log.write(`${kind} has to be at a constant offset\n`);
    return BAD_PLACE;
  }
  const off = r.off + Number(constSigned(r.scalar));
  const spi = Math.trunc((-off - 1) / 8);
  if (off % 8 !== 0 || spi + 1 < slots) {
    env.log.write(`cannot pass in ${kind} at an offset=${off}\n`);
    return BAD_PLACE;
  }
  return spi < env.cur.frames[r.frameno]!.stack.length ? spi : UNUSED_PLACE;
}

/**
 * An object of `slots` slots, the first of which is `spi`, is looked at: its slots are live before this instruction, and show in the log after it.
 *
 * @see v6.18 kernel/bpf/verifier.c, mark_stack_slot_obj_read
 */
export function markObjectRead(env: Env, frameno: number, spi: number, slots: number): void {
  for (let i = 0; i < slots; i++) {
    env.liveStack.markSlotRead(env, frameno, env.insnIdx, spi - i);
    markSlotScratched(env, spi - i);
  }
}
