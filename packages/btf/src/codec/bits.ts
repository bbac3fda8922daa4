/**
 * Bitfields. Bit offsets count from the struct's start: from the lowest bit of each byte where the low byte comes first, from the highest
 * otherwise; so a field's bytes are read in that order either way, and only the shift differs.
 */
export interface BitPlace {
  /** Byte that holds the first bit, from the struct's start. */
  readonly byte: number;
  /** Bytes that hold some of its bits: 1 to 17. */
  readonly bytes: number;
  /** Bits below the field in the number that its bytes form. */
  readonly shift: number;
  readonly width: number;
  readonly littleEndian: boolean;
}

/** Where a field of `width` bits at `bitOffset` lies. */
export function bitPlace(bitOffset: number, width: number, littleEndian: boolean): BitPlace {
  const byte = Math.floor(bitOffset / 8);
  const first = bitOffset % 8;
  const bytes = Math.ceil((first + width) / 8);
  return { byte, bytes, shift: littleEndian ? first : bytes * 8 - first - width, width, littleEndian };
}

/** The field as an unsigned number; for up to 40 bits with its shift, which a double holds exactly. */
export function readBitsSmall(bytes: Uint8Array, at: number, place: BitPlace): number {
  let value = 0;
  for (let i = 0; i < place.bytes; i++) {
    const byte = bytes[at + place.byte + (place.littleEndian ? place.bytes - 1 - i : i)]!;
    value = value * 256 + byte;
  }
  return Math.floor(value / 2 ** place.shift) % 2 ** place.width;
}

/** The field as an unsigned bigint, of any width. */
export function readBits(bytes: Uint8Array, at: number, place: BitPlace): bigint {
  let value = 0n;
  for (let i = 0; i < place.bytes; i++) {
    const byte = bytes[at + place.byte + (place.littleEndian ? place.bytes - 1 - i : i)]!;
    value = (value << 8n) | BigInt(byte);
  }
  return BigInt.asUintN(place.width, value >> BigInt(place.shift));
}

/** Puts the low bits of `value` into the field; its neighbours stay. */
export function writeBits(bytes: Uint8Array, at: number, place: BitPlace, value: bigint): void {
  const mask = ((1n << BigInt(place.width)) - 1n) << BigInt(place.shift);
  const bits = (value << BigInt(place.shift)) & mask;
  for (let i = 0; i < place.bytes; i++) {
    const index = at + place.byte + (place.littleEndian ? i : place.bytes - 1 - i);
    const low = BigInt(i * 8);
    const keep = ~Number((mask >> low) & 0xffn);
    bytes[index] = (bytes[index]! & keep) | Number((bits >> low) & 0xffn);
  }
}
