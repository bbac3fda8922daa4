import type { CallbackFn, HelperFn, Linkage } from "./calling-convention.ts";
import { slotText } from "./text.ts";

/** One function of an executable. */
export interface Subprog {
  /** Its first instruction slot. */
  readonly start: number;
  /** Bytes of stack of one activation, a multiple of 8. */
  readonly stackDepth: number;
  readonly name?: string;
}

/** What translation makes of a program; the machine's own. */
export interface Translated {
  /** Four words a slot. */
  readonly code: Int32Array;
  /** A register file as a run begins with: zeros, then the program's constants. */
  readonly registers: Int32Array;
  readonly helpers: readonly HelperFn[];
  readonly loops: readonly CallbackFn[];
  /** Names of what the call instructions lead to, by slot. */
  readonly callNames: ReadonlyMap<number, string>;
}

/**
 * A program translated for one {@link Vm} and linked. Immutable, and without resources of its own: it may be dropped at any time and run
 * any number of times, also several times at once.
 */
export class Executable {
  /** The instructions that it was made from, 8 bytes a slot. Not to be modified. */
  readonly insns: Uint8Array;
  /** The main function first; sorted by start. */
  readonly subprogs: readonly Subprog[];
  /** Where its calls lead. */
  readonly linkage: Linkage;
  /** The machine's own. */
  readonly translated: Translated;

  constructor(insns: Uint8Array, subprogs: readonly Subprog[], linkage: Linkage, translated: Translated) {
    this.insns = insns;
    this.subprogs = subprogs;
    this.linkage = linkage;
    this.translated = translated;
  }

  /** Number of instruction slots. */
  get length(): number {
    return this.insns.length >>> 3;
  }

  /** The instruction at a slot as the kernel's log prints it, e.g. `r1 = *(u64 *)(r2 +0)`. */
  text(slot: number): string {
    return slotText(this, slot);
  }

  /** The function that a slot belongs to. */
  subprogAt(slot: number): Subprog {
    let low = 0;
    let high = this.subprogs.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.subprogs[middle]!.start <= slot) low = middle;
      else high = middle - 1;
    }
    return this.subprogs[low]!;
  }
}
