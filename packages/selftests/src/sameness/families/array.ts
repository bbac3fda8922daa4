import * as F from "@bpf-ts/uapi/map-flags";
import * as T from "@bpf-ts/uapi/map-types";
import fc from "fast-check";
import { flags, keyValueOps, OPS, run, WHOLE_MAP } from "../arbitraries.ts";
import type { Family } from "../family.ts";
import type { MapSpec } from "../spec.ts";

const ACCESS = [F.BPF_F_RDONLY, F.BPF_F_WRONLY, F.BPF_F_RDONLY_PROG, F.BPF_F_WRONLY_PROG];

function specOf(type: number, mapFlags: fc.Arbitrary<number>): fc.Arbitrary<MapSpec> {
  return fc
    .record({
      valueSize: fc.constantFrom(1, 4, 8, 8, 11, 24, 100, 900),
      maxEntries: fc.constantFrom(1, 1, 2, 3, 7, 16, 50),
      flags: mapFlags,
    })
    .map((rest) => ({ type, keySize: 4, ...rest, keys: rest.maxEntries + 2 }));
}

/** One of the flags that say who may read and write, seldom. */
function access(): fc.Arbitrary<number> {
  return fc.nat({ max: 29 }).map((n) => ACCESS[n] ?? 0);
}

/** All keys are there, in order. */
const isOrdered = (): boolean => true;

export const array: Family = {
  name: "ARRAY",
  types: [T.BPF_MAP_TYPE_ARRAY],
  spec: specOf(
    T.BPF_MAP_TYPE_ARRAY,
    fc
      .tuple(fc.constantFrom(0, F.BPF_F_MMAPABLE), flags(0, F.BPF_F_INNER_MAP, F.BPF_F_NUMA_NODE), access())
      .map(([a, b, c]) => (a | b | c) >>> 0),
  ),
  op: keyValueOps([
    [2, run(["lookup"])],
    [2, run(["update"])],
    [1, run(["delete"])],
    [1, run(["forEach"])],
    [2, OPS.memory],
    ...WHOLE_MAP,
  ]),
  isOrdered,
};

export const percpuArray: Family = {
  name: "PERCPU_ARRAY",
  types: [T.BPF_MAP_TYPE_PERCPU_ARRAY],
  spec: specOf(T.BPF_MAP_TYPE_PERCPU_ARRAY, access()),
  op: keyValueOps([
    [2, run(["lookup"])],
    [2, run(["update"])],
    [1, run(["delete"])],
    [1, run(["lookupPercpu", "forEach"], fc.bigInt(0n, 3n))],
    [1, OPS.memory],
    ...WHOLE_MAP,
  ]),
  isOrdered,
};
