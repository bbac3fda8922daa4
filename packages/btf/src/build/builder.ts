import { Btf } from "../btf.ts";
import { BtfError } from "../error.ts";
import {
  BTF_FUNC_GLOBAL,
  BTF_INT_BOOL,
  BTF_INT_CHAR,
  BTF_INT_SIGNED,
  BTF_VAR_GLOBAL_ALLOCATED,
  type BtfKind,
} from "../kinds.ts";
import { alignOf, sizeOf } from "../layout/size.ts";
import type { TypeSource } from "../layout/type-source.ts";
import type { BtfEnum64Value, BtfEnumValue, BtfMember, BtfParam, BtfSecVar } from "../types.ts";
import { dedupTypes } from "./dedup.ts";
import { checkSpec, encodeBtf } from "./encode.ts";
import { layoutFields, type NewField } from "./layout-fields.ts";
import { type BtfTypeSpec, mapReferences, sizeOrType } from "./spec.ts";
import { StringTable } from "./string-table.ts";

/** Options of {@link BtfBuilder}. */
export interface BtfBuilderOptions {
  /** Byte order of what {@link BtfBuilder.encode} writes. Default true (the base's, if there is one). */
  littleEndian?: boolean;
  /** Writes split BTF on top of this: its ids may be used, own ids follow. */
  base?: Btf;
  /** Bytes of a pointer, for layout. Default 8 (the base's, if there is one). */
  pointerSize?: 4 | 8;
}

/** How an int is to be understood. */
export interface IntEncoding {
  signed?: boolean;
  char?: boolean;
  bool?: boolean;
}

/**
 * Writes BTF. Every `add…` answers the new type's id; ids count from 1 in the order of adding (after the base's, if there is one). Types may
 * refer to ids that are added later; {@link BtfBuilder.reserve} gives one out in advance, for types that refer to each other.
 *
 * Only what a record cannot hold is refused here; what the kernel refuses beyond that is told by {@link validateBtf}.
 */
export class BtfBuilder implements TypeSource {
  readonly pointerSize: number;
  readonly littleEndian: boolean;
  readonly base: Btf | undefined;
  /** The first own id. */
  readonly firstId: number;
  /** Own types; undefined are those that are reserved, and copied ones that were not changed. */
  #specs: (BtfTypeSpec | undefined)[] = [];
  /** What this is a copy of: its own types come first here. */
  #original: Btf | undefined;

  constructor(options: BtfBuilderOptions = {}) {
    this.base = options.base;
    this.littleEndian = options.littleEndian ?? options.base?.littleEndian ?? true;
    this.pointerSize = options.pointerSize ?? options.base?.pointerSize ?? 8;
    this.firstId = options.base?.typeCount ?? 1;
  }

  /**
   * A builder that starts as a copy of `btf`, to be changed with {@link BtfBuilder.define} and added to. Until {@link BtfBuilder.dedup}, ids and
   * name offsets stay, so that `.BTF.ext` goes on fitting, and records that are not redefined are written word for word, whatever they hold.
   *
   * @param options `littleEndian`: byte order of what is written, if not that of `btf`.
   */
  static from(btf: Btf, options: { littleEndian?: boolean } = {}): BtfBuilder {
    const builder = new BtfBuilder({
      littleEndian: options.littleEndian ?? btf.littleEndian,
      pointerSize: btf.pointerSize === 4 ? 4 : 8,
      ...(btf.base === undefined ? {} : { base: btf.base }),
    });
    builder.#original = btf;
    builder.#specs = new Array<undefined>(btf.typeCount - btf.firstId).fill(undefined);
    return builder;
  }

  /** One past the highest id: the id of the type added next. */
  get typeCount(): number {
    return this.firstId + this.#specs.length;
  }

  /** Adds a type as it is. @throws BtfError BTF_INVALID, BTF_LIMIT */
  add(spec: BtfTypeSpec): number {
    checkSpec(spec);
    this.#specs.push(spec);
    return this.typeCount - 1;
  }

