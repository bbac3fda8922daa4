import { Btf, BtfBuilder } from "@bpf-ts/btf";
import { describe, expect, it } from "vitest";
import {
  fieldTypeName,
  findField,
  hasField,
  kptrTarget,
  mapRecord,
  recordOf,
} from "../../../src/check/record/record.ts";
import type { VerifierMap } from "../../../src/types.ts";

interface Types {
  b: BtfBuilder;
  u32: number;
  u64: number;
}

function start(): Types {
  const b = new BtfBuilder();
  return { b, u32: b.addInt("unsigned int", 4), u64: b.addInt("unsigned long", 8) };
}

/** A struct with its members at their places. */
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

function lock(t: Types): number {
  return struct(t, "bpf_spin_lock", [{ name: "val", type: t.u32 }]);
}

/** A pointer to a struct behind a type tag. */
function tagged(t: Types, tag: string, struct: number): number {
  return t.b.addPtr(t.b.add({ kind: "type_tag", name: tag, type: struct }));
}

function mapOf(btf: Btf, valueTypeId: number): VerifierMap {
  const def = { type: 1, name: "m", keySize: 4, valueSize: btf.sizeOf(valueTypeId), maxEntries: 1, mapFlags: 0 };
  return { def, id: 1, handle: 65536, name: "m", frozen: false, btf, valueTypeId };
}

function fieldsOf(btf: Btf, type: number): string[] {
  const record = mapRecord({ mapRecords: new Map() }, mapOf(btf, type));
  return (record?.fields ?? []).map((f) => `${f.offset}:${f.kind}:${f.size}`);
}

describe("special fields of a map's value", () => {
  it("are found in members, nested structs and arrays, by offset", () => {
    const t = start();
    const task = struct(t, "task_struct", [{ name: "pid", type: t.u32 }]);
    const inner = struct(t, "inner", [
      { name: "n", type: t.u64 },
      { name: "p", type: tagged(t, "kptr", task) },
    ]);
    const value = struct(t, "value", [
      { name: "lock", type: lock(t) },
      { name: "n", type: t.u32 },
      { name: "timer", type: opaque(t, "bpf_timer", 2) },
      { name: "inner", type: array(t, inner, 2) },
      { name: "plain", type: t.b.addPtr(task) },
      { name: "loose", type: tagged(t, "kptr_untrusted", task) },
    ]);
    expect(fieldsOf(Btf.parse(t.b.encode()), value)).toEqual([
      "0:spin_lock:4",
      "8:timer:16",
      "32:kptr_ref:8",
      "48:kptr_ref:8",
      "64:kptr_unref:8",
    ]);
  });

  it("are none where the size or alignment is another, or the kind belongs in objects only", () => {
    const t = start();
    const fake = struct(t, "bpf_timer", [{ name: "x", type: t.u64 }]);
    const value = struct(t, "value", [
      { name: "fake", type: fake },
      { name: "node", type: opaque(t, "bpf_list_node", 3) },
    ]);
    const btf = Btf.parse(t.b.encode());
    expect(fieldsOf(btf, value)).toEqual([]);
    expect(recordOf(btf, value)?.fields.map((f) => f.kind)).toEqual(["list_node"]);
  });

  it("are found in the variables of a data section", () => {
    const t = start();
    const l = t.b.addVar("glock", lock(t));
    const n = t.b.addVar("counter", t.u64);
    const section = t.b.addDatasec(".data.A", 24, [
      { type: n, offset: 0, size: 8 },
      { type: l, offset: 16, size: 4 },
    ]);
    expect(fieldsOf(Btf.parse(t.b.encode()), section)).toEqual(["16:spin_lock:4"]);
  });

  it("know what lists hold", () => {
    const t = start();
    const node = opaque(t, "bpf_list_node", 3);
    const item = struct(t, "item", [
      { name: "data", type: t.u64 },
      { name: "link", type: node },
    ]);
    const head = opaque(t, "bpf_list_head", 2);
    const value = struct(t, "value", [
      { name: "lock", type: lock(t) },
      { name: "head", type: head },
    ]);
    t.b.add({ kind: "decl_tag", name: "contains:item:link", type: value, componentIdx: 1 });
    const btf = Btf.parse(t.b.encode());
    const record = mapRecord({ mapRecords: new Map() }, mapOf(btf, value))!;
    expect(findField(record, 8, "list_head")?.graphRoot).toMatchObject({ valueBtfId: item, nodeOffset: 8 });
    expect(findField(record, 8, "rb_root")).toBeUndefined();
    expect(findField(record, 0, "list_head")).toBeUndefined();
    expect(hasField(record, "rb_root", "list_head")).toBe(true);
    expect(hasField(record, "timer")).toBe(false);
  });

  it("are looked for once a map", () => {
    const t = start();
    const value = struct(t, "value", [{ name: "lock", type: lock(t) }]);
    const plain = struct(t, "plain", [{ name: "n", type: t.u64 }]);
    const btf = Btf.parse(t.b.encode());
    const env = { mapRecords: new Map() };
    const map = mapOf(btf, value);
    expect(mapRecord(env, map)).toBe(mapRecord(env, map));
    const other = mapOf(btf, plain);
    expect([mapRecord(env, other), mapRecord(env, other)]).toEqual([undefined, undefined]);
    expect(env.mapRecords.get(other)).toBeNull();
    const { btf: _, ...untyped } = map;
    expect(mapRecord(env, untyped)).toBeUndefined();
  });
});

