import type {
  BtfArray,
  BtfDatasec,
  BtfDeclTag,
  BtfEnum,
  BtfEnum64,
  BtfFloat,
  BtfFunc,
  BtfFuncProto,
  BtfFwd,
  BtfInt,
  BtfModifier,
  BtfPtr,
  BtfStruct,
  BtfTypedef,
  BtfTypeTag,
  BtfVar,
} from "../types.ts";

type Named<T> = Omit<T, "id">;
type Nameless<T> = Omit<T, "id" | "name"> & { name?: string };
type Optional<T, K extends keyof T> = Omit<T, K> & Partial<Pick<T, K>>;

/** A type to be added: what {@link Btf.type} answers, without the id, and without what follows from other fields. */
export type BtfTypeSpec =
  | Optional<Named<BtfInt>, "bits" | "offset" | "encoding" | "signed">
  | Nameless<BtfPtr>
  | Nameless<BtfArray>
  | Named<BtfStruct>
  | Named<BtfEnum>
  | Named<BtfEnum64>
  | Named<BtfFwd>
  | Named<BtfTypedef>
  | Nameless<BtfModifier>
  | Optional<Named<BtfTypeTag>, "attribute">
  | Named<BtfFunc>
  | Optional<Nameless<BtfFuncProto>, "variadic">
  | Named<BtfVar>
  | Named<BtfDatasec>
  | Named<BtfFloat>
  | Optional<Named<BtfDeclTag>, "attribute" | "componentIdx">;

/** Calls `visit` with every type id that a type mentions, and puts what it answers in its place in the copy returned. */
export function mapReferences(spec: BtfTypeSpec, visit: (id: number) => number): BtfTypeSpec {
  switch (spec.kind) {
    case "int":
    case "enum":
    case "enum64":
    case "fwd":
    case "float":
      return spec;
    case "array":
      return { ...spec, type: visit(spec.type), indexType: visit(spec.indexType) };
    case "struct":
    case "union":
      return { ...spec, members: spec.members.map((m) => ({ ...m, type: visit(m.type) })) };
    case "func_proto":
      return { ...spec, ret: visit(spec.ret), params: spec.params.map((p) => ({ ...p, type: visit(p.type) })) };
    case "datasec":
      return { ...spec, vars: spec.vars.map((v) => ({ ...v, type: visit(v.type) })) };
    case "ptr":
    case "typedef":
    case "volatile":
    case "const":
    case "restrict":
    case "type_tag":
    case "func":
    case "var":
    case "decl_tag":
      return { ...spec, type: visit(spec.type) };
    default:
      return spec satisfies never;
  }
}

/** The size or the referenced type, as the third word of the record holds it; 0 where it holds neither. */
export function sizeOrType(spec: BtfTypeSpec): number {
  switch (spec.kind) {
    case "int":
    case "struct":
    case "union":
    case "enum":
    case "enum64":
    case "datasec":
    case "float":
      return spec.size;
    case "array":
    case "fwd":
      return 0;
    case "func_proto":
      return spec.ret;
    default:
      return spec.type;
  }
}
