import { BPF_PROG_TYPE_SOCKET_FILTER } from "@bpf-ts/uapi/prog-types";
import { EXIT_ANY } from "./exit.ts";
import { rowsAccess } from "./fields.ts";
import { SKB_CB_WRITE, SKB_COMMON, SKB_HEAD } from "./skb.ts";
import type { ProgTypeRow } from "./types.ts";

/** Filters of sockets. @see v6.18 net/core/filter.c, sk_filter_is_valid_access */
export const SOCKET_FILTER: ProgTypeRow = {
  id: BPF_PROG_TYPE_SOCKET_FILTER,
  name: "socket_filter",
  ctxStruct: "__sk_buff",
  ctxAccess: rowsAccess([...SKB_HEAD, ...SKB_COMMON, SKB_CB_WRITE]),
  ldAbs: true,
  exitRule: () => EXIT_ANY,
  unprivileged: true,
  testRun: "skb",
};
