/** Helpers of XDP programs. */
import type { HelperProto } from "../helper-proto.ts";
import { ANY, BTF_XDP_BUFF, CTX, MAP, RO_MEM, SIZE, SIZE_OR_ZERO, UNINIT_MEM } from "./arg.ts";
import { INTEGER } from "./ret.ts";

/** Packets before they are an skb. */
export const XDP_HELPERS: readonly HelperProto[] = [
  {
    id: 44,
    name: "xdp_adjust_head",
    signature: "long bpf_xdp_adjust_head(struct xdp_md *xdp_md, int delta)",
    args: [CTX, ANY],
    ret: INTEGER,
    changesPktData: true,
  },
  {
    id: 51,
    name: "redirect_map",
    signature: "long bpf_redirect_map(void *map, __u64 key, __u64 flags)",
    proto: "bpf_xdp_redirect_map",
    args: [MAP, ANY, ANY],
    ret: INTEGER,
  },
  {
    id: 54,
    name: "xdp_adjust_meta",
    signature: "long bpf_xdp_adjust_meta(struct xdp_md *xdp_md, int delta)",
    args: [CTX, ANY],
    ret: INTEGER,
    changesPktData: true,
  },
  {
    id: 65,
    name: "xdp_adjust_tail",
    signature: "long bpf_xdp_adjust_tail(struct xdp_md *xdp_md, int delta)",
    args: [CTX, ANY],
    ret: INTEGER,
    changesPktData: true,
  },
  {
    id: 121,
    name: "xdp_output",
    signature: "long bpf_xdp_output(void *ctx, void *map, __u64 flags, void *data, __u64 size)",
    args: [BTF_XDP_BUFF, MAP, ANY, RO_MEM, SIZE_OR_ZERO],
    ret: INTEGER,
    gplOnly: true,
  },
  {
    id: 188,
    name: "xdp_get_buff_len",
    signature: "__u64 bpf_xdp_get_buff_len(struct xdp_md *xdp_md)",
    args: [CTX],
    ret: INTEGER,
    variants: { bpf_xdp_get_buff_len_trace: { args: [BTF_XDP_BUFF], ret: INTEGER } },
  },
  {
    id: 189,
    name: "xdp_load_bytes",
    signature: "long bpf_xdp_load_bytes(struct xdp_md *xdp_md, __u32 offset, void *buf, __u32 len)",
    args: [CTX, ANY, UNINIT_MEM, SIZE],
    ret: INTEGER,
  },
  {
    id: 190,
    name: "xdp_store_bytes",
    signature: "long bpf_xdp_store_bytes(struct xdp_md *xdp_md, __u32 offset, void *buf, __u32 len)",
    args: [CTX, ANY, RO_MEM, SIZE],
    ret: INTEGER,
  },
];
