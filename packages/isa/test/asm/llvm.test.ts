import { describe, expect, it } from "vitest";
import { assembleLlvm, encode } from "../../src/index.ts";

function hex(text: string): string {
  return Buffer.from(encode(assembleLlvm(text)))
    .toString("hex")
    .replace(/(.{16})(?=.)/g, "$1 ");
}

// The bytes are llvm-mc 19's, but for what the comments say.
describe("assembleLlvm", () => {
  it.each<[string, string]>([
    [
      "f: r1 = 1; r2 = 2 # one\n r3 = 3 // two\n /* three \n four */ r5 /* five */ = 5",
      "b701000001000000 b702000002000000 b703000003000000 b705000005000000",
    ],
    ["g: h: r6=6\n goto g", "b706000006000000 0500feff00000000"],
    ["r7   =   *(  u32 * ) ( r1+0x10 )", "6117100000000000"],
    ["goto +0x4 <f+0x168>", "0500040000000000"],
    ["if r1 s>= 5 goto 3", "7501030005000000"],
    ["r1 =-r1", "8701000000000000"],
    ["r1 =- 5", "b7010000fbffffff"],
    [".LBB0_2: if w1 == 4294967295 goto .LBB0_2", "1601ffffffffffff"],
    ["call f\nf: exit", "8510000000000000 9500000000000000"],
    ["w1 = load_acquire((u8 *)(r2 + 8))", "d321080000010000"],
    ["r1 = load_acquire((u64 *)(r2 - 8))", "db21f8ff00010000"],
    ["store_release((u32 *)(r1 + 0), w2)", "c321000010010000"],
    // llvm-mc leaves these to the linker
    ["r1 = f ll\nf: exit", "1841000001000000 0000000000000000 9500000000000000"],
    // clang -S prints it, llvm-mc refuses it
    ["r2 = w1", "bc12000000000000"],
    // of our own making: fields that LLVM's syntax has no place for
    ["call 5 {src=2, off=1}", "8520010005000000"],
    ["ld_pseudo r1, 2, 3 {next=8}", "1821000003000000 0000000008000000"],
    // llvm-mc takes 16 bits only
    ["gotol +100000", "06000000a0860100"],
  ])("%s", (text, expected) => {
    expect(hex(text)).toBe(expected);
  });
});
