import { BtfError } from "../error.ts";
import { alignOf, sizeOf } from "../layout/size.ts";
import type { TypeSource } from "../layout/type-source.ts";
import type { BtfMember } from "../types.ts";

/** A field of a struct to be laid out. */
export interface NewField {
  /** Empty for an anonymous struct or union, and for the padding of an unnamed bitfield. */
  name: string;
  type: number;
  /** Width in bits, for bitfields; 0 closes the current storage unit (the name must be empty). */
  bits?: number;
}

/**
 * Places of fields as C compilers for the System V ABI choose them (x86-64, arm64, BPF): every field at the next multiple of its alignment; a
 * bitfield right behind the bits before it unless it would then cross a boundary of its own type's size.
 */
export function layoutFields(
  types: TypeSource,
  kind: "struct" | "union",
  fields: readonly NewField[],
  packed: boolean,
): { size: number; members: BtfMember[] } {
  const members: BtfMember[] = [];
  let at = 0;
  let end = 0;
  let align = 1;
  for (const field of fields) {
    if (kind === "union") at = 0;
    const size = sizeOf(types, field.type) * 8;
    const natural = packed ? 1 : alignOf(types, field.type);
    if (field.bits === undefined) {
      at = roundUp(at, natural * 8);
      members.push({ name: field.name, type: field.type, bitOffset: at, bitfieldSize: 0 });
      at += size;
      align = Math.max(align, natural);
    } else {
      if (
        size === 0 ||
        !Number.isInteger(field.bits) ||
        field.bits < 0 ||
        field.bits > size ||
        (field.bits === 0 && field.name !== "")
      )
        throw new BtfError("BTF_INVALID", `bitfield "${field.name}" of ${field.bits} bits in a type of ${size}`);
      if (field.bits === 0) {
        at = roundUp(at, size);
      } else {
        if (!packed && Math.floor(at / size) !== Math.floor((at + field.bits - 1) / size)) at = roundUp(at, size);
        if (field.name !== "") {
          members.push({ name: field.name, type: field.type, bitOffset: at, bitfieldSize: field.bits });
          align = Math.max(align, natural);
        }
        at += field.bits;
      }
    }
    end = Math.max(end, at);
  }
  return { size: roundUp(Math.ceil(end / 8), align), members };
}

function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}
