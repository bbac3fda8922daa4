import { UnsupportedError } from "@bpf-ts/uapi";
import type { Btf } from "../btf.ts";
import { BtfError } from "../error.ts";
import { BTF_INT_BOOL, BTF_INT_CHAR } from "../kinds.ts";
import { sizeOf } from "../layout/size.ts";
import type { BtfInt } from "../types.ts";
import { fixedArray, flexibleArray, type MemberNode, type MissingChoice, struct } from "./aggregates.ts";
import type { Node, TailNode } from "./node.ts";
import { bitInt, bool, enumeration, float, type ScalarChoice, smallInt, wideInt } from "./scalars.ts";
import { charArray, flexibleChars } from "./strings.ts";

/** All choices, made. */
export interface Choice extends ScalarChoice {
  enums: "name" | "number";
  chars: "string" | "number";
  missing: MissingChoice;
  memberName: (name: string) => string;
}

/** Levels of types within types. */
const MAX_DEPTH = 200;

/** Compiles types, each once. */
export class Compiler {
  readonly #btf: Btf;
  readonly #choice: Choice;
  readonly #nodes = new Map<number, Node | "open">();
  #depth = 0;
  /** Structs whose members were looked at; anonymous ones each time. */
  #opened = 0;

  constructor(btf: Btf, choice: Choice) {
    this.#btf = btf;
    this.#choice = choice;
  }

