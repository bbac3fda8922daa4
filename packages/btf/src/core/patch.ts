import { ERANGE } from "@bpf-ts/uapi/errno";
import type { CoreResult } from "./calc.ts";
import { coreError } from "./failure.ts";

/** The fields of an instruction, as in `struct bpf_insn`: `off` signed 16 bits, `imm` signed 32. */
export interface CoreInsn {
  code: number;
  dst: number;
  src: number;
  off: number;
  imm: number;
}

/** The call that stands for a relocation that failed: "bad relo". The verifier refuses it where it can be reached. */
const POISON: CoreInsn = { code: 0x85, dst: 0, src: 0, off: 0, imm: 195896080 };

const LD_IMM64 = 0x18;
/** Size field of a load's or store's code by bytes. */
const SIZE_BITS: Readonly<Record<number, number>> = { 1: 0x10, 2: 0x08, 4: 0x00, 8: 0x18 };
const SIZE_BYTES: Readonly<Record<number, number>> = { 0: 4, 8: 2, 16: 1, 24: 8 };

/**
 * The instruction at a relocation with its new value: the offset of a load or store (and its size, if the field's is another), the immediate of an
 * arithmetic instruction or move, or both halves of a 64-bit load. What cannot be relocated becomes an invalid call.
 *
 * @param second the instruction behind it, needed for 64-bit loads
 * @returns one instruction, or two for a 64-bit load; the given ones are left alone
 * @see v6.18 tools/lib/bpf/relo_core.c, bpf_core_patch_insn
 * @throws BtfError BTF_CORE for instructions that are not what the record says
 */
export function patchCoreInsn(insn: CoreInsn, second: CoreInsn | undefined, result: CoreResult): CoreInsn[] {
  const { originalValue, newValue } = result;
  const change = `${originalValue} -> ${newValue}`;
  switch (insn.code & 7) {
    // ALU, ALU64
    case 4:
    case 7:
      if ((insn.code & 8) !== 0) throw unrecognized(insn);
      if (result.poison) return [{ ...POISON }];
      if (result.validate && BigInt.asUintN(64, BigInt(insn.imm)) !== originalValue)
        throw coreError(`unexpected insn (ALU/ALU64) value: got ${insn.imm}, exp ${change}`);
      return [{ ...insn, imm: low32(newValue) }];
    // LDX, ST, STX
    case 1:
    case 2:
    case 3: {
      if (result.poison) return [{ ...POISON }];
      if (result.validate && BigInt.asUintN(64, BigInt(insn.off)) !== originalValue)
        throw coreError(`unexpected insn (LDX/ST/STX) value: got ${insn.off}, exp ${change}`);
      if (newValue > 0x7fffn) throw coreError(`insn (LDX/ST/STX) value too big: ${newValue}`, ERANGE);
      if (result.failMemorySize) return [{ ...POISON }];
      const moved = { ...insn, off: Number(newValue) };
      if (result.newSize === result.originalSize) return [moved];
      const size = SIZE_BYTES[insn.code & 0x18]!;
      if (size !== result.originalSize)
        throw coreError(`insn (LDX/ST/STX) unexpected mem size: got ${size}, exp ${result.originalSize}`);
      const bits = SIZE_BITS[result.newSize];
      if (bits === undefined) throw coreError(`insn (LDX/ST/STX) invalid new mem size: ${result.newSize}`);
      return [{ ...moved, code: (insn.code & ~0x18) | bits }];
    }
    // LD
    case 0: {
      if (insn.code !== LD_IMM64 || insn.src !== 0 || insn.off !== 0 || !isEmpty(second))
        throw coreError("insn (LDIMM64) has unexpected form");
      if (result.poison) return [{ ...POISON }, { ...POISON }];
      const value = BigInt.asUintN(32, BigInt(insn.imm)) | (BigInt.asUintN(32, BigInt(second.imm)) << 32n);
      if (result.validate && value !== originalValue)
        throw coreError(`unexpected insn (LDIMM64) value: got ${value}, exp ${change}`);
      return [
        { ...insn, imm: low32(newValue) },
        { ...second, imm: low32(newValue >> 32n) },
      ];
    }
    default:
      throw unrecognized(insn);
  }
}

function isEmpty(second: CoreInsn | undefined): second is CoreInsn {
  return second !== undefined && second.code === 0 && second.dst === 0 && second.src === 0 && second.off === 0;
}

function low32(value: bigint): number {
  return Number(BigInt.asIntN(32, value));
}

function unrecognized({ code, src, dst, off, imm }: CoreInsn): Error {
  const hex = (n: number): string => `0x${(n >>> 0).toString(16)}`;
  return coreError(
    `trying to relocate unrecognized insn, code:${hex(code)}, src:${hex(src)}, dst:${hex(dst)}, off:${hex(off)}, imm:${hex(imm)}`,
  );
}
