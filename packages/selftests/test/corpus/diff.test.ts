import { describe, expect, it } from "vitest";
import { diffLines } from "../../src/corpus/diff.ts";
import { normaliseLog, processedCount, statsLine } from "../../src/corpus/normalise.ts";

describe("diffLines", () => {
  it("is empty for equal texts", () => {
    expect(diffLines("a\nb\n", "a\nb\n")).toBe("");
  });

  it("shows a changed line with three lines around it", () => {
    expect(diffLines("1\n2\n3\n4\n5\n6\n7\n8\n9", "1\n2\n3\n4\nfive\n6\n7\n8\n9")).toBe(
      "  2\n  3\n  4\n- 5\n+ five\n  6\n  7\n  8\n…",
    );
  });

  it("shows lines that only one side has at the end", () => {
    expect(diffLines("a", "a\nb\nc")).toBe("  a\n+ b\n+ c");
    expect(diffLines("a\nb", "a")).toBe("  a\n- b");
  });

  it("finds a line that moved", () => {
    expect(diffLines("a\nb\nc\nd", "b\nc\nd\na")).toBe("- a\n  b\n  c\n  d\n+ a");
  });

  it("stops at the limit", () => {
    expect(diffLines("a\nb\nc", "x\ny\nz", 2)).toBe("- a\n- b\n… (4 more lines)");
  });
});

describe("normaliseLog", () => {
  it("hides addresses and the padding behind them", () => {
    const kernel =
      "3: (18) r1 = 0xffffc90000116000       ; R1=map_value(ks=4)\n      3: .......... (18) r1 = 0xffffc90000116000\n";
    const ours =
      "3: (18) r1 = 0x5eed0080               ; R1=map_value(ks=4)\n      3: .......... (18) r1 = 0x5eed0080\n";
    expect(normaliseLog(kernel)).toBe(normaliseLog(ours));
    expect(normaliseLog(kernel)).toContain("r1 = <address> ; R1=map_value(ks=4)");
  });

  it("leaves constants alone", () => {
    expect(normaliseLog("1: R1=0xfffffffffffffff0")).toBe("1: R1=0xfffffffffffffff0");
    expect(normaliseLog("umax=0xffffffff00000000,var_off=(0x0; 0xffffffff)")).toContain("umax=0xffffffff00000000");
  });

  it("hides the time", () => {
    expect(normaliseLog("verification time 913 usec\nx")).toBe("verification time N usec\nx");
  });
});

describe("statistics line", () => {
  const log = "R1 !read_ok\nprocessed 3 insns (limit 1000000) max_states_per_insn 0\n";
  it("is found and read", () => {
    expect(statsLine(log)).toBe("processed 3 insns (limit 1000000) max_states_per_insn 0");
    expect(processedCount(statsLine(log))).toBe(3);
    expect(processedCount(statsLine("nothing"))).toBe(-1);
  });
});
