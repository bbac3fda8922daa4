import { E2BIG, EINVAL, ENOENT } from "@bpf-ts/uapi/errno";
import type { Btf } from "../btf.ts";
import type { BtfDatasec } from "../types.ts";
import { Rejection } from "../validate/rejection.ts";
import {
  FIELD_LAYOUT,
  type FieldKind,
  POINTER_FIELDS,
  REPEATABLE_FIELDS,
  STRUCT_FIELDS,
  UNIQUE_FIELDS,
} from "./kinds.ts";

/**
 * Finding special fields in a type: directly, in nested structs, in arrays of either, in the variables of a data section. What only looks like such
 * a field (wrong size, misaligned) is none.
 *
 * @see v6.18 kernel/bpf/btf.c, btf_find_field, btf_find_field_one
 */

/** A field as it was found. */
export interface FoundField {
  kind: FieldKind;
  /** Bytes from the start. */
  offset: number;
  /** Of pointers: the struct that they point to. Of lists and trees: the struct that they hold. */
  type: number;
  /** Of lists and trees: the name of the member by which the struct is in them. */
  node: string;
}

/** MAX_RESOLVE_DEPTH. */
const MAX_DEPTH = 32;
/** BTF_FIELDS_MAX. */
const MAX_FIELDS = 11;
const CONTAINS = "contains:";
const MODIFIERS: readonly string[] = ["typedef", "volatile", "const", "restrict", "type_tag"];

/** One member or variable. */
interface Place {
  readonly type: number;
  readonly offset: number;
  /** Bytes that it must have, 0 if any. */
  readonly expectedSize: number;
  /** Struct or variable whose declaration tags describe it, and which part of the struct, -1 for the variable itself. */
  readonly owner: number;
  readonly component: number;
}

/** What was found in a member, and how many levels of structs without any field it has. */
interface FoundAt {
  readonly fields: readonly FoundField[];
  readonly depth: number;
}

/** Searches in the types of one BTF; remembers where nothing is to be found. */
export class FieldSearch {
  /** Where in a struct its node is, by struct, kind and name of the node: many lists may hold the same large struct. */
  readonly nodeOffsets: Map<string, number> = new Map();
  readonly #btf: Btf;
  readonly #wanted: ReadonlySet<FieldKind>;
  /** Structs in which there is nothing, with the number of levels below them. */
  readonly #barren = new Map<number, number>();
  /** Of the others, the members in which there is something, and the number of levels below the rest. */
  readonly #fruitful = new Map<number, { readonly members: readonly number[]; readonly depth: number }>();

  constructor(btf: Btf, wanted: ReadonlySet<FieldKind>) {
    this.#btf = btf;
    this.#wanted = wanted;
  }

