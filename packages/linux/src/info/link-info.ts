import type { LinkInfo } from "@bpf-ts/uapi";

/** Bytes of `struct bpf_link_info`. @see v6.18 include/uapi/linux/bpf.h */
export const LINK_INFO_SIZE = 64;
/** Where the part begins that differs from type to type. */
const RAW_OFFSET = 16;

/** Reads a `struct bpf_link_info`. */
export function decodeLinkInfo(bytes: Uint8Array): LinkInfo {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    kind: "link",
    type: view.getUint32(0, true),
    id: view.getUint32(4, true),
    progId: view.getUint32(8, true),
    raw: bytes.slice(RAW_OFFSET),
  };
}