  /** Gives out the next id; {@link BtfBuilder.define} says later what it is. */
  reserve(): number {
    this.#specs.push(undefined);
    return this.typeCount - 1;
  }

  /** Says, or changes, what an own id is. @throws BtfError BTF_TYPE_ID, BTF_INVALID, BTF_LIMIT */
  define(id: number, spec: BtfTypeSpec): void {
    checkSpec(spec);
    if (!(id >= this.firstId && id < this.typeCount))
      throw new BtfError("BTF_TYPE_ID", `no type ${id} to define: own ids are ${this.firstId}..${this.typeCount - 1}`);
    this.#specs[id - this.firstId] = spec;
  }

  /**
   * Adds all types of other BTF (its base's left out, which must then be this builder's too).
   *
   * @returns the new id for an id of `btf`
   */
  addAll(btf: Btf): (id: number) => number {
    if (btf.base !== this.base && btf.base !== undefined)
      throw new BtfError("BTF_INVALID", "addAll: split BTF on another base than the builder's");
    const shift = this.typeCount - btf.firstId;
    const moved = (id: number): number => (id < btf.firstId ? id : id + shift);
    for (const type of btf.types()) this.add(mapReferences(type as BtfTypeSpec, moved));
    return moved;
  }

  /** `size` bytes; `addInt("long", 8, { signed: true })`. */
  addInt(name: string, size: number, encoding: IntEncoding = {}): number {
    const bits =
      (encoding.signed === true ? BTF_INT_SIGNED : 0) |
      (encoding.char === true ? BTF_INT_CHAR : 0) |
      (encoding.bool === true ? BTF_INT_BOOL : 0);
    return this.add({ kind: "int", name, size, encoding: bits });
  }

  addFloat(name: string, size: number): number {
    return this.add({ kind: "float", name, size });
  }

  addPtr(type: number): number {
    return this.add({ kind: "ptr", type });
  }

  addTypedef(name: string, type: number): number {
    return this.add({ kind: "typedef", name, type });
  }

  addConst(type: number): number {
    return this.add({ kind: "const", type });
  }

  addVolatile(type: number): number {
    return this.add({ kind: "volatile", type });
  }

  addRestrict(type: number): number {
    return this.add({ kind: "restrict", type });
  }

  /** `__attribute__((btf_type_tag(tag)))` on what a pointer points to. */
  addTypeTag(tag: string, type: number): number {
    return this.add({ kind: "type_tag", name: tag, type });
  }

  /** `length` elements; `indexType` is any int. */
  addArray(type: number, length: number, indexType: number): number {
    return this.add({ kind: "array", type, indexType, length });
  }

  /** A struct whose members' places are given. */
  addStruct(name: string, size: number, members: readonly BtfMember[]): number {
    return this.add({ kind: "struct", name, size, members });
  }

  /** A union whose members' places are given. */
  addUnion(name: string, size: number, members: readonly BtfMember[]): number {
    return this.add({ kind: "union", name, size, members });
  }

  /**
   * A struct or union laid out as C on the described machine does: fields in order, naturally aligned (`packed`: not), bitfields packed as the
   * System V ABI says. The fields' types must be known.
   *
   * @throws BtfError BTF_SIZE, BTF_TYPE_ID, BTF_LOOP, BTF_INVALID
   */
  addFields(
    kind: "struct" | "union",
    name: string,
    fields: readonly NewField[],
    options: { packed?: boolean } = {},
  ): number {
    return this.add({ kind, name, ...layoutFields(this, kind, fields, options.packed === true) });
  }

  /** As {@link BtfBuilder.addFields}, for an id from {@link BtfBuilder.reserve}. */
  defineFields(
    id: number,
    kind: "struct" | "union",
    name: string,
    fields: readonly NewField[],
    options: { packed?: boolean } = {},
  ): void {
    this.define(id, { kind, name, ...layoutFields(this, kind, fields, options.packed === true) });
  }

