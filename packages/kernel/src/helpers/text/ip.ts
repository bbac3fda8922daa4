/**
 * Internet addresses in network order as `%pI4`, `%pi4`, `%pI6` and `%pi6` print them.
 *
 * @see v6.18 Documentation/core-api/printk-formats.rst
 */

/** `1.2.3.4`; with `leadingZeros` `001.002.003.004`. */
export function ip4Text(bytes: Uint8Array, leadingZeros: boolean): string {
  return [...bytes.subarray(0, 4)].map((byte) => byte.toString().padStart(leadingZeros ? 3 : 1, "0")).join(".");
}

/** `0001:0002:…:0008`; without `colons` 32 digits in a row. */
export function ip6Text(bytes: Uint8Array, colons: boolean): string {
  const digits = [...bytes.subarray(0, 16)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return colons ? digits.match(/.{4}/g)!.join(":") : digits;
}
