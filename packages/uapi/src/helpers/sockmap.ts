/** Helpers of sockmap, sk_skb and sk_msg programs. */
import type { HelperProto } from "../helper-proto.ts";
import { ANY, CTX, MAP, MAP_KEY } from "./arg.ts";
import { INTEGER } from "./ret.ts";

/** Socket maps and the messages that they redirect. */
export const SOCKMAP_HELPERS: readonly HelperProto[] = [
  {
    id: 52,
    name: "sk_redirect_map",
    signature: "long bpf_sk_redirect_map(struct __sk_buff *skb, void *map, __u32 key, __u64 flags)",
    args: [CTX, MAP, ANY, ANY],
    ret: INTEGER,
  },
  {
    id: 53,
    name: "sock_map_update",
    signature: "long bpf_sock_map_update(struct bpf_sock_ops *skops, void *map, void *key, __u64 flags)",
    args: [CTX, MAP, MAP_KEY, ANY],
    ret: INTEGER,
    pktAccess: true,
  },
  {
    id: 60,
    name: "msg_redirect_map",
    signature: "long bpf_msg_redirect_map(struct sk_msg_md *msg, void *map, __u32 key, __u64 flags)",
    args: [CTX, MAP, ANY, ANY],
    ret: INTEGER,
  },
  {
    id: 61,
    name: "msg_apply_bytes",
    signature: "long bpf_msg_apply_bytes(struct sk_msg_md *msg, __u32 bytes)",
    args: [CTX, ANY],
    ret: INTEGER,
  },
  {
    id: 62,
    name: "msg_cork_bytes",
    signature: "long bpf_msg_cork_bytes(struct sk_msg_md *msg, __u32 bytes)",
    args: [CTX, ANY],
    ret: INTEGER,
  },
  {
    id: 63,
    name: "msg_pull_data",
    signature: "long bpf_msg_pull_data(struct sk_msg_md *msg, __u32 start, __u32 end, __u64 flags)",
    args: [CTX, ANY, ANY, ANY],
    ret: INTEGER,
    changesPktData: true,
  },
  {
    id: 70,
    name: "sock_hash_update",
    signature: "long bpf_sock_hash_update(struct bpf_sock_ops *skops, void *map, void *key, __u64 flags)",
    args: [CTX, MAP, MAP_KEY, ANY],
    ret: INTEGER,
    pktAccess: true,
  },
  {
    id: 71,
    name: "msg_redirect_hash",
    signature: "long bpf_msg_redirect_hash(struct sk_msg_md *msg, void *map, void *key, __u64 flags)",
    args: [CTX, MAP, MAP_KEY, ANY],
    ret: INTEGER,
  },
  {
    id: 72,
    name: "sk_redirect_hash",
    signature: "long bpf_sk_redirect_hash(struct __sk_buff *skb, void *map, void *key, __u64 flags)",
    args: [CTX, MAP, MAP_KEY, ANY],
    ret: INTEGER,
  },
  {
    id: 90,
    name: "msg_push_data",
    signature: "long bpf_msg_push_data(struct sk_msg_md *msg, __u32 start, __u32 len, __u64 flags)",
    args: [CTX, ANY, ANY, ANY],
    ret: INTEGER,
    changesPktData: true,
  },
  {
    id: 91,
    name: "msg_pop_data",
    signature: "long bpf_msg_pop_data(struct sk_msg_md *msg, __u32 start, __u32 len, __u64 flags)",
    args: [CTX, ANY, ANY, ANY],
    ret: INTEGER,
    changesPktData: true,
  },
];
