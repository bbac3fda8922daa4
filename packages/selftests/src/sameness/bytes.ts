/** Bytes that follow from a number, the same on every machine: Marsaglia's xorshift32, started by it. */
export function bytesOf(seed: number, size: number): Uint8Array {
  let state = Math.imul(seed + 1, 0x9e37_79b1) >>> 0 || 1;
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[i] = state;
  }
  return bytes;
}

/** A number as little-endian bytes. */
export function u32(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 * values.length);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) view.setUint32(4 * i, value, true);
  return bytes;
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

export function hex(bytes: Uint8Array): string {
  return bytes.length === 0 ? "-" : [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The key of a number: its first bytes are the number, so that keys differ wherever they can. */
export function keyOf(n: number, size: number): Uint8Array {
  const key = bytesOf(n, size);
  key.set(u32(n).subarray(0, Math.min(4, size)));
  return key;
}
