import { describe, expect, it } from "vitest";
import {
  assembleKernel,
  fallsThrough,
  type Insn,
  insnSlots,
  jumpOffset,
  readsRegs,
  subprogTarget,
  successors,
  writesRegs,
} from "../../src/index.ts";

function one(text: string): Insn {
  return assembleKernel(text)[0]!;
}

describe("successors", () => {
  it.each<[string, number, number[]]>([
    ["r1 = r2\nexit", 0, [1]],
    ["exit", 0, []],
    ["goto pc+3", 0, [4]],
    ["r1 = 0\ngoto pc-2", 1, [0]],
    ["gotol pc+100000", 0, [100001]],
    ["if r1 == r2 goto pc+5", 0, [1, 6]],
    ["if w1 s> 3 goto pc+0", 0, [1, 1]],
    ["may_goto pc+2", 0, [1, 3]],
    ["r1 = 5 ll\nexit", 0, [2]],
    ["call pc+7\nexit", 0, [1]],
    ["call bpf_ktime_get_ns#5\nexit", 0, [1]],
    ["r0 = *(u8 *)skb[0]\nexit", 0, [1]],
  ])("%s", (text, i, expected) => {
    const insns = assembleKernel(text);
    expect(successors(insns, i)).toEqual(expected);
    expect(fallsThrough(insns[i]!)).toBe(expected[0] === i + insnSlots(insns[i]!) && !text.includes("goto pc-2"));
  });

  it("names the target of calls and of function addresses", () => {
    const insns = assembleKernel("call pc+2\nr1 = subprog[+3]\nexit\nexit\nexit");
    expect([0, 1, 3].map((i) => subprogTarget(insns, i))).toEqual([3, 5, undefined]);
  });

  it("tells jumps from the rest", () => {
    expect(jumpOffset(one("gotol pc-70000"))).toBe(-70000);
    expect(jumpOffset(one("if r1 & 1 goto pc-3"))).toBe(-3);
    expect(jumpOffset(one("call pc+3"))).toBeUndefined();
    expect(jumpOffset(one("exit"))).toBeUndefined();
  });
});

describe("registers read and written", () => {
  const set = (...registers: number[]): number => registers.reduce((mask, n) => mask | (1 << n), 0);
  it.each<[string, number[], number[]]>([
    ["r1 += r2", [1, 2], [1]],
    ["w1 s/= 3", [1], [1]],
    ["r1 = r2", [2], [1]],
    ["r3 = 7", [], [3]],
    ["w3 = (s8)w4", [4], [3]],
    ["r5 = -r5", [5], [5]],
    ["r5 = be16 r5", [5], [5]],
    ["r5 = 1 ll", [], [5]],
    ["r1 = *(u64 *)(r10 -8)", [10], [1]],
    ["r1 = *(s8 *)(r2 +0)", [2], [1]],
    ["*(u8 *)(r1 +0) = 5", [1], []],
    ["*(u8 *)(r1 +0) = r2", [1, 2], []],
    ["lock *(u64 *)(r1 +0) += r2", [1, 2], []],
    ["r2 = atomic64_fetch_add((u64 *)(r1 +0), r2)", [1, 2], [2]],
    ["r2 = atomic_xchg((u32 *)(r1 +0), r2)", [1, 2], [2]],
    ["r0 = atomic64_cmpxchg((u64 *)(r1 +0), r0, r2)", [0, 1, 2], [0]],
    ["r3 = load_acquire((u8 *)(r4 +0))", [4], [3]],
    ["store_release((u8 *)(r4 +0), r3)", [3, 4], []],
    ["goto pc+1", [], []],
    ["gotol pc+1", [], []],
    ["may_goto pc+1", [], []],
    ["if r7 == r8 goto pc+1", [7, 8], []],
    ["if w7 == 8 goto pc+1", [7], []],
    ["call pc+1", [1, 2, 3, 4, 5], [0, 1, 2, 3, 4, 5]],
    ["exit", [0], []],
  ])("%s", (text, reads, writes) => {
    expect(readsRegs(one(text))).toBe(set(...reads));
    expect(writesRegs(one(text))).toBe(set(...writes));
  });

  it("takes the number of a call's arguments from the caller", () => {
    const call = one("call bpf_map_lookup_elem#1");
    expect([0, 1, 2, 5].map((count) => readsRegs(call, count))).toEqual([0, set(1), set(1, 2), set(1, 2, 3, 4, 5)]);
  });

  it("counts packet loads as reading everything, as Linux does", () => {
    expect(readsRegs(one("r0 = *(u8 *)skb[0]"))).toBe(0xffff);
    expect(writesRegs(one("r0 = *(u8 *)skb[r1 + 0]"))).toBe(0);
  });
});
