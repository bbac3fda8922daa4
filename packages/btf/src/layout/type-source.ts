import type { BtfKind } from "../kinds.ts";

/** What layout needs to know of a set of types: {@link Btf} answers it from bytes, {@link BtfBuilder} from the types added so far. */
export interface TypeSource {
  readonly pointerSize: number;
  kindOf(id: number): BtfKind;
  nameOf(id: number): string;
  /** Size in bytes or id of the referenced type, by kind. */
  sizeOrTypeOf(id: number): number;
  /** Number of elements of an array. */
  arrayLengthOf(id: number): number;
  /** Element type of an array. */
  arrayTypeOf(id: number): number;
  /** Number of members. */
  vlenOf(id: number): number;
  memberTypeOf(id: number, index: number): number;
  memberBitOffsetOf(id: number, index: number): number;
  memberBitfieldSizeOf(id: number, index: number): number;
}
