import { describe, expect, it } from "vitest";
import { assembleKernel, assembleLlvm, IsaError } from "../../src/index.ts";

function refusal(action: () => unknown): IsaError {
  try {
    action();
  } catch (error) {
    if (error instanceof IsaError) return error;
    throw error;
  }
  throw new Error("it was accepted");
}

describe("errors of the assembler", () => {
  it.each<[string, string]>([
    ["frobnicate", '1:1: expected an instruction, got "frobnicate"'],
    ["r1", "1:3: expected an operator such as = or +=, got the end of the line"],
    ["exit\n  r1 == 5", '2:6: expected an operator such as = or +=, got "=="'],
    ["r1 = w2", '1:6: expected a register r0..r10, got "w2"'],
    ["w1 += r2", '1:7: expected a register w0..w10, got "r2"'],
    ["r1 = r2 r3", '1:9: expected the end of the line, got "r3"'],
    [
      "r1 = 5000000000",
      "1:6: immediate (ld_imm64 is written with ll) is 5000000000, allowed is -2147483648..4294967295",
    ],
    [
      "r1 = 18446744073709551616 ll",
      "1:6: immediate is 18446744073709551616, allowed is -9223372036854775808..18446744073709551615",
    ],
    ["r1 = 017", '1:6: expected immediate (ld_imm64 is written with ll), got "017"'],
    ["r1 = *(u32 *)(r2 +40000)", "1:18: offset is 40000, allowed is -32768..32767"],
    ["r1 = *(u32 *)(r2)", '1:17: expected an offset such as +0, got ")"'],
    ["r1 = *(u24 *)(r2 +0)", '1:8: expected a type such as u32, got "u24"'],
    ["w1 = *(u32 *)(r2 +0)", "1:1: w1 can't hold this value, r1 can"],
    ["*(s8 *)(r1 +0) = 1", "1:7: stores are u8, u16, u32 or u64"],
    ["r1 = *(u8 *)skb[0]", "1:1: packet loads answer in r0"],
    ["r0 = *(u64 *)skb[0]", "1:14: packets are read as u8, u16 or u32"],
    ["r16 = 0", '1:1: expected an instruction, got "r16"'],
    ["r1 = be16 r2", '1:11: expected "r1", got "r2"'],
    ["r1 = be17 r1", '1:6: expected a value, got "be17"'],
    ["w1 = be16 w1", '1:6: expected a value, got "be16"'],
    ["r1 = -r2", '1:7: expected "r1", got "r2"'],
    ["r1 = (s8)w2", "1:10: expected r2"],
    ["if r1 goto pc+1", '1:7: expected a comparison such as == or s>, got "goto"'],
    ["if r1 += 5 goto pc+1", '1:7: expected a comparison such as == or s>, got "+="'],
    ["if r1 == 5", '1:11: expected "goto", got the end of the line'],
    ["goto +5", '1:6: expected a label, got "+"'],
    ["goto pc+40000", "1:8: distance is 40000, allowed is -32768..32767"],
    ["gotol pc+4294967295", "1:9: distance is 4294967295, allowed is -2147483648..2147483647"],
    ["goto nowhere", '1:6: no label "nowhere"'],
    ["exit\ncall nothing", '2:6: no label or helper "nothing"'],
    ["call 5", '1:6: expected what to call, such as pc+5 or bpf_map_lookup_elem#1, got "5"'],
    ["a: exit\n a: exit", '2:2: label "a" stands in line 1 too'],
    ["r1: exit", '1:1: "r1" is a register'],
    ["(b7) r1 = r2", "1:6: this is opcode bf, the text says b7"],
    ["7: (95) exit", "1:1: this is insn 0, the text says 7"],
    ["lock *(u64 *)(r1 +0) -= r2", '1:22: expected +=, |=, &= or ^=, got "-="'],
    ["lock *(s8 *)(r1 +0) += r2", "1:12: atomics are unsigned"],
    ["r1 = atomic64_xchg((u64 *)(r2 +0), r3)", '1:36: expected "r1", got "r3"'],
    ["r1 = atomic64_cmpxchg((u64 *)(r2 +0), r0, r3)", "1:1: atomic64_cmpxchg answers in r0"],
    ["r1 = atomic64_xchg((u32 *)(r2 +0), r1)", "1:33: atomic64_xchg of another size"],
    ["r1 = map[5]", '1:10: expected "fd", got "5"'],
    ["exit {foo=1}", '1:7: expected a field: dst, src, off or imm, got "foo"'],
    ["r1 = 5 {next=1}", '1:9: expected a field: dst, src, off or imm, got "next"'],
    ["exit {off=99999}", "1:11: off is 99999, allowed is -32768..32767"],
    ["exit {off=1", '1:12: expected "}", got the end of the line'],
    ["callx r1", '1:1: expected an instruction, got "callx"'],
    ["r1 = addr_space_cast(r2, 0, 65536)", "1:29: address space is 65536, allowed is 0..65535"],
    ["💥", '1:1: expected an instruction, got "💥"'],
  ])("kernel: %s", (text, message) => {
    const error = refusal(() => assembleKernel(text));
    expect(error.message).toBe(message);
    const [line, column] = message.split(":").map(Number);
    expect(error.details).toEqual({ line, column });
  });

  it.each<[string, string]>([
    ["goto pc+5", '1:8: expected the end of the line, got "+"'],
    ["r1 = map[fd:3]x", '1:15: expected the end of the line, got "x"'],
    ["r1 = atomic64_fetch_add((u64 *)(r1 + 0), r1)", '1:6: expected a value, got "atomic64_fetch_add"'],
    ["r1 = xchg32_32(r2 + 0, r1)", "1:1: registers of this operation are w0.."],
    ["w1 = xchg_64(r2 + 0, w1)", "1:1: registers of this operation are r0.."],
    ["w1 = (s32)w2", '1:7: expected s8, s16, got "s32"'],
    ["w1 = *(u64 *)(r2 + 0)", "1:1: w1 can't hold this value, r1 can"],
    ["w1 = *(s8 *)(r2 + 0)", "1:1: sign-extending loads fill r1"],
    ["r12 = 0", '1:1: expected an instruction, got "r12"'],
    ["call bpf_map_lookup_elem", '1:6: no label "bpf_map_lookup_elem"'],
    [".globl f", '1:1: expected an instruction, got ".globl"'],
    ["f: # a comment\n/* and another\n*/ r1 =", "3:8: expected a value, got the end of the line"],
    ["r1 = 1<<32", "1:6: immediate (ld_imm64 is written with ll) is 4294967296, allowed is -2147483648..4294967295"],
    ["r1 += 1<<64", "1:10: shift is 64, allowed is 0..63"],
    ["r1 += 4/(2-2)", "1:9: division by zero"],
    ["r1 += 0xffffffffffffffff*2", "1:7: immediate leaves 64 bits"],
    ["r1 += 09", '1:7: expected immediate, got "09"'],
    ["r1 += (1)", '1:7: expected a register or a number, got "("'],
    [`.8byte ${"(".repeat(100)}`, '1:73: expected fewer brackets and signs, got "("'],
    ["r1 = *(u32 *)(r2 + -1)", '1:18: expected offset, got "+"'],
    ["gotol +4294967295", "1:7: distance is 4294967295, allowed is -2147483648..2147483647"],
    ["lock *(u16 *)(r1 + 0) += r2", "1:7: this operation is on u32 or u64"],
    ["goto 1f", '1:6: no label "1f"'],
    ["exit\n.byte 1, 2\nexit", "2:1: data of 2 bytes, a slot has 8"],
    ["exit\n.byte 1; .8byte 2", "2:17: this value crosses from one slot into the next"],
    [".byte 256", "1:7: value is 256, allowed is -128..255"],
    ["R1: exit", '1:1: "R1" is a register'],
    ["ld_pseudo w1, 1, 5", '1:11: expected a register r0..r10, got "w1"'],
  ])("LLVM: %s", (text, message) => {
    expect(refusal(() => assembleLlvm(text)).message).toBe(message);
  });

  it("says how far a label is", () => {
    const far = `goto end\n${"exit\n".repeat(40_000)}end: exit`;
    const error = refusal(() => assembleKernel(far));
    expect(error.message).toBe('1:6: label "end" is 40000 slots away, goto reaches -32768..32767 (gotol farther)');
    expect(error.code).toBe("ISA_LABEL");
    expect(assembleKernel(far.replace("goto", "gotol"))[0]).toEqual({ code: 6, dst: 0, src: 0, off: 0, imm: 40_000 });
  });

  it("tells its kinds apart", () => {
    expect(refusal(() => assembleKernel("x")).code).toBe("ISA_SYNTAX");
    expect(refusal(() => assembleKernel("goto x")).code).toBe("ISA_LABEL");
    expect(refusal(() => assembleKernel("goto pc+99999")).code).toBe("ISA_RANGE");
  });
});
