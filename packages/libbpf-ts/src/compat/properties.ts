import * as flags from "@bpf-ts/uapi/map-flags";
import * as types from "@bpf-ts/uapi/map-types";
import { mapTypeName } from "@bpf-ts/uapi/names";
import type { MapSpec } from "../spec/map-spec.ts";
import { adjustedSize } from "../spec/ring-size.ts";
import type { MapVerdict, PropertyDifference } from "./comparison.ts";

/** Map types whose writes can be traced, so that a live map's entries can be converted as they change. */
const TRACEABLE: ReadonlySet<number> = new Set([
  types.BPF_MAP_TYPE_HASH,
  types.BPF_MAP_TYPE_LRU_HASH,
  types.BPF_MAP_TYPE_ARRAY,
  types.BPF_MAP_TYPE_PERCPU_HASH,
  types.BPF_MAP_TYPE_LRU_PERCPU_HASH,
  types.BPF_MAP_TYPE_PERCPU_ARRAY,
]);

const PER_CPU: ReadonlySet<number> = new Set([
  types.BPF_MAP_TYPE_PERCPU_HASH,
  types.BPF_MAP_TYPE_LRU_PERCPU_HASH,
  types.BPF_MAP_TYPE_PERCPU_ARRAY,
]);

const ARRAYS: ReadonlySet<number> = new Set([types.BPF_MAP_TYPE_ARRAY, types.BPF_MAP_TYPE_PERCPU_ARRAY]);

const LRU: ReadonlySet<number> = new Set([types.BPF_MAP_TYPE_LRU_HASH, types.BPF_MAP_TYPE_LRU_PERCPU_HASH]);

/** @param type `BPF_MAP_TYPE_*` */
function isTraceable(type: number): boolean {
  return TRACEABLE.has(type);
}

/** @param type `BPF_MAP_TYPE_*` */
export function isArray(type: number): boolean {
  return ARRAYS.has(type);
}

/** Names of the flags of BPF_MAP_CREATE, by bit. @see v6.18 include/uapi/linux/bpf.h */
const FLAG_NAMES: readonly (readonly [number, string])[] = [
  [flags.BPF_F_NO_PREALLOC, "BPF_F_NO_PREALLOC"],
  [flags.BPF_F_NO_COMMON_LRU, "BPF_F_NO_COMMON_LRU"],
  [flags.BPF_F_NUMA_NODE, "BPF_F_NUMA_NODE"],
  [flags.BPF_F_RDONLY, "BPF_F_RDONLY"],
  [flags.BPF_F_WRONLY, "BPF_F_WRONLY"],
  [flags.BPF_F_STACK_BUILD_ID, "BPF_F_STACK_BUILD_ID"],
  [flags.BPF_F_ZERO_SEED, "BPF_F_ZERO_SEED"],
  [flags.BPF_F_RDONLY_PROG, "BPF_F_RDONLY_PROG"],
  [flags.BPF_F_WRONLY_PROG, "BPF_F_WRONLY_PROG"],
  [flags.BPF_F_CLONE, "BPF_F_CLONE"],
  [flags.BPF_F_MMAPABLE, "BPF_F_MMAPABLE"],
  [flags.BPF_F_PRESERVE_ELEMS, "BPF_F_PRESERVE_ELEMS"],
  [flags.BPF_F_INNER_MAP, "BPF_F_INNER_MAP"],
  [flags.BPF_F_LINK, "BPF_F_LINK"],
  [flags.BPF_F_PATH_FD, "BPF_F_PATH_FD"],
  [flags.BPF_F_VTYPE_BTF_OBJ_FD, "BPF_F_VTYPE_BTF_OBJ_FD"],
  [flags.BPF_F_TOKEN_FD, "BPF_F_TOKEN_FD"],
  [flags.BPF_F_SEGV_ON_FAULT, "BPF_F_SEGV_ON_FAULT"],
  [flags.BPF_F_NO_USER_CONV, "BPF_F_NO_USER_CONV"],
];

function flagsText(value: number): string {
  const names: string[] = [];
  let rest = value >>> 0;
  for (const [bit, name] of FLAG_NAMES) {
    if ((rest & bit) === 0) continue;
    names.push(name);
    rest = (rest & ~bit) >>> 0;
  }
  if (rest !== 0) names.push(`0x${rest.toString(16)}`);
  return names.length === 0 ? "none" : names.join("|");
}

