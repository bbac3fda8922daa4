import type { Memory } from "@bpf-ts/memory";

/**
 * The kernel's hash of map keys: Bob Jenkins' lookup3 (public domain). It is the kernel's to the bit, because a map that is created with
 * `BPF_F_ZERO_SEED` is walked in an order that follows from it.
 *
 * @see v6.18 include/linux/jhash.h; https://burtleburtle.net/bob/hash/
 */
const INITIAL = 0xdeadbeef | 0;

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}

/** The last step: mixes three words into the result. */
function finish(a0: number, b0: number, c0: number): number {
  let a = a0;
  let b = b0;
  let c = c0;
  c = ((c ^ b) - rotate(b, 14)) | 0;
  a = ((a ^ c) - rotate(c, 11)) | 0;
  b = ((b ^ a) - rotate(a, 25)) | 0;
  c = ((c ^ b) - rotate(b, 16)) | 0;
  a = ((a ^ c) - rotate(c, 4)) | 0;
  b = ((b ^ a) - rotate(a, 14)) | 0;
  c = ((c ^ b) - rotate(b, 24)) | 0;
  return c;
}

/**
 * Hash of the `length` bytes at `address` (any alignment).
 *
 * @returns 32 bits, signed
 */
export function jhash(memory: Memory, address: number, length: number, seed: number): number {
  const view = memory.dataView;
  let at = address >>> 0;
  let left = length;
  let a = (INITIAL + length + seed) | 0;
  let b = a;
  let c = a;
  while (left > 12) {
    a = (a + view.getInt32(at, true)) | 0;
    b = (b + view.getInt32(at + 4, true)) | 0;
    c = (c + view.getInt32(at + 8, true)) | 0;
    a = ((a - c) ^ rotate(c, 4)) | 0;
    c = (c + b) | 0;
    b = ((b - a) ^ rotate(a, 6)) | 0;
    a = (a + c) | 0;
    c = ((c - b) ^ rotate(b, 8)) | 0;
    b = (b + a) | 0;
    a = ((a - c) ^ rotate(c, 16)) | 0;
    c = (c + b) | 0;
    b = ((b - a) ^ rotate(a, 19)) | 0;
    a = (a + c) | 0;
    c = ((c - b) ^ rotate(b, 4)) | 0;
    b = (b + a) | 0;
    at += 12;
    left -= 12;
  }
  if (left === 0) return c;
  a = (a + littleEndian(view, at, left)) | 0;
  if (left > 4) b = (b + littleEndian(view, at + 4, left - 4)) | 0;
  if (left > 8) c = (c + littleEndian(view, at + 8, left - 8)) | 0;
  return finish(a, b, c);
}

/** Up to four of `left` bytes as a number. */
function littleEndian(view: DataView, at: number, left: number): number {
  if (left >= 4) return view.getInt32(at, true);
  let value = 0;
  for (let i = 0; i < left; i++) value |= view.getUint8(at + i) << (8 * i);
  return value;
}
