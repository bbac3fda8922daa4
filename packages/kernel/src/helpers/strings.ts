import type { Memory } from "@bpf-ts/memory";
import { EINVAL, ERANGE } from "@bpf-ts/uapi/errno";
import { high } from "./args.ts";
import type { HelperFactory } from "./env.ts";
import { isSpace } from "./text/ctype.ts";

/**
 * Strings that become numbers, and their comparison.
 *
 * @see v6.18 kernel/bpf/helpers.c, bpf_strtol, bpf_strtoul, bpf_strncmp; lib/kstrtox.c
 */

/** @see v6.18 kernel/bpf/helpers.c, BPF_STRTOX_BASE_MASK */
const BASE_MASK = 0x1f;
/** Digits, prefix included, that are looked at. */
const MAX_DIGITS = 63;
const MINUS = 0x2d;
const ZERO = 0x30;
const U64_MAX = 0xffff_ffff_ffff_ffffn;

interface Parsed {
  readonly magnitude: bigint;
  readonly negative: boolean;
  /** Bytes from the buffer's start to behind the last digit. */
  readonly consumed: number;
}

/** The digit's value, 16 for what is none. */
function digit(c: number): number {
  const lower = c | 0x20;
  if (c >= ZERO && c <= 0x39) return c - ZERO;
  return lower >= 0x61 && lower <= 0x66 && c < 0x80 ? lower - 0x61 + 10 : 16;
}

function isX(c: number): boolean {
  return (c | 0x20) === 0x78;
}

/** Blanks, a minus, a prefix that fits the base, digits. @returns a negative errno if there are none, or too many */
function parse(text: Uint8Array, base: number): Parsed | number {
  if (text.length === 0) return -EINVAL;
  let at = 0;
  while (at < text.length && isSpace(text[at]!)) at++;
  const negative = text[at] === MINUS;
  if (negative) at++;
  if (at === text.length) return -EINVAL;
  const digits = text.subarray(at, at + MAX_DIGITS);
  const c = (i: number): number => digits[i] ?? 0;
  let radix = base;
  let i = 0;
  if (radix === 0) {
    if (c(0) !== ZERO) radix = 10;
    else radix = isX(c(1)) && digit(c(2)) < 16 ? 16 : 8;
  }
  if (radix === 16 && c(0) === ZERO && isX(c(1))) i = 2;
  const first = i;
  let magnitude = 0n;
  let overflow = false;
  for (; digit(c(i)) < radix; i++) {
    magnitude = magnitude * BigInt(radix) + BigInt(digit(c(i)));
    if (magnitude > U64_MAX) overflow = true;
  }
  if (overflow) return -ERANGE;
  return i === first ? -EINVAL : { magnitude, negative, consumed: at + i };
}

/** Parses the arguments (buffer, length, flags) of the call. */
function parseArgs(
  memory: Memory,
  buffer: number,
  length: number,
  lengthHigh: number,
  flags: number,
  flagsHigh: number,
): Parsed | number {
  const base = flags & BASE_MASK;
  if (base !== 0 && base !== 8 && base !== 10 && base !== 16) return -EINVAL;
  if ((flags & ~BASE_MASK) !== 0 || flagsHigh !== 0) return -EINVAL;
  if (lengthHigh !== 0) throw new Error("a buffer longer than the memory: the verifier passed a wrong size");
  return parse(memory.u8.subarray(buffer >>> 0, (buffer >>> 0) + (length >>> 0)), base);
}

function parser(name: string, convert: (parsed: Parsed) => bigint | number): HelperFactory {
  return () => ({
    name,
    wide: "args",
    run: (run, buffer, length, flags, result) => {
      const { memory } = run;
      memory.setU64(result, 0n);
      const parsed = parseArgs(memory, buffer, length, high(run, 2), flags, high(run, 3));
      if (typeof parsed === "number") return parsed;
      const value = convert(parsed);
      if (typeof value === "number") return value;
      memory.setU64(result, value);
      return parsed.consumed;
    },
  });
}

/** `bpf_strtol`: the bytes consumed; 0 in `*res` where it fails. */
export const strtol: HelperFactory = parser("bpf_strtol", ({ magnitude, negative }) => {
  const value = BigInt.asIntN(64, negative ? -magnitude : magnitude);
  // Linux looks at the sign that is left after wrapping.
  return (negative ? value > 0n : value < 0n) ? -ERANGE : value;
});

/** `bpf_strtoul`: a minus is refused. */
export const strtoul: HelperFactory = parser("bpf_strtoul", ({ magnitude, negative }) =>
  negative ? -EINVAL : magnitude,
);

/** `bpf_strncmp`: -1, 0 or 1 by the first bytes that differ, up to a NUL. */
export const strncmp: HelperFactory = () => ({
  name: "bpf_strncmp",
  run: (run, first, size, second) => {
    const bytes = run.memory.u8;
    const a = first >>> 0;
    const b = second >>> 0;
    for (let i = 0; i < size >>> 0; i++) {
      const left = bytes[a + i]!;
      const right = bytes[b + i]!;
      if (left !== right) return left < right ? -1 : 1;
      if (left === 0) break;
    }
    return 0;
  },
});
