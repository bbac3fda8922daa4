const utf8 = /* @__PURE__ */ new TextDecoder();
const toUtf8 = /* @__PURE__ */ new TextEncoder();

/** The bytes of a name, as UTF-8, without a terminator. */
export function encodeName(name: string): Uint8Array {
  return toUtf8.encode(name);
}

/** Decodes the 0-terminated string at `start`; the section is known to end with a 0. */
export function decodeName(strings: Uint8Array, start: number): string {
  let text = "";
  for (let i = start; ; i++) {
    const byte = strings[i]!;
    if (byte === 0) return text;
    if (byte === undefined) throw new Error("unterminated BTF string section");
    if (byte >= 0x80) return utf8.decode(strings.subarray(start, strings.indexOf(0, i)));
    text += String.fromCharCode(byte);
  }
}

/** Whether the 0-terminated string at `start` is exactly `name`. */
export function nameEquals(strings: Uint8Array, start: number, name: Uint8Array): boolean {
  const { length } = name;
  for (let i = 0; i < length; i++) if (strings[start + i] !== name[i]) return false;
  return strings[start + length] === 0;
}
