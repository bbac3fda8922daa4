import * as F from "@bpf-ts/uapi/map-flags";
import * as T from "@bpf-ts/uapi/map-types";
import fc from "fast-check";
import { OPS, run, WHOLE_MAP, weighted } from "../arbitraries.ts";
import type { Family } from "../family.ts";

const NO_ELEMENTS = [
  [1, OPS.update],
  [1, OPS.lookup],
  [1, OPS.delete],
  [1, OPS.take],
  [1, OPS.next],
  [1, OPS.updateBatch],
] as const;

/** Programs put records in; user space looks at them and takes them. */
export const ringbuf: Family = {
  name: "RINGBUF",
  types: [T.BPF_MAP_TYPE_RINGBUF],
  spec: fc
    .record({ maxEntries: fc.constantFrom(4096, 4096, 8192), flags: fc.constantFrom(0, 0, F.BPF_F_NUMA_NODE) })
    .map((rest) => ({ type: T.BPF_MAP_TYPE_RINGBUF, keySize: 0, valueSize: 0, ...rest, keys: 5000 })),
  op: weighted(
    [8, run(["ringbufOutput"], fc.constantFrom(0n, 0n, 1n, 2n, 3n, 4n))],
    [2, run(["ringbufQuery"], fc.bigInt(0n, 5n))],
    [6, OPS.ring],
    ...NO_ELEMENTS,
    ...WHOLE_MAP,
  ),
  isOrdered: () => true,
};

/** Without programs that drain it. */
export const userRingbuf: Family = {
  name: "USER_RINGBUF",
  types: [T.BPF_MAP_TYPE_USER_RINGBUF],
  spec: fc
    .record({ maxEntries: fc.constantFrom(4096, 8192), flags: fc.constantFrom(0, 0, F.BPF_F_NUMA_NODE) })
    .map((rest) => ({ type: T.BPF_MAP_TYPE_USER_RINGBUF, keySize: 0, valueSize: 0, ...rest, keys: 1 })),
  op: weighted([4, OPS.memory], ...NO_ELEMENTS, ...WHOLE_MAP),
  isOrdered: () => true,
};

/** Traces are stored by programs; without any there is nothing to find. */
export const stackTrace: Family = {
  name: "STACK_TRACE",
  types: [T.BPF_MAP_TYPE_STACK_TRACE],
  spec: fc
    .record({
      valueSize: fc.constantFrom(8, 16, 1016),
      maxEntries: fc.constantFrom(1, 2, 5, 16),
      flags: fc.constantFrom(0, 0, F.BPF_F_STACK_BUILD_ID),
    })
    .map(({ flags, valueSize, ...rest }) => ({
      type: T.BPF_MAP_TYPE_STACK_TRACE,
      keySize: 4,
      valueSize: flags === 0 ? valueSize : valueSize * 4,
      flags,
      ...rest,
      keys: rest.maxEntries + 2,
    })),
  op: weighted(...NO_ELEMENTS, ...WHOLE_MAP),
  isOrdered: () => true,
};

/** Pages that programs take; here user space does, by touching them. */
export const arena: Family = {
  name: "ARENA",
  types: [T.BPF_MAP_TYPE_ARENA],
  spec: fc.record({ maxEntries: fc.constantFrom(1, 2, 16, 100) }).map((rest) => ({
    type: T.BPF_MAP_TYPE_ARENA,
    keySize: 0,
    valueSize: 0,
    flags: F.BPF_F_MMAPABLE,
    ...rest,
    keys: 1,
  })),
  op: weighted([4, OPS.memory], ...NO_ELEMENTS, ...WHOLE_MAP),
  isOrdered: () => true,
};
