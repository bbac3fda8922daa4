import { E2BIG, EEXIST, EFAULT, EINVAL, ENOENT } from "@bpf-ts/uapi/errno";
import { describe, expect, it } from "vitest";
import { Btf, BtfBuilder, MAP_FIELDS, OBJECT_FIELDS, specialFields } from "../src/index.ts";

interface Types {
  b: BtfBuilder;
  u32: number;
  u64: number;
}

function start(): Types {
  const b = new BtfBuilder();
  return { b, u32: b.addInt("unsigned int", 4), u64: b.addInt("unsigned long", 8) };
}

function struct(t: Types, name: string, fields: readonly { name: string; type: number }[]): number {
  return t.b.addFields("struct", name, fields);
}

function array(t: Types, type: number, length: number): number {
  return t.b.addArray(type, length, t.u32);
}

/** A struct of that many 64-bit words. */
function opaque(t: Types, name: string, words: number): number {
  return struct(t, name, [{ name: "__opaque", type: array(t, t.u64, words) }]);
}

function lock(t: Types, name = "bpf_spin_lock"): number {
  return struct(t, name, [{ name: "val", type: t.u32 }]);
}

/** A pointer to a struct behind a type tag. */
function tagged(t: Types, tag: string, struct: number): number {
  return t.b.addPtr(t.b.add({ kind: "type_tag", name: tag, type: struct }));
}

/** `offset:kind` of each field, or the errno. */
function fieldsOf(t: Types, type: number, kernel?: Btf): string[] | number {
  const btf = Btf.parse(t.b.encode());
  const found = specialFields(
    btf,
    type,
    MAP_FIELDS,
    kernel === undefined ? undefined : { btf: kernel, destructible: ["task_struct"] },
  );
  return typeof found === "number" ? found : found.map(({ offset, kind }) => `${offset}:${kind}`);
}

describe("fields", () => {
  it("lie in members, nested structs, arrays and the variables of a section", () => {
    const t = start();
    const target = struct(t, "target", [{ name: "n", type: t.u64 }]);
    const nested = struct(t, "nested", [
      { name: "n", type: t.u64 },
      { name: "p", type: array(t, tagged(t, "kptr", target), 2) },
    ]);
    const value = struct(t, "value", [
      { name: "timer", type: opaque(t, "bpf_timer", 2) },
      { name: "lock", type: lock(t) },
      { name: "refs", type: lock(t, "bpf_refcount") },
      { name: "inner", type: array(t, nested, 2) },
      { name: "user", type: tagged(t, "uptr", target) },
    ]);
    expect(fieldsOf(t, value)).toEqual([
      "0:timer",
      "16:spin_lock",
      "20:refcount",
      "32:kptr_ref",
      "40:kptr_ref",
      "56:kptr_ref",
      "64:kptr_ref",
      "72:uptr",
    ]);
    const variable = t.b.add({ kind: "var", name: "v", type: value, linkage: 1 });
    const section = t.b.add({
      kind: "datasec",
      name: ".data",
      size: 96,
      vars: [{ type: variable, offset: 8, size: 80 }],
    });
    expect((fieldsOf(t, section) as string[])[0]).toBe("8:timer");
  });

  it("of other kinds than those looked for are ordinary structs", () => {
    const t = start();
    const value = struct(t, "value", [
      { name: "timer", type: opaque(t, "bpf_timer", 2) },
      { name: "lock", type: lock(t) },
    ]);
    const found = specialFields(Btf.parse(t.b.encode()), value, OBJECT_FIELDS);
    expect(found).toEqual([{ kind: "spin_lock", offset: 16, size: 4 }]);
  });

  it("are none where size or place is not theirs, or where a union holds them", () => {
    const t = start();
    const value = struct(t, "value", [
      { name: "n", type: t.u32 },
      { name: "lock", type: opaque(t, "bpf_spin_lock", 1) },
      { name: "u", type: t.b.addFields("union", "u", [{ name: "lock", type: lock(t, "bpf_res_spin_lock") }]) },
    ]);
    expect(fieldsOf(t, value)).toEqual([]);
  });

  it("tell what lists hold", () => {
    const t = start();
    const item = struct(t, "item", [
      { name: "n", type: t.u64 },
      { name: "node", type: opaque(t, "bpf_list_node", 3) },
    ]);
    const value = struct(t, "value", [
      { name: "lock", type: lock(t) },
      { name: "head", type: opaque(t, "bpf_list_head", 2) },
    ]);
    t.b.add({ kind: "decl_tag", name: "contains:item:node", type: value, componentIdx: 1 });
    const btf = Btf.parse(t.b.encode());
    expect(specialFields(btf, value, MAP_FIELDS)).toEqual([
      { kind: "spin_lock", offset: 0, size: 4 },
      { kind: "list_head", offset: 8, size: 16, graphRoot: { btf, valueBtfId: item, nodeOffset: 8 } },
    ]);
  });
});

