/** Whether a number is a 32-bit integer, signed or unsigned. */
export function is32(value: number): boolean {
  return value === (value | 0) || value === value >>> 0;
}

/** Low and high half of a 64-bit integer; undefined when it is none. */
export function split64(value: bigint | number): readonly [low: number, high: number] | undefined {
  if (typeof value === "number")
    return Number.isSafeInteger(value) ? [value | 0, Math.floor(value / 2 ** 32) | 0] : undefined;
  if (value !== BigInt.asIntN(64, value) && value !== BigInt.asUintN(64, value)) return undefined;
  return [Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n))];
}
