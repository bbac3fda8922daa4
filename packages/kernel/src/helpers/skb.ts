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

/** Replaces `from` by `to` in what the checksum `sum` is of. All in memory order. @see RFC 1624 */
function replace(sum: number, from: number, to: number): number {
  const without = add32(~sum & 0xffff, ~from >>> 0);
  return ~fold16(add32(without, to >>> 0)) & 0xffff;
}

/** The new checksum after a field of `size` bytes went from `from` to `to`; undefined for sizes that there are not. */
function updated(sum: number, size: number, from: number, to: number): number | undefined {
  if (size === 0) return ~fold16(add32(to >>> 0, ~sum & 0xffff)) & 0xffff;
  if (size === 2) return replace(sum, from & 0xffff, to & 0xffff);
  return size === 4 ? replace(sum, from, to) : undefined;
}

function replacer(name: string, allowed: number): HelperFactory {
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
      const sum = updated(old, size, from, to);
      if (sum === undefined) return -EINVAL;
      memory.setU16(at, mayBeAbsent && sum === 0 ? MANGLED_0 : sum);
      return 0;
    },
  });
}

/** `bpf_l3_csum_replace` */
export const l3CsumReplace: HelperFactory = replacer("bpf_l3_csum_replace", FIELD_MASK);
/** `bpf_l4_csum_replace` */
export const l4CsumReplace: HelperFactory = replacer("bpf_l4_csum_replace", L4_FLAGS);
