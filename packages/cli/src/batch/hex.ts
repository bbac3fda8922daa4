import { CliError } from "../error.ts";

/**
 * The bytes that pairs of hexadecimal digits stand for.
 *
 * @param what whose digits they are, for the error
 * @throws CliError ROW
 */
export function hexBytes(hex: string, what: string): Uint8Array {
  // Buffer's decoder stops at the first thing that is no pair of digits.
  const bytes = Buffer.from(hex, "hex");
  if (bytes.length * 2 !== hex.length)
    throw new CliError("ROW", `${what}: no hexadecimal bytes from digit ${bytes.length * 2} on`);
  // A copy: small Buffers share their memory.
  return new Uint8Array(bytes);
}
