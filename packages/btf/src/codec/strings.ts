import { type Node, refuse, type TailNode } from "./node.ts";

const utf8 = /* @__PURE__ */ new TextDecoder();
const toUtf8 = /* @__PURE__ */ new TextEncoder();

/** `char[length]` as a string: up to the first 0, UTF-8. A string may fill the array to the last byte. */
export function charArray(length: number): Node {
  return {
    size: length,
    weight: 1,
    read(bytes, at) {
      let end = at;
      let ascii = true;
      while (end < at + length && bytes[end] !== 0) if (bytes[end++]! >= 0x80) ascii = false;
      if (!ascii || end - at > 64) return utf8.decode(bytes.subarray(at, end));
      let text = "";
      for (let i = at; i < end; i++) text += String.fromCharCode(bytes[i]!);
      return text;
    },
    write(value, bytes, at) {
      if (typeof value !== "string") return refuse(`a string of at most ${length} bytes`, value);
      const encoded = toUtf8.encode(value);
      if (encoded.length > length) return refuse(`a string of at most ${length} bytes`, value);
      if (encoded.includes(0)) return refuse("a string without 0 characters", value);
      bytes.set(encoded, at);
    },
  };
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
