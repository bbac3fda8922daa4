import { BPF_PROG_TYPE_SK_SKB } from "@bpf-ts/uapi/prog-types";
import { EXIT_ANY } from "./exit.ts";
import { rowsAccess } from "./fields.ts";
import {
  SKB_COMMON,
  SKB_DATA,
  SKB_HEAD_WITHOUT_MARK,
  SKB_PRIORITY_WRITE,
  SKB_SOCKET,
  SKB_TC_INDEX_WRITE,
} from "./skb.ts";
import type { ProgTypeRow } from "./types.ts";

/** Stream parsers and verdicts of sockmaps. @see v6.18 net/core/filter.c, sk_skb_is_valid_access */
export const SK_SKB: ProgTypeRow = {
  id: BPF_PROG_TYPE_SK_SKB,
  name: "sk_skb",
  ctxStruct: "__sk_buff",
  ctxAccess: rowsAccess([
    ...SKB_HEAD_WITHOUT_MARK,
    ...SKB_COMMON,
    ...SKB_DATA,
    ...SKB_SOCKET,
    SKB_PRIORITY_WRITE,
    SKB_TC_INDEX_WRITE,
  ]),
  pktRead: true,
  pktWrite: true,
  exitRule: () => EXIT_ANY,
  netAdmin: true,
};
