import type { Btf } from "../btf.ts";
import { BtfError } from "../error.ts";
import { isInherited, type MissingChoice, setOwn } from "./aggregates.ts";
import { Compiler } from "./compile.ts";
import { type BtfValue, Refusal } from "./node.ts";
import type { Int64Choice } from "./scalars.ts";

/** Options of {@link codecFor}. */
export interface CodecOptions {
  /** What the value is called at the start of an error's path. Default `value`. */
  name?: string;
  /**
   * 64-bit integers and pointers as `bigint` (default), or as `number`; then what is no safe integer is refused. Either is taken where a value is
   * encoded.
   */
  int64?: Int64Choice;
  /** Enums as names (default; values without one as numbers), or as numbers. Either is taken. */
  enums?: "name" | "number";
  /** `char` arrays as strings (default; UTF-8, up to the first 0 byte), or as arrays of numbers. */
  chars?: "string" | "number";
  /** Members that a value leaves out are refused (default), or 0. */
  missing?: MissingChoice;
  /** Names of members in JS, from those in C. Default: the same. */
  memberName?: (name: string) => string;
  /** Byte order of the values. Default: the BTF's. */
  littleEndian?: boolean;
}

/** Turns the bytes of one type into JS values and back. */
export interface Codec {
  /** Id of the type. */
  readonly type: number;
  /** Bytes of a value; without the elements of a flexible array. */
  readonly size: number;
  /**
   * The value at `offset`. A flexible array at the end gets as many elements as there are whole ones behind (a string: up to the first 0).
   *
   * @throws BtfError BTF_VALUE if there are not enough bytes, or for a 64-bit integer that is not safe where numbers are asked for
   */
  decode(bytes: Uint8Array, offset?: number): BtfValue;
  /**
   * Writes the value at `offset`; padding becomes 0.
   *
   * @returns the number of bytes written
   * @throws BtfError BTF_VALUE with the path of what does not fit; the bytes are then undefined in the place of the value
   */
  encode(value: unknown, bytes: Uint8Array, offset?: number): number;
  /** The value in bytes of its own. @throws BtfError BTF_VALUE */
  toBytes(value: unknown): Uint8Array;
}

/**
 * Compiles a codec for a type: integers are numbers or bigints, `_Bool` booleans, enums names, `char` arrays strings, structs objects with the members
 * of anonymous structs and unions as their own, unions objects with a member for each way to see them (to encode: one of them, or several that
 * agree), pointers 64-bit integers, data sections objects of their variables. Members with names like `constructor`, which every object inherits, are
 * given by properties of the object's own.
 *
 * @throws BtfError BTF_KIND for types without values (void, functions, forward declarations), BTF_LOOP, BTF_SIZE, BTF_TYPE_ID, BTF_LIMIT
 * @throws UnsupportedError floats other than of 4 and 8 bytes
 */
export function codecFor(btf: Btf, type: number, options: CodecOptions = {}): Codec {
  const compiler = new Compiler(btf, {
    int64: options.int64 ?? "bigint",
    enums: options.enums ?? "name",
    chars: options.chars ?? "string",
    missing: options.missing ?? "refuse",
    memberName: options.memberName ?? ((name) => name),
    littleEndian: options.littleEndian ?? btf.littleEndian,
  });
  const node = compiler.node(type);
  const name = options.name ?? "value";
  const tail = flexibleTail(btf, type, compiler, options.memberName ?? ((text) => text));

  const check = (needed: number, bytes: Uint8Array, offset: number): void => {
    if (offset < 0 || offset + needed > bytes.length)
      throw new BtfError("BTF_VALUE", `${name}: needs ${needed} bytes at offset ${offset}, there are ${bytes.length}`);
  };
  const guarded = <T>(act: () => T): T => {
    try {
      return act();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      throw new BtfError("BTF_VALUE", `${name}${error.path}: ${error.text}`, {
        details: { path: `${name}${error.path}` },
      });
    }
  };
  const bytesOf = (value: unknown): number => node.size + (tail === undefined ? 0 : tail.bytesOf(value));

  const encode = (value: unknown, bytes: Uint8Array, offset = 0): number =>
    guarded(() => {
      const needed = bytesOf(value);
      check(needed, bytes, offset);
      bytes.fill(0, offset, offset + needed);
      if (tail === undefined) node.write(value, bytes, offset);
      else tail.write(value, bytes, offset);
      return needed;
    });

  return {
    type,
    size: node.size,
    decode: (bytes, offset = 0) =>
      guarded(() => {
        check(node.size, bytes, offset);
        return tail === undefined ? node.read(bytes, offset) : tail.read(bytes, offset);
      }),
    encode,
    toBytes(value) {
      const bytes = new Uint8Array(guarded(() => bytesOf(value)));
      encode(value, bytes);
      return bytes;
    },
  };
}

interface Tail {
  bytesOf(value: unknown): number;
  read(bytes: Uint8Array, at: number): BtfValue;
  write(value: unknown, bytes: Uint8Array, at: number): void;
}

/** A struct that ends with an array of length 0 has as many elements there as its bytes hold. */
function flexibleTail(
  btf: Btf,
  type: number,
  compiler: Compiler,
  memberName: (name: string) => string,
): Tail | undefined {
  const record = btf.type(btf.resolve(type));
  if (record.kind !== "struct") return undefined;
  const last = record.members.at(-1);
  if (last === undefined || last.name === "" || last.bitOffset % 8 !== 0) return undefined;
  const array = btf.type(btf.resolve(last.type));
  if (array.kind !== "array" || array.length !== 0) return undefined;
  const node = compiler.node(type);
  const part = compiler.tailOf(array.type);
  if (part === undefined) return undefined;
  const name = memberName(last.name);
  const offset = last.bitOffset / 8;
  const inPath = <T>(act: () => T): T => {
    try {
      return act();
    } catch (error) {
      if (error instanceof Refusal) error.path = `.${name}${error.path}`;
      throw error;
    }
  };
  /** What is given for the tail; a struct that leaves it out has none. */
  const given = (value: unknown): unknown => {
    if (typeof value !== "object" || value === null || (isInherited(name) && !Object.hasOwn(value, name)))
      return part.empty;
    return (value as Record<string, unknown>)[name] ?? part.empty;
  };
  return {
    // The array may start before the struct's end, in its padding.
    bytesOf: (value) => Math.max(0, offset + inPath(() => part.bytesOf(given(value))) - node.size),
    read(bytes, at) {
      const out = node.read(bytes, at) as { [name: string]: BtfValue };
      setOwn(out, name, part.read(bytes, at + offset));
      return out;
    },
    write(value, bytes, at) {
      const isObject = typeof value === "object" && value !== null;
      node.write(isObject ? { ...value, [name]: part.empty } : value, bytes, at);
      inPath(() => part.write(given(value), bytes, at + offset));
    },
  };
}
