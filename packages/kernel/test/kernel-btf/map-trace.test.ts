/** Map tracing in the kernel's types, as programs and loaders find it there. */
import { Btf, cDeclaration, renderC } from "@bpf-ts/btf";
import { expect, test } from "vitest";
import { buildKernelTypes } from "../../src/kernel-btf/build.ts";

const btf = Btf.parse(buildKernelTypes().bytes);

/** Every function whose name says map tracing, as C. */
const functions = Array.from({ length: btf.typeCount - 1 }, (_, i) => i + 1)
  .filter((id) => btf.kindOf(id) === "func" && btf.nameOf(id).includes("map_trace"))
  .map((id) => cDeclaration(btf, btf.sizeOrTypeOf(id), btf.nameOf(id)));

test("the hook functions of tracers, the functions of the v4 form, and no others", () => {
  expect(functions).toEqual([
    "int bpf_map_trace__BPF_MAP_TRACE_UPDATE_ELEM(void *key, void *value, u64 flags, long ret)",
    "int bpf_map_trace__BPF_MAP_TRACE_DELETE_ELEM(void *key, long ret)",
    "int bpf_map_trace_update_elem(struct bpf_map *map, void *key, void *value, u64 map_flags)",
    "int bpf_map_trace_delete_elem(struct bpf_map *map, void *key)",
  ]);
});

test.each([
  [
    "bpf_map_trace_ctx__update_elem",
    32,
    "struct bpf_map_trace_ctx__update_elem {\n\tunion {\n\t\tvoid *key;\n\t};\n\tunion {\n\t\tvoid *value;\n\t};\n\tu64 flags;\n\tlong ret;\n};",
  ],
  [
    "bpf_map_trace_ctx__delete_elem",
    16,
    "struct bpf_map_trace_ctx__delete_elem {\n\tunion {\n\t\tvoid *key;\n\t};\n\tlong ret;\n};",
  ],
  [
    "bpf_map_trace_link_info",
    12,
    "struct bpf_map_trace_link_info {\n\t__u32 map_fd;\n\tenum bpf_map_trace_type trace_type;\n\t__u32 flags;\n};",
  ],
])("struct %s", (name, size, text) => {
  const id = btf.findByName(name, "struct")!;
  expect(btf.sizeOf(id)).toBe(size);
  expect(renderC(btf, { roots: [id] })).toContain(text);
});

test("members lie where C puts them", () => {
  const at = (type: string, path: string): number => btf.memberPath(type, path).bitOffset / 8;
  const update = "bpf_map_trace_ctx__update_elem";
  expect(["key", "value", "flags", "ret"].map((path) => at(update, path))).toEqual([0, 8, 16, 24]);
  expect(["key", "ret"].map((path) => at("bpf_map_trace_ctx__delete_elem", path))).toEqual([0, 8]);
  expect(["map_fd", "trace_type", "flags"].map((path) => at("bpf_map_trace_link_info", path))).toEqual([0, 4, 8]);
});

test("numbers far above Linux's, whose own ends stay", () => {
  const value = (type: string, name: string): number | bigint | undefined => {
    const spec = btf.type(btf.findByName(type, "enum")!);
    return spec.kind === "enum" ? spec.values.find((one) => one.name === name)?.value : undefined;
  };
  expect(value("bpf_attach_type", "BPF_TRACE_MAP")).toBe(1024);
  expect(value("bpf_attach_type", "MAX_BPF_ATTACH_TYPE")).toBe(58);
  expect(value("bpf_link_type", "BPF_LINK_TYPE_MAP_TRACE")).toBe(1024);
  expect(value("bpf_link_type", "MAX_BPF_LINK_TYPE")).toBe(15);
  const traceTypes = ["BPF_MAP_TRACE_UPDATE_ELEM", "BPF_MAP_TRACE_DELETE_ELEM", "MAX_BPF_MAP_TRACE_TYPE"];
  expect(traceTypes.map((name) => value("bpf_map_trace_type", name))).toEqual([0, 1, 2]);
});
