import { BPF_CGROUP_GETSOCKOPT, BPF_CGROUP_SETSOCKOPT } from "@bpf-ts/uapi/attach-types";
import { BPF_PROG_TYPE_CGROUP_SOCKOPT } from "@bpf-ts/uapi/prog-types";
import { PTR_TO_PACKET, PTR_TO_PACKET_END, PTR_TO_SOCKET } from "../state/reg-type.ts";
import { EXIT_0_1 } from "./exit.ts";
import { rowsAccess } from "./fields.ts";
import type { ProgTypeRow } from "./types.ts";

/**
 * getsockopt and setsockopt in a control group; the option's value is a "packet".
 *
 * @see v6.18 kernel/bpf/cgroup.c, cg_sockopt_is_valid_access
 */
export const CGROUP_SOCKOPT: ProgTypeRow = {
  id: BPF_PROG_TYPE_CGROUP_SOCKOPT,
  name: "cgroup_sockopt",
  ctxStruct: "bpf_sockopt",
  ctxAccess: rowsAccess([
    { from: 0, to: 8, read: 8, type: PTR_TO_SOCKET },
    { from: 8, to: 16, read: 8, type: PTR_TO_PACKET }, // optval
    { from: 16, to: 24, read: 8, type: PTR_TO_PACKET_END }, // optval_end
    { from: 24, to: 36, read: 4 }, // level, optname, optlen
    { from: 24, to: 32, write: 4, attach: [BPF_CGROUP_SETSOCKOPT] }, // level, optname
    { from: 32, to: 36, write: 4 }, // optlen
    { from: 36, to: 40, read: 4, write: 4, attach: [BPF_CGROUP_GETSOCKOPT] }, // retval
  ]),
  pktRead: true,
  pktWrite: true,
  pktInAnyHelper: true,
  attachTypes: [BPF_CGROUP_GETSOCKOPT, BPF_CGROUP_SETSOCKOPT],
  exitRule: () => EXIT_0_1,
  netAdmin: true,
};
