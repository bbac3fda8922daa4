import * as F from "@bpf-ts/uapi/map-flags";
import * as T from "@bpf-ts/uapi/map-types";
import fc from "fast-check";
import { flags, OPS, run, WHOLE_MAP, weighted } from "../arbitraries.ts";
import type { Family, ObjectName } from "../family.ts";
import type { MapSpec } from "../spec.ts";

/** What arrays and hashes of objects go through. */
const objectOps = weighted(
  [5, OPS.store],
  [4, OPS.lookup],
  [2, OPS.delete],
  [1, OPS.take],
  [1, OPS.next],
  [1, OPS.walk],
  [1, OPS.deleteBatch],
  [1, OPS.lookupBatch],
  [1, run(["lookup", "update", "delete"])],
  [1, OPS.forget],
  ...WHOLE_MAP,
);

const access = fc.nat({ max: 29 }).map((n) => [F.BPF_F_RDONLY, F.BPF_F_WRONLY][n] ?? 0);

function arrayOf(type: number, mapFlags: fc.Arbitrary<number>): fc.Arbitrary<MapSpec> {
  return fc
    .record({ maxEntries: fc.constantFrom(1, 2, 5, 20), flags: mapFlags })
    .map((rest) => ({ type, keySize: 4, valueSize: 4, ...rest, keys: rest.maxEntries + 2 }));
}

export const progArray: Family = {
  name: "PROG_ARRAY",
  types: [T.BPF_MAP_TYPE_PROG_ARRAY],
  spec: arrayOf(T.BPF_MAP_TYPE_PROG_ARRAY, access),
  op: objectOps,
  holdsObjects: true,
  objects: [...often("p:filter", "p:filter2"), "p:xdp", "p:devmap", "m:hash4", "self", "closed", "none"],
  isOrdered: () => true,
};

export const perfEventArray: Family = {
  name: "PERF_EVENT_ARRAY",
  types: [T.BPF_MAP_TYPE_PERF_EVENT_ARRAY],
  spec: arrayOf(
    T.BPF_MAP_TYPE_PERF_EVENT_ARRAY,
    fc.tuple(flags(0, F.BPF_F_PRESERVE_ELEMS), access).map(([a, b]) => a | b),
  ),
  op: objectOps,
  holdsObjects: true,
  objects: [...often("f:event", "f:event:2"), "p:filter", "m:hash4", "self", "closed", "none"],
  isOrdered: () => true,
};

export const cgroupArray: Family = {
  name: "CGROUP_ARRAY",
  types: [T.BPF_MAP_TYPE_CGROUP_ARRAY],
  spec: arrayOf(T.BPF_MAP_TYPE_CGROUP_ARRAY, access),
  op: objectOps,
  holdsObjects: true,
  objects: [...often("f:cgroup"), "f:file", "p:filter", "self", "closed", "none"],
  isOrdered: () => true,
};

/** What fits, so that it is chosen more often than all of the rest. */
function often(...names: readonly ObjectName[]): ObjectName[] {
  return Array.from({ length: 5 }, () => names).flat();
}

const INNER: readonly ObjectName[] = [
  "m:array4",
  "m:array4b",
  "m:array5",
  "m:hash4",
  "m:hash5",
  "m:inner4",
  "m:inner5",
  "m:noPrealloc",
  "m:lru",
  "m:progs",
  "m:outer",
  "m:locked",
  "m:locked2",
];
const TEMPLATES: readonly ObjectName[] = [...INNER, "closed", "p:filter"];

/** Half of the hashes have Linux's order of keys. */
function mapOfMaps(name: string, type: number): Family {
  const isHash = type === T.BPF_MAP_TYPE_HASH_OF_MAPS;
  return {
    name,
    types: [type],
    spec: fc
      .record({
        keySize: isHash ? fc.constantFrom(1, 4, 8) : fc.constant(4),
        maxEntries: fc.constantFrom(1, 2, 5, 20),
        flags: isHash
          ? fc.tuple(flags(0, F.BPF_F_ZERO_SEED, F.BPF_F_NO_PREALLOC), access).map(([a, b]) => a | b)
          : access,
        inner: fc.constantFrom<ObjectName[]>(...often("m:array4", "m:hash4", "m:inner4"), ...TEMPLATES),
      })
      .map((rest) => ({ type, valueSize: 4, ...rest, keys: rest.maxEntries + 2 })),
    op: objectOps,
    holdsObjects: true,
    objects: [
      ...often("m:array4", "m:array4b", "m:hash4", "m:inner4", "m:inner5"),
      ...INNER,
      "p:filter",
      "self",
      "closed",
      "none",
    ],
    isOrdered: ({ flags: mapFlags }) => !isHash || (mapFlags & F.BPF_F_ZERO_SEED) !== 0,
  };
}

export const arrayOfMaps: Family = mapOfMaps("ARRAY_OF_MAPS", T.BPF_MAP_TYPE_ARRAY_OF_MAPS);
export const hashOfMaps: Family = mapOfMaps("HASH_OF_MAPS", T.BPF_MAP_TYPE_HASH_OF_MAPS);

const INET: readonly ObjectName[] = ["f:udp", "f:udp:2", "f:tcp-listen"];
const XDP: readonly ObjectName[] = ["f:xdp", "f:xdp:2"];

function sockets(name: string, type: number): Family {
  return {
    name,
    types: [type],
    spec: fc
      .record({
        keySize: type === T.BPF_MAP_TYPE_SOCKHASH ? fc.constantFrom(1, 4, 7, 16) : fc.constant(4),
        valueSize: type === T.BPF_MAP_TYPE_XSKMAP ? fc.constant(4) : fc.constantFrom(4, 8, 8, 8),
        maxEntries: fc.constantFrom(1, 2, 5, 10),
        flags: access,
      })
      .map((rest) => ({ type, ...rest, keys: rest.maxEntries + 2 })),
    op: weighted(
      [5, OPS.store],
      [3, OPS.lookup],
      [2, OPS.delete],
      [1, OPS.take],
      [1, OPS.next],
      [1, OPS.walk],
      [1, OPS.deleteBatch],
      [1, OPS.lookupBatch],
      [1, OPS.forget],
      ...WHOLE_MAP,
    ),
    holdsObjects: true,
    objects: [
      ...often(...(type === T.BPF_MAP_TYPE_XSKMAP ? XDP : INET)),
      ...INET,
      ...XDP,
      "f:udp-unbound",
      "f:tcp",
      "p:filter",
      "self",
      "closed",
      "none",
    ],
    isOrdered: () => true,
  };
}

export const sockMap: Family = sockets("SOCKMAP", T.BPF_MAP_TYPE_SOCKMAP);
export const sockHash: Family = sockets("SOCKHASH", T.BPF_MAP_TYPE_SOCKHASH);
export const xskMap: Family = sockets("XSKMAP", T.BPF_MAP_TYPE_XSKMAP);
export const reuseportSockArray: Family = sockets("REUSEPORT_SOCKARRAY", T.BPF_MAP_TYPE_REUSEPORT_SOCKARRAY);
