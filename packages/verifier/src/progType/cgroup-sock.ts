import {
  BPF_CGROUP_INET_SOCK_CREATE,
  BPF_CGROUP_INET_SOCK_RELEASE,
  BPF_CGROUP_INET4_POST_BIND,
  BPF_CGROUP_INET6_POST_BIND,
} from "@bpf-ts/uapi/attach-types";
import { BPF_PROG_TYPE_CGROUP_SOCK } from "@bpf-ts/uapi/prog-types";
import { EXIT_0_1 } from "./exit.ts";
import { rowsAccess } from "./fields.ts";
import { SOCK_ALWAYS, SOCK_SRC_IP4, SOCK_SRC_IP6, SOCK_SRC_PORT } from "./sock.ts";
import type { ProgTypeRow } from "./types.ts";

const LIFETIME = [BPF_CGROUP_INET_SOCK_CREATE, BPF_CGROUP_INET_SOCK_RELEASE];

/** Creation, release and binding of sockets in a control group. @see v6.18 net/core/filter.c, sock_filter_is_valid_access */
export const CGROUP_SOCK: ProgTypeRow = {
  id: BPF_PROG_TYPE_CGROUP_SOCK,
  name: "cgroup_sock",
  ctxStruct: "bpf_sock",
  ctxAccess: rowsAccess([
    ...SOCK_ALWAYS,
    { from: 0, to: 4, read: 4, write: 4, attach: LIFETIME }, // bound_dev_if
    { from: 16, to: 24, read: 4, write: 4, attach: LIFETIME }, // mark, priority
    { ...SOCK_SRC_IP4, attach: [BPF_CGROUP_INET4_POST_BIND] },
    { ...SOCK_SRC_IP6, attach: [BPF_CGROUP_INET6_POST_BIND] },
    { ...SOCK_SRC_PORT, attach: [BPF_CGROUP_INET4_POST_BIND, BPF_CGROUP_INET6_POST_BIND] },
  ]),
  attachTypes: [...LIFETIME, BPF_CGROUP_INET4_POST_BIND, BPF_CGROUP_INET6_POST_BIND],
  exitRule: () => EXIT_0_1,
  netAdmin: true,
};
