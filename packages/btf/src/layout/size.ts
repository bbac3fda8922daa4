import { BtfError, MAX_RESOLVE_DEPTH } from "../error.ts";
import type { TypeSource } from "./type-source.ts";

const MAX_SIZE = 0xffffffff;

/** Bytes of a value of the type; see {@link Btf.sizeOf}. */
export function sizeOf(btf: TypeSource, id: number): number {
  let count = 1;
  let at = id;
  for (let depth = 0; depth <= MAX_RESOLVE_DEPTH; depth++) {
    let size: number;
    const kind = btf.kindOf(at);
    switch (kind) {
      case "int":
      case "struct":
      case "union":
      case "enum":
      case "enum64":
      case "datasec":
      case "float":
        size = btf.sizeOrTypeOf(at);
        break;
      case "ptr":
        size = btf.pointerSize;
        break;
      case "typedef":
      case "volatile":
      case "const":
      case "restrict":
      case "var":
      case "decl_tag":
      case "type_tag":
        at = btf.sizeOrTypeOf(at);
        continue;
      case "array": {
        const length = btf.arrayLengthOf(at);
        // Once the product is too large it stays so, unless a level has no elements: the kernel and libbpf refuse both.
        if (count !== 0 && length > MAX_SIZE / count) throw tooLarge(id);
        count *= length;
        at = btf.arrayTypeOf(at);
        continue;
      }
      case "void":
      case "fwd":
      case "func":
      case "func_proto":
        throw new BtfError("BTF_SIZE", `type ${id} (${btf.kindOf(id)}) has no size`, { details: { id } });
      default:
        return kind satisfies never;
    }
    if (count !== 0 && size > MAX_SIZE / count) throw tooLarge(id);
    return count * size;
  }
  throw new BtfError("BTF_LOOP", `type ${id} leads through more than ${MAX_RESOLVE_DEPTH} other types to its size`);
}

function tooLarge(id: number): BtfError {
  return new BtfError("BTF_SIZE", `type ${id} is larger than ${MAX_SIZE} bytes`, { details: { id } });
}

/** Natural alignment in bytes; see {@link Btf.alignOf}. */
export function alignOf(btf: TypeSource, id: number): number {
  return alignWithin(btf, id, { known: new Map(), depth: 0 });
}

interface Walk {
  /** Finished structs, and 0 for those being looked at: a struct within itself is seen, a shared one is looked at once. */
  known: Map<number, number>;
  depth: number;
}

function alignWithin(btf: TypeSource, id: number, walk: Walk): number {
  let at = id;
  for (let depth = 0; depth <= MAX_RESOLVE_DEPTH; depth++) {
    const kind = btf.kindOf(at);
    switch (kind) {
      case "int":
      case "enum":
      case "enum64":
      case "float":
        return Math.max(1, Math.min(btf.pointerSize, btf.sizeOrTypeOf(at)));
      case "ptr":
        return btf.pointerSize;
      case "typedef":
      case "volatile":
      case "const":
      case "restrict":
      case "var":
      case "type_tag":
        at = btf.sizeOrTypeOf(at);
        continue;
      case "array":
        at = btf.arrayTypeOf(at);
        continue;
      case "struct":
      case "union":
        return alignOfStruct(btf, at, walk);
      case "void":
      case "fwd":
      case "func":
      case "func_proto":
      case "datasec":
      case "decl_tag":
        throw new BtfError("BTF_SIZE", `type ${id} (${btf.kindOf(id)}) has no alignment`, { details: { id } });
      default:
        return kind satisfies never;
    }
  }
  throw new BtfError(
    "BTF_LOOP",
    `type ${id} leads through more than ${MAX_RESOLVE_DEPTH} other types to its alignment`,
  );
}

function alignOfStruct(btf: TypeSource, id: number, walk: Walk): number {
  const done = walk.known.get(id);
  if (done === 0) throw new BtfError("BTF_LOOP", `type ${id} (${btf.kindOf(id)} ${btf.nameOf(id)}) contains itself`);
  if (done !== undefined) return done;
  if (walk.depth >= MAX_NESTED) throw new BtfError("BTF_LOOP", `structs nested deeper than ${MAX_NESTED} levels`);
  walk.known.set(id, 0);
  walk.depth++;
  let most = 1;
  let packed = false;
  for (let i = 0; i < btf.vlenOf(id); i++) {
    const align = alignWithin(btf, btf.memberTypeOf(id, i), walk);
    if (align > most) most = align;
    if (btf.memberBitfieldSizeOf(id, i) === 0 && btf.memberBitOffsetOf(id, i) % (8 * align) !== 0) packed = true;
  }
  walk.depth--;
  if (packed || btf.sizeOrTypeOf(id) % most !== 0) most = 1;
  walk.known.set(id, most);
  return most;
}

/** Levels of structs within structs: far above any real type, far below what the stack holds. */
const MAX_NESTED = 500;
