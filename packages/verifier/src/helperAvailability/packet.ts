/**
 * Helpers of programs over packets.
 *
 * @see v6.18 net/core/filter.c, *_func_proto
 */
import {
  BPF_FUNC_check_mtu,
  BPF_FUNC_clone_redirect,
  BPF_FUNC_csum_diff,
  BPF_FUNC_csum_level,
  BPF_FUNC_csum_update,
  BPF_FUNC_fib_lookup,
  BPF_FUNC_get_cgroup_classid,
  BPF_FUNC_get_hash_recalc,
  BPF_FUNC_get_listener_sock,
  BPF_FUNC_get_netns_cookie,
  BPF_FUNC_get_route_realm,
  BPF_FUNC_get_smp_processor_id,
  BPF_FUNC_get_socket_cookie,
  BPF_FUNC_get_socket_uid,
  BPF_FUNC_ktime_get_coarse_ns,
  BPF_FUNC_l3_csum_replace,
  BPF_FUNC_l4_csum_replace,
  BPF_FUNC_lwt_push_encap,
  BPF_FUNC_lwt_seg6_action,
  BPF_FUNC_lwt_seg6_adjust_srh,
  BPF_FUNC_lwt_seg6_store_bytes,
  BPF_FUNC_perf_event_output,
  BPF_FUNC_redirect,
  BPF_FUNC_redirect_map,
  BPF_FUNC_redirect_neigh,
  BPF_FUNC_redirect_peer,
  BPF_FUNC_set_hash,
  BPF_FUNC_set_hash_invalid,
  BPF_FUNC_sk_ancestor_cgroup_id,
  BPF_FUNC_sk_assign,
  BPF_FUNC_sk_cgroup_id,
  BPF_FUNC_sk_fullsock,
  BPF_FUNC_sk_lookup_tcp,
  BPF_FUNC_sk_lookup_udp,
  BPF_FUNC_sk_redirect_hash,
  BPF_FUNC_sk_redirect_map,
  BPF_FUNC_sk_release,
  BPF_FUNC_sk_storage_delete,
  BPF_FUNC_sk_storage_get,
  BPF_FUNC_skb_adjust_room,
  BPF_FUNC_skb_ancestor_cgroup_id,
  BPF_FUNC_skb_cgroup_classid,
  BPF_FUNC_skb_cgroup_id,
  BPF_FUNC_skb_change_head,
  BPF_FUNC_skb_change_proto,
  BPF_FUNC_skb_change_tail,
  BPF_FUNC_skb_change_type,
  BPF_FUNC_skb_ecn_set_ce,
  BPF_FUNC_skb_get_tunnel_key,
  BPF_FUNC_skb_get_tunnel_opt,
  BPF_FUNC_skb_get_xfrm_state,
  BPF_FUNC_skb_load_bytes,
  BPF_FUNC_skb_load_bytes_relative,
  BPF_FUNC_skb_pull_data,
  BPF_FUNC_skb_set_tstamp,
  BPF_FUNC_skb_set_tunnel_key,
  BPF_FUNC_skb_set_tunnel_opt,
  BPF_FUNC_skb_store_bytes,
  BPF_FUNC_skb_under_cgroup,
  BPF_FUNC_skb_vlan_pop,
  BPF_FUNC_skb_vlan_push,
  BPF_FUNC_skc_lookup_tcp,
  BPF_FUNC_skc_to_mptcp_sock,
  BPF_FUNC_skc_to_tcp_request_sock,
  BPF_FUNC_skc_to_tcp_sock,
  BPF_FUNC_skc_to_tcp_timewait_sock,
  BPF_FUNC_skc_to_tcp6_sock,
  BPF_FUNC_skc_to_udp6_sock,
  BPF_FUNC_skc_to_unix_sock,
  BPF_FUNC_tcp_check_syncookie,
  BPF_FUNC_tcp_gen_syncookie,
  BPF_FUNC_tcp_raw_check_syncookie_ipv4,
  BPF_FUNC_tcp_raw_check_syncookie_ipv6,
  BPF_FUNC_tcp_raw_gen_syncookie_ipv4,
  BPF_FUNC_tcp_raw_gen_syncookie_ipv6,
  BPF_FUNC_tcp_sock,
  BPF_FUNC_xdp_adjust_head,
  BPF_FUNC_xdp_adjust_meta,
  BPF_FUNC_xdp_adjust_tail,
  BPF_FUNC_xdp_get_buff_len,
  BPF_FUNC_xdp_load_bytes,
  BPF_FUNC_xdp_store_bytes,
} from "@bpf-ts/uapi/helper-ids";
import { BY_PERFMON, helperSet } from "./sets.ts";
import type { HelperSet } from "./types.ts";

