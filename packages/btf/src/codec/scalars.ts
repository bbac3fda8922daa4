import { type BitPlace, bitPlace, readBits, readBitsSmall, writeBits } from "./bits.ts";
import { type BtfValue, type Node, Refusal, refuse } from "./node.ts";

/** Which JS type 64-bit integers are. */
export type Int64Choice = "bigint" | "number";

/** The part of the options that scalars need. */
export interface ScalarChoice {
  int64: Int64Choice;
  littleEndian: boolean;
}

/** The integer that `value` is, if it lies in the range. @throws Refusal */
function integerIn(value: unknown, min: bigint, max: bigint): bigint {
  if (typeof value === "bigint" || Number.isInteger(value)) {
    const big = typeof value === "bigint" ? value : BigInt(value as number);
    if (big >= min && big <= max) return big;
  }
  return refuse(`an integer ${min}..${max}`, value);
}

function rangeOf(bits: number, signed: boolean): { min: bigint; max: bigint } {
  const width = BigInt(bits);
  return signed ? { min: -(1n << (width - 1n)), max: (1n << (width - 1n)) - 1n } : { min: 0n, max: (1n << width) - 1n };
}

/** The raw bits of 1, 2 or 4 bytes, signed as JS's bit operations have it. */
function rawBits(size: 1 | 2 | 4, littleEndian: boolean): (bytes: Uint8Array, at: number) => number {
  if (size === 1) return (bytes, at) => bytes[at]!;
  if (size === 2)
    return littleEndian
      ? (bytes, at) => bytes[at]! | (bytes[at + 1]! << 8)
      : (bytes, at) => (bytes[at]! << 8) | bytes[at + 1]!;
  return littleEndian
    ? (bytes, at) => bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    : (bytes, at) => (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

/** An integer of 1, 2 or 4 bytes: a number. */
export function smallInt(size: 1 | 2 | 4, signed: boolean, littleEndian: boolean): Node {
  const bits = size * 8;
  const min = signed ? -(2 ** (bits - 1)) : 0;
  const max = signed ? 2 ** (bits - 1) - 1 : 2 ** bits - 1;
  const unused = 32 - bits;
  const raw = rawBits(size, littleEndian);
  return {
    size,
    weight: 1,
    read: signed ? (bytes, at) => (raw(bytes, at) << unused) >> unused : (bytes, at) => raw(bytes, at) >>> 0,
    write(value, bytes, at) {
      const number = typeof value === "bigint" && value >= min && value <= max ? Number(value) : value;
      if (typeof number !== "number" || !Number.isInteger(number) || number < min || number > max)
        refuse(`an integer ${min}..${max}`, value);
      let rest = number;
      if (littleEndian) {
        for (let i = 0; i < size; i++, rest >>= 8) bytes[at + i] = rest;
      } else {
        for (let i = size - 1; i >= 0; i--, rest >>= 8) bytes[at + i] = rest;
      }
    },
  };
}

/** An integer of 8 bytes: a bigint, or a number that must be safe. */
export function wideInt(signed: boolean, { int64, littleEndian }: ScalarChoice): Node {
  const { min, max } = rangeOf(64, signed);
  const scratch = new Uint8Array(8);
  const view = new DataView(scratch.buffer);
  return {
    size: 8,
    weight: 1,
    read(bytes, at) {
      for (let i = 0; i < 8; i++) scratch[i] = bytes[at + i]!;
      if (int64 === "bigint") return signed ? view.getBigInt64(0, littleEndian) : view.getBigUint64(0, littleEndian);
      const high = view.getUint32(littleEndian ? 4 : 0, littleEndian);
      const low = view.getUint32(littleEndian ? 0 : 4, littleEndian);
      const value = (signed ? high | 0 : high) * 2 ** 32 + low;
      return Number.isSafeInteger(value)
        ? value
        : unsafe(signed ? view.getBigInt64(0, littleEndian) : view.getBigUint64(0, littleEndian));
    },
    write(value, bytes, at) {
      view.setBigInt64(0, integerIn(value, min, max), littleEndian);
      for (let i = 0; i < 8; i++) bytes[at + i] = scratch[i]!;
    },
  };
}

function unsafe(value: bigint): never {
  throw new Refusal(`${value} is no safe integer; decode with int64: "bigint"`);
}

/** An integer of any other size, or of fewer bits than its bytes have, and every bitfield. */
export function bitInt(
  size: number,
  bitOffset: number,
  width: number,
  signed: boolean,
  wide: boolean,
  choice: ScalarChoice,
): Node {
  const place: BitPlace = bitPlace(bitOffset, width, choice.littleEndian);
  const { min, max } = rangeOf(width, signed);
  const small = place.bytes <= 5 && width <= 32;
  const asBigint = width > 64 || (wide && choice.int64 === "bigint");
  return {
    size,
    weight: 1,
    read(bytes, at) {
      if (small && !asBigint) {
        const value = readBitsSmall(bytes, at, place);
        return signed && value >= 2 ** (width - 1) ? value - 2 ** width : value;
      }
      const raw = readBits(bytes, at, place);
      const value = signed ? BigInt.asIntN(width, raw) : raw;
      if (asBigint) return value;
      const number = Number(value);
      return Number.isSafeInteger(number) ? number : unsafe(value);
    },
    write(value, bytes, at) {
      writeBits(bytes, at, place, integerIn(value, min, max));
    },
  };
}

/** `_Bool`, in a byte, or in bits of one. */
export function bool(inner: Node): Node {
  return {
    size: inner.size,
    weight: 1,
    read: (bytes, at) => inner.read(bytes, at) !== 0,
    write(value, bytes, at) {
      if (value !== true && value !== false && value !== 0 && value !== 1) refuse("a boolean", value);
      inner.write(Number(value), bytes, at);
    },
  };
}

/** The largest finite `float`. */
const MAX_FLOAT = 3.4028234663852886e38;

/** `float` and `double`. */
export function float(size: 4 | 8, littleEndian: boolean): Node {
  const scratch = new Uint8Array(8);
  const view = new DataView(scratch.buffer);
  return {
    size,
    weight: 1,
    read(bytes, at) {
      for (let i = 0; i < size; i++) scratch[i] = bytes[at + i]!;
      return size === 4 ? view.getFloat32(0, littleEndian) : view.getFloat64(0, littleEndian);
    },
    write(value, bytes, at) {
      if (typeof value !== "number") return refuse("a number", value);
      // Infinity itself fits; what would only become it does not.
      if (size === 4 && Number.isFinite(value) && !Number.isFinite(Math.fround(value)))
        refuse(`a number ${-MAX_FLOAT}..${MAX_FLOAT}`, value);
      if (size === 4) view.setFloat32(0, value, littleEndian);
      else view.setFloat64(0, value, littleEndian);
      for (let i = 0; i < size; i++) bytes[at + i] = scratch[i]!;
    },
  };
}

/** An enum over its integer: names where a value has one. */
export function enumeration(
  inner: Node,
  values: readonly { name: string; value: number | bigint }[],
  asNumbers: boolean,
): Node {
  // By number and by bigint, whichever the integer is read as.
  const names = new Map<BtfValue, string>();
  const numbers = new Map<string, bigint>();
  for (const { name, value } of values) {
    // Of several names for one value the first is shown; all are understood.
    for (const key of [BigInt(value), Number(value)]) if (!names.has(key)) names.set(key, name);
    if (!numbers.has(name)) numbers.set(name, BigInt(value));
  }
  return {
    size: inner.size,
    weight: 1,
    read(bytes, at) {
      const value = inner.read(bytes, at);
      return asNumbers ? value : (names.get(value) ?? value);
    },
    write(value, bytes, at) {
      if (typeof value === "string") {
        const number = numbers.get(value);
        if (number === undefined) return refuse(`one of ${listOf([...numbers.keys()])}`, value);
        inner.write(number, bytes, at);
        return;
      }
      inner.write(value, bytes, at);
    },
  };
}

/** The first few names of a list. */
export function listOf(names: readonly string[]): string {
  return names.length > 8 ? `${names.slice(0, 8).join(", ")}, ... (${names.length})` : names.join(", ");
}
