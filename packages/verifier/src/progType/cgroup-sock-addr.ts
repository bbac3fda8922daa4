import {
  BPF_CGROUP_INET4_BIND,
  BPF_CGROUP_INET4_CONNECT,
  BPF_CGROUP_INET4_GETPEERNAME,
  BPF_CGROUP_INET4_GETSOCKNAME,
  BPF_CGROUP_INET6_BIND,
  BPF_CGROUP_INET6_CONNECT,
  BPF_CGROUP_INET6_GETPEERNAME,
  BPF_CGROUP_INET6_GETSOCKNAME,
  BPF_CGROUP_UDP4_RECVMSG,
  BPF_CGROUP_UDP4_SENDMSG,
  BPF_CGROUP_UDP6_RECVMSG,
  BPF_CGROUP_UDP6_SENDMSG,
  BPF_CGROUP_UNIX_CONNECT,
  BPF_CGROUP_UNIX_GETPEERNAME,
  BPF_CGROUP_UNIX_GETSOCKNAME,
  BPF_CGROUP_UNIX_RECVMSG,
  BPF_CGROUP_UNIX_SENDMSG,
} from "@bpf-ts/uapi/attach-types";
import { BPF_PROG_TYPE_CGROUP_SOCK_ADDR } from "@bpf-ts/uapi/prog-types";
import { PTR_TO_SOCKET } from "../state/reg-type.ts";
import { EXIT_0_1, EXIT_0_3, EXIT_1 } from "./exit.ts";
import { NARROW_4, NARROW_8, rowsAccess } from "./fields.ts";
import type { ProgTypeRow } from "./types.ts";

const INET4 = [
  BPF_CGROUP_INET4_BIND,
  BPF_CGROUP_INET4_CONNECT,
  BPF_CGROUP_INET4_GETPEERNAME,
  BPF_CGROUP_INET4_GETSOCKNAME,
  BPF_CGROUP_UDP4_SENDMSG,
  BPF_CGROUP_UDP4_RECVMSG,
];
const INET6 = [
  BPF_CGROUP_INET6_BIND,
  BPF_CGROUP_INET6_CONNECT,
  BPF_CGROUP_INET6_GETPEERNAME,
  BPF_CGROUP_INET6_GETSOCKNAME,
  BPF_CGROUP_UDP6_SENDMSG,
  BPF_CGROUP_UDP6_RECVMSG,
];
const UNIX = [
  BPF_CGROUP_UNIX_CONNECT,
  BPF_CGROUP_UNIX_SENDMSG,
  BPF_CGROUP_UNIX_RECVMSG,
  BPF_CGROUP_UNIX_GETPEERNAME,
  BPF_CGROUP_UNIX_GETSOCKNAME,
];

/** Hooks that can't refuse: receiving, and asking for names. */
const ALWAYS_1: ReadonlySet<number> = new Set([
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

/** Addresses of sockets in a control group. @see v6.18 net/core/filter.c, sock_addr_is_valid_access */
export const CGROUP_SOCK_ADDR: ProgTypeRow = {
  id: BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
  name: "cgroup_sock_addr",
  ctxStruct: "bpf_sock_addr",
  ctxAccess: rowsAccess([
    { from: 0, to: 4, read: 4 }, // user_family
    { from: 4, to: 8, read: NARROW_4, write: 4, fieldSize: 4, attach: INET4 }, // user_ip4
    { from: 8, to: 24, read: NARROW_8, write: 12, fieldSize: 4, attach: INET6 }, // user_ip6, by halves too
    { from: 24, to: 28, read: NARROW_4, write: 4, fieldSize: 4 }, // user_port
    { from: 28, to: 40, read: 4 }, // family, type, protocol
    { from: 40, to: 44, read: NARROW_4, write: 4, fieldSize: 4, attach: [BPF_CGROUP_UDP4_SENDMSG] }, // msg_src_ip4
    { from: 44, to: 60, read: NARROW_8, write: 12, fieldSize: 4, attach: [BPF_CGROUP_UDP6_SENDMSG] }, // msg_src_ip6
    { from: 64, to: 72, read: 8, type: PTR_TO_SOCKET },
  ]),
  attachTypes: [...INET4, ...INET6, ...UNIX],
  exitRule: ({ expectedAttachType }) => {
    if (ALWAYS_1.has(expectedAttachType)) return EXIT_1;
    return expectedAttachType === BPF_CGROUP_INET4_BIND || expectedAttachType === BPF_CGROUP_INET6_BIND
      ? EXIT_0_3
      : EXIT_0_1;
  },
  netAdmin: true,
};