/** What networking types share. `bpf_sk_base_func_proto`. */
export const NET_BASE: HelperSet = helperSet(
  [BPF_FUNC_ktime_get_coarse_ns],
  [
    [BPF_FUNC_skc_to_tcp6_sock, BY_PERFMON],
    [BPF_FUNC_skc_to_tcp_sock, BY_PERFMON],
    [BPF_FUNC_skc_to_tcp_timewait_sock, BY_PERFMON],
    [BPF_FUNC_skc_to_tcp_request_sock, BY_PERFMON],
    [BPF_FUNC_skc_to_udp6_sock, BY_PERFMON],
    [BPF_FUNC_skc_to_unix_sock, BY_PERFMON],
    [BPF_FUNC_skc_to_mptcp_sock, BY_PERFMON],
  ],
);

/** `sk_filter_func_proto`. */
export const SOCKET_FILTER_HELPERS: HelperSet = helperSet(
  [
    BPF_FUNC_skb_load_bytes,
    BPF_FUNC_skb_load_bytes_relative,
    BPF_FUNC_get_socket_cookie,
    BPF_FUNC_get_socket_uid,
    BPF_FUNC_get_netns_cookie,
  ],
  [[BPF_FUNC_perf_event_output, "bpf_skb_event_output"]],
);

/** `cg_skb_func_proto`. */
export const CGROUP_SKB_HELPERS: HelperSet = helperSet(
  [
    BPF_FUNC_skb_load_bytes,
    BPF_FUNC_skb_load_bytes_relative,
    BPF_FUNC_get_socket_cookie,
    BPF_FUNC_get_socket_uid,
    BPF_FUNC_get_netns_cookie,
    BPF_FUNC_skb_cgroup_id,
    BPF_FUNC_skb_ancestor_cgroup_id,
    BPF_FUNC_sk_cgroup_id,
    BPF_FUNC_sk_ancestor_cgroup_id,
    BPF_FUNC_sk_lookup_tcp,
    BPF_FUNC_sk_lookup_udp,
    BPF_FUNC_skc_lookup_tcp,
    BPF_FUNC_sk_release,
    BPF_FUNC_sk_fullsock,
    BPF_FUNC_tcp_sock,
    BPF_FUNC_get_listener_sock,
    BPF_FUNC_skb_ecn_set_ce,
    BPF_FUNC_sk_storage_get,
    BPF_FUNC_sk_storage_delete,
  ],
  [[BPF_FUNC_perf_event_output, "bpf_skb_event_output"]],
);

