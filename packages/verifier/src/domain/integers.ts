/**
 * Limits and casts of 64- and 32-bit integers. 64-bit values are bigint, 32-bit ones numbers; "u" ones lie in [0, 2^n), "s" ones in
 * [-2^(n-1), 2^(n-1)).
 */

export const U64_MAX = 0xffff_ffff_ffff_ffffn;
export const S64_MAX = 0x7fff_ffff_ffff_ffffn;
export const S64_MIN = -0x8000_0000_0000_0000n;
/** The sign bit of a 64-bit value, as an unsigned number. */
export const SIGN64 = 0x8000_0000_0000_0000n;
export const LOW32 = 0xffff_ffffn;
export const HIGH32 = 0xffff_ffff_0000_0000n;
export const U32_MAX = 0xffff_ffff;
export const S32_MAX = 0x7fff_ffff;
export const S32_MIN = -0x8000_0000;

/** Any integer modulo 2^64, unsigned. */
export function u64(v: bigint): bigint {
  return BigInt.asUintN(64, v);
}

/** Any integer modulo 2^64, signed. */
export function s64(v: bigint): bigint {
  return BigInt.asIntN(64, v);
}

/** Low 32 bits of any integer, unsigned. */
export function low32(v: bigint): number {
  return Number(BigInt.asUintN(32, v));
}

/** Low 32 bits of any integer, signed. */
export function slow32(v: bigint): number {
  return Number(BigInt.asIntN(32, v));
}

export function max64(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

export function min64(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
