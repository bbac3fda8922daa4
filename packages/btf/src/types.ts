/** What {@link Btf.type} answers: one plain record a kind, told apart by `kind`. Fields named `type` hold the id of another type. */
export type BtfType =
  | BtfVoid
  | BtfInt
  | BtfPtr
  | BtfArray
  | BtfStruct
  | BtfEnum
  | BtfEnum64
  | BtfFwd
  | BtfTypedef
  | BtfModifier
  | BtfTypeTag
  | BtfFunc
  | BtfFuncProto
  | BtfVar
  | BtfDatasec
  | BtfFloat
  | BtfDeclTag;

/** Id 0. */
export interface BtfVoid {
  kind: "void";
  id: number;
  name: string;
}

export interface BtfInt {
  kind: "int";
  id: number;
  name: string;
  /** Bytes. */
  size: number;
  /** Value bits; fewer than `size * 8` only in old BTF that describes bitfields so. */
  bits: number;
  /** Bit offset of the value inside the storage; 0 but in old bitfields. */
  offset: number;
  /** `BTF_INT_*` bits. */
  encoding: number;
  signed: boolean;
}

export interface BtfPtr {
  kind: "ptr";
  id: number;
  name: string;
  type: number;
}

export interface BtfArray {
  kind: "array";
  id: number;
  name: string;
  /** Id of the element type. */
  type: number;
  indexType: number;
  /** Number of elements; 0 for a flexible array. */
  length: number;
}

export interface BtfMember {
  /** Empty for anonymous members. */
  name: string;
  type: number;
  /** From the start of the struct. */
  bitOffset: number;
  /** Width of a bitfield, 0 for ordinary members. */
  bitfieldSize: number;
}

export interface BtfStruct {
  kind: "struct" | "union";
  id: number;
  name: string;
  /** Bytes. */
  size: number;
  members: readonly BtfMember[];
}

export interface BtfEnumValue {
  name: string;
  value: number;
}

export interface BtfEnum {
  kind: "enum";
  id: number;
  name: string;
  /** Bytes. */
  size: number;
  signed: boolean;
  values: readonly BtfEnumValue[];
}

export interface BtfEnum64Value {
  name: string;
  value: bigint;
}

export interface BtfEnum64 {
  kind: "enum64";
  id: number;
  name: string;
  /** Bytes. */
  size: number;
  signed: boolean;
  values: readonly BtfEnum64Value[];
}

/** `struct foo;` or `union foo;`. */
export interface BtfFwd {
  kind: "fwd";
  id: number;
  name: string;
  union: boolean;
}

export interface BtfTypedef {
  kind: "typedef";
  id: number;
  name: string;
  type: number;
}

export interface BtfModifier {
  kind: "volatile" | "const" | "restrict";
  id: number;
  name: string;
  type: number;
}

export interface BtfTypeTag {
  kind: "type_tag";
  id: number;
  /** The tag's text. */
  name: string;
  type: number;
  /** The text is a whole `__attribute__((…))`, not a `btf_type_tag` (kernels from 6.15 on write these). */
  attribute: boolean;
}

export interface BtfFunc {
  kind: "func";
  id: number;
  name: string;
  /** Id of its `func_proto`. */
  type: number;
  /** `BTF_FUNC_*`. */
  linkage: number;
}

export interface BtfParam {
  name: string;
  type: number;
}

export interface BtfFuncProto {
  kind: "func_proto";
  id: number;
  name: string;
  /** Id of the return type. */
  ret: number;
  /** Without the marker that closes a variadic list. */
  params: readonly BtfParam[];
  variadic: boolean;
}

export interface BtfVar {
  kind: "var";
  id: number;
  name: string;
  type: number;
  /** `BTF_VAR_*`. */
  linkage: number;
}

export interface BtfSecVar {
  /** Id of the `var` (or, in objects, an extern `func`). */
  type: number;
  /** Bytes from the start of the section. */
  offset: number;
  /** Bytes. */
  size: number;
}

export interface BtfDatasec {
  kind: "datasec";
  id: number;
  name: string;
  /** Bytes. */
  size: number;
  vars: readonly BtfSecVar[];
}

export interface BtfFloat {
  kind: "float";
  id: number;
  name: string;
  /** Bytes. */
  size: number;
}

export interface BtfDeclTag {
  kind: "decl_tag";
  id: number;
  /** The tag's text. */
  name: string;
  /** What it is attached to. */
  type: number;
  /** Index of the member or parameter, -1 for the whole. */
  componentIdx: number;
  /** The text is a whole `__attribute__((…))`. */
  attribute: boolean;
}
