/** What the verifier asks of a map beyond its definition, answered for maps that nobody creates. */
import type { MapDef } from "@bpf-ts/uapi";
import { EINVAL, ENOTSUPP } from "@bpf-ts/uapi/errno";
import { BPF_MAP_TYPE_ARRAY } from "@bpf-ts/uapi/map-types";
import type { VerifierMap } from "@bpf-ts/verifier";

/** Addresses of maps: `0x5eed` and four digits, so that logs can be told from the kernel's. */
const MAP_ADDRESS = 0x5eed_0000;
/** Where a map's first value lies behind its header. */
const VALUE_OFFSET = 0x80;

/** Where a map and, of an array, its value would lie. */
export function addresses(
  { type, valueSize, maxEntries }: MapDef,
  index: number,
): Pick<VerifierMap, "handle" | "valueAddress"> {
  const handle = MAP_ADDRESS + index * 0x100;
  if (type !== BPF_MAP_TYPE_ARRAY) return { handle };
  return {
    handle,
    valueAddress: (off) => {
      if (maxEntries !== 1) return -ENOTSUPP;
      return off < valueSize ? handle + VALUE_OFFSET + off : -EINVAL;
    },
  };
}

/** The unsigned little-endian number of `size` bytes at an offset of the contents; undefined outside of them. */
export function constantsOf(contents: Uint8Array): (off: number, size: number) => bigint | undefined {
  return (off, size) => {
    if (off < 0 || off + size > contents.length) return undefined;
    let value = 0n;
    for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(contents[off + i]!);
    return value;
  };
}
