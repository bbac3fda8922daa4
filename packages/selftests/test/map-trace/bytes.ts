/** Little-endian u32s, one after the other. */
export function u32(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) view.setUint32(i * 4, value, true);
  return bytes;
}

/** A value of the legacy maps, which have no types: its first u32. */
export function asU32(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  if (!(value instanceof Uint8Array)) throw new Error(`expected bytes, got ${typeof value}`);
  return new DataView(value.buffer, value.byteOffset).getUint32(0, true);
}

/** Upstream's function, for expectations. */
export function collatz(x: number): number {
  return x % 2 === 1 ? (x * 3 + 1) >>> 0 : x / 2;
}

/** The errno that a call throws, 0 if it throws nothing. */
export function errnoOf(call: () => unknown): number {
  try {
    call();
    return 0;
  } catch (error) {
    if (error instanceof Error && "errno" in error && typeof error.errno === "number") return error.errno;
    throw error;
  }
}
