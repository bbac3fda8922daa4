import { BPF_PROG_TYPE_FLOW_DISSECTOR } from "@bpf-ts/uapi/prog-types";
import { PTR_TO_FLOW_KEYS } from "../state/reg-type.ts";
import { EXIT_ANY } from "./exit.ts";
import { rowsAccess } from "./fields.ts";
import { SKB_DATA } from "./skb.ts";
import type { ProgTypeRow } from "./types.ts";

/** Flow dissectors: data, data_end and flow_keys alone. @see v6.18 net/core/filter.c, flow_dissector_is_valid_access */
export const FLOW_DISSECTOR: ProgTypeRow = {
  id: BPF_PROG_TYPE_FLOW_DISSECTOR,
  name: "flow_dissector",
  ctxStruct: "__sk_buff",
  ctxAccess: rowsAccess([...SKB_DATA, { from: 144, to: 152, read: 8, type: PTR_TO_FLOW_KEYS }]),
  pktRead: true,
  exitRule: () => EXIT_ANY,
  netAdmin: true,
  testRun: "flow_dissector",
};
