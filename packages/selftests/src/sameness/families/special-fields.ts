import * as F from "@bpf-ts/uapi/map-flags";
import * as T from "@bpf-ts/uapi/map-types";
import fc from "fast-check";
import { flags, keyValueOps, OPS, run, WHOLE_MAP } from "../arbitraries.ts";
import type { Family } from "../family.ts";
import { isHashTable } from "../spec.ts";
import { type BtfName, NAMED_BTF } from "../types.ts";

const TYPES = [
  T.BPF_MAP_TYPE_HASH,
  T.BPF_MAP_TYPE_HASH,
  T.BPF_MAP_TYPE_ARRAY,
  T.BPF_MAP_TYPE_ARRAY,
  T.BPF_MAP_TYPE_LRU_HASH,
  T.BPF_MAP_TYPE_PERCPU_HASH,
  T.BPF_MAP_TYPE_PERCPU_ARRAY,
  T.BPF_MAP_TYPE_LRU_PERCPU_HASH,
];

/** Values with locks, timers, kernel pointers, lists: copied around, shown as zeros, kept where they are. */
export const specialFields: Family = {
  name: "special fields in values",
  types: [...new Set(TYPES)],
  spec: fc
    .record({
      type: fc.constantFrom(...TYPES),
      btf: fc.constantFrom(...(Object.keys(NAMED_BTF) as BtfName[])),
      maxEntries: fc.constantFrom(1, 3, 10),
      more: flags(0, F.BPF_F_NO_PREALLOC, F.BPF_F_MMAPABLE),
    })
    .map(({ type, btf, maxEntries, more }) => {
      const hash = isHashTable(type);
      const isLru = type === T.BPF_MAP_TYPE_LRU_HASH || type === T.BPF_MAP_TYPE_LRU_PERCPU_HASH;
      const prealloc = hash && !isLru ? more & F.BPF_F_NO_PREALLOC : 0;
      const mmapable = type === T.BPF_MAP_TYPE_ARRAY ? more & F.BPF_F_MMAPABLE : 0;
      return {
        type,
        btf,
        keySize: 4,
        valueSize: NAMED_BTF[btf].valueSize,
        maxEntries,
        flags: (hash ? F.BPF_F_ZERO_SEED : 0) | prealloc | mmapable,
        keys: maxEntries + 2,
      };
    }),
  op: keyValueOps([[3, run(["lockedAdd"])], [2, run(["lookup", "update", "delete"])], [1, OPS.memory], ...WHOLE_MAP]),
  isOrdered: () => true,
};
