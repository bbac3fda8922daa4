/**
 * Helpers of programs over sockets, their addresses and options.
 *
 * @see v6.18 net/core/filter.c, kernel/bpf/cgroup.c, *_func_proto
 */

import { BPF_CGROUP_INET4_CONNECT, BPF_CGROUP_INET6_CONNECT, BPF_CGROUP_SETSOCKOPT } from "@bpf-ts/uapi/attach-types";
import {
  BPF_FUNC_bind,
  BPF_FUNC_get_netns_cookie,
  BPF_FUNC_get_socket_cookie,
  BPF_FUNC_getsockopt,
  BPF_FUNC_ktime_get_coarse_ns,
  BPF_FUNC_load_hdr_opt,
  BPF_FUNC_msg_apply_bytes,
  BPF_FUNC_msg_cork_bytes,
  BPF_FUNC_msg_pop_data,
  BPF_FUNC_msg_pull_data,
  BPF_FUNC_msg_push_data,
  BPF_FUNC_msg_redirect_hash,
  BPF_FUNC_msg_redirect_map,
  BPF_FUNC_perf_event_output,
  BPF_FUNC_reserve_hdr_opt,
  BPF_FUNC_setsockopt,
  BPF_FUNC_sk_assign,
  BPF_FUNC_sk_lookup_tcp,
  BPF_FUNC_sk_lookup_udp,
  BPF_FUNC_sk_release,
  BPF_FUNC_sk_select_reuseport,
  BPF_FUNC_sk_storage_delete,
  BPF_FUNC_sk_storage_get,
  BPF_FUNC_skb_load_bytes,
  BPF_FUNC_skb_load_bytes_relative,
  BPF_FUNC_skc_lookup_tcp,
  BPF_FUNC_sock_hash_update,
  BPF_FUNC_sock_map_update,
  BPF_FUNC_sock_ops_cb_flags_set,
  BPF_FUNC_store_hdr_opt,
  BPF_FUNC_tcp_sock,
} from "@bpf-ts/uapi/helper-ids";
import type { ProgFacts } from "../types.ts";
import { helperSet } from "./sets.ts";
import type { HelperSet } from "./types.ts";

/** bpf_bind is for connect hooks of IP sockets. */
function bindGrant(facts: ProgFacts): boolean {
  return facts.expectedAttachType === BPF_CGROUP_INET4_CONNECT || facts.expectedAttachType === BPF_CGROUP_INET6_CONNECT;
}

/** Options may be got and set by the hook of setsockopt alone. */
function sockoptGrant(proto: string): (facts: ProgFacts) => string | false {
  return (facts) => (facts.expectedAttachType === BPF_CGROUP_SETSOCKOPT ? proto : false);
}

/** `sock_ops_func_proto`. */
export const SOCK_OPS_HELPERS: HelperSet = helperSet(
  [
    BPF_FUNC_setsockopt,
    BPF_FUNC_getsockopt,
    BPF_FUNC_sock_ops_cb_flags_set,
    BPF_FUNC_sock_map_update,
    BPF_FUNC_sock_hash_update,
    BPF_FUNC_sk_storage_get,
    BPF_FUNC_sk_storage_delete,
    BPF_FUNC_load_hdr_opt,
    BPF_FUNC_store_hdr_opt,
    BPF_FUNC_reserve_hdr_opt,
    BPF_FUNC_tcp_sock,
  ],
  [
    [BPF_FUNC_get_socket_cookie, "bpf_get_socket_cookie_sock_ops"],
    [BPF_FUNC_perf_event_output, "bpf_event_output_data"],
    [BPF_FUNC_get_netns_cookie, "bpf_get_netns_cookie_sock_ops"],
  ],
);

