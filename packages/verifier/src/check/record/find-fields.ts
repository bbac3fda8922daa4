/**
 * Finding special fields in a type: directly, in nested structs, in arrays of either, in the variables of a data section.
 *
 * What only looks like such a field (wrong size, misaligned) is none. Where the kernel refuses the type as a whole (two locks, an array of
 * timers, a list without its contents' type), so that no map or BTF with it could exist, the program's verdict is `unsupported`.
 *
 * @see v6.18 kernel/bpf/btf.c, btf_find_field, btf_find_field_one
 */

import type { Btf, BtfDatasec } from "@bpf-ts/btf";
import { unsupported } from "../../unsupported.ts";
import {
  FIELD_LAYOUT,
  type FieldKind,
  POINTER_FIELDS,
  REPEATABLE_FIELDS,
  STRUCT_FIELDS,
  UNIQUE_FIELDS,
} from "./kinds.ts";

/** A special field. */
export interface BtfField {
  readonly kind: FieldKind;
  /** Bytes from the start of the value or object. */
  readonly offset: number;
  /** Bytes. */
  readonly size: number;
  /** Kernel and user pointers: the struct pointed to, in the BTF of the program. */
  readonly pointee?: number;
  /** Lists and trees: what they hold. */
  readonly graphRoot?: GraphRoot;
}

/** What a list or tree holds. */
export interface GraphRoot {
  /** That of the type that has the list or tree. */
  readonly btf: Btf;
  readonly valueBtfId: number;
  /** Bytes from its start to its list or tree node. */
  readonly nodeOffset: number;
}

/** MAX_RESOLVE_DEPTH. */
const MAX_DEPTH = 32;
/** BTF_FIELDS_MAX. */
const MAX_FIELDS = 11;

function malformed(what: string): never {
  unsupported("btf-record", `malformed: ${what}`);
}

function isStruct(btf: Btf, id: number): boolean {
  const kind = btf.kindOf(id);
  return kind === "struct" || kind === "union";
}

/** One search: what is looked for, and what was seen of the kinds that may occur once. */
class Search {
  readonly #btf: Btf;
  readonly #wanted: ReadonlySet<FieldKind>;
  readonly #seen = new Set<FieldKind>();

  constructor(btf: Btf, wanted: ReadonlySet<FieldKind>) {
    this.#btf = btf;
    this.#wanted = wanted;
  }

  /** Fields of a struct's members. */
  inStruct(id: number, depth: number): BtfField[] {
    const found: BtfField[] = [];
    const count = this.#btf.vlenOf(id);
    for (let i = 0; i < count; i++) {
      const bits = this.#btf.memberBitOffsetOf(id, i);
      // A bitfield: nothing that is looked for can be one, and the kernel refuses other types that begin inside of a byte.
      if (bits % 8 !== 0) {
        if (this.#btf.memberBitfieldSizeOf(id, i) === 0) malformed("member inside of a byte");
        continue;
      }
      found.push(...this.#one(this.#btf.memberTypeOf(id, i), bits / 8, 0, id, i, depth));
    }
    return found;
  }

  /** Fields of a data section's variables. */
  inDatasec(id: number): BtfField[] {
    const section = this.#btf.type(id) as BtfDatasec;
    return section.vars.flatMap((v) => {
      const type = this.#btf.sizeOrTypeOf(v.type);
      return this.#one(type, v.offset, v.size, v.type, -1, 0);
    });
  }

  /**
   * Fields of one member or variable.
   *
   * @param expectedSize Bytes that it must have, 0 if any.
   * @param owner Struct or variable whose declaration tags describe it, @param component which part of the struct.
   */
  #one(id: number, offset: number, expectedSize: number, owner: number, component: number, depth: number): BtfField[] {
    const btf = this.#btf;
    let type = id;
    let count = 1;
    for (let i = 0; btf.kindOf(type) === "array"; i++) {
      if (i === MAX_DEPTH) malformed("arrays nested too deep");
      count *= btf.arrayLengthOf(type);
      type = btf.arrayTypeOf(type);
    }
    if (count === 0) return [];
    const kind = this.#kindOf(type);
    if (kind === undefined) {
      if (!isStruct(btf, type)) return [];
      const size = btf.sizeOrTypeOf(type);
      if (expectedSize !== 0 && expectedSize !== size * count) return [];
      if (depth + 1 >= MAX_DEPTH) malformed("structs nested too deep");
      const inner = this.inStruct(type, depth + 1);
      return this.#repeat(inner, offset, count, size);
    }
    const { size, align } = FIELD_LAYOUT[kind];
    if ((expectedSize !== 0 && expectedSize !== size * count) || offset % align !== 0) return [];
    const field = this.#field(kind, type, size, owner, component);
    return field === undefined ? [] : this.#repeat([field], offset, count, size);
  }

  /** `fields` of one element, moved to each element's place. */
  #repeat(fields: readonly BtfField[], offset: number, count: number, elementSize: number): BtfField[] {
    if (fields.length === 0) return [];
    if (count > 1) {
      const single = fields.find((f) => !REPEATABLE_FIELDS.has(f.kind));
      if (single !== undefined) malformed(`array of ${FIELD_LAYOUT[single.kind].name}`);
    }
    if (fields.length * count > MAX_FIELDS) malformed("too many special fields");
    return Array.from({ length: count }, (_, i) =>
      fields.map((f) => ({ ...f, offset: f.offset + offset + i * elementSize })),
    ).flat();
  }

