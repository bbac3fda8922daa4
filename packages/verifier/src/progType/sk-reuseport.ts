import { BPF_SK_REUSEPORT_SELECT, BPF_SK_REUSEPORT_SELECT_OR_MIGRATE } from "@bpf-ts/uapi/attach-types";
import { BPF_PROG_TYPE_SK_REUSEPORT } from "@bpf-ts/uapi/prog-types";
import {
  PTR_MAYBE_NULL,
  PTR_TO_PACKET,
  PTR_TO_PACKET_END,
  PTR_TO_SOCK_COMMON,
  PTR_TO_SOCKET,
} from "../state/reg-type.ts";
import { EXIT_ANY } from "./exit.ts";
import { NARROW_4, rowsAccess } from "./fields.ts";
import type { ProgTypeRow } from "./types.ts";

/** Choice among sockets that share a port. @see v6.18 net/core/filter.c, sk_reuseport_is_valid_access */
export const SK_REUSEPORT: ProgTypeRow = {
  id: BPF_PROG_TYPE_SK_REUSEPORT,
  name: "sk_reuseport",
  ctxStruct: "sk_reuseport_md",
  ctxAccess: rowsAccess([
    { from: 0, to: 8, read: 8, type: PTR_TO_PACKET },
    { from: 8, to: 16, read: 8, type: PTR_TO_PACKET_END },
    { from: 16, to: 20, read: NARROW_4, fieldSize: 4 }, // len
    { from: 20, to: 24, read: 6, fieldSize: 4 }, // eth_protocol: not less than its 2 bytes
    { from: 24, to: 32, read: NARROW_4, fieldSize: 4 }, // ip_protocol, bind_inany
    { from: 32, to: 36, read: 4 }, // hash
    { from: 40, to: 48, read: 8, type: PTR_TO_SOCKET },
    { from: 48, to: 56, read: 8, type: PTR_TO_SOCK_COMMON | PTR_MAYBE_NULL }, // migrating_sk
  ]),
  pktRead: true,
  attachTypes: [BPF_SK_REUSEPORT_SELECT, BPF_SK_REUSEPORT_SELECT_OR_MIGRATE],
  exitRule: () => EXIT_ANY,
};
