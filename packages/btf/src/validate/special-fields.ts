import { E2BIG, EEXIST, EFAULT, EINVAL, ELOOP, ENOENT } from "@bpf-ts/uapi/errno";
import type { Btf } from "../btf.ts";
import type { Input } from "./input.ts";
import { Rejection } from "./log.ts";

/**
 * Structs that hold what only BPF programs have: locks, list and tree nodes, reference counts, kernel pointers. The kernel records, when BTF is
 * loaded, where such fields lie in each struct; what it cannot make sense of it refuses, without a line in the log.
 *
 * @see v6.18 kernel/bpf/btf.c, btf_parse_struct_metas, btf_parse_fields
 */

/** Types of the running kernel that pointers in maps may refer to. */
export interface KernelTypes {
  btf: Btf;
  /** Names of structs that have a destructor, so that a `kptr` may own one. */
  destructible: readonly string[];
}

type FieldKind =
  | "bpf_spin_lock"
  | "bpf_res_spin_lock"
  | "bpf_list_head"
  | "bpf_list_node"
  | "bpf_rb_root"
  | "bpf_rb_node"
  | "bpf_refcount"
  | "kptr_untrusted"
  | "kptr"
  | "percpu_kptr";

interface Field {
  kind: FieldKind;
  offset: number;
  /** Where a kptr points to; the id of what a list or tree holds. */
  type: number;
  /** For lists and trees: the name of the node member. */
  node: string;
}

const SIZE: Readonly<Record<FieldKind, number>> = {
  bpf_spin_lock: 4,
  bpf_res_spin_lock: 4,
  bpf_list_head: 16,
  bpf_list_node: 24,
  bpf_rb_root: 16,
  bpf_rb_node: 32,
  bpf_refcount: 4,
  kptr_untrusted: 8,
  kptr: 8,
  percpu_kptr: 8,
};
const ALIGN: Readonly<Record<FieldKind, number>> = {
  bpf_spin_lock: 4,
  bpf_res_spin_lock: 4,
  bpf_list_head: 8,
  bpf_list_node: 8,
  bpf_rb_root: 8,
  bpf_rb_node: 8,
  bpf_refcount: 4,
  kptr_untrusted: 8,
  kptr: 8,
  percpu_kptr: 8,
};

/** A struct may hold one of each (structs within it not counted). */
const SINGLE: ReadonlySet<string> = new Set(["bpf_spin_lock", "bpf_res_spin_lock"]);
/** Structs with a member of one of these are looked at. */
const STARTERS: readonly string[] = [
  "bpf_spin_lock",
  "bpf_list_head",
  "bpf_list_node",
  "bpf_rb_root",
  "bpf_rb_node",
  "bpf_refcount",
];
const NAMED: ReadonlySet<string> = new Set([...STARTERS, "bpf_res_spin_lock"]);
/** May be elements of an array. */
const REPEATABLE: ReadonlySet<FieldKind> = new Set([
  "kptr_untrusted",
  "kptr",
  "percpu_kptr",
  "bpf_list_head",
  "bpf_rb_root",
]);

/** BTF_FIELDS_MAX. */
const MAX_FIELDS = 11;
const MAX_DEPTH = 32;

/** Checks all structs. @throws Rejection */
export function checkSpecialFields(input: Input, kernel: KernelTypes | undefined): void {
  new SpecialFields(input, kernel).run();
}

class SpecialFields {
  readonly #input: Input;
  readonly #kernel: KernelTypes | undefined;
  readonly #records = new Map<number, readonly Field[]>();
  /** Structs in which nothing is to be found, with the number of levels below them. */
  readonly #barren = new Map<number, number>();
  #contains: Map<string, number[]> | undefined;

  constructor(input: Input, kernel: KernelTypes | undefined) {
    this.#input = input;
    this.#kernel = kernel;
  }

  run(): void {
    const input = this.#input;
    const starters = new Set<number>();
    for (const name of STARTERS) {
      const id = this.#structNamed(name);
      if (id !== undefined) starters.add(id);
    }
    for (let id = 1; id < input.typeCount; id++) if (this.#isKptr(id)) starters.add(id);
    if (starters.size === 0) return;
    for (let id = 1; id < input.typeCount; id++) {
      if (!this.#isStruct(id)) continue;
      let starts = false;
      for (let i = 0; !starts && i < input.vlen(id); i++) starts = starters.has(input.member(id, i).type);
      if (starts) this.#records.set(id, this.#record(id));
    }
    this.#checkOwnership();
  }

  #isStruct(id: number): boolean {
    return this.#input.kind(id) === "struct";
  }

  #name(id: number): string {
    return this.#input.shown(this.#input.nameOffset(id));
  }

  #structs: Map<string, number> | undefined;

