import type { Machine } from "../machine.ts";

/** Bytes of an Ethernet header: the shortest input that is a frame. */
export const ETH_HLEN = 14;
/** A test run's packet lies in one page. */
export const PAGE_SIZE = 4096;
/** Room behind the packet that it never grows into: `struct skb_shared_info`, 320 bytes on x86-64. */
export const TAILROOM = 320;

/** A packet in memory: one page without the room that the kernel keeps for itself at the end, [headroom | data | room to grow]. */
export interface PacketBuffer {
  /** Address of the packet's first byte. */
  readonly data: number;
  /** One past its last byte. */
  readonly end: number;
}

/** Runs `use` with the packet in memory of its own, so that accesses beyond it are caught. @throws MemoryError ENOMEM */
export function withPacket<T>(
  machine: Machine,
  input: Uint8Array,
  headroom: number,
  use: (packet: PacketBuffer) => T,
): T {
  const base = machine.memory.alloc(PAGE_SIZE - TAILROOM, { align: 16, label: "packet" });
  try {
    const data = base + headroom;
    machine.memory.u8.set(input, data);
    return use({ data, end: data + input.length });
  } finally {
    machine.memory.free(base);
  }
}