  /** `size` bytes, 4 by default; signed if a value is negative, or if said so. */
  addEnum(name: string, values: readonly BtfEnumValue[], options: { size?: number; signed?: boolean } = {}): number {
    const signed = options.signed ?? values.some((v) => v.value < 0);
    return this.add({ kind: "enum", name, size: options.size ?? 4, signed, values });
  }

  /** `size` bytes, 8 by default; signed if a value is negative, or if said so. */
  addEnum64(
    name: string,
    values: readonly BtfEnum64Value[],
    options: { size?: number; signed?: boolean } = {},
  ): number {
    const signed = options.signed ?? values.some((v) => v.value < 0n);
    return this.add({ kind: "enum64", name, size: options.size ?? 8, signed, values });
  }

  addFwd(name: string, kind: "struct" | "union"): number {
    return this.add({ kind: "fwd", name, union: kind === "union" });
  }

  addFuncProto(ret: number, params: readonly BtfParam[], variadic = false): number {
    return this.add({ kind: "func_proto", ret, params, variadic });
  }

  /** `linkage`: `BTF_FUNC_*`, global by default. */
  addFunc(name: string, proto: number, linkage: number = BTF_FUNC_GLOBAL): number {
    return this.add({ kind: "func", name, type: proto, linkage });
  }

  /** `linkage`: `BTF_VAR_*`, global by default. */
  addVar(name: string, type: number, linkage: number = BTF_VAR_GLOBAL_ALLOCATED): number {
    return this.add({ kind: "var", name, type, linkage });
  }

  addDatasec(name: string, size: number, vars: readonly BtfSecVar[]): number {
    return this.add({ kind: "datasec", name, size, vars });
  }

  /** `componentIdx`: a member's or parameter's index, -1 for the whole. */
  addDeclTag(tag: string, type: number, componentIdx = -1): number {
    return this.add({ kind: "decl_tag", name: tag, type, componentIdx });
  }

  /** What an own id is. @throws BtfError BTF_TYPE_ID if it is none, or reserved and not yet defined; BTF_STRINGS */
  spec(id: number): BtfTypeSpec {
    const spec = this.#specs[id - this.firstId];
    if (spec !== undefined) return spec;
    if (this.#isCopied(id)) return this.#original!.type(id) as BtfTypeSpec;
    if (id >= this.firstId && id < this.typeCount)
      throw new BtfError("BTF_TYPE_ID", `type ${id} was reserved and never defined`);
    throw new BtfError("BTF_TYPE_ID", `no type ${id}: own ids are ${this.firstId}..${this.typeCount - 1}`);
  }

  /**
   * Merges types that cannot be told apart: the same kinds, names, sizes and, through all references, the same types; in split BTF also with
   * the base's. A forward declaration becomes the struct or union (an empty enum the enum) of its name if there is exactly one. Variables and
   * sections stay. Ids change, strings do not matter.
   *
   * @see v6.18 tools/lib/bpf/btf.c, btf__dedup, whose results it equals except where one name has several different definitions: there libbpf
   * also merges by the unit that a type came from
   * @returns the new id for an old one
   * @throws BtfError BTF_TYPE_ID, BTF_LIMIT
   */
  dedup(): (id: number) => number {
    const own = this.#specs.map((_, i) => this.spec(this.firstId + i));
    own.forEach((spec, i) => {
      this.#checkReferences(this.firstId + i, spec);
    });
    const { specs, ids } = dedupTypes(own, this.firstId, this.base);
    this.#specs = specs;
    this.#original = undefined;
    const { firstId } = this;
    return (id) => (id < firstId ? id : ids[id - firstId]!);
  }

  /** The BTF section: header, types, strings. @throws BtfError BTF_TYPE_ID for references to ids that do not exist, or were never defined */
  encode(): Uint8Array {
    const records = this.#specs.map((_, i) => {
      const id = this.firstId + i;
      if (this.#isCopied(id)) return this.#original!.recordWords(id);
      const spec = this.spec(id);
      this.#checkReferences(id, spec);
      return spec;
    });
    return encodeBtf(records, new StringTable(this.base, this.#original), this.littleEndian);
  }

  /** The types as {@link Btf}, read back from the encoded bytes. @throws BtfError as {@link BtfBuilder.encode} */
  toBtf(): Btf {
    return Btf.parse(this.encode(), {
      pointerSize: this.pointerSize === 4 ? 4 : 8,
      ...(this.base === undefined ? {} : { base: this.base }),
    });
  }

  /** Whether an id is as it was in what this is a copy of. */
  #isCopied(id: number): boolean {
    const original = this.#original;
    return (
      original !== undefined &&
      id >= this.firstId &&
      id < original.typeCount &&
      this.#specs[id - this.firstId] === undefined
    );
  }

  #checkReferences(id: number, spec: BtfTypeSpec): void {
    mapReferences(spec, (to) => {
      if (to < this.typeCount) return to;
      throw new BtfError(
        "BTF_TYPE_ID",
        `type ${id} (${spec.kind} ${spec.name ?? ""}) refers to type ${to}: ids are 0..${this.typeCount - 1}`,
      );
    });
  }

