/**
 * 64-bit arithmetic on register files: word `2n` is the low, word `2n + 1` the high half of register n. Each function sets `dst op= src`.
 * BigInt appears only where the operands exceed 53 bits.
 *
 * @see RFC 9669 section 4.1
 */

const TWO32 = 4294967296;

/** Low 64 bits of the product. */
export function mul64(r: Int32Array, d: number, s: number): void {
  const al = r[d]! >>> 0;
  const bl = r[s]! >>> 0;
  const low = Math.imul(al, bl);
  // al * bl as a double is off by at most 2^10; without the exact low half it is a multiple of 2^32 up to that error, so rounding is exact.
  const high = ((al * bl - (low >>> 0)) / TWO32 + 0.5) | 0;
  r[d + 1] = (high + Math.imul(al, r[s + 1]!) + Math.imul(r[d + 1]!, bl)) | 0;
  r[d] = low;
}

function toBig(r: Int32Array, at: number): bigint {
  return (BigInt(r[at + 1]! >>> 0) << 32n) | BigInt(r[at]! >>> 0);
}

function toBigSigned(r: Int32Array, at: number): bigint {
  return (BigInt(r[at + 1]!) << 32n) | BigInt(r[at]! >>> 0);
}

function setBig(r: Int32Array, at: number, value: bigint): void {
  r[at] = Number(BigInt.asIntN(32, value));
  r[at + 1] = Number(BigInt.asIntN(32, value >> 32n));
}

/** Unsigned quotient; 0 where the divisor is 0. */
export function div64(r: Int32Array, d: number, s: number): void {
  const ah = r[d + 1]! >>> 0;
  const bh = r[s + 1]! >>> 0;
  if ((ah | bh) >>> 21 === 0) {
    const a = ah * TWO32 + (r[d]! >>> 0);
    const b = bh * TWO32 + (r[s]! >>> 0);
    // Both below 2^53: the rounded quotient can't reach the next integer, so its floor is the quotient's.
    const q = b === 0 ? 0 : Math.floor(a / b);
    r[d] = q;
    r[d + 1] = q / TWO32;
    return;
  }
  const b = toBig(r, s);
  setBig(r, d, b === 0n ? 0n : toBig(r, d) / b);
}

/** Unsigned remainder; the dividend where the divisor is 0. */
export function mod64(r: Int32Array, d: number, s: number): void {
  const ah = r[d + 1]! >>> 0;
  const bh = r[s + 1]! >>> 0;
  if ((ah | bh) >>> 21 === 0) {
    const a = ah * TWO32 + (r[d]! >>> 0);
    const b = bh * TWO32 + (r[s]! >>> 0);
    if (b === 0) return;
    const m = a % b;
    r[d] = m;
    r[d + 1] = m / TWO32;
    return;
  }
  const b = toBig(r, s);
  if (b !== 0n) setBig(r, d, toBig(r, d) % b);
}

/** Signed quotient, towards zero; 0 where the divisor is 0, the dividend for INT64_MIN / -1. */
export function sdiv64(r: Int32Array, d: number, s: number): void {
  const b = toBigSigned(r, s);
  setBig(r, d, b === 0n ? 0n : toBigSigned(r, d) / b);
}

/** Signed remainder with the dividend's sign; the dividend where the divisor is 0, 0 for INT64_MIN % -1. */
export function smod64(r: Int32Array, d: number, s: number): void {
  const b = toBigSigned(r, s);
  if (b !== 0n) setBig(r, d, toBigSigned(r, d) % b);
}

/** 32-bit signed quotient; 0 where the divisor is 0. */
export function sdiv32(a: number, b: number): number {
  // -2^31 / -1 = 2^31, which `| 0` wraps to -2^31: the defined result.
  return b === 0 ? 0 : (a / b) | 0;
}

/** 32-bit signed remainder; the dividend where the divisor is 0. */
export function smod32(a: number, b: number): number {
  return b === 0 ? a : (a % b) | 0;
}

/** The four bytes of a word in reverse order. */
export function swap32(x: number): number {
  return (x << 24) | ((x & 0xff00) << 8) | ((x >>> 8) & 0xff00) | (x >>> 24);
}
