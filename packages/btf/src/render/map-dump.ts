import type { Btf } from "../btf.ts";
import { type BitPlace, bitPlace, readBits } from "../codec/bits.ts";
import { BtfError } from "../error.ts";
import { BTF_INT_BOOL, BTF_INT_CHAR, BTF_INT_SIGNED } from "../kinds.ts";
import { sizeOf } from "../layout/size.ts";
import type { BtfInt } from "../types.ts";
import { TextBudget } from "./text.ts";

/** An element of a map as bytes; of a per-CPU map, `values` holds one for each CPU. */
export interface MapEntry {
  key: Uint8Array;
  value?: Uint8Array;
  values?: readonly Uint8Array[];
}

/** The types of a map's elements. */
export interface MapTypes {
  /** 0 for maps whose keys have no type: they are then left out. */
  key: number;
  value: number;
}

/**
 * The elements of a map as `bpftool map dump` prints them for a map with BTF: indented JSON, but for hexadecimal bitfields, pointers as `%p`
 * gives them, and characters.
 *
 * Floats and types with type tags, at which bpftool stops with `(unsupported-kind`, are printed.
 *
 * @see v6.18 tools/bpf/bpftool/btf_dumper.c, map.c do_dump_btf
 * @throws BtfError BTF_KIND for types without values, BTF_VALUE for too few bytes, BTF_LIMIT, BTF_LOOP, BTF_SIZE, BTF_TYPE_ID
 */
export function formatMapDump(btf: Btf, types: MapTypes, entries: Iterable<MapEntry>): string {
  const writer = new JsonWriter();
  writer.open("[");
  for (const { key, value, values } of entries) {
    writer.open("{");
    if (types.key !== 0) {
      writer.name("key");
      dump(btf, types.key, key, writer);
    }
    if (values === undefined) {
      writer.name("value");
      dump(btf, types.value, value ?? new Uint8Array(0), writer);
    } else {
      writer.name("values");
      writer.open("[");
      values.forEach((bytes, cpu) => {
        writer.open("{");
        writer.name("cpu");
        writer.put(String(cpu));
        writer.name("value");
        dump(btf, types.value, bytes, writer);
        writer.close("}");
      });
      writer.close("]");
    }
    writer.close("}");
  }
  writer.close("]");
  return `${writer.text()}\n`;
}

/** One value in the form of {@link formatMapDump}. @throws BtfError as that */
export function formatValue(btf: Btf, type: number, bytes: Uint8Array): string {
  const writer = new JsonWriter();
  dump(btf, type, bytes, writer);
  return writer.text();
}

function dump(btf: Btf, type: number, bytes: Uint8Array, writer: JsonWriter): void {
  const size = sizeOf(btf, type);
  if (bytes.length < size)
    throw new BtfError("BTF_VALUE", `a value of type ${type} needs ${size} bytes, there are ${bytes.length}`);
  new Dumper(btf, bytes, writer, size).any(type, 0, 0);
}

/** bpftool's way to lay out JSON: members on lines of their own, elements of arrays one after the other. */
class JsonWriter {
  #parts: string[] = [];
  readonly #budget = new TextBudget();
  #depth = 0;
  #separator = "";

  text(): string {
    return this.#parts.join("");
  }

  open(bracket: "{" | "["): void {
    this.put(bracket);
    this.#depth++;
    this.#separator = "";
  }

  close(bracket: "}" | "]"): void {
    this.#depth--;
    if (this.#separator !== "") this.#line();
    this.#parts.push(bracket);
    this.#separator = ",";
  }

  name(name: string): void {
    this.#parts.push(this.#separator);
    this.#line();
    this.#parts.push(this.#budget.spend(`${quoted(name)}: `));
    this.#separator = "";
  }

  put(text: string): void {
    this.#parts.push(this.#separator, this.#budget.spend(text));
    this.#separator = ",";
  }

  #line(): void {
    this.#parts.push(this.#budget.spend(`\n${"    ".repeat(this.#depth)}`));
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  "\t": "\\t",
  "\n": "\\n",
  "\r": "\\r",
  "\f": "\\f",
  "\b": "\\b",
  "\\": "\\\\",
  '"': '\\"',
};

function quoted(text: string): string {
  return `"${text.replace(/[\t\n\r\f\b\\"]/g, (char) => ESCAPES[char]!)}"`;
}

class Dumper {
  readonly #btf: Btf;
  readonly #bytes: Uint8Array;
  readonly #writer: JsonWriter;
  /** Values left to print, so that types of no bytes end. */
  #budget: number;
  #depth = 0;

  constructor(btf: Btf, bytes: Uint8Array, writer: JsonWriter, size: number) {
    this.#btf = btf;
    this.#bytes = bytes;
    this.#writer = writer;
    this.#budget = 1_000_000 + 64 * size;
  }

