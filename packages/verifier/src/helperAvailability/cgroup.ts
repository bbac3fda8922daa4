/**
 * Helpers of control group hooks.
 *
 * @see v6.18 kernel/bpf/cgroup.c, cgroup_common_func_proto, cgroup_dev_func_proto, sysctl_func_proto
 */

import {
  BPF_CGROUP_INET_EGRESS,
  BPF_CGROUP_INET_INGRESS,
  BPF_CGROUP_INET4_GETPEERNAME,
  BPF_CGROUP_INET4_GETSOCKNAME,
  BPF_CGROUP_INET6_GETPEERNAME,
  BPF_CGROUP_INET6_GETSOCKNAME,
  BPF_CGROUP_SOCK_OPS,
  BPF_CGROUP_UDP4_RECVMSG,
  BPF_CGROUP_UDP6_RECVMSG,
  BPF_CGROUP_UNIX_GETPEERNAME,
  BPF_CGROUP_UNIX_GETSOCKNAME,
  BPF_CGROUP_UNIX_RECVMSG,
} from "@bpf-ts/uapi/attach-types";
import {
  BPF_FUNC_get_local_storage,
  BPF_FUNC_get_retval,
  BPF_FUNC_ktime_get_coarse_ns,
  BPF_FUNC_perf_event_output,
  BPF_FUNC_set_retval,
  BPF_FUNC_sysctl_get_current_value,
  BPF_FUNC_sysctl_get_name,
  BPF_FUNC_sysctl_get_new_value,
  BPF_FUNC_sysctl_set_new_value,
} from "@bpf-ts/uapi/helper-ids";
import type { ProgFacts } from "../types.ts";
import { helperSet } from "./sets.ts";
import type { HelperSet } from "./types.ts";

/** Hooks that have no value to return: told by the expected attach type alone, whatever the program type. */
const WITHOUT_RETVAL: ReadonlySet<number> = new Set([
  BPF_CGROUP_INET_INGRESS,
  BPF_CGROUP_INET_EGRESS,
  BPF_CGROUP_SOCK_OPS,
  BPF_CGROUP_UDP4_RECVMSG,
  BPF_CGROUP_UDP6_RECVMSG,
  BPF_CGROUP_UNIX_RECVMSG,
  BPF_CGROUP_INET4_GETPEERNAME,
  BPF_CGROUP_INET6_GETPEERNAME,
  BPF_CGROUP_UNIX_GETPEERNAME,
  BPF_CGROUP_INET4_GETSOCKNAME,
  BPF_CGROUP_INET6_GETSOCKNAME,
  BPF_CGROUP_UNIX_GETSOCKNAME,
]);

function retvalGrant(facts: ProgFacts): boolean {
  return !WITHOUT_RETVAL.has(facts.expectedAttachType);
}

/** What all control group hooks share. `cgroup_common_func_proto`. */
export const CGROUP_HELPERS: HelperSet = helperSet(
  [BPF_FUNC_get_local_storage],
  [
    [BPF_FUNC_get_retval, retvalGrant],
    [BPF_FUNC_set_retval, retvalGrant],
  ],
);

/** `cgroup_dev_func_proto`. */
export const CGROUP_DEVICE_HELPERS: HelperSet = helperSet([], [[BPF_FUNC_perf_event_output, "bpf_event_output_data"]]);

/** `sysctl_func_proto`. */
export const CGROUP_SYSCTL_HELPERS: HelperSet = helperSet(
  [
    BPF_FUNC_sysctl_get_name,
    BPF_FUNC_sysctl_get_current_value,
    BPF_FUNC_sysctl_get_new_value,
    BPF_FUNC_sysctl_set_new_value,
    BPF_FUNC_ktime_get_coarse_ns,
  ],
  [[BPF_FUNC_perf_event_output, "bpf_event_output_data"]],
);
