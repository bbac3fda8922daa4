import { BPF_PROG_TYPE_SOCK_OPS } from "@bpf-ts/uapi/prog-types";
import { PTR_MAYBE_NULL, PTR_TO_PACKET, PTR_TO_PACKET_END, PTR_TO_SOCKET } from "../state/reg-type.ts";
import { EXIT_0_1 } from "./exit.ts";
import { NARROW_4, rowsAccess } from "./fields.ts";
import type { ProgTypeRow } from "./types.ts";

/** Events of TCP sockets. @see v6.18 net/core/filter.c, sock_ops_is_valid_access */
export const SOCK_OPS: ProgTypeRow = {
  id: BPF_PROG_TYPE_SOCK_OPS,
  name: "sock_ops",
  ctxStruct: "bpf_sock_ops",
  ctxAccess: rowsAccess([
    { from: 0, to: 168, read: 4 }, // op … sk_txhash
    { from: 4, to: 8, write: 4 }, // reply
    { from: 164, to: 168, write: 4 }, // sk_txhash
    { from: 168, to: 184, read: 8 }, // bytes_received, bytes_acked
    { from: 184, to: 192, read: 8, type: PTR_TO_SOCKET | PTR_MAYBE_NULL },
    { from: 192, to: 200, read: 8, type: PTR_TO_PACKET },
    { from: 200, to: 208, read: 8, type: PTR_TO_PACKET_END },
    { from: 208, to: 212, read: 4 }, // skb_len
    { from: 212, to: 216, read: NARROW_4, fieldSize: 4, start: true }, // skb_tcp_flags
    { from: 216, to: 224, read: 8 }, // skb_hwtstamp
  ]),
  exitRule: () => EXIT_0_1,
  netAdmin: true,
};