  /** `bit`: where in the byte at `at` the value begins, for bitfields of old BTF. */
  any(id: number, at: number, bit: number): void {
    if (--this.#budget < 0) throw new BtfError("BTF_LIMIT", "more values than the bytes can hold");
    if (++this.#depth > 200) throw new BtfError("BTF_LOOP", "types nested deeper than 200 levels");
    this.#value(this.#btf.resolve(id), at, bit);
    this.#depth--;
  }

  #value(id: number, at: number, bit: number): void {
    const btf = this.#btf;
    const writer = this.#writer;
    const type = btf.type(id);
    switch (type.kind) {
      case "int":
        this.#int(type, at, bit);
        return;
      case "enum":
      case "enum64": {
        if (type.size === 0 || type.size > 8)
          throw new BtfError("BTF_SIZE", `enum ${type.name} has ${type.size} bytes, expected 1..8`);
        const bits = type.size * 8;
        const value = BigInt.asIntN(bits, this.#bits(at, 0, bits));
        const named = type.values.find((v) => BigInt.asIntN(bits, BigInt(v.value)) === value);
        writer.put(named === undefined ? String(value) : quoted(named.name));
        return;
      }
      case "struct":
      case "union":
        writer.open("{");
        for (const { name, type: member, bitOffset, bitfieldSize } of type.members) {
          writer.name(name);
          const from = at + Math.floor(bitOffset / 8);
          if (bitfieldSize === 0) this.any(member, from, bitOffset % 8);
          else writer.put(hex(this.#bits(from, bitOffset % 8, bitfieldSize)));
        }
        writer.close("}");
        return;
      case "array": {
        const text = this.#text(type.type, type.length, at);
        if (text !== undefined) {
          writer.put(quoted(text));
          return;
        }
        const size = sizeOf(btf, type.type);
        writer.open("[");
        for (let i = 0; i < type.length; i++) this.any(type.type, at + i * size, 0);
        writer.close("]");
        return;
      }
      case "ptr": {
        const value = this.#bits(at, 0, btf.pointerSize * 8);
        writer.put(value === 0n ? '"(nil)"' : `"${hex(value)}"`);
        return;
      }
      case "float": {
        this.#check(at, type.size);
        const view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.byteLength);
        if (type.size === 4) writer.put(String(view.getFloat32(at, btf.littleEndian)));
        else if (type.size === 8) writer.put(String(view.getFloat64(at, btf.littleEndian)));
        else if (type.size <= 16) writer.put(hex(this.#bits(at, 0, type.size * 8)));
        else throw new BtfError("BTF_SIZE", `float ${type.name} has ${type.size} bytes, expected at most 16`);
        return;
      }
      case "var":
        writer.open("{");
        writer.name(type.name);
        this.any(type.type, at, bit);
        writer.close("}");
        return;
      case "datasec":
        writer.open("{");
        writer.name(type.name);
        writer.open("[");
        for (const v of type.vars) {
          if (v.offset + sizeOf(btf, v.type) > this.#bytes.length)
            throw new BtfError(
              "BTF_SIZE",
              `variable ${v.type} reaches beyond the ${this.#bytes.length} bytes of section ${type.name}`,
            );
          this.any(v.type, at + v.offset, 0);
        }
        writer.close("]");
        writer.close("}");
        return;
      default:
        throw new BtfError("BTF_KIND", `type ${id} (${type.kind}) has no values`);
    }
  }

  #int(type: BtfInt, at: number, bit: number): void {
    const { bits, encoding } = type;
    const writer = this.#writer;
    if (bit !== 0 || type.offset !== 0 || bits % 8 !== 0 || ![8, 16, 32, 64].includes(bits)) {
      const from = bit + type.offset;
      writer.put(hex(this.#bits(at + Math.floor(from / 8), from % 8, bits)));
      return;
    }
    const value = this.#bits(at, 0, bits);
    switch (encoding) {
      case 0:
        writer.put(String(value));
        return;
      case BTF_INT_SIGNED:
        writer.put(String(BigInt.asIntN(bits, value)));
        return;
      case BTF_INT_CHAR: {
        const code = Number(value & 0xffn);
        writer.put(code >= 0x20 && code <= 0x7e ? `"${String.fromCharCode(code)}"` : hex(BigInt(code)));
        return;
      }
      case BTF_INT_BOOL:
        writer.put((value & 0xffn) === 0n ? "false" : "true");
        return;
      default:
        throw new BtfError("BTF_KIND", `int ${type.name} has encoding ${encoding}, which nothing prints`);
    }
  }

  /** The text of an array of `char` (not of a typedef of it) that holds printable characters and a 0. */
  #text(element: number, length: number, at: number): string | undefined {
    const btf = this.#btf;
    let id = element;
    for (let depth = 0; depth < 32 && isQualifier(btf.kindOf(id)); depth++) id = btf.sizeOrTypeOf(id);
    const type = btf.type(id);
    if (type.kind !== "int" || type.size !== 1 || (type.encoding !== BTF_INT_CHAR && type.name !== "char"))
      return undefined;
    this.#check(at, length);
    let text = "";
    for (let i = at; i < at + length; i++) {
      const byte = this.#bytes[i]!;
      if (byte === 0) return text;
      if (byte <= 0x1f || byte >= 0x7f) return undefined;
      text += String.fromCharCode(byte);
    }
    return undefined;
  }

  #check(at: number, size: number): void {
    if (at + size > this.#bytes.length)
      throw new BtfError("BTF_SIZE", `a value at byte ${at} reaches beyond the ${this.#bytes.length} bytes there are`);
  }

  #bits(at: number, bit: number, width: number): bigint {
    const place: BitPlace = bitPlace(bit, width, this.#btf.littleEndian);
    this.#check(at + place.byte, place.bytes);
    return readBits(this.#bytes, at, place);
  }
}

function isQualifier(kind: string): boolean {
  return kind === "const" || kind === "volatile" || kind === "restrict";
}

function hex(value: bigint): string {
  return `0x${value.toString(16)}`;
}
