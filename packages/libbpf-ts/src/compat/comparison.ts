/**
 * What a comparison of map definitions says.
 *
 * - `reusable`: a program built for the new definition can take over the old map itself, by fd or pin
 * - `migratable`: it needs a map of its own, into which every entry of the old one can be converted while both are in use
 * - `breaking`: neither
 */
export type MapVerdict = "reusable" | "migratable" | "breaking";

/** Where a field lies and what it is. */
export interface FieldPlace {
  /** Bytes from the start of the key or value; of an array's elements, that of the first. */
  offset: number;
  /** Bytes; of a bitfield, those that it touches. */
  size: number;
  /** In C: `__u32`, `struct flow`, `char[16]`. */
  type: string;
  /** Of a bitfield: where it begins, in bits from `offset`, and its width. */
  bitOffset?: number;
  bitSize?: number;
}

/** A property of the definition that differs. */
export interface PropertyDifference {
  kind: "changed";
  /** `type`, `key_size`, `value_size`, `max_entries`, `map_flags`, `map_extra`, `numa_node`, `inner`; a template's with `inner.` before it. */
  path: string;
  /** A number, or names (`hash`, `BPF_F_NO_PREALLOC|BPF_F_ZERO_SEED`); `none` where there is none. */
  old: string | number;
  new: string | number;
  /** What this difference alone would make the verdict. */
  effect: MapVerdict;
  /** One line. */
  reason: string;
}

/** A field of key or value that differs. */
export interface FieldDifference {
  /** Where several apply, the one that changes most: retyped before resized before moved. */
  kind: "added" | "removed" | "moved" | "resized" | "retyped" | "renamed";
  /** `key`, `key.pid`, `value.slots[].count`; of a field that was renamed, the old one's. */
  path: string;
  /** Not there for `added`. */
  old?: FieldPlace;
  /** Not there for `removed`. */
  new?: FieldPlace;
  /** What this difference alone would make the verdict. */
  effect: MapVerdict;
  /** One line. */
  reason: string;
}

export type MapDifference = PropertyDifference | FieldDifference;

/** How the two definitions of one map relate. */
export interface MapComparison {
  /** As the old object declares it. */
  name: string;
  /** The worst effect of the differences. */
  verdict: MapVerdict;
  /** Properties first, then the key's fields, then the value's. */
  differences: readonly MapDifference[];
  /** What a verdict better than `breaking` costs or takes for granted. One line each. */
  warnings: readonly string[];
}

/** How the maps of two versions of an object relate. */
export interface ObjectComparison {
  /** The worst of `maps`; `breaking` if maps were removed, because their entries have nowhere to go. */
  verdict: MapVerdict;
  /** Maps that both declare, in the old one's order. */
  maps: readonly MapComparison[];
  /** Declared by the new object alone: they start empty. */
  added: readonly string[];
  /** Declared by the old object alone. */
  removed: readonly string[];
  /** Sections of constants in either, which hold no state: every version brings its own. Not compared. */
  constants: readonly string[];
}

const ORDER: readonly MapVerdict[] = ["reusable", "migratable", "breaking"];

/** The worst of them; `reusable` of none. */
export function worst(verdicts: Iterable<MapVerdict>): MapVerdict {
  let most = 0;
  for (const verdict of verdicts) most = Math.max(most, ORDER.indexOf(verdict));
  return ORDER[most]!;
}
