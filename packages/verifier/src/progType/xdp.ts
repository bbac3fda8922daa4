import { BPF_XDP_DEVMAP } from "@bpf-ts/uapi/attach-types";
import { BPF_PROG_TYPE_XDP } from "@bpf-ts/uapi/prog-types";
import { PTR_TO_PACKET, PTR_TO_PACKET_END, PTR_TO_PACKET_META } from "../state/reg-type.ts";
import { EXIT_ANY } from "./exit.ts";
import { rowsAccess } from "./fields.ts";
import type { ProgTypeRow } from "./types.ts";

/** Packets as drivers see them. @see v6.18 net/core/filter.c, xdp_is_valid_access */
export const XDP: ProgTypeRow = {
  id: BPF_PROG_TYPE_XDP,
  name: "xdp",
  ctxStruct: "xdp_md",
  ctxAccess: rowsAccess([
    { from: 0, to: 4, read: 4, type: PTR_TO_PACKET },
    { from: 4, to: 8, read: 4, type: PTR_TO_PACKET_END },
    { from: 8, to: 12, read: 4, type: PTR_TO_PACKET_META },
    { from: 12, to: 20, read: 4 }, // ingress_ifindex, rx_queue_index
    { from: 20, to: 24, read: 4, attach: [BPF_XDP_DEVMAP] }, // egress_ifindex
  ]),
  pktRead: true,
  pktWrite: true,
  exitRule: () => EXIT_ANY,
  netAdmin: true,
  testRun: "xdp",
};
