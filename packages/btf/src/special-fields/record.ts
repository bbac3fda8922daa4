import { E2BIG, EEXIST, EFAULT, EINVAL, ENOENT } from "@bpf-ts/uapi/errno";
import type { Btf } from "../btf.ts";
import { Rejection } from "../validate/rejection.ts";
import { FIELD_LAYOUT, type FieldKind } from "./kinds.ts";
import { FieldSearch, type FoundField } from "./search.ts";

/** A special field of a type. */
export interface BtfField {
  readonly kind: FieldKind;
  /** Bytes from the start of the value or object. */
  readonly offset: number;
  /** Bytes. */
  readonly size: number;
  /** Kernel and user pointers: the struct pointed to, in the type's own BTF. */
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

/** Types of the running kernel that pointers in maps may refer to. */
export interface KernelTypes {
  btf: Btf;
  /** Names of structs that have a destructor, so that a `kptr` may own one. */
  destructible: readonly string[];
}

const PAGE_SIZE = 4096;

/**
 * The special fields of a struct or data section, by offset; none if it has none. What the kernel can't make sense of (two locks, an array of timers,
 * a list without a lock …) it answers with an errno.
 *
 * @param wanted which kinds are looked for: others are taken for ordinary structs
 * @param kernel without it every struct that a pointer points to counts as the program's own
 * @returns the fields, or a positive errno
 * @see v6.18 kernel/bpf/btf.c, btf_parse_fields
 */
export function specialFields(
  btf: Btf,
  typeId: number,
  wanted: ReadonlySet<FieldKind>,
  kernel?: KernelTypes,
): readonly BtfField[] | number {
  try {
    return recordOf(new FieldSearch(btf, wanted), btf, typeId, kernel);
  } catch (error) {
    if (error instanceof Rejection) return error.errno;
    throw error;
  }
}

/** As {@link specialFields}, with a search that may be used again. @throws Rejection */
export function recordOf(search: FieldSearch, btf: Btf, typeId: number, kernel: KernelTypes | undefined): BtfField[] {
  const found = search.fieldsOf(typeId);
  const size = btf.sizeOrTypeOf(typeId);
  let end = 0;
  const fields: BtfField[] = [];
  for (const field of found) {
    const { size: fieldSize } = FIELD_LAYOUT[field.kind];
    if (field.offset + fieldSize > size) throw new Rejection(EFAULT);
    if (field.offset < end) throw new Rejection(EEXIST);
    end = field.offset + fieldSize;
    fields.push(complete(search, btf, field, kernel));
  }
  const has = (...kinds: readonly FieldKind[]): boolean => fields.some(({ kind }) => kinds.includes(kind));
  if (has("spin_lock") && has("res_spin_lock")) throw new Rejection(EINVAL);
  // Lists and trees are changed under a lock; who is in both needs a reference for each.
  if (has("list_head", "rb_root") && !has("spin_lock", "res_spin_lock")) throw new Rejection(EINVAL);
  if (!has("refcount") && has("list_node") && has("rb_node")) throw new Rejection(EINVAL);
  return fields;
}

function complete(search: FieldSearch, btf: Btf, field: FoundField, kernel: KernelTypes | undefined): BtfField {
  const { kind, offset, type } = field;
  const plain = { kind, offset, size: FIELD_LAYOUT[kind].size };
  switch (kind) {
    case "kptr_ref":
      checkDestructor(btf, type, kernel);
      return { ...plain, pointee: type };
    case "kptr_unref":
    case "kptr_percpu":
      return { ...plain, pointee: type };
    case "uptr":
      checkUserPointer(btf, type, kernel);
      return { ...plain, pointee: type };
    case "list_head":
      return { ...plain, graphRoot: graphRoot(search, btf, field, "list_node") };
    case "rb_root":
      return { ...plain, graphRoot: graphRoot(search, btf, field, "rb_node") };
    default:
      return plain;
  }
}

/** A pointer to a struct that the kernel knows by name may own one only if the kernel can destroy it. @see v6.18 kernel/bpf/btf.c, btf_parse_kptr */
function checkDestructor(btf: Btf, type: number, kernel: KernelTypes | undefined): void {
  if (kernel === undefined) return;
  const name = btf.nameOf(type);
  if (kernel.btf.findByName(name, "struct") === undefined) return;
  if (!kernel.destructible.includes(name)) throw new Rejection(ENOENT);
}

/** User memory is one page at most, of a struct that is not the kernel's. @see v6.18 kernel/bpf/btf.c, btf_check_and_fixup_fields */
function checkUserPointer(btf: Btf, type: number, kernel: KernelTypes | undefined): void {
  if (kernel?.btf.findByName(btf.nameOf(type), "struct") !== undefined) throw new Rejection(EINVAL);
  const size = btf.sizeOrTypeOf(type);
  if (size === 0) throw new Rejection(EINVAL);
  if (size > PAGE_SIZE) throw new Rejection(E2BIG);
}

/** The struct that a list or tree holds must have the node member, of the right type. @see v6.18 kernel/bpf/btf.c, btf_parse_graph_root */
function graphRoot(search: FieldSearch, btf: Btf, field: FoundField, node: "list_node" | "rb_node"): GraphRoot {
  const key = `${field.type} ${node} ${field.node}`;
  const nodeOffset = search.nodeOffsets.get(key) ?? findNode(btf, field, node);
  search.nodeOffsets.set(key, nodeOffset);
  return { btf, valueBtfId: field.type, nodeOffset };
}

/** Bytes from the start of what is held to its node. @throws Rejection */
function findNode(btf: Btf, field: FoundField, node: "list_node" | "rb_node"): number {
  let nodeOffset = -1;
  for (let i = 0; i < btf.vlenOf(field.type); i++) {
    if ((btf.memberNameOf(field.type, i) || "(anon)") !== field.node) continue;
    if (nodeOffset >= 0) throw new Rejection(EINVAL);
    const type = btf.memberTypeOf(field.type, i);
    if (btf.kindOf(type) !== "struct" || btf.nameOf(type) !== FIELD_LAYOUT[node].name) throw new Rejection(EINVAL);
    // The kernel asks the node's own struct, not the one that holds it, whether the word has a bitfield's width in it.
    const word = btf.memberBitfieldSizeOf(field.type, i) * 2 ** 24 + btf.memberBitOffsetOf(field.type, i);
    const bits = btf.kindFlagOf(type) ? word % 2 ** 24 : word;
    if (bits % 64 !== 0) throw new Rejection(EINVAL);
    nodeOffset = bits / 8;
  }
  if (nodeOffset < 0) throw new Rejection(ENOENT);
  return nodeOffset;
}