/** `sk_msg_func_proto`. */
export const SK_MSG_HELPERS: HelperSet = helperSet(
  [
    BPF_FUNC_msg_redirect_map,
    BPF_FUNC_msg_redirect_hash,
    BPF_FUNC_msg_apply_bytes,
    BPF_FUNC_msg_cork_bytes,
    BPF_FUNC_msg_pull_data,
    BPF_FUNC_msg_push_data,
    BPF_FUNC_msg_pop_data,
    BPF_FUNC_sk_storage_get,
    BPF_FUNC_sk_storage_delete,
  ],
  [
    [BPF_FUNC_perf_event_output, "bpf_event_output_data"],
    [BPF_FUNC_get_netns_cookie, "bpf_get_netns_cookie_sk_msg"],
  ],
);

/** `sk_reuseport_func_proto`. */
export const SK_REUSEPORT_HELPERS: HelperSet = helperSet(
  [BPF_FUNC_ktime_get_coarse_ns],
  [
    [BPF_FUNC_sk_select_reuseport, "sk_select_reuseport"],
    [BPF_FUNC_skb_load_bytes, "sk_reuseport_load_bytes"],
    [BPF_FUNC_skb_load_bytes_relative, "sk_reuseport_load_bytes_relative"],
    [BPF_FUNC_get_socket_cookie, "bpf_get_socket_ptr_cookie"],
  ],
);

/** `sk_lookup_func_proto`. */
export const SK_LOOKUP_HELPERS: HelperSet = helperSet(
  [BPF_FUNC_sk_release],
  [
    [BPF_FUNC_perf_event_output, "bpf_event_output_data"],
    [BPF_FUNC_sk_assign, "bpf_sk_lookup_assign"],
  ],
);

/** `sock_filter_func_proto`. */
export const CGROUP_SOCK_HELPERS: HelperSet = helperSet(
  [BPF_FUNC_ktime_get_coarse_ns],
  [
    [BPF_FUNC_perf_event_output, "bpf_event_output_data"],
    [BPF_FUNC_get_socket_cookie, "bpf_get_socket_cookie_sock"],
    [BPF_FUNC_get_netns_cookie, "bpf_get_netns_cookie_sock"],
    [BPF_FUNC_sk_storage_get, "bpf_sk_storage_get_cg_sock"],
  ],
);

/** `sock_addr_func_proto`. */
export const SOCK_ADDR_HELPERS: HelperSet = helperSet(
  [BPF_FUNC_sk_release, BPF_FUNC_sk_storage_get, BPF_FUNC_sk_storage_delete],
  [
    [BPF_FUNC_bind, bindGrant],
    [BPF_FUNC_get_socket_cookie, "bpf_get_socket_cookie_sock_addr"],
    [BPF_FUNC_get_netns_cookie, "bpf_get_netns_cookie_sock_addr"],
    [BPF_FUNC_perf_event_output, "bpf_event_output_data"],
    [BPF_FUNC_setsockopt, "bpf_sock_addr_setsockopt"],
    [BPF_FUNC_getsockopt, "bpf_sock_addr_getsockopt"],
    [BPF_FUNC_sk_lookup_tcp, "bpf_sock_addr_sk_lookup_tcp"],
    [BPF_FUNC_sk_lookup_udp, "bpf_sock_addr_sk_lookup_udp"],
    [BPF_FUNC_skc_lookup_tcp, "bpf_sock_addr_skc_lookup_tcp"],
  ],
);

/** `cg_sockopt_func_proto`. */
export const CGROUP_SOCKOPT_HELPERS: HelperSet = helperSet(
  [BPF_FUNC_sk_storage_get, BPF_FUNC_sk_storage_delete, BPF_FUNC_tcp_sock],
  [
    [BPF_FUNC_get_netns_cookie, "bpf_get_netns_cookie_sockopt"],
    [BPF_FUNC_setsockopt, sockoptGrant("bpf_sk_setsockopt")],
    [BPF_FUNC_getsockopt, sockoptGrant("bpf_sk_getsockopt")],
    [BPF_FUNC_perf_event_output, "bpf_event_output_data"],
  ],
);
