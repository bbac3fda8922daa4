import type { MapDef } from "@bpf-ts/uapi";
import {
  BPF_MAP_TYPE_ARRAY,
  BPF_MAP_TYPE_ARRAY_OF_MAPS,
  BPF_MAP_TYPE_CGROUP_ARRAY,
  BPF_MAP_TYPE_CPUMAP,
  BPF_MAP_TYPE_DEVMAP,
  BPF_MAP_TYPE_HASH_OF_MAPS,
  BPF_MAP_TYPE_PERCPU_ARRAY,
  BPF_MAP_TYPE_PERF_EVENT_ARRAY,
  BPF_MAP_TYPE_PROG_ARRAY,
  BPF_MAP_TYPE_SOCKMAP,
  BPF_MAP_TYPE_XSKMAP,
} from "@bpf-ts/uapi/map-types";
import { indexCodec, type ValueCodec, valueCodec } from "./value-codec.ts";
import type { ValueTypes } from "./value-types.ts";

/** Keys are indexes from 0. */
const INDEXED: ReadonlySet<number> = new Set([
  BPF_MAP_TYPE_ARRAY,
  BPF_MAP_TYPE_PERCPU_ARRAY,
  BPF_MAP_TYPE_PROG_ARRAY,
  BPF_MAP_TYPE_PERF_EVENT_ARRAY,
  BPF_MAP_TYPE_CGROUP_ARRAY,
  BPF_MAP_TYPE_ARRAY_OF_MAPS,
  BPF_MAP_TYPE_DEVMAP,
  BPF_MAP_TYPE_SOCKMAP,
  BPF_MAP_TYPE_CPUMAP,
  BPF_MAP_TYPE_XSKMAP,
]);

/** Values are fds where they are written, ids where they are read. */
const OF_OBJECTS: ReadonlySet<number> = new Set([
  BPF_MAP_TYPE_PROG_ARRAY,
  BPF_MAP_TYPE_PERF_EVENT_ARRAY,
  BPF_MAP_TYPE_CGROUP_ARRAY,
  BPF_MAP_TYPE_ARRAY_OF_MAPS,
  BPF_MAP_TYPE_HASH_OF_MAPS,
]);

/** How a map's keys cross between JavaScript and bytes. */
export function keyCodec(def: MapDef, typeId: number, types: ValueTypes | undefined, what: string): ValueCodec {
  if (typeId === 0 && INDEXED.has(def.type) && def.keySize === 4) return indexCodec(what);
  return valueCodec(types, typeId, def.keySize, what);
}

/** How a map's values (one CPU's, of per-CPU maps) cross. */
export function mapValueCodec(def: MapDef, typeId: number, types: ValueTypes | undefined, what: string): ValueCodec {
  if (!OF_OBJECTS.has(def.type) || def.valueSize !== 4) return valueCodec(types, typeId, def.valueSize, what);
  const index = indexCodec(what);
  return { ...index, encode: (value) => index.encode(hasFd(value) ? value.fd : value) };
}

function hasFd(value: unknown): value is { fd: number } {
  return typeof value === "object" && value !== null && "fd" in value && typeof value.fd === "number";
}