  /** The first struct with a name. */
  #structNamed(name: string): number | undefined {
    if (this.#structs === undefined) {
      this.#structs = new Map();
      for (let id = this.#input.typeCount - 1; id > 0; id--)
        if (this.#input.kind(id) === "struct") this.#structs.set(this.#name(id), id);
    }
    return this.#structs.get(name);
  }

  #isKptr(id: number): boolean {
    try {
      return this.#kptr(id) !== undefined;
    } catch (error) {
      if (error instanceof Rejection) return false;
      throw error;
    }
  }

  /** What kind of kptr a pointer is; undefined for other types and plain pointers. @see v6.18 kernel/bpf/btf.c, btf_find_kptr */
  #kptr(id: number): { kind: FieldKind; type: number } | undefined {
    const input = this.#input;
    const at = input.kind(id) === "volatile" ? input.third(id) : id;
    if (input.kind(at) !== "ptr") return undefined;
    const tag = input.third(at);
    // With the flag set the text is an attribute, not a tag.
    if (input.kind(tag) !== "type_tag" || input.flag(tag)) return undefined;
    const behind = input.third(tag);
    if (input.kind(behind) === "type_tag") throw new Rejection(EINVAL);
    const kind = this.#name(tag);
    // Pointers to user memory exist in the storage of tasks only, which has no such record.
    if (kind === "uptr") return undefined;
    if (kind !== "kptr_untrusted" && kind !== "kptr" && kind !== "percpu_kptr") throw new Rejection(EINVAL);
    const type = this.#skipModifiers(behind);
    if (!this.#isStruct(type)) throw new Rejection(EINVAL);
    return { kind, type };
  }

  #skipModifiers(id: number): number {
    let at = id;
    while (["typedef", "volatile", "const", "restrict", "type_tag"].includes(this.#input.kind(at)))
      at = this.#input.third(at);
    return at;
  }

  /** The fields of a struct, in the order of members, checked against each other. */
  #record(id: number): readonly Field[] {
    const fields = this.#fieldsOf(id, 0, MAX_FIELDS);
    // A struct is only looked at because it has such a member: that it has none after all is the kernel's "bad address".
    if (fields.length === 0) throw new Rejection(EFAULT);
    let end = 0;
    for (const field of fields) {
      if (field.offset + SIZE[field.kind] > this.#input.third(id)) throw new Rejection(EFAULT);
      if (field.offset < end) throw new Rejection(EEXIST);
      end = field.offset + SIZE[field.kind];
      if (field.kind === "kptr") this.#checkKernelPointer(field.type);
      if (field.kind === "bpf_list_head") this.#checkNode(field, "bpf_list_node");
      if (field.kind === "bpf_rb_root") this.#checkNode(field, "bpf_rb_node");
    }
    const kinds = new Set(fields.map((f) => f.kind));
    if (kinds.has("bpf_spin_lock") && kinds.has("bpf_res_spin_lock")) throw new Rejection(EINVAL);
    const locked = kinds.has("bpf_spin_lock") || kinds.has("bpf_res_spin_lock");
    if ((kinds.has("bpf_list_head") || kinds.has("bpf_rb_root")) && !locked) throw new Rejection(EINVAL);
    if (!kinds.has("bpf_refcount") && kinds.has("bpf_list_node") && kinds.has("bpf_rb_node"))
      throw new Rejection(EINVAL);
    return fields;
  }

  #fieldsOf(id: number, level: number, room: number): Field[] {
    const input = this.#input;
    const below = this.#barren.get(id);
    if (below !== undefined) {
      if (level + below >= MAX_DEPTH) throw new Rejection(E2BIG);
      return [];
    }
    const fields: Field[] = [];
    const seen = new Set<string>();
    let deepest = 0;
    for (let i = 0; i < input.vlen(id); i++) {
      const member = input.member(id, i);
      const bits = input.flag(id) ? member.offset & 0xffffff : member.offset;
      if (bits % 8 !== 0) throw new Rejection(EINVAL);
      const found = this.#fieldsAt(id, i, member.type, bits / 8, level, room - fields.length, seen);
      fields.push(...found.fields);
      deepest = Math.max(deepest, found.depth);
    }
    if (fields.length === 0) this.#barren.set(id, deepest);
    return fields;
  }

