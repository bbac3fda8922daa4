import { EINVAL, ENOSPC } from "@bpf-ts/uapi/errno";
import { isAscii, isPrint, isPunct, isSpace } from "./ctype.ts";
import { ip4Text, ip6Text } from "./ip.ts";

/**
 * The first half of every helper that prints: checks the format, and puts the arguments into the binary form that the second half reads. Whatever
 * a program's pointer leads to is copied here; if nothing is there, an empty string or zeros take its place.
 *
 * @see v6.18 kernel/bpf/helpers.c, bpf_bprintf_prepare
 */

/** Arguments of one call. */
export const MAX_BPRINTF_VARARGS = 12;
/** Bytes of all arguments in binary form. */
const MAX_BPRINTF_BIN_ARGS = 512;

/** What pointers lead to. */
export interface TextSource {
  /** `size` bytes, undefined if they are not all there. */
  read(address: bigint, size: number): Uint8Array | undefined;
  /** The string there without its NUL, cut to `room - 1` bytes; undefined if a byte before the NUL is not there. */
  readString(address: bigint, room: number): Uint8Array | undefined;
  /** A kernel symbol as `%pB` prints it. */
  symbol(address: bigint): string;
}

/** A format and its arguments, ready to be printed. */
export interface Prepared {
  /** With a NUL behind. */
  readonly format: Uint8Array;
  /** {@link MAX_BPRINTF_BIN_ARGS} bytes. */
  readonly args: Uint8Array;
}

const PERCENT = 0x25;

/** The letters that formats are made of, as bytes. */
const CHAR: Readonly<Record<string, number>> = Object.fromEntries(
  [..."0123456789+- pksuKxSBiIdXcl"].map((c) => [c, c.charCodeAt(0)]),
);

function is(c: number, letters: string): boolean {
  for (let i = 0; i < letters.length; i++) if (CHAR[letters[i]!] === c) return true;
  return false;
}

/** Nothing that could belong to a pointer's or string's conversion follows. */
function endsHere(c: number): boolean {
  return c === 0 || isSpace(c) || isPunct(c);
}

/** Binary arguments under construction. */
class Binary {
  readonly bytes: Uint8Array = new Uint8Array(MAX_BPRINTF_BIN_ARGS);
  #at = 0;

  get room(): number {
    return MAX_BPRINTF_BIN_ARGS - this.#at;
  }

  byte(value: bigint): number {
    if (this.room < 1) return -ENOSPC;
    this.bytes[this.#at++] = Number(value & 0xffn);
    return 0;
  }

  /** 4 or 8 bytes at a multiple of 4. */
  number(value: bigint, size: number): number {
    this.#at = (this.#at + 3) & ~3;
    if (this.room < size) return -ENOSPC;
    for (let i = 0; i < size; i++) this.bytes[this.#at++] = Number((value >> BigInt(8 * i)) & 0xffn);
    return 0;
  }

  /** Cut to what is left, with a NUL; counted whole. */
  text(text: Uint8Array): void {
    this.bytes.set(text.subarray(0, Math.max(0, this.room - 1)), this.#at);
    this.#at = Math.min(this.#at + text.length + 1, MAX_BPRINTF_BIN_ARGS);
  }
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (c) => c.charCodeAt(0));
}

/**
 * @param bytes the format; only what comes before its first NUL counts
 * @param values 64 bits each
 * @returns a negative errno where the format is not allowed
 */
export function prepare(bytes: Uint8Array, values: readonly bigint[], source: TextSource): Prepared | number {
  const length = bytes.indexOf(0);
  if (length < 0) return -EINVAL;
  const format = bytes.slice(0, length + 1);
  // What follows the NUL is looked at as if it were one.
  const at = (i: number): number => format[i] ?? 0;
  const binary = new Binary();
  let used = 0;
  for (let i = 0; i < length; i++) {
    const c = at(i);
    if (isAscii(c) && !isPrint(c) && !isSpace(c)) return -EINVAL;
    if (c !== PERCENT) continue;
    if (at(i + 1) === PERCENT) {
      i++;
      continue;
    }
    const value = values[used++];
    if (value === undefined) return -EINVAL;
    i++;
    if (!isAscii(at(i))) return -EINVAL;
    while (is(at(i), "0+- ")) i++;
    if (is(at(i), "123456789")) {
      i++;
      while (is(at(i), "0123456789")) i++;
    }
    const done = is(at(i), "p") ? pointer(at, i, value, binary, source) : plain(at, i, value, binary, source);
    if (done < 0) return done;
    i = done;
  }
  return { format, args: binary.bytes };
}

/** A conversion that is not `%p`: answers the index of its last letter. */
function plain(at: (i: number) => number, start: number, value: bigint, binary: Binary, source: TextSource): number {
  let i = start;
  if (is(at(i), "s")) return text(at, i, value, binary, source);
  if (is(at(i), "c")) return binary.byte(value) || i;
  let size = 4;
  for (let longs = 0; longs < 2 && is(at(i), "l"); longs++, i++) size = 8;
  if (!is(at(i), "idux") && !is(at(i), "X")) return -EINVAL;
  return binary.number(value, size) || i;
}

function text(at: (i: number) => number, i: number, value: bigint, binary: Binary, source: TextSource): number {
  if (!endsHere(at(i + 1))) return -EINVAL;
  if (binary.room === 0) return -ENOSPC;
  binary.text(source.readString(value, binary.room) ?? new Uint8Array(0));
  return i;
}

/** A conversion of a pointer, whose `p` is at `start`. */
function pointer(at: (i: number) => number, start: number, value: bigint, binary: Binary, source: TextSource): number {
  const kind = at(start + 1);
  if (endsHere(kind)) return binary.number(value, 8) || start;
  if (is(kind, "ku") && is(at(start + 2), "s")) return text(at, start + 2, value, binary, source);
  if (is(kind, "KxsS")) return binary.number(value, 8) || start + 1;
  if (is(kind, "B")) {
    binary.text(ascii(source.symbol(value)));
    return start + 1;
  }
  const version = at(start + 2);
  if (!is(kind, "iI") || (version !== 0x34 && version !== 0x36)) return -EINVAL;
  const size = version === 0x34 ? 4 : 16;
  if (binary.room < size) return -ENOSPC;
  const address = source.read(value, size) ?? new Uint8Array(size);
  const capital = is(kind, "I");
  binary.text(ascii(size === 4 ? ip4Text(address, !capital) : ip6Text(address, capital)));
  return start + 2;
}
