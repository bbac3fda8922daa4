import { BtfError } from "../error.ts";
import { BTF_HEADER_LENGTH, BTF_INT_SIGNED, BTF_KIND_NAMES, BTF_MAGIC, BTF_MAX_VLEN, BTF_VERSION } from "../kinds.ts";
import { hostIsLittleEndian } from "../read/sections.ts";
import { type BtfTypeSpec, sizeOrType } from "./spec.ts";
import type { StringTable } from "./string-table.ts";

/** BTF bytes: header, types (given as what they are, or as their records' words), strings, in the given byte order. */
export function encodeBtf(
  types: readonly (BtfTypeSpec | Uint32Array)[],
  strings: StringTable,
  littleEndian: boolean,
): Uint8Array {
  const words: number[] = [];
  for (const type of types) {
    if (type instanceof Uint32Array) for (const word of type) words.push(word);
    else encodeType(type, strings, words);
  }
  const text = strings.bytes();
  const typeLength = words.length * 4;
  const out = new Uint8Array(BTF_HEADER_LENGTH + typeLength + text.length);
  const view = new DataView(out.buffer);
  view.setUint16(0, BTF_MAGIC, littleEndian);
  view.setUint8(2, BTF_VERSION);
  view.setUint32(4, BTF_HEADER_LENGTH, littleEndian);
  view.setUint32(12, typeLength, littleEndian);
  view.setUint32(16, typeLength, littleEndian);
  view.setUint32(20, text.length, littleEndian);
  if (littleEndian === hostIsLittleEndian()) new Uint32Array(out.buffer, BTF_HEADER_LENGTH, words.length).set(words);
  else for (let i = 0; i < words.length; i++) view.setUint32(BTF_HEADER_LENGTH + i * 4, words[i]!, littleEndian);
  out.set(text, BTF_HEADER_LENGTH + typeLength);
  return out;
}

/** Appends one record's words. @see v6.18 include/uapi/linux/btf.h */
function encodeType(spec: BtfTypeSpec, strings: StringTable, words: number[]): void {
  const code = BTF_KIND_NAMES.indexOf(spec.kind);
  const head = (vlen: number, flag: boolean): void => {
    words.push(
      strings.offsetOf(spec.name ?? ""),
      ((code << 24) | vlen | (flag ? 0x80000000 : 0)) >>> 0,
      sizeOrType(spec),
    );
  };
  switch (spec.kind) {
    case "int": {
      const encoding = spec.encoding ?? (spec.signed === true ? BTF_INT_SIGNED : 0);
      head(0, false);
      words.push(((encoding << 24) | ((spec.offset ?? 0) << 16) | (spec.bits ?? spec.size * 8)) >>> 0);
      return;
    }
    case "array":
      head(0, false);
      words.push(spec.type, spec.indexType, spec.length);
      return;
    case "struct":
    case "union": {
      const flag = spec.members.some((m) => m.bitfieldSize !== 0);
      head(spec.members.length, flag);
      for (const m of spec.members)
        words.push(strings.offsetOf(m.name), m.type, flag ? ((m.bitfieldSize << 24) | m.bitOffset) >>> 0 : m.bitOffset);
      return;
    }
    case "enum":
      head(spec.values.length, spec.signed);
      for (const v of spec.values) words.push(strings.offsetOf(v.name), v.value >>> 0);
      return;
    case "enum64":
      head(spec.values.length, spec.signed);
      for (const v of spec.values) {
        const bits = BigInt.asUintN(64, v.value);
        words.push(strings.offsetOf(v.name), Number(bits & 0xffffffffn), Number(bits >> 32n));
      }
      return;
    case "func_proto": {
      const variadic = spec.variadic === true;
      head(spec.params.length + (variadic ? 1 : 0), false);
      for (const p of spec.params) words.push(strings.offsetOf(p.name), p.type);
      if (variadic) words.push(0, 0);
      return;
    }
    case "datasec":
      head(spec.vars.length, false);
      for (const v of spec.vars) words.push(v.type, v.offset, v.size);
      return;
    case "fwd":
      head(0, spec.union);
      return;
    case "func":
      head(spec.linkage, false);
      return;
    case "var":
      head(0, false);
      words.push(spec.linkage);
      return;
    case "decl_tag":
      head(0, spec.attribute === true);
      words.push((spec.componentIdx ?? -1) >>> 0);
      return;
    case "type_tag":
      head(0, spec.attribute === true);
      return;
    case "float":
    case "ptr":
    case "typedef":
    case "volatile":
    case "const":
    case "restrict":
      head(0, false);
      return;
    default:
      spec satisfies never;
  }
}