/** `tc_cls_act_func_proto`. */
export const TC_HELPERS: HelperSet = helperSet(
  [
    BPF_FUNC_skb_store_bytes,
    BPF_FUNC_skb_load_bytes,
    BPF_FUNC_skb_load_bytes_relative,
    BPF_FUNC_skb_pull_data,
    BPF_FUNC_csum_diff,
    BPF_FUNC_csum_update,
    BPF_FUNC_csum_level,
    BPF_FUNC_l3_csum_replace,
    BPF_FUNC_l4_csum_replace,
    BPF_FUNC_clone_redirect,
    BPF_FUNC_get_cgroup_classid,
    BPF_FUNC_skb_vlan_push,
    BPF_FUNC_skb_vlan_pop,
    BPF_FUNC_skb_change_proto,
    BPF_FUNC_skb_change_type,
    BPF_FUNC_skb_adjust_room,
    BPF_FUNC_skb_change_tail,
    BPF_FUNC_skb_change_head,
    BPF_FUNC_skb_get_tunnel_key,
    BPF_FUNC_skb_set_tunnel_key,
    BPF_FUNC_skb_get_tunnel_opt,
    BPF_FUNC_skb_set_tunnel_opt,
    BPF_FUNC_redirect,
    BPF_FUNC_redirect_neigh,
    BPF_FUNC_redirect_peer,
    BPF_FUNC_get_route_realm,
    BPF_FUNC_get_hash_recalc,
    BPF_FUNC_set_hash_invalid,
    BPF_FUNC_set_hash,
    BPF_FUNC_get_smp_processor_id,
    BPF_FUNC_skb_under_cgroup,
    BPF_FUNC_get_socket_cookie,
    BPF_FUNC_get_netns_cookie,
    BPF_FUNC_get_socket_uid,
    BPF_FUNC_fib_lookup,
    BPF_FUNC_check_mtu,
    BPF_FUNC_sk_fullsock,
    BPF_FUNC_sk_storage_get,
    BPF_FUNC_sk_storage_delete,
    BPF_FUNC_skb_get_xfrm_state,
    BPF_FUNC_skb_cgroup_classid,
    BPF_FUNC_skb_cgroup_id,
    BPF_FUNC_skb_ancestor_cgroup_id,
    BPF_FUNC_sk_release,
    BPF_FUNC_tcp_sock,
    BPF_FUNC_get_listener_sock,
    BPF_FUNC_tcp_check_syncookie,
    BPF_FUNC_skb_ecn_set_ce,
    BPF_FUNC_tcp_gen_syncookie,
    BPF_FUNC_sk_assign,
    BPF_FUNC_skb_set_tstamp,
    BPF_FUNC_tcp_raw_gen_syncookie_ipv4,
    BPF_FUNC_tcp_raw_gen_syncookie_ipv6,
    BPF_FUNC_tcp_raw_check_syncookie_ipv4,
    BPF_FUNC_tcp_raw_check_syncookie_ipv6,
  ],
  [
    [BPF_FUNC_perf_event_output, "bpf_skb_event_output"],
    [BPF_FUNC_sk_lookup_tcp, "bpf_tc_sk_lookup_tcp"],
    [BPF_FUNC_sk_lookup_udp, "bpf_tc_sk_lookup_udp"],
    [BPF_FUNC_skc_lookup_tcp, "bpf_tc_skc_lookup_tcp"],
  ],
);

/** `xdp_func_proto`. */
export const XDP_HELPERS: HelperSet = helperSet(
  [
    BPF_FUNC_get_smp_processor_id,
    BPF_FUNC_csum_diff,
    BPF_FUNC_xdp_adjust_head,
    BPF_FUNC_xdp_adjust_meta,
    BPF_FUNC_redirect_map,
    BPF_FUNC_xdp_adjust_tail,
    BPF_FUNC_xdp_get_buff_len,
    BPF_FUNC_xdp_load_bytes,
    BPF_FUNC_xdp_store_bytes,
    BPF_FUNC_sk_release,
    BPF_FUNC_tcp_check_syncookie,
    BPF_FUNC_tcp_gen_syncookie,
    BPF_FUNC_tcp_raw_gen_syncookie_ipv4,
    BPF_FUNC_tcp_raw_gen_syncookie_ipv6,
    BPF_FUNC_tcp_raw_check_syncookie_ipv4,
    BPF_FUNC_tcp_raw_check_syncookie_ipv6,
  ],
  [
    [BPF_FUNC_perf_event_output, "bpf_xdp_event_output"],
    [BPF_FUNC_redirect, "bpf_xdp_redirect"],
    [BPF_FUNC_fib_lookup, "bpf_xdp_fib_lookup"],
    [BPF_FUNC_check_mtu, "bpf_xdp_check_mtu"],
    [BPF_FUNC_sk_lookup_tcp, "bpf_xdp_sk_lookup_tcp"],
    [BPF_FUNC_sk_lookup_udp, "bpf_xdp_sk_lookup_udp"],
    [BPF_FUNC_skc_lookup_tcp, "bpf_xdp_skc_lookup_tcp"],
  ],
);

