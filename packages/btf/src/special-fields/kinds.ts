/**
 * Special fields: parts of a map's value or of an allocated object that only the kernel's own functions may touch. A field is known by the name
 * of its type (or, for kernel pointers, by a type tag).
 *
 * @see v6.18 include/linux/bpf.h, enum btf_field_type, btf_field_type_name, btf_field_type_size
 */

/** What a special field is. */
export type FieldKind =
  | "spin_lock"
  | "res_spin_lock"
  | "timer"
  | "wq"
  | "task_work"
  | "kptr_unref"
  | "kptr_ref"
  | "kptr_percpu"
  | "uptr"
  | "list_head"
  | "list_node"
  | "rb_root"
  | "rb_node"
  | "refcount";

/** Bytes; the alignment in bytes without which the field is not taken for one; what logs call it. */
export interface FieldLayout {
  readonly size: number;
  readonly align: number;
  readonly name: string;
}

/** How each kind of field lies in memory. */
export const FIELD_LAYOUT: Readonly<Record<FieldKind, FieldLayout>> = {
  spin_lock: { size: 4, align: 4, name: "bpf_spin_lock" },
  res_spin_lock: { size: 4, align: 4, name: "bpf_res_spin_lock" },
  timer: { size: 16, align: 8, name: "bpf_timer" },
  wq: { size: 16, align: 8, name: "bpf_wq" },
  task_work: { size: 8, align: 8, name: "bpf_task_work" },
  kptr_unref: { size: 8, align: 8, name: "kptr" },
  kptr_ref: { size: 8, align: 8, name: "kptr" },
  kptr_percpu: { size: 8, align: 8, name: "percpu_kptr" },
  uptr: { size: 8, align: 8, name: "uptr" },
  list_head: { size: 16, align: 8, name: "bpf_list_head" },
  list_node: { size: 24, align: 8, name: "bpf_list_node" },
  rb_root: { size: 16, align: 8, name: "bpf_rb_root" },
  rb_node: { size: 32, align: 8, name: "bpf_rb_node" },
  refcount: { size: 4, align: 4, name: "bpf_refcount" },
};

/** Pointers, by their type tag. */
export const POINTER_FIELDS: ReadonlyMap<string, FieldKind> = new Map([
  ["kptr_untrusted", "kptr_unref"],
  ["kptr", "kptr_ref"],
  ["percpu_kptr", "kptr_percpu"],
  ["uptr", "uptr"],
]);

/** Fields that are structs, by their struct's name. */
export const STRUCT_FIELDS: ReadonlyMap<string, FieldKind> = new Map(
  (Object.keys(FIELD_LAYOUT) as FieldKind[])
    .filter((kind) => ![...POINTER_FIELDS.values()].includes(kind))
    .map((kind) => [FIELD_LAYOUT[kind].name, kind]),
);

/** Of these a type may hold only one. @see v6.18 kernel/bpf/btf.c, btf_get_field_type */
export const UNIQUE_FIELDS: ReadonlySet<FieldKind> = new Set<FieldKind>([
  "spin_lock",
  "res_spin_lock",
  "timer",
  "wq",
  "task_work",
]);

/** Of these an array may be made. @see v6.18 kernel/bpf/btf.c, btf_repeat_fields */
export const REPEATABLE_FIELDS: ReadonlySet<FieldKind> = new Set<FieldKind>([
  "kptr_unref",
  "kptr_ref",
  "kptr_percpu",
  "uptr",
  "list_head",
  "rb_root",
]);

/** Fields looked for in a map's value. @see v6.18 kernel/bpf/syscall.c, map_check_btf */
export const MAP_FIELDS: ReadonlySet<FieldKind> = new Set<FieldKind>([
  "spin_lock",
  "res_spin_lock",
  "timer",
  "wq",
  "task_work",
  "kptr_unref",
  "kptr_ref",
  "kptr_percpu",
  "uptr",
  "list_head",
  "rb_root",
  "refcount",
]);

/** Fields looked for in structs of which programs allocate objects. @see v6.18 kernel/bpf/btf.c, btf_parse_struct_metas */
export const OBJECT_FIELDS: ReadonlySet<FieldKind> = new Set<FieldKind>([
  "spin_lock",
  "res_spin_lock",
  "list_head",
  "list_node",
  "rb_root",
  "rb_node",
  "refcount",
  "kptr_unref",
  "kptr_ref",
  "kptr_percpu",
]);
