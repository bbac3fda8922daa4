import {
  BPF_PROG_TYPE_LWT_IN,
  BPF_PROG_TYPE_LWT_OUT,
  BPF_PROG_TYPE_LWT_SEG6LOCAL,
  BPF_PROG_TYPE_LWT_XMIT,
} from "@bpf-ts/uapi/prog-types";
import { EXIT_ANY } from "./exit.ts";
import { rowsAccess } from "./fields.ts";
import { SKB_CB_WRITE, SKB_COMMON, SKB_DATA, SKB_HEAD, SKB_MARK_WRITE, SKB_PRIORITY_WRITE } from "./skb.ts";
import type { ProgTypeRow } from "./types.ts";

/** What the four hooks of lightweight tunnels share. @see v6.18 net/core/filter.c, lwt_is_valid_access */
const LWT = {
  ctxStruct: "__sk_buff",
  ctxAccess: rowsAccess([...SKB_HEAD, ...SKB_COMMON, ...SKB_DATA, SKB_MARK_WRITE, SKB_PRIORITY_WRITE, SKB_CB_WRITE]),
  pktRead: true,
  exitRule: () => EXIT_ANY,
  netAdmin: true,
} satisfies Partial<ProgTypeRow>;

export const LWT_IN: ProgTypeRow = { ...LWT, id: BPF_PROG_TYPE_LWT_IN, name: "lwt_in", testRun: "skb" };
export const LWT_OUT: ProgTypeRow = { ...LWT, id: BPF_PROG_TYPE_LWT_OUT, name: "lwt_out", testRun: "skb" };
/** The only one that may write to the packet. */
export const LWT_XMIT: ProgTypeRow = {
  ...LWT,
  id: BPF_PROG_TYPE_LWT_XMIT,
  name: "lwt_xmit",
  pktWrite: true,
  testRun: "skb",
};
export const LWT_SEG6LOCAL: ProgTypeRow = { ...LWT, id: BPF_PROG_TYPE_LWT_SEG6LOCAL, name: "lwt_seg6local" };
