import { BPF_CGROUP_INET_EGRESS, BPF_CGROUP_INET_INGRESS } from "@bpf-ts/uapi/attach-types";
import { BPF_PROG_TYPE_CGROUP_SKB } from "@bpf-ts/uapi/prog-types";
import { EXIT_0_1, EXIT_0_3 } from "./exit.ts";
import { type FieldRow, rowsAccess } from "./fields.ts";
import {
  SKB_CB_WRITE,
  SKB_COMMON,
  SKB_DATA,
  SKB_HEAD,
  SKB_HWTSTAMP,
  SKB_MARK_WRITE,
  SKB_PRIORITY_WRITE,
  SKB_SOCKET,
  SKB_TSTAMP,
} from "./skb.ts";
import type { ProgTypeRow } from "./types.ts";

const ROWS: readonly FieldRow[] = [
  ...SKB_HEAD,
  ...SKB_COMMON,
  ...SKB_DATA.map((row): FieldRow => ({ ...row, needsBpf: true })),
  ...SKB_SOCKET,
  SKB_TSTAMP,
  SKB_HWTSTAMP,
  SKB_MARK_WRITE,
  SKB_PRIORITY_WRITE,
  SKB_CB_WRITE,
  { from: 152, to: 160, write: 8, needsBpf: true }, // tstamp
];

/** Packets in and out of a control group. @see v6.18 net/core/filter.c, cg_skb_is_valid_access */
export const CGROUP_SKB: ProgTypeRow = {
  id: BPF_PROG_TYPE_CGROUP_SKB,
  name: "cgroup_skb",
  ctxStruct: "__sk_buff",
  ctxAccess: rowsAccess(ROWS),
  pktRead: true,
  attachTypes: [BPF_CGROUP_INET_INGRESS, BPF_CGROUP_INET_EGRESS],
  exitRule: (facts) => (facts.expectedAttachType === BPF_CGROUP_INET_EGRESS ? EXIT_0_3 : EXIT_0_1),
  unprivileged: true,
  testRun: "skb",
};
