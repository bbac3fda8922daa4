import { isDigit } from "./ctype.ts";

/** Flags of a conversion. */
export const LEFT = 1;
export const PLUS = 2;
export const SPACE = 4;
export const ZEROPAD = 8;
export const SMALL = 16;
export const SIGN = 32;

/** One conversion of a format. */
export interface Spec {
  flags: number;
  /** -1: none. */
  width: number;
  base: 10 | 16;
  /** 0, 1 or 2 times `l`. */
  longs: number;
  /** The conversion's letter, as a byte. */
  letter: number;
  /** Index behind it. */
  next: number;
}

const MINUS = 0x2d;
const FLAGS: ReadonlyMap<number, number> = new Map([
  [MINUS, LEFT],
  [0x2b, PLUS],
  [0x20, SPACE],
  [0x30, ZEROPAD],
]);
const SMALL_L = 0x6c;
const SMALL_D = 0x64;
const SMALL_I = 0x69;
const SMALL_X = 0x78;
const CAPITAL_X = 0x58;

/**
 * The conversion that begins at `at`, a `%`, of a format that was found valid. The format ends in 0.
 *
 * @see v6.18 lib/vsprintf.c, format_decode
 */
export function decodeSpec(format: Uint8Array, at: number): Spec {
  let next = at + 1;
  let flags = 0;
  for (let flag = FLAGS.get(format[next]!); flag !== undefined; flag = FLAGS.get(format[++next]!)) flags |= flag;
  let width = -1;
  if (isDigit(format[next]!)) {
    width = 0;
    while (isDigit(format[next]!)) width = (Math.imul(width, 10) + format[next++]! - 0x30) | 0;
  }
  let longs = 0;
  while (longs < 2 && format[next] === SMALL_L) {
    longs++;
    next++;
  }
  const letter = format[next]!;
  let base: 10 | 16 = 10;
  if (letter === SMALL_D || letter === SMALL_I) flags |= SIGN;
  if (letter === SMALL_X || letter === CAPITAL_X) base = 16;
  if (letter === SMALL_X) flags |= SMALL;
  return { flags, width, base, longs, letter, next: next + 1 };
}
