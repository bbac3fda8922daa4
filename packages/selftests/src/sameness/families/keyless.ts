import * as F from "@bpf-ts/uapi/map-flags";
import * as T from "@bpf-ts/uapi/map-types";
import fc from "fast-check";
import { flags, OPS, run, WHOLE_MAP, weighted } from "../arbitraries.ts";
import type { Family } from "../family.ts";

/** Seldom, one of the flags that say who may read and write. */
const access = fc
  .nat({ max: 29 })
  .map((n) => [F.BPF_F_RDONLY, F.BPF_F_WRONLY, F.BPF_F_RDONLY_PROG, F.BPF_F_WRONLY_PROG][n] ?? 0);

function queue(name: string, type: number): Family {
  return {
    name,
    types: [type],
    spec: fc
      .record({
        valueSize: fc.constantFrom(1, 4, 8, 13, 100),
        maxEntries: fc.constantFrom(1, 2, 3, 10, 30),
        flags: fc.tuple(flags(0, F.BPF_F_NUMA_NODE), access).map(([a, b]) => (a | b) >>> 0),
      })
      .map((rest) => ({ type, keySize: 0, ...rest, keys: 1 })),
    op: weighted(
      [3, OPS.update],
      [2, OPS.lookup],
      [2, OPS.take],
      [1, OPS.delete],
      [1, OPS.next],
      [1, OPS.updateBatch],
      [1, OPS.lookupBatch],
      [3, run(["push"])],
      [3, run(["pop", "peek"])],
      [1, run(["update", "lookup", "delete"])],
      ...WHOLE_MAP,
    ),
    isOrdered: () => true,
  };
}

export const queues: Family = queue("QUEUE", T.BPF_MAP_TYPE_QUEUE);
export const stacks: Family = queue("STACK", T.BPF_MAP_TYPE_STACK);

export const bloomFilter: Family = {
  name: "BLOOM_FILTER",
  types: [T.BPF_MAP_TYPE_BLOOM_FILTER],
  spec: fc
    .record({
      valueSize: fc.constantFrom(1, 3, 4, 8, 13, 24),
      maxEntries: fc.constantFrom(1, 3, 10, 100, 1000),
      extra: fc.bigInt(0n, 15n),
      // Which values are taken for others depends on the seed.
      flags: fc.tuple(flags(F.BPF_F_ZERO_SEED, F.BPF_F_NUMA_NODE), access).map(([a, b]) => (a | b) >>> 0),
    })
    .map((rest) => ({ type: T.BPF_MAP_TYPE_BLOOM_FILTER, keySize: 0, ...rest, keys: 60 })),
  op: weighted(
    [4, OPS.update],
    [4, OPS.lookup],
    [1, OPS.take],
    [1, OPS.delete],
    [1, OPS.next],
    [1, OPS.updateBatch],
    [2, run(["push"])],
    [3, run(["peek"])],
    [1, run(["pop"])],
    ...WHOLE_MAP,
  ),
  value: ({ valueSize }, n) => {
    // One of 60 values, so that they come again.
    const bytes = new Uint8Array(valueSize);
    for (let i = 0; i < valueSize; i++) bytes[i] = ((n % 60) * (i + 1) + i) & 255;
    return bytes;
  },
  isOrdered: () => true,
};
