/**
 * Helpers of programs that trace.
 *
 * @see v6.18 kernel/trace/bpf_trace.c, *_func_proto; kernel/bpf/bpf_lsm.c, bpf_lsm_func_proto; kernel/bpf/syscall.c, syscall_prog_func_proto
 */

import {
  BPF_LSM_MAC,
  BPF_MODIFY_RETURN,
  BPF_TRACE_FENTRY,
  BPF_TRACE_FEXIT,
  BPF_TRACE_ITER,
  BPF_TRACE_KPROBE_MULTI,
  BPF_TRACE_KPROBE_SESSION,
  BPF_TRACE_RAW_TP,
  BPF_TRACE_UPROBE_MULTI,
  BPF_TRACE_UPROBE_SESSION,
} from "@bpf-ts/uapi/attach-types";
import {
  BPF_FUNC_bprm_opts_set,
  BPF_FUNC_btf_find_by_name_kind,
  BPF_FUNC_d_path,
  BPF_FUNC_get_attach_cookie,
  BPF_FUNC_get_func_arg,
  BPF_FUNC_get_func_arg_cnt,
  BPF_FUNC_get_func_ip,
  BPF_FUNC_get_func_ret,
  BPF_FUNC_get_smp_processor_id,
  BPF_FUNC_get_socket_cookie,
  BPF_FUNC_get_stack,
  BPF_FUNC_get_stackid,
  BPF_FUNC_getsockopt,
  BPF_FUNC_ima_file_hash,
  BPF_FUNC_ima_inode_hash,
  BPF_FUNC_inode_storage_delete,
  BPF_FUNC_inode_storage_get,
  BPF_FUNC_kallsyms_lookup_name,
  BPF_FUNC_override_return,
  BPF_FUNC_perf_event_output,
  BPF_FUNC_perf_prog_read_value,
  BPF_FUNC_probe_read,
  BPF_FUNC_probe_read_str,
  BPF_FUNC_probe_write_user,
  BPF_FUNC_read_branch_records,
  BPF_FUNC_seq_printf,
  BPF_FUNC_seq_printf_btf,
  BPF_FUNC_seq_write,
  BPF_FUNC_setsockopt,
  BPF_FUNC_sk_storage_delete,
  BPF_FUNC_sk_storage_get,
  BPF_FUNC_skb_output,
  BPF_FUNC_skc_to_mptcp_sock,
  BPF_FUNC_skc_to_tcp_request_sock,
  BPF_FUNC_skc_to_tcp_sock,
  BPF_FUNC_skc_to_tcp_timewait_sock,
  BPF_FUNC_skc_to_tcp6_sock,
  BPF_FUNC_skc_to_udp6_sock,
  BPF_FUNC_skc_to_unix_sock,
  BPF_FUNC_sock_from_file,
  BPF_FUNC_spin_lock,
  BPF_FUNC_spin_unlock,
  BPF_FUNC_sys_bpf,
  BPF_FUNC_sys_close,
  BPF_FUNC_xdp_get_buff_len,
  BPF_FUNC_xdp_output,
} from "@bpf-ts/uapi/helper-ids";
import { BPF_PROG_TYPE_LSM, BPF_PROG_TYPE_TRACING } from "@bpf-ts/uapi/prog-types";
import type { ProgFacts } from "../types.ts";
import { BY_PERFMON, helperSet } from "./sets.ts";
import type { HelperSet } from "./types.ts";

/** The program hangs on a trampoline: `bpf_prog_has_trampoline`. */
function hasTrampoline({ progType, expectedAttachType: attach }: ProgFacts): boolean {
  if (progType === BPF_PROG_TYPE_TRACING) {
    return attach === BPF_TRACE_FENTRY || attach === BPF_TRACE_FEXIT || attach === BPF_MODIFY_RETURN;
  }
  return progType === BPF_PROG_TYPE_LSM && attach === BPF_LSM_MAC;
}

function isIterator(facts: ProgFacts): boolean {
  return facts.expectedAttachType === BPF_TRACE_ITER;
}

/** Iterators over TCP and Unix sockets hold the socket's lock. */
function iteratorSockopt(proto: string): (facts: ProgFacts) => string | false {
  return (facts) => {
    const target = facts.attachFuncName.replace(/^bpf_iter_/, "");
    return isIterator(facts) && (target === "tcp" || target === "unix") ? proto : false;
  };
}

/** One of two or three prototypes by how a kprobe program is to be attached. */
function byProbe(multi: string, uprobe: string, single: string): (facts: ProgFacts) => string {
  return ({ expectedAttachType: attach }) => {
    if (attach === BPF_TRACE_KPROBE_MULTI || attach === BPF_TRACE_KPROBE_SESSION) return multi;
    return attach === BPF_TRACE_UPROBE_MULTI || attach === BPF_TRACE_UPROBE_SESSION ? uprobe : single;
  };
}

/** What all tracing types share. `bpf_tracing_func_proto`. */
export const TRACING_BASE: HelperSet = helperSet(
  [BPF_FUNC_get_smp_processor_id],
  [
    [BPF_FUNC_probe_write_user, (facts, options) => options.probeWriteUser && facts.caps.sysAdmin],
    [BPF_FUNC_probe_read, "bpf_probe_read_compat"],
    [BPF_FUNC_probe_read_str, "bpf_probe_read_compat_str"],
    [BPF_FUNC_get_func_ip, "bpf_get_func_ip_tracing"],
  ],
);