/** The flags that count: the kernel sets BPF_F_RDONLY_PROG on every DEVMAP by itself. */
function comparedFlags({ type, mapFlags }: MapSpec): number {
  const always = type === types.BPF_MAP_TYPE_DEVMAP || type === types.BPF_MAP_TYPE_DEVMAP_HASH;
  return (always ? mapFlags & ~flags.BPF_F_RDONLY_PROG : mapFlags) >>> 0;
}

/** Which of key and value can be compared by their types. */
export interface Described {
  key: boolean;
  value: boolean;
}

/**
 * What differs in two definitions, types of key and value left out. A map is taken over only by a definition that agrees in type, sizes, flags and
 * map_extra.
 *
 * @param warn takes what a verdict better than `breaking` costs
 * @see v6.12 tools/lib/bpf/libbpf.c, map_is_reuse_compat
 */
export function compareProperties(
  was: MapSpec,
  is: MapSpec,
  described: Described,
  warn: (text: string) => void,
): PropertyDifference[] {
  const found: PropertyDifference[] = [];
  const changed = (
    path: string,
    from: string | number,
    to: string | number,
    effect: MapVerdict,
    reason: string,
  ): void => {
    if (from !== to) found.push({ kind: "changed", path, old: from, new: to, effect, reason });
  };
  const size = (path: string, from: number, to: number, known: boolean): void =>
    changed(
      path,
      from,
      to,
      known ? "migratable" : "breaking",
      known ? "entries need converting, field by field" : "without types nothing says what the bytes are",
    );

  changed("type", mapTypeName(was.type), mapTypeName(is.type), ...typeChange(was.type, is.type));
  if (was.type !== is.type && isArray(is.type) && !isArray(was.type))
    warn("type: entries whose key is max_entries or above have no place in an array");
  if (LRU.has(is.type) && !LRU.has(was.type)) warn("type: an LRU map drops entries when it is full");
  size("key_size", was.keySize, is.keySize, described.key);
  size("value_size", was.valueSize, is.valueSize, described.value);
  // Ring buffers are made larger than they are declared.
  const [oldSize, newSize] = [adjustedSize(was.type, was.maxEntries), adjustedSize(is.type, is.maxEntries)];
  changed("max_entries", oldSize, newSize, "migratable", "a map's capacity is fixed when it is created");
  if (newSize < oldSize)
    warn(`max_entries: of ${oldSize} entries ${newSize} fit; the migration fails if more are in use`);
  const [oldFlags, newFlags] = [comparedFlags(was), comparedFlags(is)];
  changed("map_flags", flagsText(oldFlags), flagsText(newFlags), "migratable", "fixed when a map is created");
  const [oldExtra, newExtra] = [was.mapExtra ?? 0n, is.mapExtra ?? 0n];
  changed("map_extra", `${oldExtra}`, `${newExtra}`, "migratable", "fixed when a map is created");
  changed(
    "numa_node",
    was.numaNode ?? "none",
    is.numaNode ?? "none",
    "reusable",
    "where its memory lies; loaders do not compare it",
  );
  return found;
}

function typeChange(was: number, is: number): [MapVerdict, string] {
  if (!isTraceable(was) || !isTraceable(is)) return ["breaking", "between these types entries cannot follow"];
  if (PER_CPU.has(was) !== PER_CPU.has(is))
    return ["breaking", "one value an entry and one a CPU: nothing says how to make one from the other"];
  return ["migratable", "entries of both have a key and a value"];
}

/** Why a map that cannot be reused cannot be migrated either, whatever it differs in; undefined if it may be. */
export function notMigratable(was: MapSpec, is: MapSpec): string | undefined {
  for (const { type } of [was, is])
    if (!isTraceable(type)) return `writes to ${mapTypeName(type)} maps cannot be traced`;
  if ((is.mapFlags & flags.BPF_F_RDONLY_PROG) !== 0)
    return "programs, a migration's too, must not write the new map (BPF_F_RDONLY_PROG)";
  return undefined;
}

/** Whether its memory is written without map operations, which are what tracing sees. */
export function writtenUnseen({ origin, mapFlags }: MapSpec): boolean {
  return origin === "data" || origin === "bss" || (mapFlags & flags.BPF_F_MMAPABLE) !== 0;
}
