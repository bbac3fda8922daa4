import { type Btf, codecFor } from "@bpf-ts/btf";
import { LibbpfError } from "../error.ts";
import type { ValueTypes } from "../typed/value-types.ts";

/** What the records of a ring or perf buffer are. */
export interface RecordType {
  /** A type of the object's BTF: its name, or its id. Records are JavaScript values of that type; a flexible array at its end gets what is there. */
  type?: string | number;
}

/** How records cross between JavaScript and bytes. */
export interface RecordCodec {
  /** @throws BtfError BTF_VALUE for a record that is shorter than its type */
  decode(bytes: Uint8Array): unknown;
  /** Bytes are taken as they are. @throws LibbpfError VALUE; BtfError BTF_VALUE */
  encode(value: unknown): Uint8Array;
}

/**
 * @param what whose records they are, for errors
 * @throws LibbpfError NOT_FOUND if there is no such type; BtfError, UnsupportedError for one that has no values
 */
export function recordCodec(types: ValueTypes | undefined, { type }: RecordType, what: string): RecordCodec {
  if (type === undefined) return bytesOnly(what);
  if (types === undefined) throw new LibbpfError("NOT_FOUND", `${what}: its object has no BTF to find type ${type} in`);
  const { btf, memberName } = types;
  const codec = codecFor(btf, typeof type === "number" ? type : typeId(btf, type, what), {
    name: what,
    ...(memberName === undefined ? {} : { memberName }),
  });
  return {
    decode: (bytes) => codec.decode(bytes),
    encode: (value) => (value instanceof Uint8Array ? value : codec.toBytes(value)),
  };
}

function typeId(types: Btf, name: string, what: string): number {
  const id = types.findByName(name, ["struct", "union", "typedef", "enum", "enum64", "int"]);
  if (id === undefined) throw new LibbpfError("NOT_FOUND", `${what}: its object's BTF has no type "${name}"`);
  return id;
}

function bytesOnly(what: string): RecordCodec {
  return {
    decode: (bytes) => bytes,
    encode(value) {
      if (value instanceof Uint8Array) return value;
      throw new LibbpfError("VALUE", `${what}: there is no type for its records: expected a Uint8Array`);
    },
  };
}
