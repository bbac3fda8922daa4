/** Helpers that read and change options of sockets. */
import type { HelperProto } from "../helper-proto.ts";
import { ANY, BTF_ID_SOCK_COMMON, CTX, CTX_OR_NULL, OUT_MEM, RO_MEM, SIZE, UNINIT_MEM } from "./arg.ts";
import { INTEGER } from "./ret.ts";

/** Socket options, TCP header options, bind. */
export const SOCKOPT_HELPERS: readonly HelperProto[] = [
  {
    id: 49,
    name: "setsockopt",
    signature: "long bpf_setsockopt(void *bpf_socket, int level, int optname, void *optval, int optlen)",
    proto: "bpf_sock_ops_setsockopt",
    args: [CTX, ANY, ANY, RO_MEM, SIZE],
    ret: INTEGER,
    variants: {
      bpf_sock_addr_setsockopt: { args: [CTX, ANY, ANY, RO_MEM, SIZE], ret: INTEGER },
      bpf_sk_setsockopt: { args: [BTF_ID_SOCK_COMMON, ANY, ANY, RO_MEM, SIZE], ret: INTEGER },
      bpf_unlocked_sk_setsockopt: { args: [BTF_ID_SOCK_COMMON, ANY, ANY, RO_MEM, SIZE], ret: INTEGER },
    },
  },
  {
    id: 57,
    name: "getsockopt",
    signature: "long bpf_getsockopt(void *bpf_socket, int level, int optname, void *optval, int optlen)",
    proto: "bpf_sock_ops_getsockopt",
    args: [CTX, ANY, ANY, UNINIT_MEM, SIZE],
    ret: INTEGER,
    variants: {
      bpf_sock_addr_getsockopt: { args: [CTX, ANY, ANY, UNINIT_MEM, SIZE], ret: INTEGER },
      bpf_sk_getsockopt: { args: [BTF_ID_SOCK_COMMON, ANY, ANY, UNINIT_MEM, SIZE], ret: INTEGER },
      bpf_unlocked_sk_getsockopt: { args: [BTF_ID_SOCK_COMMON, ANY, ANY, UNINIT_MEM, SIZE], ret: INTEGER },
    },
  },
  {
    id: 59,
    name: "sock_ops_cb_flags_set",
    signature: "long bpf_sock_ops_cb_flags_set(struct bpf_sock_ops *bpf_sock, int argval)",
    args: [CTX, ANY],
    ret: INTEGER,
  },
  {
    id: 64,
    name: "bind",
    signature: "long bpf_bind(struct bpf_sock_addr *ctx, struct sockaddr *addr, int addr_len)",
    args: [CTX, RO_MEM, SIZE],
    ret: INTEGER,
  },
  {
    id: 122,
    name: "get_netns_cookie",
    signature: "__u64 bpf_get_netns_cookie(void *ctx)",
    args: [CTX_OR_NULL],
    ret: INTEGER,
    variants: {
      bpf_get_netns_cookie_sock: { args: [CTX_OR_NULL], ret: INTEGER },
      bpf_get_netns_cookie_sock_addr: { args: [CTX_OR_NULL], ret: INTEGER },
      bpf_get_netns_cookie_sock_ops: { args: [CTX_OR_NULL], ret: INTEGER },
      bpf_get_netns_cookie_sk_msg: { args: [CTX_OR_NULL], ret: INTEGER },
      bpf_get_netns_cookie_sockopt: { args: [CTX_OR_NULL], ret: INTEGER },
    },
  },
  {
    id: 142,
    name: "load_hdr_opt",
    signature: "long bpf_load_hdr_opt(struct bpf_sock_ops *skops, void *searchby_res, __u32 len, __u64 flags)",
    proto: "bpf_sock_ops_load_hdr_opt",
    args: [CTX, OUT_MEM, SIZE, ANY],
    ret: INTEGER,
  },
  {
    id: 143,
    name: "store_hdr_opt",
    signature: "long bpf_store_hdr_opt(struct bpf_sock_ops *skops, const void *from, __u32 len, __u64 flags)",
    proto: "bpf_sock_ops_store_hdr_opt",
    args: [CTX, RO_MEM, SIZE, ANY],
    ret: INTEGER,
    changesPktData: true,
  },
  {
    id: 144,
    name: "reserve_hdr_opt",
    signature: "long bpf_reserve_hdr_opt(struct bpf_sock_ops *skops, __u32 len, __u64 flags)",
    proto: "bpf_sock_ops_reserve_hdr_opt",
    args: [CTX, ANY, ANY],
    ret: INTEGER,
  },
];
