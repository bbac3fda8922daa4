/**
 * 64-bit integers as two halves.
 *
 * Each half is an int32: its bits count, whichever number it is read as. Halves are kept in small integers that the engine holds unboxed, which
 * a BigInt is not; that makes most of the domain's speed. Names end in Hi and Lo, parameters come as (…Hi, …Lo).
 */

/** Flips the sign bit: int32 comparison of the results is unsigned comparison of the arguments. */
const FLIP = 0x8000_0000 | 0;

/** a < b, unsigned 32-bit. */
export function below32(a: number, b: number): boolean {
  return (a ^ FLIP) < (b ^ FLIP);
}

/** a < b, unsigned 64-bit. */
export function below(aHi: number, aLo: number, bHi: number, bLo: number): boolean {
  return aHi === bHi ? (aLo ^ FLIP) < (bLo ^ FLIP) : (aHi ^ FLIP) < (bHi ^ FLIP);
}

/** a < b, signed 64-bit. */
export function less(aHi: number, aLo: number, bHi: number, bLo: number): boolean {
  return aHi === bHi ? (aLo ^ FLIP) < (bLo ^ FLIP) : aHi < bHi;
}

/** Upper half of a + b, given the lower half of the sum. */
export function sumHi(aHi: number, aLo: number, bHi: number, sumLo: number): number {
  return (aHi + bHi + ((sumLo ^ FLIP) < (aLo ^ FLIP) ? 1 : 0)) | 0;
}

/** Upper half of a - b. */
export function differenceHi(aHi: number, aLo: number, bHi: number, bLo: number): number {
  return (aHi - bHi - ((aLo ^ FLIP) < (bLo ^ FLIP) ? 1 : 0)) | 0;
}

/** Upper half of `v << n`, 0 ≤ n ≤ 63. */
export function shlHi(hi: number, lo: number, n: number): number {
  if (n >= 32) return lo << (n - 32);
  return n === 0 ? hi : (hi << n) | (lo >>> (32 - n));
}

/** Lower half of `v << n`. */
export function shlLo(lo: number, n: number): number {
  return n >= 32 ? 0 : lo << n;
}

/** Upper half of `v >> n`, filling with 0. */
export function shrHi(hi: number, n: number): number {
  return n >= 32 ? 0 : (hi >>> n) | 0;
}

/** Lower half of `v >> n`, filling with 0. */
export function shrLo(hi: number, lo: number, n: number): number {
  if (n >= 32) return (hi >>> (n - 32)) | 0;
  return n === 0 ? lo : (lo >>> n) | (hi << (32 - n));
}

/** Upper half of `v >> n`, filling with the sign. */
export function sarHi(hi: number, n: number): number {
  return n >= 32 ? hi >> 31 : hi >> n;
}

/** Lower half of `v >> n`, filling with the sign. */
export function sarLo(hi: number, lo: number, n: number): number {
  if (n >= 32) return hi >> (n - 32);
  return n === 0 ? lo : (lo >>> n) | (hi << (32 - n));
}

/** Halves of any integer modulo 2^64. */
export function hiOf(v: bigint): number {
  return Number(BigInt.asIntN(32, v >> 32n));
}

export function loOf(v: bigint): number {
  return Number(BigInt.asIntN(32, v));
}

/** The unsigned number. */
export function unsigned(hi: number, lo: number): bigint {
  return hi === 0 ? BigInt(lo >>> 0) : (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0);
}

/** The signed number. */
export function signed(hi: number, lo: number): bigint {
  return hi === lo >> 31 ? BigInt(lo) : (BigInt(hi) << 32n) | BigInt(lo >>> 0);
}

/** The unsigned number, rounded beyond 2^53. */
export function unsignedNumber(hi: number, lo: number): number {
  return (hi >>> 0) * 0x1_0000_0000 + (lo >>> 0);
}

/** The signed number, rounded beyond 2^53. */
export function signedNumber(hi: number, lo: number): number {
  return hi * 0x1_0000_0000 + (lo >>> 0);
}

export const S32_MAX = 0x7fff_ffff;
export const S32_MIN: number = -0x8000_0000;
