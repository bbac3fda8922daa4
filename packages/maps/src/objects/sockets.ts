import type { Memory } from "@bpf-ts/memory";
import { BPF_F_NUMA_NODE, BPF_F_RDONLY, BPF_F_WRONLY } from "@bpf-ts/uapi/map-flags";

/** Creation flags of socket maps. */
export const SOCK_FLAGS: number = BPF_F_NUMA_NODE | BPF_F_RDONLY | BPF_F_WRONLY;

/** The fd in a value of 4 or 8 bytes, -1 if it is none (above 2³¹ - 1). */
export function socketFd(memory: Memory, value: number, valueSize: number): number {
  const low = memory.getU32(value);
  const high = valueSize === 8 ? memory.getU32(value + 4) : 0;
  return high !== 0 || low > 0x7fff_ffff ? -1 : low;
}
