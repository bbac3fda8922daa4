/// <reference types="node" />
// What a running Linux 6.18 answered about 1,700 random instructions: scripts/kernel-fixtures.py.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { assembleKernel, decode, insnProblem } from "../../src/index.ts";

/** Messages about the instruction itself. All others are about what registers hold, where jumps go, or what a program may do. */
const MALFORMED =
  /unknown opcode|uses reserved fields|^R\d+ is invalid|frame pointer is read only|div by zero|invalid shift|uses invalid atomic opcode|invalid atomic operand size|bpf_ld_imm64 insn|BPF_LD_IMM64 uses|addr_space_cast insn can only|invalid may_goto/;

describe("validity", () => {
  it("is Linux 6.18's", () => {
    const rows = readFileSync(new URL("../fixtures/kernel-6.18-validity.txt", import.meta.url), "utf8")
      .trim()
      .split("\n");
    const wrong: string[] = [];
    let accepted = 0;
    let malformed = 0;
    for (const row of rows) {
      const [hex, message] = row.split("\t") as [string, string];
      const problem = insnProblem(decode(Buffer.from(hex, "hex")), 0);
      if (message === "accepted") accepted++;
      if (MALFORMED.test(message)) malformed++;
      if (message === "accepted" ? problem !== undefined : MALFORMED.test(message) && problem === undefined) {
        wrong.push(`${row}: ours: ${problem}`);
      }
    }
    console.log(
      `isa: validity of ${rows.length} instructions, ${accepted} accepted and ${malformed} malformed by Linux`,
    );
    expect(wrong).toEqual([]);
    expect(Math.min(accepted, malformed)).toBeGreaterThan(50);
  });

  it.each<[string, string | undefined]>([
    ["r1 += r2", undefined],
    ["r10 += 1", "r10 is read only"],
    ["r11 = 1", "register r11 does not exist"],
    ["r1 = r15", "register r15 does not exist"],
    ["r1 += r2 {off=2}", "reserved field off is 2"],
    ["r1 /= 0", "division by zero"],
    ["w1 <<= 32", "shift by 32"],
    ["r1 >>= 64", "shift by 64"],
    ["w1 = (s32)w2", "32 bits do not sign-extend into 32"],
    ["r1 = be16 r1 {imm=17}", "swap of 17 bits"],
    ["r1 = addr_space_cast(r2, 1, 1)", "casts are between address space 0 and 1"],
    ["call unknown#1 {src=3}", "call with src 3"],
    ["r1 = map[fd:1] {next=5}", "reserved field imm of the second slot is 5"],
    ["r1 = 5 ll {src=7}", "ld_imm64 with src 7"],
    [".8byte 0x18\nexit", "second slot has opcode 95"],
    [".8byte 0x18", "second slot is missing"],
    [".8byte 0x8d", "unknown opcode 8d"],
    ["lock *(u16 *)(r1 +0) += r2", "atomic operation on 2 bytes"],
    ["r1 = load_acquire((u8 *)(r2 +0))", undefined],
    ["lock *(u64 *)(r1 +0) += r2 {imm=16}", "atomic operation 0x10"],
    ["r10 = atomic64_xchg((u64 *)(r1 +0), r10)", "r10 is read only"],
  ])("%s: %s", (text, problem) => {
    expect(insnProblem(assembleKernel(text), 0)).toBe(problem);
  });
});
