/**
 * Classes of characters as the kernel has them: ASCII, and Latin-1 above.
 *
 * @see v6.18 lib/ctype.c
 */

const DIGITS = [0x30, 0x39] as const;

function within(c: number, [low, high]: readonly [number, number]): boolean {
  return c >= low && c <= high;
}

/** Multiplication and division sign: the only ones among the letters of Latin-1. */
function isLatin1Sign(c: number): boolean {
  return c === 0xd7 || c === 0xf7;
}

export function isAscii(c: number): boolean {
  return c < 0x80;
}

/** Blanks, and the no-break space. */
export function isSpace(c: number): boolean {
  return c === 0x20 || within(c, [0x09, 0x0d]) || c === 0xa0;
}

export function isDigit(c: number): boolean {
  return within(c, DIGITS);
}

export function isAlnum(c: number): boolean {
  const letter = within(c | 0x20, [0x61, 0x7a]) && isAscii(c);
  return letter || isDigit(c) || (c >= 0xc0 && !isLatin1Sign(c));
}

export function isPunct(c: number): boolean {
  if (isAscii(c)) return within(c, [0x21, 0x7e]) && !isAlnum(c);
  return within(c, [0xa1, 0xbf]) || isLatin1Sign(c);
}

/** What leaves ink, and the blank. */
export function isPrint(c: number): boolean {
  return c === 0x20 || c === 0xa0 || isAlnum(c) || isPunct(c);
}
