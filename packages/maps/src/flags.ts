/** Set in flags that no operation knows: how 64-bit flags with a high bit set reach operations that take 32 bits. */
export const UNKNOWN_FLAG = 0x4000_0000;

/** The flags of an update or a look-up as {@link BpfMap}'s operations take them. */
export function flags32(flags: bigint): number {
  const low = Number(BigInt.asIntN(32, flags));
  return flags >> 32n === 0n ? low : low | UNKNOWN_FLAG;
}
