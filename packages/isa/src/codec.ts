import { IsaError } from "./error.ts";
import type { Insn } from "./insn.ts";

/** Byte order of an encoded program. */
export type ByteOrder = "little" | "big";

/**
 * Decodes a program. Any bytes decode, valid instructions or not: validity is `opcodeInfo`'s and the verifier's matter.
 *
 * @param bytes 8 bytes a slot; only read.
 * @param order Byte order of `off` and `imm` and nibble order of the register byte.
 * @returns One {@link Insn} a slot; `decode(encode(x))` equals `x`.
 * @throws {IsaError} `ISA_LENGTH` where the length is no multiple of 8.
 * @see RFC 9669 section 3.1
 */
export function decode(bytes: Uint8Array, order: ByteOrder = "little"): Insn[] {
  const length = bytes.length;
  if ((length & 7) !== 0) {
    throw new IsaError(`program length ${length} is not a multiple of 8 bytes`, {
      code: "ISA_LENGTH",
      details: { length },
    });
  }
  const count = length >>> 3;
  const insns: Insn[] = new Array<Insn>(count);
  if (order === "little") {
    for (let i = 0, p = 0; i < count; i++, p += 8) {
      const regs = bytes[p + 1]!;
      insns[i] = {
        code: bytes[p]!,
        dst: regs & 15,
        src: regs >>> 4,
        off: ((bytes[p + 2]! | (bytes[p + 3]! << 8)) << 16) >> 16,
        imm: bytes[p + 4]! | (bytes[p + 5]! << 8) | (bytes[p + 6]! << 16) | (bytes[p + 7]! << 24),
      };
    }
  } else {
    for (let i = 0, p = 0; i < count; i++, p += 8) {
      const regs = bytes[p + 1]!;
      insns[i] = {
        code: bytes[p]!,
        dst: regs >>> 4,
        src: regs & 15,
        off: ((bytes[p + 3]! | (bytes[p + 2]! << 8)) << 16) >> 16,
        imm: bytes[p + 7]! | (bytes[p + 6]! << 8) | (bytes[p + 5]! << 16) | (bytes[p + 4]! << 24),
      };
    }
  }
  return insns;
}

/**
 * Encodes a program.
 *
 * @param insns Slots in order; `ld_imm64` takes two.
 * @param order Byte order to write.
 * @returns 8 bytes a slot, owned by the caller.
 * @throws {IsaError} `ISA_RANGE` where a field does not fit: nothing is ever truncated.
 * @see RFC 9669 section 3.1
 */
export function encode(insns: readonly Insn[], order: ByteOrder = "little"): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(insns.length * 8);
  const little = order === "little";
  for (let i = 0, p = 0; i < insns.length; i++, p += 8) {
    const { code, dst, src, off, imm } = insns[i]!;
    if ((code & 0xff) !== code) fieldError(i, "code", code, "0..255");
    if ((dst & 15) !== dst) fieldError(i, "dst", dst, "0..15");
    if ((src & 15) !== src) fieldError(i, "src", src, "0..15");
    if ((off << 16) >> 16 !== off) fieldError(i, "off", off, "-32768..32767");
    if ((imm | 0) !== imm) fieldError(i, "imm", imm, "-2147483648..2147483647");
    bytes[p] = code;
    if (little) {
      bytes[p + 1] = (src << 4) | dst;
      bytes[p + 2] = off;
      bytes[p + 3] = off >> 8;
      bytes[p + 4] = imm;
      bytes[p + 5] = imm >> 8;
      bytes[p + 6] = imm >> 16;
      bytes[p + 7] = imm >> 24;
    } else {
      bytes[p + 1] = (dst << 4) | src;
      bytes[p + 2] = off >> 8;
      bytes[p + 3] = off;
      bytes[p + 4] = imm >> 24;
      bytes[p + 5] = imm >> 16;
      bytes[p + 6] = imm >> 8;
      bytes[p + 7] = imm;
    }
  }
  return bytes;
}

function fieldError(slot: number, field: string, got: unknown, allowed: string): never {
  throw new IsaError(`insn ${slot}: ${field} is ${String(got)}, allowed is ${allowed}`, {
    code: "ISA_RANGE",
    details: { slot, field, got, allowed },
  });
}
