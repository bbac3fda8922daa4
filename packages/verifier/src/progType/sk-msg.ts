import { BPF_PROG_TYPE_SK_MSG } from "@bpf-ts/uapi/prog-types";
import { PTR_TO_PACKET, PTR_TO_PACKET_END, PTR_TO_SOCKET } from "../state/reg-type.ts";
import { EXIT_ANY } from "./exit.ts";
import { rowsAccess } from "./fields.ts";
import type { ProgTypeRow } from "./types.ts";

/** Messages that sockmaps send on. @see v6.18 net/core/filter.c, sk_msg_is_valid_access */
export const SK_MSG: ProgTypeRow = {
  id: BPF_PROG_TYPE_SK_MSG,
  name: "sk_msg",
  ctxStruct: "sk_msg_md",
  ctxAccess: rowsAccess([
    { from: 0, to: 8, read: 8, type: PTR_TO_PACKET },
    { from: 8, to: 16, read: 8, type: PTR_TO_PACKET_END },
    { from: 16, to: 72, read: 4 }, // family … size
    { from: 72, to: 80, read: 8, type: PTR_TO_SOCKET },
  ]),
  pktRead: true,
  pktWrite: true,
  exitRule: () => EXIT_ANY,
  netAdmin: true,
};
