/**
 * Scalars as text, as the kernel's log shows them.
 *
 * Only ranges that say something are shown. Ends of different readings that have the same value are joined: `smax=umax=255`. Small numbers
 * are decimal (unsigned to 65535, signed in ±32768), others hexadecimal, negative ones then in two's complement of their width.
 *
 * @see v6.18 kernel/bpf/log.c, print_scalar_ranges, print_reg_state, tnum_strn
 */

import { type Num, numOf } from "./num.ts";
import { isConst } from "./scalar.ts";
import { bitsOf, tnumIsConst } from "./tnum.ts";
import type { Scalar, Tnum } from "./types.ts";
import { hiOf, loOf, S32_MAX, S32_MIN } from "./word.ts";

/** `%#llx` of the kernel: 0 has the prefix too. */
function hex(hi: number, lo: number): string {
  const low = (lo >>> 0).toString(16);
  return hi === 0 ? `0x${low}` : `0x${(hi >>> 0).toString(16)}${low.padStart(8, "0")}`;
}

function unsignedText(hi: number, lo: number): string {
  return hi === 0 && lo >>> 16 === 0 ? String(lo) : hex(hi, lo);
}

function isSignedDecimal(hi: number, lo: number): boolean {
  return hi === lo >> 31 && (lo << 16) >> 16 === lo;
}

function signedText(hi: number, lo: number): string {
  return isSignedDecimal(hi, lo) ? String(lo) : hex(hi, lo);
}

/** An unsigned 64-bit number as the log shows it. */
export function formatUnsigned(v: bigint): string {
  return unsignedText(hiOf(v), loOf(v));
}

/** A signed 64-bit number as the log shows it. */
export function formatSigned(v: bigint): string {
  return signedText(hiOf(v), loOf(v));
}

/** Bits as `(0x0; 0xff)`, a constant as a number. */
export function formatTnum(t: Tnum): string {
  const b = bitsOf(t);
  if (tnumIsConst(b)) return unsignedText(b.valueHi, b.valueLo);
  return `(${hex(b.valueHi, b.valueLo)}; ${hex(b.maskHi, b.maskLo)})`;
}

const NAMES = ["smin", "smax", "umin", "umax", "smin32", "smax32", "umin32", "umax32"] as const;

/** Which of NAMES say something; bit i for NAMES[i]. */
function telling(n: Num): number {
  let shown = 0;
  if (n.sminHi !== S32_MIN || n.sminLo !== 0) shown |= 1;
  if (n.smaxHi !== S32_MAX || n.smaxLo !== -1) shown |= 2;
  if ((n.uminHi | n.uminLo) !== 0) shown |= 4;
  if ((n.umaxHi & n.umaxLo) !== -1) shown |= 8;
  if (n.s32min !== S32_MIN) shown |= 16;
  if (n.s32max !== S32_MAX) shown |= 32;
  if (n.lowMin !== 0) shown |= 64;
  if (n.lowMax !== -1) shown |= 128;
  return shown;
}

/** What the log says between a register's parentheses about its ranges and bits; `` if nothing is known. */
export function formatRanges(s: Scalar): string {
  const n = numOf(s);
  let shown = telling(n);
  let text = "";
  if (shown !== 0) {
    // A signed 32-bit end in hexadecimal must not show its sign extension, so it counts as unsigned then.
    const min32Hi = isSignedDecimal(n.s32min >> 31, n.s32min) ? n.s32min >> 31 : 0;
    const max32Hi = isSignedDecimal(n.s32max >> 31, n.s32max) ? n.s32max >> 31 : 0;
    const his = [n.sminHi, n.smaxHi, n.uminHi, n.umaxHi, min32Hi, max32Hi, 0, 0];
    const los = [n.sminLo, n.smaxLo, n.uminLo, n.umaxLo, n.s32min, n.s32max, n.lowMin, n.lowMax];
    for (let i = 0; i < 8; i++) {
      if ((shown & (1 << i)) === 0) continue;
      const hi = his[i]!;
      const lo = los[i]!;
      const isSigned = (i & 2) === 0;
      text += text === "" ? `${NAMES[i]}=` : `,${NAMES[i]}=`;
      // Minima stand at even places, maxima at odd ones: only like is joined with like, and no negative number with a positive one.
      for (let j = i + 2; j < 8; j += 2) {
        if ((shown & (1 << j)) === 0 || los[j] !== lo || his[j] !== hi) continue;
        if (hi < 0 && isSigned !== ((j & 2) === 0)) continue;
        shown &= ~(1 << j);
        text += `${NAMES[j]}=`;
      }
      text += isSigned ? signedText(hi, lo) : unsignedText(hi, lo);
    }
  }
  if ((n.bits.maskHi & n.bits.maskLo) === -1) return text;
  return `${text}${text === "" ? "" : ","}var_off=${formatTnum(n.bits)}`;
}

/** A scalar register as in the log: `-1`, `scalar()`, `scalar(id=3,umax=5)`; `prefix` holds the attributes that come before the ranges. */
export function formatScalar(s: Scalar, prefix = ""): string {
  const { bits } = numOf(s);
  if (isConst(s)) return signedText(bits.valueHi, bits.valueLo);
  const ranges = formatRanges(s);
  return `scalar(${prefix}${prefix !== "" && ranges !== "" ? "," : ""}${ranges})`;
}
