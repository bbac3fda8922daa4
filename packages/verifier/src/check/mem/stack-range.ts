import { EACCES, EFAULT } from "@bpf-ts/uapi/errno";
import { constSigned, formatTnum, isConst } from "../../domain/index.ts";
import { reject } from "../../reject.ts";
import { type Env, reg } from "../../state/env.ts";
import { REG_UNKNOWN } from "../../state/reg-state.ts";
import { SCALAR_VALUE } from "../../state/reg-type.ts";
import {
  isSpilledReg,
  STACK_DYNPTR,
  STACK_INVALID,
  STACK_MISC,
  STACK_ZERO,
  StackSlot,
  scrubTypes,
} from "../../state/stack-slot.ts";
import { checkStackBounds, spiOf } from "./stack-bounds.ts";

/** What a helper that fills memory is told back: which bytes it will be taken to have written. */
export interface RawAccess {
  rawMode: boolean;
  accessSize: number;
  rawRegno: number;
}

/**
 * Stack memory handed to a helper, or read at an offset that is not known: every byte must be initialized, unless the helper only fills it.
 *
 * @see v6.18 kernel/bpf/verifier.c, check_stack_range_initialized
 */
export function checkStackRangeInitialized(
  env: Env,
  regno: number,
  off: number,
  accessSize: number,
  zeroSizeAllowed: boolean,
  write: boolean,
  meta: RawAccess | null,
): void {
  const at = env.insnIdx;
  if (accessSize === 0 && !zeroSizeAllowed) reject(env, at, "stack", EACCES, "invalid zero-sized read");
  checkStackBounds(env, regno, off, accessSize, write);
  const r = reg(env, regno);
  const frame = env.cur.frames[r.frameno]!;
  const known = isConst(r.scalar);
  const min = (known ? Number(constSigned(r.scalar)) : Number(r.scalar.smin)) + off;
  const max = (known ? Number(constSigned(r.scalar)) : Number(r.scalar.smax)) + off;

  if (meta?.rawMode && known) {
    for (let i = min; i < max + accessSize; i++) {
      const slot = frame.stack[spiOf(i)];
      if (slot !== undefined && slot.typeAt((-i - 1) & 7) === STACK_DYNPTR) {
        reject(env, at, "stack", EACCES, `potential write to dynptr at off=${i} disallowed`);
      }
    }
    meta.accessSize = accessSize;
    meta.rawRegno = regno;
    return;
  }

  for (let i = min; i < max + accessSize; i++) {
    const byte = -i - 1;
    const spi = byte >> 3;
    const slot = frame.stack[spi];
    if (slot === undefined) reject(env, at, "stack", EFAULT, "allocated_stack too small");
    const type = slot.typeAt(byte & 7);
    if (type === STACK_ZERO || (type === STACK_INVALID && env.allowUninitStack)) {
      if (write) frame.stack[spi] = slot.withTypeAt(byte & 7, STACK_MISC);
    } else if (type !== STACK_MISC) {
      if (!isSpilledReg(slot) || (slot.reg.type !== SCALAR_VALUE && !env.allowPtrLeaks)) {
        const text = known
          ? `invalid read from stack R${regno} off ${min}+${i - min} size ${accessSize}`
          : `invalid read from stack R${regno} var_off ${formatTnum(r.scalar.tnum)}+${i - min} size ${accessSize}`;
        reject(env, at, "stack", EACCES, text);
      }
      if (write) frame.stack[spi] = new StackSlot(REG_UNKNOWN, scrubTypes(slot.types));
    }
    env.liveStack.markSlotRead(env, r.frameno, at, spi);
  }
}