describe("types that the kernel can make nothing of have no fields", () => {
  const cases: [string, (t: Types) => number][] = [
    [
      "two locks",
      (t) => {
        const l = lock(t);
        return struct(t, "v", [
          { name: "a", type: l },
          { name: "b", type: l },
        ]);
      },
    ],
    ["an array of timers", (t) => struct(t, "v", [{ name: "a", type: array(t, opaque(t, "bpf_timer", 2), 2) }])],
    [
      "a list without a lock",
      (t) => {
        struct(t, "item", [{ name: "n", type: opaque(t, "bpf_list_node", 3) }]);
        const v = struct(t, "v", [{ name: "h", type: opaque(t, "bpf_list_head", 2) }]);
        t.b.add({ kind: "decl_tag", name: "contains:item:n", type: v, componentIdx: 0 });
        return v;
      },
    ],
    [
      "a list of unknown contents",
      (t) =>
        struct(t, "v", [
          { name: "l", type: lock(t) },
          { name: "h", type: opaque(t, "bpf_list_head", 2) },
        ]),
    ],
    ["a kptr to an int", (t) => struct(t, "v", [{ name: "p", type: tagged(t, "kptr", t.u64) }])],
    ["a pointer with another tag", (t) => struct(t, "v", [{ name: "p", type: tagged(t, "user", struct(t, "s", [])) }])],
    [
      "too many kptrs",
      (t) => struct(t, "v", [{ name: "p", type: array(t, tagged(t, "kptr", struct(t, "s", [])), 12) }]),
    ],
  ];
  it.each(cases)("%s", (_, make) => {
    const t = start();
    const type = make(t);
    expect(fieldsOf(Btf.parse(t.b.encode()), type)).toEqual([]);
  });
});

describe("kernel pointers", () => {
  it("point to the kernel's type of that name, or to the program's own", () => {
    const t = start();
    const task = struct(t, "task_struct", [{ name: "pid", type: t.u32 }]);
    const own = struct(t, "mine", [{ name: "n", type: t.u32 }]);
    const value = struct(t, "v", [
      { name: "a", type: tagged(t, "kptr", task) },
      { name: "b", type: tagged(t, "percpu_kptr", own) },
    ]);
    const btf = Btf.parse(t.b.encode());
    const k = new BtfBuilder();
    k.addInt("int", 4);
    const kernelTask = k.addStruct("task_struct", 0, []);
    const kernel = Btf.parse(k.encode());
    const record = mapRecord({ mapRecords: new Map() }, mapOf(btf, value))!;
    expect(kptrTarget(btf, record.fields[0]!, kernel)).toEqual({ btf: kernel, btfId: kernelTask });
    expect(kptrTarget(btf, record.fields[1]!, kernel)).toEqual({ btf, btfId: own });
    expect(record.fields.map((f) => fieldTypeName(f.kind))).toEqual(["kptr", "percpu_kptr"]);
  });
});
