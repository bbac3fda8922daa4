import type { Memory } from "@bpf-ts/memory";
import type { HelperFactory } from "./env.ts";

/**
 * Internet checksums (RFC 1071): sums of 16-bit words in ones' complement, which a sum of 32-bit words contains.
 *
 * @see v6.18 net/core/filter.c, bpf_csum_diff
 */

const TWO32 = 0x1_0000_0000;

/** Adds the carries until 32 bits are left; only 0 becomes 0. */
function fold32(sum: number): number {
  let folded = sum;
  while (folded >= TWO32) folded = (folded % TWO32) + Math.floor(folded / TWO32);
  return folded;
}

/** Sum of the 32-bit words on top of `seed`; zeros complete the last one. */
function partial(memory: Memory, address: number, size: number, seed: number): number {
  let sum = seed;
  // Exact in a double: at most 2^30 words.
  const words = size & ~3;
  for (let at = 0; at < words; at += 4) sum += memory.getU32(address + at);
  for (let at = words; at < size; at++) sum += memory.getU8(address + at) * 2 ** (8 * (at - words));
  return fold32(sum);
}

/** Sum of two 32-bit sums. */
export function add32(a: number, b: number): number {
  return fold32(a + b);
}

/** A 32-bit sum as one of 16 bits. */
export function fold16(sum: number): number {
  const folded = (sum & 0xffff) + (sum >>> 16);
  return (folded & 0xffff) + (folded >>> 16);
}

function complement(sum: number): number {
  return ~sum >>> 0;
}

/**
 * `bpf_csum_diff`: the checksum `seed` after the bytes `from` have been replaced by the bytes `to`, folded to 16 bits.
 */
export const csumDiff: HelperFactory = () => ({
  name: "bpf_csum_diff",
  run: (run, from, fromSize, to, toSize, seed) => {
    const { memory } = run;
    if (fromSize !== 0 && toSize !== 0) {
      const added = partial(memory, to >>> 0, toSize >>> 0, seed >>> 0);
      return fold16(add32(added, complement(partial(memory, from >>> 0, fromSize >>> 0, 0))));
    }
    if (toSize !== 0) return fold16(partial(memory, to >>> 0, toSize >>> 0, seed >>> 0));
    if (fromSize !== 0) return fold16(complement(partial(memory, from >>> 0, fromSize >>> 0, complement(seed))));
    return fold16(seed >>> 0);
  },
});