  /** Kind that a type's name says; pointers may turn out to be ordinary ones. */
  #kindOf(type: number): FieldKind | undefined {
    const kind = STRUCT_FIELDS.get(this.#btf.nameOf(type));
    if (kind !== undefined && this.#wanted.has(kind)) {
      if (UNIQUE_FIELDS.has(kind)) {
        if (this.#seen.has(kind)) malformed(`more than one ${FIELD_LAYOUT[kind].name}`);
        this.#seen.add(kind);
      }
      return kind;
    }
    return isStruct(this.#btf, type) ? undefined : "kptr_ref";
  }

  #field(kind: FieldKind, type: number, size: number, owner: number, component: number): BtfField | undefined {
    if (kind === "kptr_ref") return this.#pointer(type);
    if (!isStruct(this.#btf, type) || this.#btf.sizeOrTypeOf(type) !== size) return undefined;
    if (kind !== "list_head" && kind !== "rb_root") return { kind, offset: 0, size };
    return { kind, offset: 0, size, graphRoot: this.#graphRoot(kind, owner, component) };
  }

  /** A pointer is special if a type tag says so. @see v6.18 kernel/bpf/btf.c, btf_find_kptr */
  #pointer(id: number): BtfField | undefined {
    const btf = this.#btf;
    const type = btf.kindOf(id) === "volatile" ? btf.sizeOrTypeOf(id) : id;
    if (btf.kindOf(type) !== "ptr") return undefined;
    const tag = btf.sizeOrTypeOf(type);
    if (btf.kindOf(tag) !== "type_tag") return undefined;
    const inner = btf.sizeOrTypeOf(tag);
    if (btf.kindOf(inner) === "type_tag") malformed("pointer with two type tags");
    const kind = POINTER_FIELDS.get(btf.nameOf(tag));
    if (kind === undefined) malformed(`pointer with type tag ${btf.nameOf(tag)}`);
    if (!this.#wanted.has(kind)) return undefined;
    let pointee = inner;
    while (["const", "volatile", "restrict", "typedef", "type_tag"].includes(btf.kindOf(pointee))) {
      pointee = btf.sizeOrTypeOf(pointee);
    }
    if (!isStruct(btf, pointee)) malformed(`${FIELD_LAYOUT[kind].name} to what is no struct`);
    return { kind, offset: 0, size: 8, pointee };
  }

  /** `contains:TYPE:MEMBER` of the declaration. @see v6.18 kernel/bpf/btf.c, btf_find_graph_root, btf_parse_graph_root */
  #graphRoot(kind: "list_head" | "rb_root", owner: number, component: number): GraphRoot {
    const btf = this.#btf;
    const name = FIELD_LAYOUT[kind].name;
    const tags = btf.declTags(owner, component).filter((t) => t.name.startsWith("contains:"));
    const parts = tags[0]?.name.split(":");
    if (tags.length !== 1 || parts === undefined || parts.length < 3) malformed(`${name} without one contains tag`);
    const valueBtfId = btf.findByName(parts[1]!, "struct");
    if (valueBtfId === undefined) malformed(`${name} of an unknown struct`);
    const node = kind === "list_head" ? "list_node" : "rb_node";
    const member = parts.slice(2).join(":");
    for (let i = 0; i < btf.vlenOf(valueBtfId); i++) {
      if (btf.memberNameOf(valueBtfId, i) !== member) continue;
      const bits = btf.memberBitOffsetOf(valueBtfId, i);
      if (btf.nameOf(btf.memberTypeOf(valueBtfId, i)) !== FIELD_LAYOUT[node].name || bits % 64 !== 0) break;
      return { btf, valueBtfId, nodeOffset: bits / 8 };
    }
    malformed(`${name} whose struct has no such node`);
  }
}

/** Special fields of the kinds `wanted` in a struct, union or data section, by offset. */
export function findFields(btf: Btf, typeId: number, wanted: ReadonlySet<FieldKind>): BtfField[] {
  const search = new Search(btf, wanted);
  const fields = btf.kindOf(typeId) === "datasec" ? search.inDatasec(typeId) : search.inStruct(typeId, 0);
  if (fields.length > MAX_FIELDS) malformed("too many special fields");
  fields.sort((a, b) => a.offset - b.offset);
  for (const [i, f] of fields.entries()) {
    const next = fields[i + 1];
    if (next !== undefined && f.offset + f.size > next.offset) malformed("special fields that overlap");
  }
  return fields;
}
