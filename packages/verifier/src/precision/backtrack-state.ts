/**
 * What precision tracking looks for while it walks back: sets of registers and stack slots, one pair a frame.
 *
 * @see v6.18 include/linux/bpf_verifier.h, struct backtrack_state
 */
export class BacktrackState {
  /** The frame that the instruction under the cursor runs in. */
  frame = 0;
  readonly regs: Int32Array = new Int32Array(8);
  /** Slots 0-31. */
  readonly stackLo: Int32Array = new Int32Array(8);
  /** Slots 32-63. */
  readonly stackHi: Int32Array = new Int32Array(8);

  reset(): void {
    this.frame = 0;
    this.regs.fill(0);
    this.stackLo.fill(0);
    this.stackHi.fill(0);
  }

  isEmpty(): boolean {
    let mask = 0;
    for (let i = 0; i <= this.frame; i++) mask |= this.regs[i]! | this.stackLo[i]! | this.stackHi[i]!;
    return mask === 0;
  }

  setReg(frame: number, reg: number): void {
    this.regs[frame]! |= 1 << reg;
  }

  clearReg(frame: number, reg: number): void {
    this.regs[frame]! &= ~(1 << reg);
  }

  hasReg(frame: number, reg: number): boolean {
    return (this.regs[frame]! & (1 << reg)) !== 0;
  }

  setSlot(frame: number, spi: number): void {
    if (spi < 32) this.stackLo[frame]! |= 1 << spi;
    else this.stackHi[frame]! |= 1 << (spi - 32);
  }

  clearSlot(frame: number, spi: number): void {
    if (spi < 32) this.stackLo[frame]! &= ~(1 << spi);
    else this.stackHi[frame]! &= ~(1 << (spi - 32));
  }

  hasSlot(frame: number, spi: number): boolean {
    return ((spi < 32 ? this.stackLo[frame]! >>> spi : this.stackHi[frame]! >>> (spi - 32)) & 1) !== 0;
  }
}

/** `r0,r2` for the mask 5. @see v6.18 kernel/bpf/verifier.c, fmt_reg_mask */
export function regMaskText(mask: number): string {
  const names: string[] = [];
  for (let i = 0; i < 32; i++) if ((mask >>> i) & 1) names.push(`r${i}`);
  return names.join();
}
