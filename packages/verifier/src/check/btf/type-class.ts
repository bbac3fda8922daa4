import type { Btf } from "@bpf-ts/btf";

/** Classes of BTF types that the verifier's rules are written in. Unless said otherwise they take ids behind which there are no modifiers. */

/** struct or union. @see v6.18 include/linux/btf.h, btf_type_is_struct */
export function isStructOrUnion(btf: Btf, id: number): boolean {
  const kind = btf.kindOf(id);
  return kind === "struct" || kind === "union";
}

/** enum or enum64. @see v6.18 include/linux/btf.h, btf_is_any_enum */
export function isAnyEnum(btf: Btf, id: number): boolean {
  const kind = btf.kindOf(id);
  return kind === "enum" || kind === "enum64";
}

/** Integer of at most 8 bytes. @see v6.18 include/linux/btf.h, btf_type_is_small_int */
export function isSmallInt(btf: Btf, id: number): boolean {
  return btf.kindOf(id) === "int" && btf.sizeOrTypeOf(id) <= 8;
}

/** int, enum or enum64. @see v6.18 include/linux/btf.h, btf_type_is_scalar */
export function isScalarType(btf: Btf, id: number): boolean {
  return btf.kindOf(id) === "int" || isAnyEnum(btf, id);
}

/** A pointer to a struct or union; both may stand behind modifiers. @see v6.18 include/linux/btf.h, btf_type_is_struct_ptr */
export function isStructPtr(btf: Btf, id: number): boolean {
  const at = btf.resolve(id);
  return btf.kindOf(at) === "ptr" && isStructOrUnion(btf, btf.resolve(btf.sizeOrTypeOf(at)));
}

/** A type that only stands in front of another: typedef, const, volatile, restrict, type tag. @see v6.18 kernel/bpf/btf.c, btf_type_is_modifier */
export function isModifier(btf: Btf, id: number): boolean {
  const kind = btf.kindOf(id);
  return kind === "typedef" || kind === "const" || kind === "volatile" || kind === "restrict" || kind === "type_tag";
}
