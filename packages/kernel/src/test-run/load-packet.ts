import type { Memory } from "@bpf-ts/memory";
import { SK_BUFF } from "./skb.ts";

/**
 * The legacy packet loads: bytes of the packet that a `struct __sk_buff` describes, in host order; -1 if they are not there. Offsets relative to
 * headers (negative ones) are not known here and answer -1, as for a packet without them.
 *
 * @see v6.18 net/core/filter.c, bpf_skb_load_helper_8 and its family
 */
export function loadPacket(memory: Memory, ctx: number, offset: number, size: number): number {
  if (offset < 0) return -1;
  const data = memory.getU32(ctx + SK_BUFF.data);
  const end = memory.getU32(ctx + SK_BUFF.dataEnd);
  const at = data + offset;
  if (at + size > end) return -1;
  let value = 0;
  for (let i = 0; i < size; i++) value = value * 256 + memory.getU8(at + i);
  return value;
}
