import { REG_NOT_INIT, type RegState } from "./reg-state.ts";
import { SCALAR_VALUE } from "./reg-type.ts";

/**
 * What a byte of stack holds.
 *
 * @see v6.18 include/linux/bpf_verifier.h, enum bpf_stack_slot_type
 */
export const STACK_INVALID = 0;
/** Part of a spilled register. */
export const STACK_SPILL = 1;
/** Data of unknown value. */
export const STACK_MISC = 2;
/** Zero. */
export const STACK_ZERO = 3;
export const STACK_DYNPTR = 4;
export const STACK_ITER = 5;
export const STACK_IRQ_FLAG = 6;

/** `types` of a slot whose eight bytes are all of one type. */
export function allBytes(type: number): number {
  return Math.imul(type, 0x11111111);
}

/** Eight bytes of stack. Immutable and shared like {@link RegState}. */
export class StackSlot {
  /** The spilled register, or the description of the dynptr, iterator or irq flag. */
  readonly reg: RegState;
  /**
   * Types of the eight bytes, four bits each, as the kernel counts them: byte 0 is the one at the highest address (fp - 8 * spi - 1), in the
   * lowest bits; byte 7 the one at the lowest.
   */
  readonly types: number;

  constructor(reg: RegState, types: number) {
    this.reg = reg;
    this.types = types;
  }

  /** Type of byte `i`, 0..7: of the byte at fp - 8 * spi - 1 - i. */
  typeAt(i: number): number {
    return (this.types >>> (i << 2)) & 7;
  }

  /** The same slot with byte `i` of another type. */
  withTypeAt(i: number, type: number): StackSlot {
    const shift = i << 2;
    return new StackSlot(this.reg, (this.types & ~(7 << shift)) | (type << shift));
  }

  withReg(reg: RegState): StackSlot {
    return new StackSlot(reg, this.types);
  }
}

/** Eight bytes that were never written. */
export const SLOT_INVALID: StackSlot = new StackSlot(REG_NOT_INIT, 0);

/** A register was spilled here (all of it or its low bytes). */
export function isSpilledReg(slot: StackSlot): boolean {
  return slot.types >>> 28 === STACK_SPILL;
}

/** A number was spilled here. */
export function isSpilledScalarReg(slot: StackSlot): boolean {
  return slot.types >>> 28 === STACK_SPILL && slot.reg.type === SCALAR_VALUE;
}

/** A number was spilled here, all eight bytes. */
export function isSpilledScalarReg64(slot: StackSlot): boolean {
  return (slot.types & 7) === STACK_SPILL && slot.reg.type === SCALAR_VALUE;
}

/** A register, dynptr, iterator or irq flag: writing to a part of it destroys the rest. */
export function isSpecialSlot(slot: StackSlot): boolean {
  const type = slot.types >>> 28;
  return type === STACK_SPILL || type === STACK_DYNPTR || type === STACK_ITER || type === STACK_IRQ_FLAG;
}

/** All bytes but those never written become data of unknown value. */
export function scrubTypes(types: number): number {
  let scrubbed = 0;
  for (let shift = 0; shift < 32; shift += 4) {
    if ((types >>> shift) & 7) scrubbed |= STACK_MISC << shift;
  }
  return scrubbed;
}
