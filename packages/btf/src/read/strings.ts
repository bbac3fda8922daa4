const utf8 = /* @__PURE__ */ new TextDecoder("utf-8", { ignoreBOM: true });
const toUtf8 = /* @__PURE__ */ new TextEncoder();

/**
 * A byte of a name that is no UTF-8 is a lone surrogate in JS, this plus the byte: names that differ in the kernel differ here, and are written as they
 * were read.
 */
const ESCAPE = 0xdc00;
/** With the flag, only surrogates that are not half of a pair. */
const ESCAPED = /[\udc80-\udcff]/u;

/** The bytes of a name, without a terminator. */
export function encodeName(name: string): Uint8Array {
  if (!ESCAPED.test(name)) return toUtf8.encode(name);
  const bytes: number[] = [];
  for (const char of name) {
    if (ESCAPED.test(char)) bytes.push(char.charCodeAt(0) - ESCAPE);
    else bytes.push(...toUtf8.encode(char));
  }
  return Uint8Array.from(bytes);
}

/**
 * Bytes of a name of a type, member, enumerator or parameter, at most, as in the kernel (KSYM_NAME_LEN); tags and lines of source may be longer.
 * Records may share the end of one long string, so without limits a small input could say very much.
 */
export const MAX_NAME_LENGTH = 512;

/** Longer strings are rare, and functions take only so many arguments. */
const MAX_CHARACTERS = 256;

/** Decodes the 0-terminated string at `start`; the section is known to end with a 0. undefined if it is longer than `limit` bytes. */
export function decodeName(strings: Uint8Array, start: number, limit: number): string | undefined {
  let end = start;
  let bits = 0;
  for (; ; end++) {
    const byte = strings[end];
    if (byte === undefined) throw new Error("unterminated BTF string section");
    if (byte === 0) break;
    if (end - start >= limit) return undefined;
    bits |= byte;
  }
  const name = strings.subarray(start, end);
  const text = decodeBytes(name, bits < 0x80);
  return bits >= 0x80 && text.includes("\ufffd") ? decodeEscaping(name) : text;
}

/** As UTF-8, where some bytes may be none. */
function decodeEscaping(bytes: Uint8Array): string {
  const units = new Uint16Array(bytes.length);
  let count = 0;
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at);
    let code = length === 0 ? ESCAPE + bytes[at]! : length === 1 ? bytes[at]! : bytes[at]! & (0x7f >> length);
    for (let i = 1; i < length; i++) code = (code << 6) | (bytes[at + i]! & 0x3f);
    if (code > 0xffff) {
      units[count++] = 0xd800 + ((code - 0x10000) >>> 10);
      code = 0xdc00 + (code & 0x3ff);
    }
    units[count++] = code;
    at += length || 1;
  }
  const pieces: string[] = [];
  for (let from = 0; from < count; from += MAX_ARGUMENTS)
    pieces.push(
      String.fromCharCode.apply(
        undefined,
        units.subarray(from, Math.min(from + MAX_ARGUMENTS, count)) as unknown as number[],
      ),
    );
  return pieces.join("");
}

/** Functions take only so many. */
const MAX_ARGUMENTS = 4096;

/** Bytes of the character at `at`, 0 if there is none. @see RFC 3629, section 4 */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at]!;
  if (lead < 0x80) return 1;
  const length = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
  // Neither in more bytes than it takes, nor a surrogate, nor beyond U+10FFFF.
  const lowest = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const highest = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  for (let i = 1; i < length; i++) {
    const byte = bytes[at + i] ?? 0;
    if (byte < (i === 1 ? lowest : 0x80) || byte > (i === 1 ? highest : 0xbf)) return 0;
  }
  return length;
}

/** Decodes text that ends where its bytes end; what is no UTF-8 becomes U+FFFD. `isAscii`: no byte is above 0x7f. */
export function decodeBytes(bytes: Uint8Array, isAscii: boolean): string {
  // For short text a decoder costs more than all the rest; character by character, the result would be a tree of pieces, five times as large.
  if (isAscii && bytes.length <= MAX_CHARACTERS)
    return String.fromCharCode.apply(undefined, bytes as unknown as number[]);
  return utf8.decode(bytes);
}

/** Whether the 0-terminated string at `start` is exactly `name`. */
export function nameEquals(strings: Uint8Array, start: number, name: Uint8Array): boolean {
  const { length } = name;
  for (let i = 0; i < length; i++) if (strings[start + i] !== name[i]) return false;
  return strings[start + length] === 0;
}
