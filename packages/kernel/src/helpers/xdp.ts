import type { Memory } from "@bpf-ts/memory";
import { EACCES, EFAULT, EINVAL } from "@bpf-ts/uapi/errno";
import type { HelperFactory } from "./env.ts";

/**
 * Frames of XDP programs. A frame lies in one block of memory, with its head room before and its tail room behind it.
 *
 * @see v6.18 net/core/filter.c
 */

/** `struct xdp_md`, byte offsets. */
const XDP_DATA = 0;
const XDP_DATA_END = 4;
const XDP_DATA_META = 8;

const ETH_HLEN = 14;
/** Bytes of `struct xdp_frame`, for which the beginning of the head room is kept. */
const XDP_FRAME = 40;
/** Longest metadata. @see v6.18 include/net/xdp.h, xdp_metalen_invalid */
const META_MAX = 252;
const LARGEST = 0xffff;

/** Where the frame's block begins and ends. */
function blockOf(memory: Memory, data: number): { base: number; end: number } {
  const region = memory.regionAt(data);
  if (region === undefined) throw new Error("a frame outside of all memory");
  return { base: region.base, end: region.base + region.size };
}

/** `bpf_xdp_get_buff_len` */
export const xdpGetBuffLen: HelperFactory = (k) => ({
  name: "bpf_xdp_get_buff_len",
  run: (_run, xdp) => k.memory.getU32(xdp + XDP_DATA_END) - k.memory.getU32(xdp + XDP_DATA),
});

/** Address of `length` bytes at `offset` of the frame, or a negative errno. */
function frameAt(memory: Memory, xdp: number, offset: number, length: number): number {
  const data = memory.getU32(xdp + XDP_DATA);
  if (offset >>> 0 > LARGEST || length >>> 0 > LARGEST) return -EFAULT;
  return offset + length > memory.getU32(xdp + XDP_DATA_END) - data ? -EINVAL : data + offset;
}

/** `bpf_xdp_load_bytes` */
export const xdpLoadBytes: HelperFactory = (k) => ({
  name: "bpf_xdp_load_bytes",
  run: (_run, xdp, offset, target, length) => {
    const from = frameAt(k.memory, xdp, offset, length);
    if (from < 0) return from;
    k.memory.u8.copyWithin(target >>> 0, from, from + length);
    return 0;
  },
});

/** `bpf_xdp_store_bytes` */
export const xdpStoreBytes: HelperFactory = (k) => ({
  name: "bpf_xdp_store_bytes",
  run: (_run, xdp, offset, source, length) => {
    const to = frameAt(k.memory, xdp, offset, length);
    if (to < 0) return to;
    k.memory.u8.copyWithin(to, source >>> 0, (source >>> 0) + length);
    return 0;
  },
});

/** `bpf_xdp_adjust_head`: metadata moves along. */
export const xdpAdjustHead: HelperFactory = (k) => ({
  name: "bpf_xdp_adjust_head",
  run: (_run, xdp, offset) => {
    const { memory } = k;
    const data = memory.getU32(xdp + XDP_DATA);
    const meta = memory.getU32(xdp + XDP_DATA_META);
    const moved = data + offset;
    const first = blockOf(memory, data).base + XDP_FRAME + (data - meta);
    if (moved < first || moved > memory.getU32(xdp + XDP_DATA_END) - ETH_HLEN) return -EINVAL;
    memory.u8.copyWithin(meta + offset, meta, data);
    memory.setU32(xdp + XDP_DATA_META, meta + offset);
    memory.setU32(xdp + XDP_DATA, moved);
    return 0;
  },
});

/** `bpf_xdp_adjust_tail`: what the frame grows by is zeroed. */
export const xdpAdjustTail: HelperFactory = (k) => ({
  name: "bpf_xdp_adjust_tail",
  run: (_run, xdp, offset) => {
    const { memory } = k;
    const data = memory.getU32(xdp + XDP_DATA);
    const end = memory.getU32(xdp + XDP_DATA_END);
    const moved = end + offset;
    if (moved > blockOf(memory, data).end || moved < data + ETH_HLEN) return -EINVAL;
    if (offset > 0) memory.u8.fill(0, end, moved);
    memory.setU32(xdp + XDP_DATA_END, moved);
    return 0;
  },
});

/** `bpf_xdp_adjust_meta`: metadata of words of 4 bytes, -EACCES for other lengths. */
export const xdpAdjustMeta: HelperFactory = (k) => ({
  name: "bpf_xdp_adjust_meta",
  run: (_run, xdp, offset) => {
    const { memory } = k;
    const data = memory.getU32(xdp + XDP_DATA);
    const meta = memory.getU32(xdp + XDP_DATA_META) + offset;
    if (meta < blockOf(memory, data).base + XDP_FRAME || meta > data) return -EINVAL;
    const length = data - meta;
    if (length % 4 !== 0 || length > META_MAX) return -EACCES;
    memory.setU32(xdp + XDP_DATA_META, meta);
    return 0;
  },
});
