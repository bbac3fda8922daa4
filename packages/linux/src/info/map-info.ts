import type { MapInfo } from "@bpf-ts/uapi";
import { cString } from "../call.ts";

/** Bytes of `struct bpf_map_info`. @see v6.18 include/uapi/linux/bpf.h */
export const MAP_INFO_SIZE = 96;

/** Reads a `struct bpf_map_info`. Whether the map is frozen is not in it. */
export function decodeMapInfo(bytes: Uint8Array, frozen: boolean): MapInfo {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (offset: number): number => view.getUint32(offset, true);
  return {
    kind: "map",
    type: word(0),
    id: word(4),
    keySize: word(8),
    valueSize: word(12),
    maxEntries: word(16),
    mapFlags: word(20),
    name: cString(bytes.subarray(24, 40)),
    btfVmlinuxValueTypeId: word(44),
    btfId: word(64),
    btfKeyTypeId: word(68),
    btfValueTypeId: word(72),
    mapExtra: view.getBigUint64(80, true),
    frozen,
  };
}
