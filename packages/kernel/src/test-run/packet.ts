import { EINVAL } from "@bpf-ts/uapi/errno";
import { KernelError } from "../error.ts";
import type { Machine } from "../machine.ts";

/** Bytes of an Ethernet header: the shortest input that is a frame. */
export const ETH_HLEN = 14;
/** XDP_PACKET_HEADROOM: room before the packet that programs may grow into. */
export const HEADROOM = 256;
/** Room behind the packet. @see v6.18 include/linux/skbuff.h, struct skb_shared_info, 320 bytes on x86-64 */
export const TAILROOM = 320;

/** A packet in memory: [headroom | data | tailroom]. */
export interface PacketBuffer {
  /** Address of the headroom's first byte. */
  readonly base: number;
  /** Address of the packet's first byte. */
  data: number;
  /** One past its last byte. */
  end: number;
  /** One past the last byte that the packet may grow to. */
  readonly limit: number;
}

/** Runs `use` with the packet in memory of its own, so that accesses beyond it are caught. @throws KernelError EINVAL */
export function withPacket<T>(
  machine: Machine,
  input: Uint8Array,
  maxSize: number,
  use: (packet: PacketBuffer) => T,
): T {
  if (input.length < ETH_HLEN || input.length > maxSize) {
    throw new KernelError(EINVAL, `data_in of ${input.length} bytes: allowed are ${ETH_HLEN}..${maxSize}`);
  }
  const size = HEADROOM + input.length + TAILROOM;
  const base = machine.memory.alloc(size, { align: 16, label: "packet" });
  try {
    const data = base + HEADROOM;
    machine.memory.u8.set(input, data);
    return use({ base, data, end: data + input.length, limit: base + size });
  } finally {
    machine.memory.free(base);
  }
}
