import type { Output } from "./output.ts";
import { LEFT, PLUS, SIGN, SMALL, SPACE, type Spec, ZEROPAD } from "./spec.ts";

const BLANK = 0x20;
const ZERO = 0x30;

/**
 * Prints an integer.
 *
 * @param bits 64 bits, unsigned; a negative number in two's complement where the conversion is signed
 * @see v6.18 lib/vsprintf.c, number
 */
export function putNumber(
  out: Output,
  bits: bigint,
  { flags, width, base }: Pick<Spec, "flags" | "width" | "base">,
): void {
  let sign = "";
  let magnitude = bits;
  if ((flags & SIGN) !== 0) {
    const value = BigInt.asIntN(64, bits);
    if (value < 0n) {
      sign = "-";
      magnitude = -value;
    } else if ((flags & PLUS) !== 0) sign = "+";
    else if ((flags & SPACE) !== 0) sign = " ";
  }
  const digits = magnitude.toString(base);
  const text = (flags & SMALL) === 0 ? digits.toUpperCase() : digits;
  const missing = width - sign.length - text.length;
  const left = (flags & LEFT) !== 0;
  const zeros = !left && (flags & ZEROPAD) !== 0;
  if (!left && !zeros) out.pad(BLANK, missing);
  if (sign !== "") out.put(sign.charCodeAt(0));
  if (zeros) out.pad(ZERO, missing);
  for (let i = 0; i < text.length; i++) out.put(text.charCodeAt(i));
  if (left) out.pad(BLANK, missing);
}
