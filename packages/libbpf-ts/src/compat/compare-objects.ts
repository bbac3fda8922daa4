import type { ObjectSpec } from "../spec/object-spec.ts";
import { compareMaps } from "./compare-maps.ts";
import { type ObjectComparison, worst } from "./comparison.ts";

/**
 * Compares the maps of two versions of an object, by their declared names; global data by its sections.
 *
 * @throws LibbpfError BTF_INVALID
 * @throws UnsupportedError types of more than 100,000 fields
 */
export function compareObjects(oldSpec: ObjectSpec, newSpec: ObjectSpec): ObjectComparison {
  const all = new Set([...oldSpec.maps.keys(), ...newSpec.maps.keys()]);
  const constants = [...all].filter((name) =>
    [oldSpec, newSpec].every(({ maps }) => (maps.get(name)?.origin ?? "rodata") === "rodata"),
  );
  const state = [...all].filter((name) => !constants.includes(name));
  const maps = state.flatMap((name) => {
    const [was, is] = [oldSpec.maps.get(name), newSpec.maps.get(name)];
    if (was === undefined || is === undefined) return [];
    return [compareMaps({ spec: was, btf: oldSpec.btf }, { spec: is, btf: newSpec.btf })];
  });
  const added = state.filter((name) => !oldSpec.maps.has(name));
  const removed = state.filter((name) => !newSpec.maps.has(name));
  const verdict = worst([...maps.map((map) => map.verdict), ...removed.map(() => "breaking" as const)]);
  return { verdict, maps, added, removed, constants };
}
