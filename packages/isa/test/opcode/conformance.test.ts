import { expect, it } from "vitest";
import { assembleKernel, type ConformanceGroup, conformanceGroup } from "../../src/index.ts";

// RFC 9669, sections 2.4, 4 and 5.
it.each<[ConformanceGroup | undefined, string]>([
  ["base32", "w1 += w2"],
  ["base64", "r1 += 5"],
  ["base32", "w1 = (s16)w2"],
  ["base64", "r1 = (s32)r2"],
  ["base64", "r1 = -r1"],
  ["base32", "w1 = -w1"],
  ["divmul32", "w1 *= 3"],
  ["divmul32", "w1 s%= w2"],
  ["divmul64", "r1 /= r2"],
  ["divmul64", "r1 s/= 2"],
  ["base32", "r1 = le16 r1"],
  ["base32", "r1 = bswap32 r1"],
  ["base64", "r1 = be64 r1"],
  ["base32", "goto pc+0"],
  ["base32", "gotol pc+0"],
  ["base32", "if w1 == 0 goto pc+0"],
  ["base64", "if r1 == 0 goto pc+0"],
  ["base32", "call pc+0"],
  ["base32", "call bpf_ktime_get_ns"],
  ["base32", "exit"],
  ["base64", "r1 = map[fd:3]"],
  ["base32", "r1 = *(u32 *)(r2 +0)"],
  ["base32", "r1 = *(s32 *)(r2 +0)"],
  ["base64", "r1 = *(u64 *)(r2 +0)"],
  ["base64", "*(u64 *)(r2 +0) = 1"],
  ["base32", "*(u8 *)(r2 +0) = r1"],
  ["atomic32", "lock *(u32 *)(r1 +0) |= r2"],
  ["atomic64", "r0 = atomic64_cmpxchg((u64 *)(r1 +0), r0, r2)"],
  ["packet", "r0 = *(u16 *)skb[12]"],
  ["packet", "r0 = *(u32 *)skb[r1 + 0]"],
  [undefined, "may_goto pc+0"],
  [undefined, "r1 = addr_space_cast(r2, 0, 1)"],
  [undefined, "r1 = load_acquire((u64 *)(r2 +0))"],
  [undefined, ".8byte 0x0000000000000100"],
])("%s: %s", (group, text) => {
  expect(conformanceGroup(assembleKernel(text)[0]!)).toBe(group);
});
