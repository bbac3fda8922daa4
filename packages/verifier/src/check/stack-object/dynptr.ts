import { EINVAL } from "@bpf-ts/uapi/errno";
import { BPF_DYNPTR_TYPE_RINGBUF } from "@bpf-ts/uapi/helper-flags";
import { reject } from "../../reject.ts";
import { type Env, markSlotScratched } from "../../state/env.ts";
import type { FuncState } from "../../state/func-state.ts";
import { invalidReg } from "../../state/references.ts";
import { PTR_MAYBE_NULL, PTR_TO_MEM } from "../../state/reg-type.ts";
import { SLOT_INVALID, STACK_DYNPTR } from "../../state/stack-slot.ts";
import { forEachReg } from "../../state/walk-regs.ts";

/**
 * Slot `spi` is about to be overwritten. If a dynptr lies there, all of it is destroyed, and memory that was reached through it is no longer
 * reachable; one that owns a reference may not be overwritten.
 *
 * @see v6.18 kernel/bpf/verifier.c, destroy_if_dynptr_stack_slot
 */
export function destroyDynptrAt(env: Env, frame: FuncState, spi: number): void {
  const slot = frame.stack[spi]!;
  if (slot.typeAt(0) !== STACK_DYNPTR) return;
  const first = slot.reg.dynptrFirstSlot ? spi : spi + 1;
  const reg = frame.stack[first]!.reg;
  if (reg.dynptrType === BPF_DYNPTR_TYPE_RINGBUF) {
    reject(env, env.insnIdx, "reference", EINVAL, "cannot overwrite referenced dynptr");
  }
  markSlotScratched(env, first);
  markSlotScratched(env, first - 1);
  frame.stack[first] = SLOT_INVALID;
  frame.stack[first - 1] = SLOT_INVALID;
  const invalid = invalidReg(env);
  forEachReg(env.cur, (r) =>
    (r.type === PTR_TO_MEM || r.type === (PTR_TO_MEM | PTR_MAYBE_NULL)) && r.dynptrId === reg.id ? invalid : r,
  );
  env.liveStack.markSlotWritten(frame.frameno, first);
  env.liveStack.markSlotWritten(frame.frameno, first - 1);
}
