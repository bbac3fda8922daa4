import { type Btf, codecFor } from "@bpf-ts/btf";
import { LibbpfError } from "../error.ts";

/** How keys or values cross between JavaScript and bytes. */
export interface MapCodec<T> {
  /** Bytes. */
  readonly size: number;
  decode(bytes: Uint8Array): T;
  /** @throws an error that names the path of what is wrong */
  encode(value: T): Uint8Array;
}

/** Keys or values as the bytes that they are: for maps without BTF types. */
export function bytesCodec(size: number, what: string): MapCodec<unknown> {
  return {
    size,
    decode: (bytes) => bytes.slice(),
    encode(value) {
      if (!(value instanceof Uint8Array)) {
        throw new LibbpfError(
          "VALUE",
          `${what}: the map has no type for it: expected a Uint8Array of ${size} bytes, got ${describe(value)}`,
        );
      }
      if (value.length !== size) throw new LibbpfError("VALUE", `${what}: expected ${size} bytes, got ${value.length}`);
      return value;
    },
  };
}

/** Keys or values by their BTF type; a Uint8Array of the right size is taken as it is. */
export function btfCodec(btf: Btf, typeId: number, size: number, what: string): MapCodec<unknown> {
  const codec = codecFor(btf, typeId, { path: what });
  const raw = bytesCodec(size, what);
  return {
    size,
    decode: (bytes) => codec.decode(bytes),
    encode(value) {
      if (value instanceof Uint8Array) return raw.encode(value);
      const bytes = new Uint8Array(size);
      codec.encode(value, bytes);
      return bytes;
    },
  };
}

function describe(value: unknown): string {
  return value === null ? "null" : Array.isArray(value) ? "an array" : typeof value;
}
