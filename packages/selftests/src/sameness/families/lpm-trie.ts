import * as F from "@bpf-ts/uapi/map-flags";
import * as T from "@bpf-ts/uapi/map-types";
import fc from "fast-check";
import { keyValueOps, run, WHOLE_MAP } from "../arbitraries.ts";
import { bytesOf, concat, u32 } from "../bytes.ts";
import type { Family } from "../family.ts";
import type { MapSpec } from "../spec.ts";

/** Prefixes: few different bits, so that they meet; rubbish beyond the prefix, which must not matter; and seldom more bits than there are. */
function key(spec: MapSpec, n: number): Uint8Array {
  const dataSize = spec.keySize - 4;
  const [few, most, bits, odd] = bytesOf(n, 4);
  const data = bytesOf(n, dataSize);
  if (few! % 2 === 0) for (let i = 0; i < dataSize; i++) data[i]! &= i === 0 ? 0xc0 : 0x11;
  const length = (most! * 256 + bits!) % (dataSize * 8 + 1);
  return concat([u32(odd! % 30 === 0 ? dataSize * 8 + 1 + (most! % 3) : length), data]);
}

export const lpmTrie: Family = {
  name: "LPM_TRIE",
  types: [T.BPF_MAP_TYPE_LPM_TRIE],
  spec: fc
    .record({
      dataSize: fc.constantFrom(1, 2, 3, 4, 4, 8, 16, 256),
      valueSize: fc.constantFrom(1, 4, 8, 13),
      maxEntries: fc.constantFrom(1, 2, 5, 20, 100),
      keys: fc.constantFrom(3, 10, 40, 300),
      flags: fc
        .nat({ max: 19 })
        .map((n) => F.BPF_F_NO_PREALLOC | ([F.BPF_F_RDONLY, F.BPF_F_WRONLY, F.BPF_F_RDONLY_PROG][n] ?? 0)),
    })
    .map(({ dataSize, ...rest }) => ({ type: T.BPF_MAP_TYPE_LPM_TRIE, keySize: 4 + dataSize, ...rest })),
  op: keyValueOps([[2, run(["lookup"])], [2, run(["update"])], [1, run(["delete"])], ...WHOLE_MAP]),
  key,
  isOrdered: () => true,
};
