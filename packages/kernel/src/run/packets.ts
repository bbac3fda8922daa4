import type { Memory } from "@bpf-ts/memory";
import {
  BPF_PROG_TYPE_CGROUP_SKB,
  BPF_PROG_TYPE_LWT_IN,
  BPF_PROG_TYPE_LWT_OUT,
  BPF_PROG_TYPE_LWT_SEG6LOCAL,
  BPF_PROG_TYPE_LWT_XMIT,
  BPF_PROG_TYPE_SCHED_ACT,
  BPF_PROG_TYPE_SCHED_CLS,
  BPF_PROG_TYPE_SK_SKB,
  BPF_PROG_TYPE_SOCKET_FILTER,
  BPF_PROG_TYPE_XDP,
} from "@bpf-ts/uapi/prog-types";

/** Byte offsets of `data` and `data_end` in a context. */
type PacketFields = readonly [data: number, dataEnd: number];

const SK_BUFF: PacketFields = [76, 80];
const FIELDS: Readonly<Record<number, PacketFields>> = {
  [BPF_PROG_TYPE_XDP]: [0, 4],
  [BPF_PROG_TYPE_SOCKET_FILTER]: SK_BUFF,
  [BPF_PROG_TYPE_SCHED_CLS]: SK_BUFF,
  [BPF_PROG_TYPE_SCHED_ACT]: SK_BUFF,
  [BPF_PROG_TYPE_CGROUP_SKB]: SK_BUFF,
  [BPF_PROG_TYPE_LWT_IN]: SK_BUFF,
  [BPF_PROG_TYPE_LWT_OUT]: SK_BUFF,
  [BPF_PROG_TYPE_LWT_XMIT]: SK_BUFF,
  [BPF_PROG_TYPE_LWT_SEG6LOCAL]: SK_BUFF,
  [BPF_PROG_TYPE_SK_SKB]: SK_BUFF,
};

/** How programs of a type get at the packet that their context describes; undefined for those that have none. */
export function packetReader(
  memory: Memory,
  progType: number,
): ((ctx: number) => { address: number; size: number }) | undefined {
  const fields = FIELDS[progType];
  if (fields === undefined) return undefined;
  const [data, dataEnd] = fields;
  return (ctx) => {
    const address = memory.getU32((ctx >>> 0) + data);
    return { address, size: memory.getU32((ctx >>> 0) + dataEnd) - address };
  };
}
