/**
 * `struct __sk_buff`: the rows that program types over packets put together. Bytes 144–151 (flow_keys) and the padding 181–183 are in none
 * of them but the flow dissector's.
 *
 * @see v6.18 net/core/filter.c, bpf_skb_is_valid_access; include/uapi/linux/bpf.h, struct __sk_buff
 */
import {
  PTR_MAYBE_NULL,
  PTR_TO_PACKET,
  PTR_TO_PACKET_END,
  PTR_TO_PACKET_META,
  PTR_TO_SOCK_COMMON,
} from "../state/reg-type.ts";
import { type FieldRow, NARROW_4, NARROW_8 } from "./fields.ts";

const PTR_TO_SOCK_COMMON_OR_NULL = PTR_TO_SOCK_COMMON | PTR_MAYBE_NULL;

/** What every one may read: hash, napi_id, gso_segs, gso_size, cb, sk. */
export const SKB_COMMON: readonly FieldRow[] = [
  { from: 48, to: 68, read: NARROW_8 },
  { from: 68, to: 72, read: NARROW_4, fieldSize: 4 },
  { from: 84, to: 88, read: NARROW_4, fieldSize: 4 },
  { from: 164, to: 168, read: NARROW_4, fieldSize: 4 },
  { from: 168, to: 176, read: 8, type: PTR_TO_SOCK_COMMON_OR_NULL },
  { from: 176, to: 180, read: NARROW_4, fieldSize: 4 },
];

/** len … tc_index, all readable. */
export const SKB_HEAD: readonly FieldRow[] = [{ from: 0, to: 48, read: NARROW_4, fieldSize: 4 }];

/** len … tc_index without mark. */
export const SKB_HEAD_WITHOUT_MARK: readonly FieldRow[] = [
  { from: 0, to: 8, read: NARROW_4, fieldSize: 4 },
  { from: 12, to: 48, read: NARROW_4, fieldSize: 4 },
];

/** cb[0] … cb[4], writable. */
export const SKB_CB_WRITE: FieldRow = { from: 48, to: 68, write: NARROW_8 };

/** data and data_end. */
export const SKB_DATA: readonly FieldRow[] = [
  { from: 76, to: 80, read: 4, type: PTR_TO_PACKET },
  { from: 80, to: 84, read: 4, type: PTR_TO_PACKET_END },
];

/** data_meta. */
export const SKB_DATA_META: FieldRow = { from: 140, to: 144, read: 4, type: PTR_TO_PACKET_META };

/** family … local_port; addresses as a whole only. */
export const SKB_SOCKET: readonly FieldRow[] = [
  { from: 88, to: 92, read: NARROW_4, fieldSize: 4 },
  { from: 92, to: 132, read: 4 },
  { from: 132, to: 140, read: NARROW_4, fieldSize: 4 },
];

/** tstamp, readable. */
export const SKB_TSTAMP: FieldRow = { from: 152, to: 160, read: 8 };

/** hwtstamp. */
export const SKB_HWTSTAMP: FieldRow = { from: 184, to: 192, read: 8 };

/** A u32 that may be written as a whole. */
function writable(from: number): FieldRow {
  return { from, to: from + 4, write: 4 };
}

export const SKB_MARK_WRITE: FieldRow = writable(8);
export const SKB_QUEUE_MAPPING_WRITE: FieldRow = writable(12);
export const SKB_PRIORITY_WRITE: FieldRow = writable(32);
export const SKB_TC_INDEX_WRITE: FieldRow = writable(44);
export const SKB_TC_CLASSID_WRITE: FieldRow = writable(72);
