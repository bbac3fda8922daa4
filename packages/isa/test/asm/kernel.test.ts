import { describe, expect, it } from "vitest";
import { assembleKernel, encode } from "../../src/index.ts";

function hex(text: string): string {
  return Buffer.from(encode(assembleKernel(text)))
    .toString("hex")
    .replace(/(.{16})(?=.)/g, "$1 ");
}

describe("assembleKernel", () => {
  it("assembles a program with labels", () => {
    const text = `
      ; socket filter: counts packets of more than 100 bytes
      start:
        r6 = r1                      // keep the context
        r2 = *(u32 *)(r6 +0)
        if r2 <= 100 goto out
        r1 = map[fd:3]
        call count
        goto again
      out: r0 = 0
        exit
      count:
      again:
        r0 = 0
        exit`;
    expect(hex(text)).toBe(
      "bf16000000000000 6162000000000000 b502040064000000 1811000003000000 0000000000000000 8510000003000000 " +
        "0500020000000000 b700000000000000 9500000000000000 b700000000000000 9500000000000000",
    );
  });

  it("reads a verifier's listing and a bpftool dump", () => {
    const listing = `
      0: .1........ (b7) r2 = 16
  1   1: .12....... (bf) r3 = r10
  1   2: .12....... (05) goto pc-2
      3: .......... (95) exit`;
    expect(hex(listing)).toBe("b702000010000000 bfa3000000000000 0500feff00000000 9500000000000000");
    const dump = "   0: (18) r1 = map[id:5][0]+8\n   2: (85) call bpf_get_smp_processor_id#8\n   3: (95) exit";
    expect(hex(dump)).toBe("1821000005000000 0000000008000000 8500000008000000 9500000000000000");
  });

  it.each<[string, string]>([
    // ld_imm64 and mov
    ["r1 = 0x5", "b701000005000000"],
    ["r1 = 0x5 ll", "1801000005000000 0000000000000000"],
    ["(18) r1 = 0x5", "1801000005000000 0000000000000000"],
    ["r1 = -2 ll", "18010000feffffff 00000000ffffffff"],
    ["r1 = 0xffffffff", "b7010000ffffffff"],
    ["r1 = 0b101", "b701000005000000"],
    ["r1 = 18446744073709551615 ll", "18010000ffffffff 00000000ffffffff"],
    // references
    ["r9 = map[fd:-1]", "18190000ffffffff 0000000000000000"],
    ["r9 = map[idx:2]", "1859000002000000 0000000000000000"],
    ["r9 = map[idx:2]+4", "1869000002000000 0000000004000000"],
    ["r9 = map[idx:2][0]-4", "1869000002000000 00000000fcffffff"],
    ["r9 = btf[fd:7, id:9]", "1839000009000000 0000000007000000"],
    ["r9 = subprog[+1]", "1849000001000000 0000000000000000"],
    ["r9 = subprog[f]\nf: exit", "1849000001000000 0000000000000000 9500000000000000"],
    ["r9 = f ll\nf: exit", "1849000001000000 0000000000000000 9500000000000000"],
    // calls
    ["call bpf_map_lookup_elem", "8500000001000000"],
    ["call bpf_map_lookup_elem#1", "8500000001000000"],
    ["call unknown#4711", "8500000067120000"],
    ["call bpf_rcu_read_lock#70", "8520000046000000"],
    ["call kernel-function#70 {off=1}", "8520010046000000"],
    ["call #70", "8520000046000000"],
    ["call <error>#70", "8520000046000000"],
    ["call pc-1", "85100000ffffffff"],
    ["bpf_map_lookup_elem: call bpf_map_lookup_elem", "85100000ffffffff"],
    // a helper's name with another number is a kernel function
    ["call bpf_map_lookup_elem#2", "8520000002000000"],
    // jumps
    ["l: gotol l", "06000000ffffffff"],
    ["l: may_goto l", "e500ffff00000000"],
    ["if w3 s<= -7 goto pc+2", "d6030200f9ffffff"],
    ["if r3 & r4 goto pc-2", "4d43feff00000000"],
    // the 32-bit move from 32 bits that the kernel prints and refuses
    ["w1 = (s32)w2", "bc21200000000000"],
    ["(40) r0 = *(u32 *)skb[r7 + -14]", "40700000f2ffffff"],
    ["r1=*(u8*)(r2+0x10)", "7121100000000000"],
    ["r1 = r2 {dst=3, imm=-1} {off=4}", "bf230400ffffffff"],
    [".8byte 0x95", "9500000000000000"],
    [".quad -1", "ffffffffffffffff"],
    ["r15 = r11", "bfbf000000000000"],
    ["", ""],
    [" ; nothing\n\n", ""],
    ["exit\r\nexit\r\n", "9500000000000000 9500000000000000"],
  ])("%s", (text, expected) => {
    expect(hex(text)).toBe(expected);
  });
});
