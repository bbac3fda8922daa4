/** Helpers of lightweight tunnel programs. */
import type { HelperProto } from "../helper-proto.ts";
import { ANY, CTX, RO_MEM, SIZE } from "./arg.ts";
import { INTEGER } from "./ret.ts";

/** Lightweight tunnels. */
export const LWT_HELPERS: readonly HelperProto[] = [
  {
    id: 73,
    name: "lwt_push_encap",
    signature: "long bpf_lwt_push_encap(struct __sk_buff *skb, __u32 type, void *hdr, __u32 len)",
    proto: "bpf_lwt_in_push_encap",
    args: [CTX, ANY, RO_MEM, SIZE],
    ret: INTEGER,
    changesPktData: true,
    variants: { bpf_lwt_xmit_push_encap: { args: [CTX, ANY, RO_MEM, SIZE], ret: INTEGER } },
  },
  {
    id: 74,
    name: "lwt_seg6_store_bytes",
    signature: "long bpf_lwt_seg6_store_bytes(struct __sk_buff *skb, __u32 offset, const void *from, __u32 len)",
    args: [CTX, ANY, RO_MEM, SIZE],
    ret: INTEGER,
    changesPktData: true,
  },
  {
    id: 75,
    name: "lwt_seg6_adjust_srh",
    signature: "long bpf_lwt_seg6_adjust_srh(struct __sk_buff *skb, __u32 offset, __s32 delta)",
    args: [CTX, ANY, ANY],
    ret: INTEGER,
    changesPktData: true,
  },
  {
    id: 76,
    name: "lwt_seg6_action",
    signature: "long bpf_lwt_seg6_action(struct __sk_buff *skb, __u32 action, void *param, __u32 param_len)",
    args: [CTX, ANY, RO_MEM, SIZE],
    ret: INTEGER,
    changesPktData: true,
  },
];
