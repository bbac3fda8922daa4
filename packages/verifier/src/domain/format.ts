/**
 * Scalars as text, as the kernel's log shows them.
 *
 * Only ranges that say something are shown. Ends of different readings that have the same value are joined: `smax=umax=255`. Small numbers
 * are decimal (unsigned to 65535, signed in ±32768), others hexadecimal, negative ones then in two's complement of their width.
 *
 * @see v6.18 kernel/bpf/log.c, print_scalar_ranges, print_reg_state, tnum_strn
 */

import { S32_MAX, S32_MIN, S64_MAX, S64_MIN, U32_MAX, U64_MAX, u64 } from "./integers.ts";
import { isConst } from "./scalar.ts";
import { tnumIsConst, tnumIsUnknown } from "./tnum.ts";
import type { Scalar, Tnum } from "./types.ts";

function isUnsignedDecimal(v: bigint): boolean {
  return v <= 0xffffn;
}

function isSignedDecimal(v: bigint): boolean {
  return v >= -0x8000n && v <= 0x7fffn;
}

/** `%#llx` of the kernel: 0 has the prefix too. */
function hex(v: bigint): string {
  return `0x${v.toString(16)}`;
}

/** An unsigned 64-bit number as the log shows it. */
export function formatUnsigned(v: bigint): string {
  return isUnsignedDecimal(v) ? v.toString() : hex(v);
}

/** A signed 64-bit number as the log shows it. */
export function formatSigned(v: bigint): string {
  return isSignedDecimal(v) ? v.toString() : hex(u64(v));
}

/** Bits as `(0x0; 0xff)`, a constant as a number. */
export function formatTnum(t: Tnum): string {
  if (tnumIsConst(t)) return formatUnsigned(t.value);
  return `(${hex(t.value)}; ${hex(t.mask)})`;
}

/** One end of a range. Equal `value`s are joined if both or neither are negative readings. */
interface End {
  name: string;
  value: bigint;
  signed: boolean;
  shown: boolean;
}

/** A signed 32-bit end in hexadecimal must not show its sign extension, so it counts as unsigned then. */
function end32(v: number): bigint {
  const value = BigInt(v);
  return isSignedDecimal(value) ? value : BigInt(v >>> 0);
}

function ends(s: Scalar): End[] {
  return [
    { name: "smin", value: s.smin, signed: true, shown: s.smin !== S64_MIN },
    { name: "smax", value: s.smax, signed: true, shown: s.smax !== S64_MAX },
    { name: "umin", value: s.umin, signed: false, shown: s.umin !== 0n },
    { name: "umax", value: s.umax, signed: false, shown: s.umax !== U64_MAX },
    { name: "smin32", value: end32(s.s32min), signed: true, shown: s.s32min !== S32_MIN },
    { name: "smax32", value: end32(s.s32max), signed: true, shown: s.s32max !== S32_MAX },
    { name: "umin32", value: BigInt(s.u32min), signed: false, shown: s.u32min !== 0 },
    { name: "umax32", value: BigInt(s.u32max), signed: false, shown: s.u32max !== U32_MAX },
  ];
}

/** What the log says between a register's parentheses about its ranges and bits; `` if nothing is known. */
export function formatRanges(s: Scalar): string {
  const list = ends(s);
  const parts: string[] = [];
  for (const [i, first] of list.entries()) {
    if (!first.shown) continue;
    let text = `${first.name}=`;
    // Minima stand at even places, maxima at odd ones: only like is joined with like.
    for (let j = i + 2; j < list.length; j += 2) {
      const other = list[j]!;
      if (!other.shown || u64(other.value) !== u64(first.value)) continue;
      if ((other.signed && other.value < 0n) !== (first.signed && first.value < 0n)) continue;
      other.shown = false;
      text += `${other.name}=`;
    }
    parts.push(text + (first.signed ? formatSigned(first.value) : formatUnsigned(first.value)));
  }
  if (!tnumIsUnknown(s.tnum)) parts.push(`var_off=${formatTnum(s.tnum)}`);
  return parts.join(",");
}

/** A scalar register as in the log: `-1`, `scalar()`, `scalar(id=3,umax=5)`; `prefix` holds the attributes that come before the ranges. */
export function formatScalar(s: Scalar, prefix = ""): string {
  if (isConst(s)) return formatSigned(BigInt.asIntN(64, s.tnum.value));
  const ranges = formatRanges(s);
  return `scalar(${prefix}${prefix !== "" && ranges !== "" ? "," : ""}${ranges})`;
}
