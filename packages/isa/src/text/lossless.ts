/**
 * What both syntaxes leave out, and how the text forms that must lose nothing say it.
 *
 * - Fields that the text does not show stand behind it in braces: `call kernel-function#7 {off=1}`. Mostly these are reserved fields that a
 *   program for testing a verifier has set.
 * - A slot that has no text at all is written as data: `.8byte 0x00000005000000ff`.
 *
 * The assembler of this package reads both.
 *
 * @module
 */
import type { Insn } from "../insn.ts";
import { hex64 } from "./operators.ts";

/**
 * The fields in which `insn` differs from what its text says.
 *
 * @param implied What the assembler would make of the text alone.
 * @returns `" {src=2, off=1}"`, or nothing.
 */
export function annotation(insn: Insn, implied: Insn): string {
  let list = "";
  for (const field of ["dst", "src", "off", "imm"] as const) {
    if (insn[field] !== implied[field]) list += `${list && ", "}${field}=${insn[field]}`;
  }
  return list && ` {${list}}`;
}

/** A slot as data, in little-endian order as `.8byte` on a little-endian target has it. */
export function dataSlot(insn: Insn): string {
  const low = insn.code | (insn.dst << 8) | (insn.src << 12) | (insn.off << 16);
  return `.8byte ${hex64(low, insn.imm)}`;
}

/** True where the slot behind a `ld_imm64` holds nothing but an immediate, as it should. */
export function isPlainSecondSlot(next: Insn | undefined): next is Insn {
  return next !== undefined && next.code === 0 && next.dst === 0 && next.src === 0 && next.off === 0;
}