  #fieldsAt(
    owner: number,
    index: number,
    memberType: number,
    offset: number,
    level: number,
    room: number,
    seen: Set<string>,
  ): { fields: Field[]; depth: number } {
    const input = this.#input;
    const nothing = { fields: [], depth: 0 };
    let type = memberType;
    let count = 1;
    let dimensions = 0;
    for (; dimensions < MAX_DEPTH && input.kind(type) === "array"; dimensions++) {
      count = Math.imul(count, input.extra(type, 2)) >>> 0;
      type = input.extra(type, 0);
    }
    if (dimensions === MAX_DEPTH) throw new Rejection(E2BIG);
    if (count === 0) return nothing;

    const name = this.#name(type);
    if (NAMED.has(name)) {
      if (SINGLE.has(name)) {
        if (seen.has(name)) throw new Rejection(E2BIG);
        seen.add(name);
      }
      const kind = name as FieldKind;
      if (offset % ALIGN[kind] !== 0) return nothing;
      if (!this.#isStruct(type) || input.third(type) !== SIZE[kind]) return nothing;
      const field: Field = { kind, offset, type: 0, node: "" };
      if (kind === "bpf_list_head" || kind === "bpf_rb_root") this.#readContains(field, owner, index);
      return { fields: repeat([field], count, SIZE[kind], room), depth: 0 };
    }
    if (!this.#isStruct(type)) {
      if (offset % 8 !== 0) return nothing;
      const pointer = this.#kptr(type);
      if (pointer === undefined) return nothing;
      return { fields: repeat([{ ...pointer, offset, node: "" }], count, 8, room), depth: 0 };
    }
    if (level + 1 >= MAX_DEPTH) throw new Rejection(E2BIG);
    const inner = this.#fieldsOf(type, level + 1, room);
    const depth = 1 + (this.#barren.get(type) ?? 0);
    if (inner.length === 0) return { fields: [], depth };
    for (const field of inner) field.offset += offset;
    return { fields: count > 1 ? repeat(inner, count, input.third(type), room) : inner, depth };
  }

  /** `contains:struct:member`, a declaration tag on the member. @see v6.18 kernel/bpf/btf.c, btf_find_graph_root */
  #readContains(field: Field, owner: number, index: number): void {
    this.#contains ??= this.#collectContains();
    const tags = this.#contains.get(`${owner} ${index}`) ?? [];
    if (tags.length !== 1) throw new Rejection(EINVAL);
    const text = this.#name(tags[0]!).slice("contains:".length);
    const colon = text.indexOf(":");
    if (colon < 0) throw new Rejection(EINVAL);
    const type = this.#structNamed(text.slice(0, colon));
    if (type === undefined) throw new Rejection(ENOENT);
    field.type = type;
    field.node = text.slice(colon + 1);
    if (field.node === "") throw new Rejection(EINVAL);
  }

  #collectContains(): Map<string, number[]> {
    const input = this.#input;
    const all = new Map<string, number[]>();
    for (let id = 1; id < input.typeCount; id++) {
      if (input.kind(id) !== "decl_tag" || !this.#name(id).startsWith("contains:")) continue;
      const key = `${input.third(id)} ${input.extra(id, 0) | 0}`;
      const list = all.get(key);
      if (list === undefined) all.set(key, [id]);
      else list.push(id);
    }
    return all;
  }

  /** A kptr to a struct that the kernel knows by name may own one only if the kernel can destroy it. */
  #checkKernelPointer(type: number): void {
    if (this.#kernel === undefined) return;
    const name = this.#name(type);
    if (this.#kernel.btf.findByName(name, "struct") === undefined) return;
    if (!this.#kernel.destructible.includes(name)) throw new Rejection(ENOENT);
  }

  /** The struct that a list or tree holds must have the node member, of the right type. @see v6.18 kernel/bpf/btf.c, btf_parse_graph_root */
  #checkNode(field: Field, nodeType: string): void {
    const input = this.#input;
    let found = false;
    for (let i = 0; i < input.vlen(field.type); i++) {
      const member = input.member(field.type, i);
      if (input.shown(member.name) !== field.node) continue;
      if (found) throw new Rejection(EINVAL);
      found = true;
      if (!this.#isStruct(member.type) || this.#name(member.type) !== nodeType) throw new Rejection(EINVAL);
      // The kernel asks the node's own struct whether the offset holds a bitfield width.
      const bits = input.flag(member.type) ? member.offset & 0xffffff : member.offset;
      if (bits % 64 !== 0) throw new Rejection(EINVAL);
    }
    if (!found) throw new Rejection(ENOENT);
  }

  /**
   * A list or tree owns what it holds, and ownership must not go in circles. A type that can be held (has a node) and holds others itself must
   * not hold any that hold again: that admits no circle, and refuses some chains that are none.
   *
   * @see v6.18 kernel/bpf/btf.c, btf_check_and_fixup_fields
   */
  #checkOwnership(): void {
    for (const fields of this.#records.values()) {
      const canBeHeld = fields.some((f) => f.kind === "bpf_list_node" || f.kind === "bpf_rb_node");
      for (const field of fields) {
        if (!isRoot(field)) continue;
        const held = this.#records.get(field.type);
        if (held === undefined) throw new Rejection(EFAULT);
        if (canBeHeld && held.some(isRoot)) throw new Rejection(ELOOP);
      }
    }
  }
}

function isRoot(field: Field): boolean {
  return field.kind === "bpf_list_head" || field.kind === "bpf_rb_root";
}

/** The fields of one element, once for each of `count` elements. */
function repeat(fields: Field[], count: number, stride: number, room: number): Field[] {
  if (count > 1 && !fields.every((f) => REPEATABLE.has(f.kind))) throw new Rejection(EINVAL);
  if (fields.length * count > room) throw new Rejection(E2BIG);
  const all: Field[] = [];
  for (let i = 0; i < count; i++) for (const field of fields) all.push({ ...field, offset: field.offset + i * stride });
  return all;
}
