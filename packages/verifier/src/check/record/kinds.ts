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

/** Fields that are structs, by their struct's name. */
export const STRUCT_FIELDS: ReadonlyMap<string, FieldKind> = new Map([
  ["bpf_spin_lock", "spin_lock"],
  ["bpf_res_spin_lock", "res_spin_lock"],
  ["bpf_timer", "timer"],
  ["bpf_wq", "wq"],
  ["bpf_task_work", "task_work"],
  ["bpf_list_head", "list_head"],
  ["bpf_list_node", "list_node"],
  ["bpf_rb_root", "rb_root"],
  ["bpf_rb_node", "rb_node"],
  ["bpf_refcount", "refcount"],
]);

/** Pointers, by their type tag. */
export const POINTER_FIELDS: ReadonlyMap<string, FieldKind> = new Map([
  ["kptr_untrusted", "kptr_unref"],
  ["kptr", "kptr_ref"],
  ["percpu_kptr", "kptr_percpu"],
  ["uptr", "uptr"],
]);

/** Bytes, and the alignment in bytes without which the field is not taken for one. */
export const FIELD_LAYOUT: Readonly<Record<FieldKind, { size: number; align: number; name: string }>> = {
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

/** Of these a struct may hold only one. */
export const UNIQUE_FIELDS: ReadonlySet<FieldKind> = new Set<FieldKind>([
  "spin_lock",
  "res_spin_lock",
  "timer",
  "wq",
  "task_work",
  "refcount",
]);

/** Of these an array may be made. */
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
