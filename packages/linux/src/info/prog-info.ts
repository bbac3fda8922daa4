import type { ProgInfo } from "@bpf-ts/uapi";
import { cString } from "../call.ts";

/** Bytes of `struct bpf_prog_info`. @see v6.18 include/uapi/linux/bpf.h */
export const PROG_INFO_SIZE = 232;

/** Reads a `struct bpf_prog_info` and what its pointers led to. */
export function decodeProgInfo(bytes: Uint8Array, xlated: Uint8Array, mapIds: Uint8Array): ProgInfo {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (offset: number): number => view.getUint32(offset, true);
  const ids = new DataView(mapIds.buffer);
  return {
    kind: "prog",
    progType: word(0),
    id: word(4),
    tag: [...bytes.subarray(8, 16)].map((byte) => byte.toString(16).padStart(2, "0")).join(""),
    xlated: xlated.subarray(0, word(20)),
    internalCalls: [],
    mapIds: Array.from({ length: word(52) }, (_, i) => ids.getUint32(4 * i, true)),
    name: cString(bytes.subarray(64, 80)),
    gplCompatible: (word(84) & 1) === 1,
    btfId: word(128),
    runTimeNs: view.getBigUint64(192, true),
    runCnt: view.getBigUint64(200, true),
    recursionMisses: view.getBigUint64(208, true),
    verifiedInsns: word(216),
    attachBtfId: word(224),
  };
}