  /** @throws BtfError BTF_KIND, BTF_LOOP, BTF_SIZE, BTF_TYPE_ID, BTF_LIMIT; UnsupportedError */
  node(type: number): Node {
    const id = this.#btf.resolve(type);
    const known = this.#nodes.get(id);
    if (known === "open") throw new BtfError("BTF_LOOP", `type ${id} (${this.#btf.kindOf(id)}) contains itself`);
    if (known !== undefined) return known;
    if (++this.#depth > MAX_DEPTH) throw new BtfError("BTF_LOOP", `types nested deeper than ${MAX_DEPTH} levels`);
    this.#nodes.set(id, "open");
    const node = this.#compile(id);
    this.#nodes.set(id, node);
    this.#depth--;
    // Every byte may be seen through a few unions; beyond that, and for types without bytes, somebody wants to waste time.
    if (node.weight > 1_000_000 + 64 * node.size)
      throw new BtfError("BTF_LIMIT", `type ${id} of ${node.size} bytes holds ${node.weight} values`);
    return node;
  }

  /** The elements of a flexible array, whose number its bytes say; undefined if they have no size. */
  tailOf(elementType: number): TailNode | undefined {
    if (this.#choice.chars === "string" && this.#isChar(elementType)) return flexibleChars;
    const element = this.node(elementType);
    return element.size === 0 ? undefined : flexibleArray(element);
  }

  #compile(id: number): Node {
    const btf = this.#btf;
    const { littleEndian } = this.#choice;
    const type = btf.type(id);
    switch (type.kind) {
      case "int":
        return this.#int(type);
      case "ptr":
        return btf.pointerSize === 8 ? wideInt(false, this.#choice) : smallInt(4, false, littleEndian);
      case "enum":
      case "enum64":
        return enumeration(this.#integer(type.size, type.signed), type.values, this.#choice.enums === "number");
      case "float":
        if (type.size === 4 || type.size === 8) return float(type.size, littleEndian);
        throw new UnsupportedError(`values of floats of ${type.size} bytes`);
      case "array":
        sizeOf(btf, id);
        if (this.#choice.chars === "string" && this.#isChar(type.type)) return charArray(type.length);
        return fixedArray(this.node(type.type), type.length);
      case "struct":
      case "union": {
        const members = this.members(id);
        for (const { name, offset, node } of members)
          if (offset + node.size > type.size)
            throw new BtfError("BTF_SIZE", `member "${name}" of type ${id} reaches beyond its ${type.size} bytes`);
        return struct(type.size, members, this.#choice.missing);
      }
      case "datasec": {
        const members: MemberNode[] = type.vars.map((v) => ({
          name: btf.nameOf(v.type),
          offset: v.offset,
          node: this.node(btf.kindOf(v.type) === "var" ? btf.sizeOrTypeOf(v.type) : v.type),
          group: 0,
          arm: 0,
          optional: false,
        }));
        for (const { name, offset, node } of members)
          if (offset + node.size > type.size)
            throw new BtfError(
              "BTF_SIZE",
              `variable "${name}" reaches beyond the ${type.size} bytes of section ${type.name}`,
            );
        return struct(type.size, members, this.#choice.missing);
      }
      case "var":
        return this.node(type.type);
      default:
        throw new BtfError("BTF_KIND", `type ${id} (${type.kind} ${type.name}) has no values`.replace(" )", ")"));
    }
  }

  /** Members with the names that they have in JS; those of anonymous structs and unions in the place of these. */
  members(id: number): MemberNode[] {
    const out: MemberNode[] = [];
    let groups = 0;
    const add = (struct: number, base: number, group: number, arm: number, optional: boolean): void => {
      const type = this.#btf.type(struct);
      if (type.kind !== "struct" && type.kind !== "union") throw new Error(`type ${struct} is no struct`);
      if (++this.#depth > MAX_DEPTH) throw new BtfError("BTF_LOOP", `types nested deeper than ${MAX_DEPTH} levels`);
      const most = 1000 + 10 * this.#btf.typeCount;
      if (++this.#opened > most) throw new BtfError("BTF_LIMIT", `type ${id} holds more than ${most} structs`);
      const isUnion = type.kind === "union";
      // A union within a union is not told apart from it, but its members are not needed to make its alternative complete.
      const inGroup = group === 0 && isUnion ? ++groups : group;
      type.members.forEach((member, i) => {
        const inner = this.#btf.resolve(member.type);
        const at = base + member.bitOffset;
        const inArm = group === 0 ? i + 1 : arm;
        const isOptional = optional || (group !== 0 && isUnion);
        const kind = this.#btf.kindOf(inner);
        if (member.name === "" && (kind === "struct" || kind === "union")) {
          add(inner, at, inGroup, inArm, isOptional);
          return;
        }
        // An unnamed bitfield is padding.
        if (member.name === "") return;
        const name = this.#choice.memberName(member.name);
        if (out.length > MAX_MEMBERS)
          throw new BtfError("BTF_LIMIT", `type ${id} has more than ${MAX_MEMBERS} members`);
        const { node, offset } = this.#member(inner, at, member.bitfieldSize);
        out.push({ name, offset, node, group: inGroup, arm: inArm, optional: isOptional });
      });
      this.#depth--;
    };
    add(id, 0, 0, 0, false);
    const names = new Set<string>();
    for (const { name } of out) {
      if (names.has(name)) throw new BtfError("BTF_INVALID", `type ${id} has two members named "${name}"`);
      names.add(name);
    }
    return out;
  }

  #member(type: number, bitOffset: number, bitfieldSize: number): { node: Node; offset: number } {
    const btf = this.#btf;
    const record = btf.type(type);
    let width = bitfieldSize;
    let at = bitOffset;
    if (width === 0 && record.kind === "int" && (record.bits !== record.size * 8 || record.offset !== 0)) {
      // Old BTF: the int itself is the bitfield.
      width = record.bits;
      at = bitOffset + record.offset;
    }
    if (width === 0) {
      if (at % 8 !== 0) throw new BtfError("BTF_INVALID", `a member of type ${type} lies at bit ${at}`);
      return { node: this.node(type), offset: at / 8 };
    }
    const offset = Math.floor(at / 8);
    const bytes = Math.ceil(((at % 8) + width) / 8);
    if (record.kind === "int") {
      const plain = bitInt(bytes, at % 8, width, record.signed, record.size > 4, this.#choice);
      return { node: (record.encoding & BTF_INT_BOOL) !== 0 ? bool(plain) : plain, offset };
    }
    if (record.kind === "enum" || record.kind === "enum64") {
      const plain = bitInt(bytes, at % 8, width, record.signed, record.size > 4, this.#choice);
      return { node: enumeration(plain, record.values, this.#choice.enums === "number"), offset };
    }
    throw new BtfError("BTF_KIND", `a bitfield of type ${type} (${record.kind})`);
  }

  #int(type: BtfInt): Node {
    if (type.bits === 0 || type.offset + type.bits > type.size * 8)
      throw new BtfError(
        "BTF_SIZE",
        `int ${type.name} has bits ${type.offset}..${type.offset + type.bits} in ${type.size} bytes`,
      );
    const isWhole = type.bits === type.size * 8 && type.offset === 0;
    if (!isWhole) return bitInt(type.size, type.offset, type.bits, type.signed, type.size > 4, this.#choice);
    const plain = this.#integer(type.size, type.signed);
    return (type.encoding & BTF_INT_BOOL) !== 0 ? bool(plain) : plain;
  }

  #integer(size: number, signed: boolean): Node {
    if (size === 1 || size === 2 || size === 4) return smallInt(size, signed, this.#choice.littleEndian);
    if (size === 8) return wideInt(signed, this.#choice);
    if (size === 0 || size > 16) throw new BtfError("BTF_SIZE", `an integer of ${size} bytes, expected 1..16`);
    return bitInt(size, 0, size * 8, signed, size > 4, this.#choice);
  }

  #isChar(id: number): boolean {
    const type = this.#btf.type(this.#btf.resolve(id));
    return type.kind === "int" && type.size === 1 && (type.name === "char" || (type.encoding & BTF_INT_CHAR) !== 0);
  }
}

/** Members of one struct, those of anonymous ones within it counted too. */
const MAX_MEMBERS = 0x10000;
