/**
 * Byte swaps.
 *
 * @see v6.18 kernel/bpf/verifier.c, scalar_byte_swap (backported); kernel/bpf/tnum.c, tnum_bswap16, tnum_bswap32, tnum_bswap64
 */

import { unknownDraft } from "./draft.ts";
import { settle } from "./scalar.ts";
import { syncDraft } from "./sync.ts";
import type { Scalar } from "./types.ts";
import { truncate } from "./width.ts";

/** The low `size` bytes of a 64-bit pattern in reverse order, zero-extended. */
function swapBytes(v: bigint, size: number): bigint {
  let rest = v;
  let out = 0n;
  for (let i = 0; i < size; i++) {
    out = (out << 8n) | (rest & 0xffn);
    rest >>= 8n;
  }
  return out;
}

/** The low `size` bytes (2, 4, 8) in reverse order, zero-extended. Known bits move along; ranges are deduced anew from them. */
export function byteSwap(s: Scalar, size: number): Scalar {
  const d = unknownDraft();
  d.tnum = { value: swapBytes(s.tnum.value, size), mask: swapBytes(s.tnum.mask, size) };
  syncDraft(d);
  return truncate(settle(d), size);
}
