const utf8 = /* @__PURE__ */ new TextDecoder();
const toUtf8 = /* @__PURE__ */ new TextEncoder();

/** The bytes of a name, as UTF-8, without a terminator. */
export function encodeName(name: string): Uint8Array {
  return toUtf8.encode(name);
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
  return decodeBytes(strings.subarray(start, end), bits < 0x80);
}

/** Decodes text that ends where its bytes end. `isAscii`: no byte is above 0x7f. */
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
