import { type Btf, BtfError } from "@bpf-ts/btf";
import { LibbpfError } from "../error.ts";
import type { MapSpec } from "../spec/map-spec.ts";
import { compareTypes } from "./compare-types.ts";
import {
  type FieldDifference,
  type MapComparison,
  type MapDifference,
  type PropertyDifference,
  worst,
} from "./comparison.ts";
import { FieldBudget } from "./fields.ts";
import { compareProperties, type Described, isArray, notMigratable, writtenUnseen } from "./properties.ts";
import { specialFields } from "./special-fields.ts";

/** A map's definition, and what its type ids mean. */
export interface DefinedMap {
  spec: MapSpec;
  /** Of the object that declares it; undefined if that has none. */
  btf: Btf | undefined;
}

/**
 * Compares two definitions of one map: whether the new version of a program can take over the old one's map, whether its entries can be converted
 * into a new map, or neither. Reads both, changes and creates nothing. Names of maps do not count, nor do those of types.
 *
 * Equal sizes do not make a map reusable where types are known: a field that moved, or that is read otherwise, needs converting. Where a type is
 * not known, sizes are all that is compared, and a warning says so.
 *
 * @throws LibbpfError BTF_INVALID for type ids that lead nowhere
 * @throws UnsupportedError types of more than 100,000 fields
 * @see v6.12 tools/lib/bpf/libbpf.c, map_is_reuse_compat
 */
export function compareMaps(oldMap: DefinedMap, newMap: DefinedMap): MapComparison {
  const name = oldMap.spec.declaredName;
  try {
    return compare(oldMap, newMap, MAX_INNER);
  } catch (cause) {
    if (!(cause instanceof BtfError)) throw cause;
    throw new LibbpfError("BTF_INVALID", `map ${name}: types of key and value: ${cause.message}`, { cause });
  }
}

/** Maps in maps in maps: Linux allows one level. */
const MAX_INNER = 1;

function compare(oldMap: DefinedMap, newMap: DefinedMap, innerLevels: number): MapComparison {
  const [was, is] = [oldMap.spec, newMap.spec];
  const warnings: string[] = [];
  const warn = (text: string): void => {
    warnings.push(text);
  };
  const described: Described = {
    key: isDescribed(oldMap, "key") && isDescribed(newMap, "key"),
    value: isDescribed(oldMap, "value") && isDescribed(newMap, "value"),
  };
  let differences: MapDifference[] = compareProperties(was, is, described, warn);
  differences.push(...compareInner(oldMap, newMap, innerLevels, warn));
  for (const part of ["key", "value"] as const) differences.push(...comparePart(part, oldMap, newMap, described, warn));
  const obstacle = notMigratable(was, is);
  if (obstacle !== undefined) differences = differences.map((difference) => blocked(difference, obstacle));
  const verdict = worst(differences.map(({ effect }) => effect));
  if (verdict === "migratable") warnOfMigration(oldMap, newMap, described, warn);
  return { name: was.declaredName, verdict, differences, warnings: [...new Set(warnings)] };
}

function blocked<T extends PropertyDifference | FieldDifference>(difference: T, obstacle: string): T {
  if (difference.effect !== "migratable") return difference;
  return { ...difference, effect: "breaking", reason: `${difference.reason}; ${obstacle}` };
}

/** Whether BTF says what the bytes of a map's key or value are, as the kernel would accept it. */
function isDescribed({ spec, btf }: DefinedMap, part: "key" | "value"): boolean {
  const [id, size] = part === "key" ? [spec.keyTypeId, spec.keySize] : [spec.valueTypeId, spec.valueSize];
  return btf !== undefined && id !== 0 && btf.sizeOf(id) === size;
}

function comparePart(
  part: "key" | "value",
  oldMap: DefinedMap,
  newMap: DefinedMap,
  described: Described,
  warn: (text: string) => void,
): FieldDifference[] {
  const [was, is] = [oldMap.spec, newMap.spec];
  if (!described[part] || oldMap.btf === undefined || newMap.btf === undefined) {
    const size = part === "key" ? was.keySize : was.valueSize;
    if (size !== 0 && !hasFixedMeaning(part, was, is))
      warn(`${part}: its type is not known on both sides: compared by size alone`);
    return [];
  }
  const [oldId, newId] = part === "key" ? [was.keyTypeId, is.keyTypeId] : [was.valueTypeId, is.valueTypeId];
  const found = compareTypes(part, oldMap.btf, oldId, newMap.btf, newId);
  for (const text of found.warnings) warn(text);
  return found.differences;
}

/** The index of a section of global data, the fd of an inner map: whether types are given makes no difference. */
function hasFixedMeaning(part: "key" | "value", was: MapSpec, is: MapSpec): boolean {
  const isData = ({ origin }: MapSpec): boolean => origin !== "btf" && origin !== "legacy";
  return part === "key" ? isData(was) && isData(is) : was.inner !== undefined && is.inner !== undefined;
}

/** @see v6.18 kernel/bpf/map_in_map.c, bpf_map_meta_equal */
function compareInner(
  oldMap: DefinedMap,
  newMap: DefinedMap,
  levels: number,
  warn: (text: string) => void,
): MapDifference[] {
  const [was, is] = [oldMap.spec.inner, newMap.spec.inner];
  if (was === undefined && is === undefined) return [];
  if (was === undefined || is === undefined || levels === 0) {
    if (was !== undefined && is !== undefined)
      throw new LibbpfError("MAP_INVALID", `map ${oldMap.spec.declaredName}: a map in a map in a map`);
    const say = (inner: MapSpec | undefined): string => (inner === undefined ? "none" : "a template");
    const reason = "whether the maps in it are alike is not known";
    return [{ kind: "changed", path: "inner", old: say(was), new: say(is), effect: "breaking", reason }];
  }
  const inner = compare({ spec: was, btf: oldMap.btf }, { spec: is, btf: newMap.btf }, levels - 1);
  for (const text of inner.warnings) warn(`inner.${text}`);
  return inner.differences.map((difference) => ({
    ...difference,
    path: `inner.${difference.path}`,
    ...(difference.path === "max_entries" && !isArray(was.type) ? ANY_CAPACITY : {}),
  }));
}

const ANY_CAPACITY = { effect: "reusable", reason: "hash maps of any capacity fit into a map of maps" } as const;

function warnOfMigration(
  oldMap: DefinedMap,
  newMap: DefinedMap,
  described: Described,
  warn: (text: string) => void,
): void {
  if (writtenUnseen(oldMap.spec))
    warn("value: global data and mapped memory are written without map operations, which is all that tracing sees");
  if (!described.value || oldMap.btf === undefined || newMap.btf === undefined) return;
  const budget = new FieldBudget();
  const special = new Map([
    ...specialFields(oldMap.btf, oldMap.spec.valueTypeId, budget),
    ...specialFields(newMap.btf, newMap.spec.valueTypeId, budget),
  ]);
  for (const [path, what] of special)
    warn(`${path}: ${what} is the kernel's and is not copied; the new map's starts empty`);
}