/**
 * What the record's fields cannot hold is refused when a type is added, so that nothing is cut off silently.
 *
 * @throws BtfError BTF_INVALID, BTF_LIMIT
 */
export function checkSpec(spec: BtfTypeSpec): void {
  const where = `${spec.kind} ${spec.name ?? ""}`.trimEnd();
  const within = (what: string, value: number, min: number, max: number): void => {
    if (!Number.isInteger(value) || value < min || value > max)
      throw new BtfError("BTF_INVALID", `${where}: ${what} is ${value}, expected an integer ${min}..${max}`);
  };
  const count = (what: string, list: readonly unknown[]): void => {
    if (list.length > BTF_MAX_VLEN)
      throw new BtfError("BTF_LIMIT", `${where}: ${list.length} ${what}, at most ${BTF_MAX_VLEN} fit`);
  };
  within("size or type id", sizeOrType(spec), 0, U32);
  switch (spec.kind) {
    case "int":
      within("number of bits", spec.bits ?? spec.size * 8, 0, 255);
      within("bit offset", spec.offset ?? 0, 0, 255);
      within("encoding", spec.encoding ?? 0, 0, 15);
      if (
        spec.encoding !== undefined &&
        spec.signed !== undefined &&
        spec.signed !== ((spec.encoding & BTF_INT_SIGNED) !== 0)
      )
        throw new BtfError("BTF_INVALID", `${where}: signed is ${spec.signed}, but encoding is ${spec.encoding}`);
      return;
    case "array":
      within("element type id", spec.type, 0, U32);
      within("index type id", spec.indexType, 0, U32);
      within("length", spec.length, 0, U32);
      return;
    case "struct":
    case "union": {
      count("members", spec.members);
      const flag = spec.members.some((m) => m.bitfieldSize !== 0);
      for (const m of spec.members) {
        within(`bit offset of member "${m.name}"`, m.bitOffset, 0, flag ? 0xffffff : U32);
        within(`bitfield size of member "${m.name}"`, m.bitfieldSize, 0, 255);
        within(`type id of member "${m.name}"`, m.type, 0, U32);
      }
      return;
    }
    case "enum":
      count("values", spec.values);
      for (const v of spec.values) {
        if (spec.signed) within(`value of "${v.name}"`, v.value, -0x80000000, 0x7fffffff);
        else within(`value of "${v.name}"`, v.value, 0, U32);
      }
      return;
    case "enum64":
      count("values", spec.values);
      for (const v of spec.values) {
        const held = spec.signed ? BigInt.asIntN(64, v.value) : BigInt.asUintN(64, v.value);
        if (held !== v.value)
          throw new BtfError("BTF_INVALID", `${where}: value of "${v.name}" is ${v.value}, which 64 bits cannot hold`);
      }
      return;
    case "func_proto":
      count("parameters", spec.variadic === true ? [...spec.params, 0] : spec.params);
      for (const p of spec.params) within(`type id of parameter "${p.name}"`, p.type, 0, U32);
      return;
    case "datasec":
      count("variables", spec.vars);
      for (const v of spec.vars) {
        within("type id of a variable", v.type, 0, U32);
        within("offset of a variable", v.offset, 0, U32);
        within("size of a variable", v.size, 0, U32);
      }
      return;
    case "func":
    case "var":
      within("linkage", spec.linkage, 0, 0xffff);
      return;
    case "decl_tag":
      within("component index", spec.componentIdx ?? -1, -1, 0x7fffffff);
      return;
    case "fwd":
    case "type_tag":
    case "float":
    case "ptr":
    case "typedef":
    case "volatile":
    case "const":
    case "restrict":
      return;
    default:
      spec satisfies never;
  }
}

const U32 = 0xffffffff;