/** `kprobe_prog_func_proto`. */
export const KPROBE_HELPERS: HelperSet = helperSet(
  [BPF_FUNC_perf_event_output, BPF_FUNC_get_stackid],
  [
    [BPF_FUNC_get_stack, (facts) => (facts.sleepable ? "bpf_get_stack_sleepable" : true)],
    [BPF_FUNC_override_return, (_facts, options) => options.kprobeOverride],
    [
      BPF_FUNC_get_func_ip,
      byProbe("bpf_get_func_ip_kprobe_multi", "bpf_get_func_ip_uprobe_multi", "bpf_get_func_ip_kprobe"),
    ],
    [
      BPF_FUNC_get_attach_cookie,
      byProbe("bpf_get_attach_cookie_kmulti", "bpf_get_attach_cookie_umulti", "bpf_get_attach_cookie_trace"),
    ],
  ],
);

/** `tp_prog_func_proto`. */
export const TRACEPOINT_HELPERS: HelperSet = helperSet(
  [],
  [
    [BPF_FUNC_perf_event_output, "bpf_perf_event_output_tp"],
    [BPF_FUNC_get_stackid, "bpf_get_stackid_tp"],
    [BPF_FUNC_get_stack, "bpf_get_stack_tp"],
    [BPF_FUNC_get_attach_cookie, "bpf_get_attach_cookie_trace"],
  ],
);

/** `pe_prog_func_proto`. */
export const PERF_EVENT_HELPERS: HelperSet = helperSet(
  [BPF_FUNC_perf_prog_read_value, BPF_FUNC_read_branch_records],
  [
    [BPF_FUNC_perf_event_output, "bpf_perf_event_output_tp"],
    [BPF_FUNC_get_stackid, "bpf_get_stackid_pe"],
    [BPF_FUNC_get_stack, "bpf_get_stack_pe"],
    [BPF_FUNC_get_attach_cookie, "bpf_get_attach_cookie_pe"],
  ],
);

/** `raw_tp_prog_func_proto`. */
export const RAW_TP_HELPERS: HelperSet = helperSet(
  [],
  [
    [BPF_FUNC_perf_event_output, "bpf_perf_event_output_raw_tp"],
    [BPF_FUNC_get_stackid, "bpf_get_stackid_raw_tp"],
    [BPF_FUNC_get_stack, "bpf_get_stack_raw_tp"],
    [BPF_FUNC_get_attach_cookie, "bpf_get_attach_cookie_tracing"],
  ],
);

/** `tracing_prog_func_proto`. */
export const TRACING_HELPERS: HelperSet = helperSet(
  [
    BPF_FUNC_skb_output,
    BPF_FUNC_xdp_output,
    BPF_FUNC_skc_to_tcp6_sock,
    BPF_FUNC_skc_to_tcp_sock,
    BPF_FUNC_skc_to_tcp_timewait_sock,
    BPF_FUNC_skc_to_tcp_request_sock,
    BPF_FUNC_skc_to_udp6_sock,
    BPF_FUNC_skc_to_unix_sock,
    BPF_FUNC_skc_to_mptcp_sock,
    BPF_FUNC_sock_from_file,
    BPF_FUNC_d_path,
  ],
  [
    [BPF_FUNC_sk_storage_get, "bpf_sk_storage_get_tracing"],
    [BPF_FUNC_sk_storage_delete, "bpf_sk_storage_delete_tracing"],
    [BPF_FUNC_get_socket_cookie, "bpf_get_socket_ptr_cookie"],
    [BPF_FUNC_xdp_get_buff_len, "bpf_xdp_get_buff_len_trace"],
    [BPF_FUNC_seq_printf, isIterator],
    [BPF_FUNC_seq_write, isIterator],
    [BPF_FUNC_seq_printf_btf, isIterator],
    [BPF_FUNC_get_func_arg, hasTrampoline],
    [BPF_FUNC_get_func_ret, hasTrampoline],
    [BPF_FUNC_get_func_arg_cnt, hasTrampoline],
    [
      BPF_FUNC_get_attach_cookie,
      (facts) =>
        facts.expectedAttachType === BPF_TRACE_RAW_TP || hasTrampoline(facts) ? "bpf_get_attach_cookie_tracing" : false,
    ],
    [BPF_FUNC_setsockopt, iteratorSockopt("bpf_sk_setsockopt")],
    [BPF_FUNC_getsockopt, iteratorSockopt("bpf_sk_getsockopt")],
  ],
);

/** `syscall_prog_func_proto`. */
export const SYSCALL_HELPERS: HelperSet = helperSet(
  [BPF_FUNC_btf_find_by_name_kind, BPF_FUNC_sys_close, BPF_FUNC_kallsyms_lookup_name],
  [[BPF_FUNC_sys_bpf, BY_PERFMON]],
);

/** `bpf_lsm_func_proto`, without the socket options that some hooks of control groups have. */
export const LSM_HELPERS: HelperSet = helperSet(
  [
    BPF_FUNC_inode_storage_get,
    BPF_FUNC_inode_storage_delete,
    BPF_FUNC_sk_storage_get,
    BPF_FUNC_sk_storage_delete,
    BPF_FUNC_spin_lock,
    BPF_FUNC_spin_unlock,
    BPF_FUNC_bprm_opts_set,
    BPF_FUNC_ima_inode_hash,
    BPF_FUNC_ima_file_hash,
  ],
  [
    [BPF_FUNC_get_attach_cookie, (facts) => (hasTrampoline(facts) ? "bpf_get_attach_cookie_tracing" : false)],
    [BPF_FUNC_setsockopt, false],
    [BPF_FUNC_getsockopt, false],
  ],
);
