import { type Btf, MAX_RESOLVE_DEPTH } from "@bpf-ts/btf";

/** A type with its arrays laid flat: `int a[2][3]` is 6 elements of int. */
export interface FlatType {
  /** Bytes in all. */
  readonly size: number;
  /** 1 for what is no array; 0 if one of the dimensions is. */
  readonly elems: number;
  readonly isArray: boolean;
  /** Without modifiers: the element type of an array, or the type itself. */
  readonly elemId: number;
  /** Id by which the element is named: the last array's element type as written, or the last type behind a modifier, or the id asked for. */
  readonly namedId: number;
}

const U32_MAX = 0xffffffff;

/**
 * Size of a type, undefined if it has none (void, forward declarations, functions) or one beyond 32 bits.
 *
 * @see v6.18 kernel/bpf/btf.c, __btf_resolve_size
 */
export function resolveSize(btf: Btf, id: number): FlatType | undefined {
  let elems = 1;
  let isArray = false;
  let namedId = id;
  let at = id;
  for (let depth = 0; depth < MAX_RESOLVE_DEPTH; depth++) {
    let size: number;
    switch (btf.kindOf(at)) {
      case "int":
      case "struct":
      case "union":
      case "enum":
      case "enum64":
      case "float":
        size = btf.sizeOrTypeOf(at);
        break;
      case "ptr":
        size = 8;
        break;
      case "typedef":
      case "volatile":
      case "const":
      case "restrict":
      case "type_tag":
        at = btf.sizeOrTypeOf(at);
        if (!isArray) namedId = at;
        continue;
      case "array": {
        const array = btf.type(at);
        if (array.kind !== "array") return undefined;
        if (elems * array.length > U32_MAX) return undefined;
        elems *= array.length;
        isArray = true;
        at = array.type;
        namedId = at;
        continue;
      }
      default:
        return undefined;
    }
    if (elems * size > U32_MAX) return undefined;
    return { size: elems * size, elems, isArray, elemId: at, namedId };
  }
  return undefined;
}
