import { LibbpfError } from "../error.ts";

/** Longest name that is read, in bytes: a bound on what hostile string tables can cost. */
const MAX_NAME = 4096;

const utf8 = /* @__PURE__ */ new TextDecoder();

/**
 * The 0-terminated name at `offset` of a string table. Bytes that are no UTF-8 become replacement characters.
 *
 * @param what whose name it is, for the error
 * @throws LibbpfError ELF_INVALID
 */
export function readName(strings: Uint8Array, offset: number, what: string): string {
  if (offset >= strings.length) {
    if (offset === 0) return "";
    throw new LibbpfError(
      "ELF_INVALID",
      `${what}: name offset ${offset} outside its string table of ${strings.length} bytes`,
    );
  }
  const rest = strings.subarray(offset, offset + MAX_NAME + 1);
  const length = rest.indexOf(0);
  if (length < 0) {
    const why = rest.length > MAX_NAME ? `is longer than ${MAX_NAME} bytes` : "is not terminated";
    throw new LibbpfError("ELF_INVALID", `${what}: name at offset ${offset} of the string table ${why}`);
  }
  return utf8.decode(rest.subarray(0, length));
}