  kindOf(id: number): BtfKind {
    if (id === 0) return "void";
    return this.#fixed(id)?.kindOf(id) ?? this.spec(id).kind;
  }

  nameOf(id: number): string {
    if (id === 0) return "void";
    return this.#fixed(id)?.nameOf(id) ?? this.spec(id).name ?? "";
  }

  sizeOrTypeOf(id: number): number {
    return this.#fixed(id)?.sizeOrTypeOf(id) ?? sizeOrType(this.spec(id));
  }

  arrayLengthOf(id: number): number {
    return this.#fixed(id)?.arrayLengthOf(id) ?? this.#array(id).length;
  }

  arrayTypeOf(id: number): number {
    return this.#fixed(id)?.arrayTypeOf(id) ?? this.#array(id).type;
  }

  #array(id: number): Extract<BtfTypeSpec, { kind: "array" }> {
    const spec = this.spec(id);
    if (spec.kind !== "array") throw new BtfError("BTF_KIND", `type ${id} (${spec.kind}) is no array`);
    return spec;
  }

  vlenOf(id: number): number {
    const fixed = this.#fixed(id);
    if (fixed !== undefined) return fixed.vlenOf(id);
    const spec = this.spec(id);
    return spec.kind === "struct" || spec.kind === "union" ? spec.members.length : 0;
  }

  memberTypeOf(id: number, index: number): number {
    return this.#fixed(id)?.memberTypeOf(id, index) ?? this.#member(id, index).type;
  }

  memberBitOffsetOf(id: number, index: number): number {
    return this.#fixed(id)?.memberBitOffsetOf(id, index) ?? this.#member(id, index).bitOffset;
  }

  memberBitfieldSizeOf(id: number, index: number): number {
    return this.#fixed(id)?.memberBitfieldSizeOf(id, index) ?? this.#member(id, index).bitfieldSize;
  }

  #member(id: number, index: number): BtfMember {
    const spec = this.spec(id);
    const member = spec.kind === "struct" || spec.kind === "union" ? spec.members[index] : undefined;
    if (member === undefined) throw new BtfError("BTF_NOT_FOUND", `type ${id} (${spec.kind}) has no member ${index}`);
    return member;
  }

  /** The BTF that says what an id is: the base, or what this is a copy of; undefined for what was added or changed here. */
  #fixed(id: number): Btf | undefined {
    if (id < this.firstId && id >= 0) return this.base;
    return this.#isCopied(id) ? this.#original : undefined;
  }

  /** Bytes of a value of the type; see {@link Btf.sizeOf}. */
  sizeOf(id: number): number {
    return sizeOf(this, id);
  }

  /** Natural alignment in bytes; see {@link Btf.alignOf}. */
  alignOf(id: number): number {
    return alignOf(this, id);
  }
}