  /** The fields of a struct or data section, in the order of members. @throws Rejection */
  fieldsOf(id: number): FoundField[] {
    const seen = new Set<FieldKind>();
    if (this.#btf.kindOf(id) === "struct") return this.#inStruct(id, 0, MAX_FIELDS, seen);
    if (this.#btf.kindOf(id) !== "datasec") throw new Rejection(EINVAL);
    const found: FoundField[] = [];
    for (const { type: owner, offset, size } of (this.#btf.type(id) as BtfDatasec).vars) {
      const place = { type: this.#btf.sizeOrTypeOf(owner), offset, expectedSize: size, owner, component: -1 };
      found.push(...this.#at(place, 0, MAX_FIELDS - found.length, seen).fields);
    }
    return found;
  }

  /** What a pointer is for; undefined for other types and plain pointers. @throws Rejection. @see v6.18 kernel/bpf/btf.c, btf_find_kptr */
  pointer(id: number): { kind: FieldKind; type: number } | undefined {
    const btf = this.#btf;
    const at = btf.kindOf(id) === "volatile" ? btf.sizeOrTypeOf(id) : id;
    if (btf.kindOf(at) !== "ptr") return undefined;
    const tag = btf.sizeOrTypeOf(at);
    // With the flag set the text is an attribute, not a tag.
    if (btf.kindOf(tag) !== "type_tag" || btf.kindFlagOf(tag)) return undefined;
    const behind = btf.sizeOrTypeOf(tag);
    if (btf.kindOf(behind) === "type_tag") throw new Rejection(EINVAL);
    const kind = POINTER_FIELDS.get(btf.nameOf(tag));
    if (kind === undefined) throw new Rejection(EINVAL);
    if (!this.#wanted.has(kind)) return undefined;
    let type = behind;
    while (MODIFIERS.includes(btf.kindOf(type))) type = btf.sizeOrTypeOf(type);
    if (btf.kindOf(type) !== "struct") throw new Rejection(EINVAL);
    return { kind, type };
  }

  #inStruct(id: number, level: number, room: number, seen: Set<FieldKind>): FoundField[] {
    const btf = this.#btf;
    const below = this.#barren.get(id);
    if (below !== undefined) {
      if (level + below >= MAX_DEPTH) throw new Rejection(E2BIG);
      return [];
    }
    const fields: FoundField[] = [];
    const at = (i: number): FoundAt => {
      const bits = btf.memberBitOffsetOf(id, i);
      if (bits % 8 !== 0) throw new Rejection(EINVAL);
      const place = { type: btf.memberTypeOf(id, i), offset: bits / 8, expectedSize: 0, owner: id, component: i };
      const found = this.#at(place, level, room - fields.length, seen);
      fields.push(...found.fields);
      return found;
    };
    // Many structs may hold the same large one: the second time, members in which there was nothing are passed over.
    const known = this.#fruitful.get(id);
    if (known !== undefined && level + known.depth < MAX_DEPTH) {
      for (const i of known.members) at(i);
      return fields;
    }
    const members: number[] = [];
    let depth = 0;
    for (let i = 0; i < btf.vlenOf(id); i++) {
      const found = at(i);
      if (found.fields.length > 0) members.push(i);
      else depth = Math.max(depth, found.depth);
    }
    if (members.length === 0) this.#barren.set(id, depth);
    else this.#fruitful.set(id, { members, depth });
    return fields;
  }

  #at(place: Place, level: number, room: number, seen: Set<FieldKind>): FoundAt {
    const btf = this.#btf;
    const nothing = { fields: [], depth: 0 };
    const { offset, expectedSize } = place;
    let { type } = place;
    let count = 1;
    let dimensions = 0;
    for (; dimensions < MAX_DEPTH && btf.kindOf(type) === "array"; dimensions++) {
      count = Math.imul(count, btf.arrayLengthOf(type)) >>> 0;
      type = btf.arrayTypeOf(type);
    }
    if (dimensions === MAX_DEPTH) throw new Rejection(E2BIG);
    if (count === 0) return nothing;

    const kind = STRUCT_FIELDS.get(btf.nameOf(type));
    if (kind !== undefined && this.#wanted.has(kind)) {
      if (UNIQUE_FIELDS.has(kind)) {
        if (seen.has(kind)) throw new Rejection(E2BIG);
        seen.add(kind);
      }
      const { size, align } = FIELD_LAYOUT[kind];
      if ((expectedSize !== 0 && expectedSize !== size * count) || offset % align !== 0) return nothing;
      if (btf.kindOf(type) !== "struct" || btf.sizeOrTypeOf(type) !== size) return nothing;
      const field: FoundField = { kind, offset, type: 0, node: "" };
      if (kind === "list_head" || kind === "rb_root") this.#readContains(field, place);
      return { fields: repeat([field], count, size, room), depth: 0 };
    }
    if (btf.kindOf(type) !== "struct") {
      if ((expectedSize !== 0 && expectedSize !== 8 * count) || offset % 8 !== 0) return nothing;
      const pointer = this.pointer(type);
      if (pointer === undefined) return nothing;
      return { fields: repeat([{ ...pointer, offset, node: "" }], count, 8, room), depth: 0 };
    }
    const size = btf.sizeOrTypeOf(type);
    if (expectedSize !== 0 && expectedSize !== size * count) return nothing;
    if (level + 1 >= MAX_DEPTH) throw new Rejection(E2BIG);
    const inner = this.#inStruct(type, level + 1, room, seen);
    const depth = 1 + (this.#barren.get(type) ?? 0);
    if (inner.length === 0) return { fields: [], depth };
    const moved = inner.map((field) => ({ ...field, offset: field.offset + offset }));
    return { fields: count > 1 ? repeat(moved, count, size, room) : moved, depth };
  }

  /** `contains:struct:member`, a declaration tag. @see v6.18 kernel/bpf/btf.c, btf_find_graph_root */
  #readContains(field: FoundField, { owner, component }: Place): void {
    const tags = this.#btf.declTags(owner, component).filter(({ name }) => name.startsWith(CONTAINS));
    if (tags.length !== 1) throw new Rejection(EINVAL);
    const text = tags[0]!.name.slice(CONTAINS.length);
    const colon = text.indexOf(":");
    if (colon < 0) throw new Rejection(EINVAL);
    const type = this.#btf.findByName(text.slice(0, colon), "struct");
    if (type === undefined) throw new Rejection(ENOENT);
    field.type = type;
    field.node = text.slice(colon + 1);
    if (field.node === "") throw new Rejection(EINVAL);
  }
}

/** The fields of one element, once for each of `count` elements. */
function repeat(fields: FoundField[], count: number, stride: number, room: number): FoundField[] {
  if (count > 1 && !fields.every(({ kind }) => REPEATABLE_FIELDS.has(kind))) throw new Rejection(EINVAL);
  if (fields.length * count > room) throw new Rejection(E2BIG);
  const all: FoundField[] = [];
  for (let i = 0; i < count; i++) for (const field of fields) all.push({ ...field, offset: field.offset + i * stride });
  return all;
}
