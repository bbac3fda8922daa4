import { REG_NOT_INIT, type RegState } from "./reg-state.ts";

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
  /** Types of the eight bytes, four bits each; byte 0 (the lowest address) in the lowest bits. */
  readonly types: number;

  constructor(reg: RegState, types: number) {
    this.reg = reg;
    this.types = types;
  }

  /** Type of byte `i`, 0..7. */
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
