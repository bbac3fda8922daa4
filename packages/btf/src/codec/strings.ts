import { decodeBytes } from "../read/strings.ts";
import { type Node, refuse, type TailNode } from "./node.ts";

const toUtf8 = /* @__PURE__ */ new TextEncoder();

/** `char[length]` as a string: up to the first 0, UTF-8. A string may fill the array to the last byte. */
export function charArray(length: number): Node {
  return {
    size: length,
    weight: 1,
    read(bytes, at) {
      let end = at;
      let bits = 0;
      for (; end < at + length && bytes[end] !== 0; end++) bits |= bytes[end]!;
      return decodeBytes(bytes.subarray(at, end), bits < 0x80);
    },
    write(value, bytes, at) {
      if (typeof value !== "string") return refuse(`a string of at most ${length} bytes`, value);
      if (value.length <= length && writeAscii(value, bytes, at)) return;
      const encoded = toUtf8.encode(value);
      if (encoded.length > length) return refuse(`a string of at most ${length} bytes`, value);
      if (encoded.includes(0)) return refuse("a string without 0 characters", value);
      bytes.set(encoded, at);
    },
  };
}

/** Writes text whose characters all are one byte; answers whether it was such. For short ones an encoder costs more than all the rest. */
function writeAscii(text: string, bytes: Uint8Array, at: number): boolean {
  if (text.length > 64) return false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0 || code >= 0x80) return false;
    bytes[at + i] = code;
  }
  return true;
}

/** `char[]` at the end of a struct, as a string: up to the first 0 or the end; a 0 is written behind it, unless it is empty. */
export const flexibleChars: TailNode = {
  empty: "",
  bytesOf(value) {
    if (typeof value !== "string") return refuse("a string", value);
    return value === "" ? 0 : toUtf8.encode(value).length + 1;
  },
  read: (bytes, at) => charArray(Math.max(0, bytes.length - at)).read(bytes, at),
  write: (value, bytes, at) => charArray(bytes.length - at).write(value, bytes, at),
};
