/**
 * Slots that are given as data.
 *
 * @module
 */
import { type Draft, draft } from "./draft.ts";
import { expression } from "./expression.ts";
import { type Place, syntaxError } from "./place.ts";
import type { Scanner } from "./scanner.ts";

/** Bytes that each value behind a directive takes. */
const SIZES: Readonly<Record<string, number>> = {
  ".byte": 1,
  ".2byte": 2,
  ".short": 2,
  ".value": 2,
  ".4byte": 4,
  ".int": 4,
  ".long": 4,
  ".8byte": 8,
  ".quad": 8,
};

/** The slot whose little-endian bytes are this number's. */
export function slotOf(value: bigint): Draft {
  const low = Number(BigInt.asUintN(32, value));
  return draft(low & 0xff, {
    dst: (low >> 8) & 15,
    src: (low >> 12) & 15,
    off: low >> 16,
    imm: Number(BigInt.asIntN(32, value >> 32n)),
  });
}

/** Data of a slot that is not full yet: directives may give a slot field by field. */
export class PartialSlot {
  #value = 0n;
  #bytes = 0;
  #place: Place | undefined;

  /**
   * Takes a directive such as `.byte 5, 0`.
   *
   * @returns The slots that it fills, or undefined, with nothing taken, where the next word is no such directive.
   */
  directive(scanner: Scanner): Draft[] | undefined {
    const size = SIZES[scanner.peek().toLowerCase()];
    if (size === undefined) return undefined;
    this.#place ??= scanner.place;
    scanner.take();
    const slots: Draft[] = [];
    const bits = BigInt(size * 8);
    do {
      const place = scanner.place;
      const numeral = { value: expression(scanner, "value"), place };
      const value = scanner.within(numeral, "value", -(1n << (bits - 1n)), (1n << bits) - 1n);
      if (this.#bytes + size > 8) throw scanner.wrong("this value crosses from one slot into the next");
      this.#value |= BigInt.asUintN(size * 8, value) << BigInt(this.#bytes * 8);
      this.#bytes += size;
      if (this.#bytes === 8) {
        slots.push(slotOf(this.#value));
        this.#value = 0n;
        this.#bytes = 0;
      }
    } while (scanner.accept(","));
    if (this.#bytes === 0) this.#place = undefined;
    return slots;
  }

  /** Refuses what is left over. Must be asked before anything but data follows. */
  finish(): void {
    if (this.#place !== undefined) throw syntaxError(this.#place, `data of ${this.#bytes} bytes, a slot has 8`);
  }
}