/** All four hooks of lightweight tunnels. `lwt_out_func_proto`. */
export const LWT_HELPERS: HelperSet = helperSet(
  [
    BPF_FUNC_skb_load_bytes,
    BPF_FUNC_skb_pull_data,
    BPF_FUNC_csum_diff,
    BPF_FUNC_get_cgroup_classid,
    BPF_FUNC_get_route_realm,
    BPF_FUNC_get_hash_recalc,
    BPF_FUNC_get_smp_processor_id,
    BPF_FUNC_skb_under_cgroup,
  ],
  [[BPF_FUNC_perf_event_output, "bpf_skb_event_output"]],
);

/** `lwt_in_func_proto`. */
export const LWT_IN_HELPERS: HelperSet = helperSet([], [[BPF_FUNC_lwt_push_encap, "bpf_lwt_in_push_encap"]]);

/** `lwt_xmit_func_proto`. */
export const LWT_XMIT_HELPERS: HelperSet = helperSet(
  [
    BPF_FUNC_skb_get_tunnel_key,
    BPF_FUNC_skb_set_tunnel_key,
    BPF_FUNC_skb_get_tunnel_opt,
    BPF_FUNC_skb_set_tunnel_opt,
    BPF_FUNC_redirect,
    BPF_FUNC_clone_redirect,
    BPF_FUNC_skb_change_tail,
    BPF_FUNC_skb_change_head,
    BPF_FUNC_skb_store_bytes,
    BPF_FUNC_csum_update,
    BPF_FUNC_csum_level,
    BPF_FUNC_l3_csum_replace,
    BPF_FUNC_l4_csum_replace,
    BPF_FUNC_set_hash_invalid,
  ],
  [[BPF_FUNC_lwt_push_encap, "bpf_lwt_xmit_push_encap"]],
);

/** `lwt_seg6local_func_proto`. */
export const LWT_SEG6LOCAL_HELPERS: HelperSet = helperSet([
  BPF_FUNC_lwt_seg6_store_bytes,
  BPF_FUNC_lwt_seg6_action,
  BPF_FUNC_lwt_seg6_adjust_srh,
]);

/** `sk_skb_func_proto`. */
export const SK_SKB_HELPERS: HelperSet = helperSet(
  [
    BPF_FUNC_skb_store_bytes,
    BPF_FUNC_skb_load_bytes,
    BPF_FUNC_get_socket_cookie,
    BPF_FUNC_get_socket_uid,
    BPF_FUNC_sk_redirect_map,
    BPF_FUNC_sk_redirect_hash,
    BPF_FUNC_sk_lookup_tcp,
    BPF_FUNC_sk_lookup_udp,
    BPF_FUNC_skc_lookup_tcp,
    BPF_FUNC_sk_release,
  ],
  [
    [BPF_FUNC_perf_event_output, "bpf_skb_event_output"],
    [BPF_FUNC_skb_pull_data, "sk_skb_pull_data"],
    [BPF_FUNC_skb_change_tail, "sk_skb_change_tail"],
    [BPF_FUNC_skb_change_head, "sk_skb_change_head"],
    [BPF_FUNC_skb_adjust_room, "sk_skb_adjust_room"],
  ],
);

/** `flow_dissector_func_proto`. */
export const FLOW_DISSECTOR_HELPERS: HelperSet = helperSet(
  [],
  [[BPF_FUNC_skb_load_bytes, "bpf_flow_dissector_load_bytes"]],
);
