import { BPF_PROG_TYPE_SCHED_ACT, BPF_PROG_TYPE_SCHED_CLS } from "@bpf-ts/uapi/prog-types";
import { EXIT_ANY } from "./exit.ts";
import { NARROW_4, rowsAccess } from "./fields.ts";
import {
  SKB_CB_WRITE,
  SKB_COMMON,
  SKB_DATA,
  SKB_DATA_META,
  SKB_HEAD,
  SKB_HWTSTAMP,
  SKB_MARK_WRITE,
  SKB_PRIORITY_WRITE,
  SKB_QUEUE_MAPPING_WRITE,
  SKB_TC_CLASSID_WRITE,
  SKB_TC_INDEX_WRITE,
} from "./skb.ts";
import type { ProgTypeRow } from "./types.ts";

/** Traffic control: classifiers. @see v6.18 net/core/filter.c, tc_cls_act_is_valid_access */
export const SCHED_CLS: ProgTypeRow = {
  id: BPF_PROG_TYPE_SCHED_CLS,
  name: "sched_cls",
  ctxStruct: "__sk_buff",
  ctxAccess: rowsAccess([
    ...SKB_HEAD,
    ...SKB_COMMON,
    ...SKB_DATA,
    SKB_DATA_META,
    SKB_HWTSTAMP,
    { from: 72, to: 76, read: NARROW_4, fieldSize: 4 }, // tc_classid
    { from: 152, to: 160, read: 8, write: 8 }, // tstamp
    { from: 160, to: 164, read: NARROW_4, fieldSize: 4 }, // wire_len
    { from: 180, to: 181, read: 1 }, // tstamp_type
    SKB_MARK_WRITE,
    SKB_QUEUE_MAPPING_WRITE,
    SKB_PRIORITY_WRITE,
    SKB_TC_INDEX_WRITE,
    SKB_TC_CLASSID_WRITE,
    SKB_CB_WRITE,
  ]),
  pktRead: true,
  pktWrite: true,
  ldAbs: true,
  exitRule: () => EXIT_ANY,
  netAdmin: true,
  testRun: "skb",
};

/** Traffic control: actions. The same context. */
export const SCHED_ACT: ProgTypeRow = { ...SCHED_CLS, id: BPF_PROG_TYPE_SCHED_ACT, name: "sched_act" };
