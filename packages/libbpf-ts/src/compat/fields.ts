import { type Btf, BtfError, cDeclaration } from "@bpf-ts/btf";
import { UnsupportedError } from "@bpf-ts/uapi";
import type { FieldPlace } from "./comparison.ts";

/** A named part of a struct, union or data section; an anonymous union is one part, without a name. */
export interface Field {
  name: string;
  type: number;
  /** Bits from the start of what it is part of. */
  at: number;
  /** Width of a bitfield, 0 for ordinary fields. */
  bits: number;
}

/** Structs within structs: far above any real type, far below what the stack holds. */
export const MAX_NESTED = 64;

/** What one comparison may look at: hostile BTF describes more fields than can be listed. */
const MAX_FIELDS = 100_000;

/** Counts the fields that a comparison looked at. */
export class FieldBudget {
  #left: number = MAX_FIELDS;

  /** @throws UnsupportedError */
  take(): void {
    if (--this.#left < 0)
      throw new UnsupportedError("types with more than 100000 fields", { detail: "comparing maps" });
  }
}

/** What is thrown then. */
export function tooDeep(btf: Btf, id: number): BtfError {
  return new BtfError(
    "BTF_LOOP",
    `${btf.kindOf(id)} ${btf.nameOf(id)}: nested deeper than ${MAX_NESTED} levels, or within itself`,
  );
}

/**
 * The parts of a struct, union or data section, as C names them: members of anonymous structs are its own.
 *
 * @throws BtfError
 * @throws UnsupportedError too many
 */
export function fieldsOf(btf: Btf, id: number, budget: FieldBudget, depth = 0): Field[] {
  const type = btf.type(id);
  if (type.kind === "datasec")
    return type.vars.map(({ type: variable, offset }) => ({
      name: btf.nameOf(variable),
      type: btf.sizeOrTypeOf(variable),
      at: offset * 8,
      bits: 0,
    }));
  if (type.kind !== "struct" && type.kind !== "union") throw new Error(`type ${id} (${type.kind}) has no fields`);
  if (depth > MAX_NESTED) throw tooDeep(btf, id);
  return type.members.flatMap((member) => {
    budget.take();
    const inner = btf.resolve(member.type);
    if (member.name === "" && btf.kindOf(inner) === "struct")
      return fieldsOf(btf, inner, budget, depth + 1).map((field) => ({ ...field, at: member.bitOffset + field.at }));
    return [{ name: member.name, type: member.type, ...extent(btf, inner, member.bitOffset, member.bitfieldSize) }];
  });
}

/** Old BTF says in the type, not in the member, which of its bits a bitfield has. */
function extent(btf: Btf, id: number, at: number, bits: number): { at: number; bits: number } {
  if (bits !== 0 || btf.kindOf(id) !== "int") return { at, bits };
  const int = btf.type(id);
  return int.kind === "int" && int.bits < int.size * 8 ? { at: at + int.offset, bits: int.bits } : { at, bits };
}

/** Bits that a field takes. @throws BtfError */
export function bitsOf(btf: Btf, field: Field): number {
  return field.bits === 0 ? btf.sizeOf(field.type) * 8 : field.bits;
}

/** @param base bits from the start of the key or value to what the field is part of. @throws BtfError */
export function placeOf(btf: Btf, field: Field, base: number): FieldPlace {
  const type = cDeclaration(btf, field.type).replace(/\s+/g, " ").trim();
  const at = base + field.at;
  const offset = Math.floor(at / 8);
  if (field.bits === 0) return { offset, size: btf.sizeOf(field.type), type };
  const bitOffset = at % 8;
  return { offset, size: Math.ceil((bitOffset + field.bits) / 8), type, bitOffset, bitSize: field.bits };
}
