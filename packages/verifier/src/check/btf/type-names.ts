import type { Btf, BtfKind } from "@bpf-ts/btf";

/** How the kernel's log spells a BTF kind. `void` (id 0) is `UNKNOWN`. @see v6.18 kernel/bpf/btf.c, btf_type_str */
const KIND_STR: Readonly<Record<BtfKind, string>> = {
  void: "UNKNOWN",
  int: "INT",
  ptr: "PTR",
  array: "ARRAY",
  struct: "STRUCT",
  union: "UNION",
  enum: "ENUM",
  fwd: "FWD",
  typedef: "TYPEDEF",
  volatile: "VOLATILE",
  const: "CONST",
  restrict: "RESTRICT",
  func: "FUNC",
  func_proto: "FUNC_PROTO",
  var: "VAR",
  datasec: "DATASEC",
  float: "FLOAT",
  decl_tag: "DECL_TAG",
  type_tag: "TYPE_TAG",
  enum64: "ENUM64",
};

/** Kind of a type as the kernel's log spells it. */
export function btfTypeStr(btf: Btf, id: number): string {
  return KIND_STR[btf.kindOf(id)];
}

/** Name of a type as the kernel's log spells it: '' where it has none (void included), `(anon)` with `anon`. */
export function btfTypeName(btf: Btf, id: number, anon = false): string {
  const name = id === 0 ? "" : btf.nameOf(id);
  return name === "" && anon ? "(anon)" : name;
}
