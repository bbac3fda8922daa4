import * as F from "@bpf-ts/uapi/map-flags";
import * as T from "@bpf-ts/uapi/map-types";
import fc from "fast-check";
import { flags, keyValueOps, run, WHOLE_MAP } from "../arbitraries.ts";
import type { Family } from "../family.ts";
import type { MapSpec } from "../spec.ts";

const ACCESS = [F.BPF_F_RDONLY, F.BPF_F_WRONLY, F.BPF_F_RDONLY_PROG, F.BPF_F_WRONLY_PROG] as const;

/** Half of the maps hash alike; with the other half's seeds the order of keys differs. */
function seeded(...some: readonly number[]): fc.Arbitrary<number> {
  return fc
    .tuple(fc.boolean(), flags(0, F.BPF_F_NUMA_NODE, ...some), fc.integer({ min: 0, max: 29 }))
    .map(([isZero, base, access]) => (base | (isZero ? F.BPF_F_ZERO_SEED : 0) | (ACCESS[access] ?? 0)) >>> 0);
}

/** With so many keys in play for each entry. */
function specOf(
  type: number,
  sizes: { key: readonly number[]; value: readonly number[]; entries: readonly number[]; load: readonly number[] },
  mapFlags: fc.Arbitrary<number>,
): fc.Arbitrary<MapSpec> {
  return fc
    .record({
      keySize: fc.constantFrom(...sizes.key),
      valueSize: fc.constantFrom(...sizes.value),
      maxEntries: fc.constantFrom(...sizes.entries),
      load: fc.constantFrom(...sizes.load),
      flags: mapFlags,
    })
    .map(({ load, ...rest }) => ({ type, ...rest, keys: Math.ceil(rest.maxEntries * load) }));
}

function isOrdered({ flags: mapFlags }: MapSpec): boolean {
  return (mapFlags & F.BPF_F_ZERO_SEED) !== 0;
}

const SIZES = {
  key: [1, 2, 3, 4, 4, 8, 8, 12, 13, 16, 40],
  value: [1, 4, 8, 8, 11, 24, 100],
  entries: [1, 2, 3, 7, 16, 50, 200],
  load: [1, 1.2, 2, 5],
};
const LRU_SIZES = {
  key: [4, 8, 12],
  value: [4, 8, 20],
  entries: [1, 2, 3, 5, 8, 16, 33, 100, 300, 1000],
  load: [0.5, 1, 1.2, 2, 5],
};

function plain(name: string, type: number): Family {
  return {
    name,
    types: [type],
    spec: specOf(type, SIZES, seeded(F.BPF_F_NO_PREALLOC)),
    op: keyValueOps([
      [2, run(["lookup"])],
      [2, run(["update"])],
      [1, run(["delete"])],
      [
        1,
        run(
          type === T.BPF_MAP_TYPE_HASH ? ["forEach", "forEachDelete"] : ["lookupPercpu", "forEach"],
          fc.bigInt(0n, 3n),
        ),
      ],
      ...WHOLE_MAP,
    ]),
    isOrdered,
  };
}

/** Linux's lists decide which elements go, not the order of buckets: what is left is the same under any seed. */
function lru(name: string, type: number): Family {
  return {
    name,
    types: [type],
    spec: specOf(type, LRU_SIZES, seeded(F.BPF_F_NO_COMMON_LRU)),
    op: keyValueOps([[2, run(["lookup"])], [2, run(["update"])], [1, run(["delete"])], ...WHOLE_MAP]),
    isOrdered,
  };
}

export const hash: Family = plain("HASH", T.BPF_MAP_TYPE_HASH);
export const percpuHash: Family = plain("PERCPU_HASH", T.BPF_MAP_TYPE_PERCPU_HASH);
export const lruHash: Family = lru("LRU_HASH", T.BPF_MAP_TYPE_LRU_HASH);
export const lruPercpuHash: Family = lru("LRU_PERCPU_HASH", T.BPF_MAP_TYPE_LRU_PERCPU_HASH);
