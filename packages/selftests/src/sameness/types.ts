import { Btf, BtfBuilder } from "@bpf-ts/btf";
import type { TypeName } from "./spec.ts";

/** The types that maps are created with. */
export type BtfName = "plain" | "lock" | "resLock" | "timer" | "lockAndTimer" | "kptr" | "refcount" | "list";

/** A BTF and what in it describes a map. */
export interface NamedBtf {
  readonly data: Uint8Array;
  /** A u32. */
  readonly keyTypeId: number;
  readonly valueTypeId: number;
  /** All types that may be used. */
  readonly ids: Readonly<Record<TypeName, number>>;
  /** Bytes. */
  readonly valueSize: number;
}

/** Where the head of the list is in the value of `list`, bytes. */
export const LIST_HEAD = { start: 16, end: 32 } as const;

/** Builds values of u64 words around `special` fields. */
function build(special: (types: Types) => readonly { name: string; type: number }[]): NamedBtf {
  const b = new BtfBuilder();
  const types: Types = { b, u32: b.addInt("unsigned int", 4), u64: b.addInt("unsigned long", 8) };
  const valueTypeId = b.addFields("struct", "value", [
    { name: "before", type: types.u64 },
    ...special(types),
    { name: "after", type: types.u64 },
  ]);
  for (const tag of types.tags ?? [])
    b.add({ kind: "decl_tag", name: tag.name, type: valueTypeId, componentIdx: tag.at });
  const { u32, u64 } = types;
  const struct8 = b.addFields("struct", "prefix", [
    { name: "length", type: u32 },
    { name: "data", type: b.addArray(b.addInt("unsigned char", 1), 4, u32) },
  ]);
  const struct16 = b.addFields("struct", "cgroup_key", [
    { name: "cgroup", type: u64 },
    { name: "attach_type", type: u32 },
  ]);
  const variable = b.add({ kind: "var", name: "variable", type: u64, linkage: 1 });
  const section = b.add({ kind: "datasec", name: ".data", size: 8, vars: [{ type: variable, offset: 0, size: 8 }] });
  const data = b.encode();
  const missing = Btf.parse(data).typeCount;
  const ids = { u32, u64, struct8, struct16, value: valueTypeId, section, void: 0, missing };
  return { data, keyTypeId: u32, valueTypeId, ids, valueSize: Btf.parse(data).sizeOf(valueTypeId) };
}

interface Types {
  readonly b: BtfBuilder;
  readonly u32: number;
  readonly u64: number;
  tags?: readonly { readonly name: string; readonly at: number }[];
}

function opaque({ b, u32, u64 }: Types, name: string, words: number): number {
  return b.addFields("struct", name, [{ name: "__opaque", type: b.addArray(u64, words, u32) }]);
}

function word({ b, u32 }: Types, name: string): number {
  return b.addFields("struct", name, [{ name: "val", type: u32 }]);
}

/** All of them. */
export const NAMED_BTF: Readonly<Record<BtfName, NamedBtf>> = {
  plain: build(({ u64 }) => [{ name: "between", type: u64 }]),
  lock: build((t) => [
    { name: "lock", type: word(t, "bpf_spin_lock") },
    { name: "n", type: t.u32 },
  ]),
  resLock: build((t) => [
    { name: "lock", type: word(t, "bpf_res_spin_lock") },
    { name: "n", type: t.u32 },
  ]),
  timer: build((t) => [{ name: "timer", type: opaque(t, "bpf_timer", 2) }]),
  lockAndTimer: build((t) => [
    { name: "lock", type: word(t, "bpf_spin_lock") },
    { name: "n", type: t.u32 },
    { name: "timer", type: opaque(t, "bpf_timer", 2) },
    { name: "m", type: t.u64 },
    { name: "wq", type: opaque(t, "bpf_wq", 2) },
  ]),
  kptr: build((t) => {
    const thing = t.b.addFields("struct", "thing_of_ours", [{ name: "n", type: t.u64 }]);
    const pointer = (tag: string): number => t.b.addPtr(t.b.add({ kind: "type_tag", name: tag, type: thing }));
    return [
      { name: "untrusted", type: pointer("kptr_untrusted") },
      { name: "n", type: t.u64 },
      { name: "owned", type: pointer("kptr") },
      { name: "percpu", type: pointer("percpu_kptr") },
    ];
  }),
  refcount: build((t) => [
    { name: "refs", type: word(t, "bpf_refcount") },
    { name: "n", type: t.u32 },
  ]),
  list: build((t) => {
    t.b.addFields("struct", "item", [
      { name: "node", type: opaque(t, "bpf_list_node", 3) },
      { name: "n", type: t.u64 },
    ]);
    t.tags = [{ name: "contains:item:node", at: 3 }];
    return [
      { name: "lock", type: word(t, "bpf_spin_lock") },
      { name: "n", type: t.u32 },
      { name: "head", type: opaque(t, "bpf_list_head", 2) },
    ];
  }),
};