describe("what the kernel can make nothing of", () => {
  const list = (tag: string | undefined, node = "bpf_list_node"): ((t: Types) => number) => {
    return (t) => {
      struct(t, "item", [{ name: "n", type: opaque(t, node, 3) }]);
      const v = struct(t, "v", [
        { name: "l", type: lock(t) },
        { name: "h", type: opaque(t, "bpf_list_head", 2) },
      ]);
      if (tag !== undefined) t.b.add({ kind: "decl_tag", name: tag, type: v, componentIdx: 1 });
      return v;
    };
  };
  const two = (a: string, b: string): ((t: Types) => number) => {
    return (t) =>
      struct(t, "v", [
        { name: "a", type: lock(t, a) },
        { name: "b", type: lock(t, b) },
      ]);
  };
  it.each<[string, (t: Types) => number, number]>([
    ["a value that is no struct", (t) => t.u64, EINVAL],
    ["two locks", two("bpf_spin_lock", "bpf_spin_lock"), E2BIG],
    ["locks of both kinds", two("bpf_spin_lock", "bpf_res_spin_lock"), EINVAL],
    [
      "an array of timers",
      (t) => struct(t, "v", [{ name: "a", type: array(t, opaque(t, "bpf_timer", 2), 2) }]),
      EINVAL,
    ],
    [
      "a list without a lock",
      (t) => {
        struct(t, "item", [{ name: "n", type: opaque(t, "bpf_list_node", 3) }]);
        const v = struct(t, "v", [{ name: "h", type: opaque(t, "bpf_list_head", 2) }]);
        t.b.add({ kind: "decl_tag", name: "contains:item:n", type: v, componentIdx: 0 });
        return v;
      },
      EINVAL,
    ],
    ["a list of unknown contents", list(undefined), EINVAL],
    ["a list of what there is not", list("contains:other:n"), ENOENT],
    ["a list by a member that there is not", list("contains:item:m"), ENOENT],
    ["a list by what is no node", list("contains:item:n", "bpf_other_node"), EINVAL],
    ["a kptr to an int", (t) => struct(t, "v", [{ name: "p", type: tagged(t, "kptr", t.u64) }]), EINVAL],
    [
      "a pointer with another tag",
      (t) => struct(t, "v", [{ name: "p", type: tagged(t, "user", struct(t, "s", [])) }]),
      EINVAL,
    ],
    [
      "too many kptrs",
      (t) => struct(t, "v", [{ name: "p", type: array(t, tagged(t, "kptr", struct(t, "s", [])), 12) }]),
      E2BIG,
    ],
    [
      "a user pointer to more than a page",
      (t) => struct(t, "v", [{ name: "p", type: tagged(t, "uptr", opaque(t, "s", 513)) }]),
      E2BIG,
    ],
    [
      "fields that overlap",
      (t) =>
        t.b.add({
          kind: "struct",
          name: "v",
          size: 24,
          members: [
            { name: "a", type: opaque(t, "bpf_timer", 2), bitOffset: 0, bitfieldSize: 0 },
            { name: "b", type: opaque(t, "bpf_wq", 2), bitOffset: 64, bitfieldSize: 0 },
          ],
        }),
      EEXIST,
    ],
    [
      "a field beyond the end",
      (t) =>
        t.b.add({
          kind: "struct",
          name: "v",
          size: 8,
          members: [{ name: "a", type: opaque(t, "bpf_timer", 2), bitOffset: 0, bitfieldSize: 0 }],
        }),
      EFAULT,
    ],
  ])("%s", (_name, make, errno) => {
    const t = start();
    const type = make(t);
    expect(fieldsOf(t, type)).toBe(errno);
  });

  it("a kptr that owns what the kernel cannot destroy", () => {
    const kernel = start();
    for (const name of ["task_struct", "file"]) struct(kernel, name, [{ name: "n", type: kernel.u64 }]);
    const owning = (name: string): string[] | number => {
      const t = start();
      const v = struct(t, "v", [{ name: "p", type: tagged(t, "kptr", struct(t, name, [])) }]);
      return fieldsOf(t, v, Btf.parse(kernel.b.encode()));
    };
    expect([owning("task_struct"), owning("file"), owning("own")]).toEqual([["0:kptr_ref"], ENOENT, ["0:kptr_ref"]]);
  });
});
