import type { Memory } from "@bpf-ts/memory";
import { EFAULT, EINVAL, ENOMEM } from "@bpf-ts/uapi/errno";
import { high } from "./args.ts";
import { add32, fold16 } from "./csum.ts";
import type { HelperFactory } from "./env.ts";

/**
 * Packets of programs whose context is a `struct __sk_buff`. They are linear here, so nothing has to be pulled in first.
 *
 * @see v6.18 net/core/filter.c
 */

/** `data` and `data_end` of `struct __sk_buff`, byte offsets. */
const SKB_DATA = 76;
const SKB_DATA_END = 80;

/** BPF_F_RECOMPUTE_CSUM | BPF_F_INVALIDATE_HASH: nothing depends on either here. */
const STORE_FLAGS = 3;
/** BPF_F_HDR_FIELD_MASK */
const FIELD_MASK = 0xf;
/** BPF_F_MARK_MANGLED_0 */
const MARK_MANGLED_0 = 0x20;
/** BPF_F_MARK_ENFORCE */
const MARK_ENFORCE = 0x40;
/** With BPF_F_PSEUDO_HDR and BPF_F_IPV6, which matter for checksums that hardware has computed. */
const L4_FLAGS = FIELD_MASK | 0x10 | MARK_MANGLED_0 | MARK_ENFORCE | 0x80;
/** CSUM_MANGLED_0: how UDP writes a checksum of 0. */
const MANGLED_0 = 0xffff;
const LARGEST_OFFSET = 0xffff;

/** Address of `length` bytes at `offset` of the packet; -1 if they are not all in it. */
function packetAt(memory: Memory, skb: number, offset: number, length: number): number {
  const start = memory.getU32(skb + SKB_DATA);
  const end = memory.getU32(skb + SKB_DATA_END);
  const at = start + (offset >>> 0);
  return offset >= 0 && at + (length >>> 0) <= end ? at : -1;
}

/** `bpf_skb_load_bytes`: -EFAULT, after zeroing the target, if they are not all there. */
export const skbLoadBytes: HelperFactory = (k) => ({
  name: "bpf_skb_load_bytes",
  run: (_run, skb, offset, target, length) => {
    const { memory } = k;
    const to = target >>> 0;
    const size = length >>> 0;
    const from = packetAt(memory, skb, offset, size);
    if (from < 0) {
      memory.u8.fill(0, to, to + size);
      return -EFAULT;
    }
    memory.u8.copyWithin(to, from, from + size);
    return 0;
  },
});

/** `bpf_skb_store_bytes` */
export const skbStoreBytes: HelperFactory = (k) => ({
  name: "bpf_skb_store_bytes",
  wide: "args",
  run: (run, skb, offset, source, length, flags) => {
    if ((flags & ~STORE_FLAGS) !== 0 || high(run, 5) !== 0) return -EINVAL;
    const to = packetAt(k.memory, skb, offset, length);
    if (to < 0) return -EFAULT;
    k.memory.u8.copyWithin(to, source >>> 0, (source >>> 0) + (length >>> 0));
    return 0;
  },
});

/** `bpf_skb_pull_data`: -ENOMEM for more than the packet has. */
export const skbPullData: HelperFactory = (k) => ({
  name: "bpf_skb_pull_data",
  run: (_run, skb, length) => (packetAt(k.memory, skb, 0, length) < 0 ? -ENOMEM : 0),
});

/** Sum of two 16-bit sums. */
function add16(a: number, b: number): number {
  const sum = a + b;
  return sum > 0xffff ? sum - 0xffff : sum;
}

/** How a checksum changes when a field goes from one value to another, all in memory order. @see RFC 1624; v6.18 include/net/checksum.h */
const replace16 = (sum: number, from: number, to: number): number =>
  ~add16(add16(~sum & 0xffff, ~from & 0xffff), to & 0xffff) & 0xffff;

const replace32 = (sum: number, from: number, to: number): number =>
  ~fold16(add32(add32(~sum >>> 0, ~from >>> 0), to >>> 0)) & 0xffff;

const replaceByDifference = (sum: number, _from: number, difference: number): number =>
  ~fold16(add32(difference >>> 0, ~sum >>> 0)) & 0xffff;

/** Layer 3 and layer 4 do fields of 2 bytes differently, which shows where the sum is 0. */
const L3: ReadonlyMap<number, typeof replace16> = new Map([
  [0, replaceByDifference],
  [2, replace16],
  [4, replace32],
]);
const L4: ReadonlyMap<number, typeof replace16> = new Map([
  [0, replaceByDifference],
  [2, (sum, from, to) => replace32(sum, from & 0xffff, to & 0xffff)],
  [4, replace32],
]);

function replacer(name: string, allowed: number, bySize: typeof L3): HelperFactory {
  return (k) => ({
    name,
    wide: "args",
    run: (run, skb, offset, from, to, flags) => {
      const { memory } = k;
      if ((flags & ~allowed) !== 0 || high(run, 5) !== 0) return -EINVAL;
      if (offset >>> 0 > LARGEST_OFFSET || (offset & 1) !== 0) return -EFAULT;
      const at = packetAt(memory, skb, offset, 2);
      if (at < 0) return -EFAULT;
      const old = memory.getU16(at);
      const mayBeAbsent = (flags & MARK_MANGLED_0) !== 0;
      if (mayBeAbsent && (flags & MARK_ENFORCE) === 0 && old === 0) return 0;
      const size = flags & FIELD_MASK;
      if (size === 0 && (from !== 0 || high(run, 3) !== 0)) return -EINVAL;
      const sum = bySize.get(size)?.(old, from, to);
      if (sum === undefined) return -EINVAL;
      memory.setU16(at, mayBeAbsent && sum === 0 ? MANGLED_0 : sum);
      return 0;
    },
  });
}

/** `bpf_l3_csum_replace` */
export const l3CsumReplace: HelperFactory = replacer("bpf_l3_csum_replace", FIELD_MASK, L3);
/** `bpf_l4_csum_replace` */
export const l4CsumReplace: HelperFactory = replacer("bpf_l4_csum_replace", L4_FLAGS, L4);
