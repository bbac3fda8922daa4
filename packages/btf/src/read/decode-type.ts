import type { Btf } from "../btf.ts";
import { BTF_INT_SIGNED } from "../kinds.ts";
import type { BtfEnum64Value, BtfEnumValue, BtfMember, BtfParam, BtfSecVar, BtfType } from "../types.ts";

/**
 * The record at word `at` of `btf`'s own type section, which was checked to be whole.
 *
 * @see v6.18 Documentation/bpf/btf.rst
 * @throws BtfError BTF_STRINGS, BTF_LIMIT
 */
export function decodeType(btf: Btf, id: number, at: number): BtfType {
  const { words } = btf;
  const name = btf.nameOf(id);
  const info = words[at + 1]!;
  const flag = info >>> 31 === 1;
  const vlen = info & 0xffff;
  const third = words[at + 2]!;
  const kind = btf.kindOf(id);
  switch (kind) {
    case "int": {
      const data = words[at + 3]!;
      const encoding = (data >>> 24) & 0xf;
      const signed = (encoding & BTF_INT_SIGNED) !== 0;
      return { kind, id, name, size: third, bits: data & 0xff, offset: (data >>> 16) & 0xff, encoding, signed };
    }
    case "array":
      return { kind, id, name, type: words[at + 3]!, indexType: words[at + 4]!, length: words[at + 5]! };
    case "struct":
    case "union":
      return { kind, id, name, size: third, members: decodeMembers(btf, at + 3, vlen, flag) };
    case "enum": {
      const values: BtfEnumValue[] = [];
      for (let i = 0, w = at + 3; i < vlen; i++, w += 2) {
        const value = words[w + 1]!;
        values.push({ name: btf.typeName(words[w]!), value: flag ? value | 0 : value });
      }
      return { kind, id, name, size: third, signed: flag, values };
    }
    case "enum64": {
      const values: BtfEnum64Value[] = [];
      for (let i = 0, w = at + 3; i < vlen; i++, w += 3) {
        const value = (BigInt(words[w + 2]!) << 32n) | BigInt(words[w + 1]!);
        values.push({ name: btf.typeName(words[w]!), value: flag ? BigInt.asIntN(64, value) : value });
      }
      return { kind, id, name, size: third, signed: flag, values };
    }
    case "func_proto": {
      const params: BtfParam[] = [];
      for (let i = 0, w = at + 3; i < vlen; i++, w += 2)
        params.push({ name: btf.typeName(words[w]!), type: words[w + 1]! });
      const last = params.at(-1);
      const variadic = last !== undefined && last.type === 0 && last.name === "";
      if (variadic) params.pop();
      return { kind, id, name, ret: third, params, variadic };
    }
    case "datasec": {
      const vars: BtfSecVar[] = [];
      for (let i = 0, w = at + 3; i < vlen; i++, w += 3)
        vars.push({ type: words[w]!, offset: words[w + 1]!, size: words[w + 2]! });
      return { kind, id, name, size: third, vars };
    }
    case "fwd":
      return { kind, id, name, union: flag };
    case "func":
      return { kind, id, name, type: third, linkage: vlen };
    case "var":
      return { kind, id, name, type: third, linkage: words[at + 3]! };
    case "float":
      return { kind, id, name, size: third };
    case "decl_tag":
      return { kind, id, name, type: third, componentIdx: words[at + 3]! | 0, attribute: flag };
    case "type_tag":
      return { kind, id, name, type: third, attribute: flag };
    case "ptr":
    case "typedef":
    case "volatile":
    case "const":
    case "restrict":
      return { kind, id, name, type: third };
    case "void":
      throw new Error("void has no record");
    default:
      return kind satisfies never;
  }
}

function decodeMembers(btf: Btf, start: number, count: number, flag: boolean): BtfMember[] {
  const { words } = btf;
  const members: BtfMember[] = [];
  for (let i = 0, w = start; i < count; i++, w += 3) {
    const offset = words[w + 2]!;
    members.push({
      name: btf.typeName(words[w]!),
      type: words[w + 1]!,
      bitOffset: flag ? offset & 0xffffff : offset,
      bitfieldSize: flag ? offset >>> 24 : 0,
    });
  }
  return members;
}
