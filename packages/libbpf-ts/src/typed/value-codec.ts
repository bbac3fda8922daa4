import { BtfError, type Codec, codecFor } from "@bpf-ts/btf";
import { UnsupportedError } from "@bpf-ts/uapi";
import { LibbpfError } from "../error.ts";
import type { ValueTypes } from "./value-types.ts";

/** How one kind of key or value crosses between JavaScript and bytes. */
export interface ValueCodec {
  /** Bytes. */
  readonly size: number;
  /** `bytes` are `size` long; a result that holds bytes has copies. */
  decode(bytes: Uint8Array): unknown;
  /** @throws LibbpfError VALUE; BtfError BTF_VALUE with the path of what is wrong */
  encode(value: unknown): Uint8Array;
}

/**
 * The codec of a BTF type of the given size; without one, of plain bytes. Bytes of the right length are always taken.
 *
 * @param what whose values they are, for errors
 */
export function valueCodec(types: ValueTypes | undefined, typeId: number, size: number, what: string): ValueCodec {
  const bytes = bytesCodec(size, what);
  if (types === undefined || typeId === 0) return bytes;
  let typed: Codec | undefined;
  // Compiled when it is needed: a type without values does not stop an object from being loaded.
  const codec = (): Codec => (typed ??= compile(types, typeId, size, what));
  return {
    size,
    decode: (from) => codec().decode(from),
    encode: (value) => (value instanceof Uint8Array ? bytes.encode(value) : codec().toBytes(value)),
  };
}

function compile({ btf, memberName }: ValueTypes, typeId: number, size: number, what: string): Codec {
  try {
    const codec = codecFor(btf, typeId, { name: what, ...(memberName === undefined ? {} : { memberName }) });
    if (codec.size === size) return codec;
    throw new LibbpfError("VALUE", `${what}: its BTF type has ${codec.size} bytes, it has ${size}: use bytes`);
  } catch (cause) {
    if (!(cause instanceof BtfError) && !(cause instanceof UnsupportedError)) throw cause;
    throw new LibbpfError("VALUE", `${what}: its BTF type has no JavaScript values: use bytes: ${cause.message}`, {
      cause,
    });
  }
}

/** Keys or values as the bytes that they are. Integers are taken for those of 1, 2, 4 and 8 bytes. */
export function bytesCodec(size: number, what: string): ValueCodec {
  return {
    size,
    decode: (bytes) => new Uint8Array(bytes),
    encode(value) {
      if (value === undefined && size === 0) return new Uint8Array(0);
      if (typeof value === "number" || typeof value === "bigint") return integerBytes(value, size, what);
      if (!(value instanceof Uint8Array))
        throw new LibbpfError(
          "VALUE",
          `${what}: there is no type for it: expected a Uint8Array of ${size} bytes, got ${describe(value)}`,
        );
      if (value.length !== size) throw new LibbpfError("VALUE", `${what}: expected ${size} bytes, got ${value.length}`);
      // Not the caller's own: who passes a Buffer has one that shares its memory.
      return new Uint8Array(value);
    },
  };
}

/** Unsigned 32-bit numbers: indexes of arrays. */
export function indexCodec(what: string): ValueCodec {
  const bytes = bytesCodec(4, what);
  return {
    size: 4,
    decode: (from) => new DataView(from.buffer, from.byteOffset, 4).getUint32(0, true),
    encode: (value) => bytes.encode(value),
  };
}

function integerBytes(value: number | bigint, size: number, what: string): Uint8Array {
  if (![1, 2, 4, 8].includes(size))
    throw new LibbpfError("VALUE", `${what}: an integer cannot stand for ${size} bytes: expected a Uint8Array`);
  const bits = 8 * size;
  const isWhole = typeof value === "bigint" || Number.isSafeInteger(value);
  if (!isWhole || BigInt(value) < -(1n << BigInt(bits - 1)) || BigInt(value) >= 1n << BigInt(bits))
    throw new LibbpfError("VALUE", `${what}: ${value} is no integer of ${bits} bits`);
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, BigInt.asIntN(64, BigInt(value)), true);
  return bytes.slice(0, size);
}

/** What a value is, for errors. */
export function describe(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "an array" : typeof value === "object" ? "an object" : typeof value;
}
