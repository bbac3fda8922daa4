import { describe, expect, test } from "vitest";
import { linkProgram, type ObjectSpec, openObject } from "../../src/index.ts";
import { hex, readProg } from "../objects.ts";

function open(): ObjectSpec {
  return openObject(readProg("loader_calls"), { name: "calls" });
}

function link(name: string): { insns: string; funcInfo: string; lineInfo: string } {
  const spec = open();
  const linked = linkProgram(spec.program(name), spec.functions, () => undefined);
  return {
    insns: hex(linked.insns),
    funcInfo: hex(linked.funcInfo?.bytes),
    lineInfo: hex(linked.lineInfo?.bytes),
  };
}

test("programs and functions", () => {
  const spec = open();
  expect([...spec.programs.keys()]).toEqual(["uses_all", "uses_one", "uses_address"]);
  expect([...spec.functions.values()].map(({ name, section, insns }) => [name, section, insns.length / 8])).toEqual([
    ["first", ".text", 7],
    ["second", ".text", 3],
    ["third", ".text", 3],
    ["concealed", ".text", 3],
    ["step", ".text", 5],
    ["uses_all", "xdp", 8],
    ["uses_one", "xdp", 3],
    ["uses_address", "?xdp", 11],
  ]);
  expect(spec.license).toBe("GPL");
  expect(spec.warnings).toEqual([]);
});

test("calls across sections, within one, and of an address", () => {
  const { functions } = open();
  expect(functions.get("uses_all")?.references).toEqual([
    { insn: 2, kind: "call", name: "concealed" },
    { insn: 5, kind: "call", name: "first" },
  ]);
  expect(functions.get("first")?.references).toEqual([
    { insn: 1, kind: "call", name: "second" },
    { insn: 4, kind: "call", name: "third" },
  ]);
  expect(functions.get("uses_address")?.references).toEqual([{ insn: 5, kind: "function", name: "step" }]);
});

test("a section that begins with ? is not loaded by default", () => {
  const spec = open();
  expect(spec.program("uses_address")).toMatchObject({ section: "xdp", autoload: false, progType: 6, attachType: 37 });
  expect(spec.program("uses_one")).toMatchObject({ section: "xdp", autoload: true, progType: 6, attachType: 37 });
});

describe("programs as libbpf 1.5 passes them to BPF_PROG_LOAD", () => {
  // Recorded once from libbpf as of v6.12, its bpf_prog_load() wrapped, loading this very object.
  test("subprograms in the order in which they are met", () => {
    expect(link("uses_all")).toEqual({
      insns:
        "bf1600000000000061610c00000000008510000005000000bc07000000000000616110000000000085100000080000000c70000000000000" +
        "9500000000000000851000000200000004000000ffffffff9500000000000000bc1000000000000004000000030000009500000000000000" +
        "bc160000000000008510000005000000bc07000000000000bc6100000000000085100000f8ffffff0c700000000000009500000000000000" +
        "85100000f5ffffff64000000010000009500000000000000",
      funcInfo: "000000001000000008000000090000000b000000070000000e000000030000001500000005000000",
      lineInfo:
        "00000000130000006101000000940000010000001300000082010000189c0000020000001300000082010000099c000004000000" +
        "1300000082010000369c00000500000013000000820100002b9c0000060000001300000082010000299c00000700000013000000" +
        "82010000029c00000800000013000000d6000000095c00000900000013000000d6000000125c00000a00000013000000d6000000" +
        "025c00000b000000130000009a000000001800000c00000013000000bd0000000b2000000d00000013000000bd00000002200000" +
        "0e000000130000003d000000004000000f0000001300000059000000094800001100000013000000590000001548000013000000" +
        "1300000059000000134800001400000013000000590000000248000015000000130000007e000000093400001600000013000000" +
        "7e0000001234000017000000130000007e00000002340000",
    });
  });

  test("another program gets the functions it needs, elsewhere", () => {
    expect(link("uses_one")).toMatchObject({
      insns:
        "b40100000500000085100000010000009500000000000000bc160000000000008510000005000000bc07000000000000bc61000000000000" +
        "85100000050000000c7000000000000095000000000000008510000002000000640000000100000095000000000000" +
        "00bc1000000000000004000000030000009500000000000000",
      funcInfo: "000000001200000003000000030000000a000000050000000d00000007000000",
    });
  });

  test("a function whose address is taken", () => {
    expect(link("uses_address")).toMatchObject({
      insns:
        "b7010000000000007b1af8ff00000000bfa300000000000007030000f8ffffffb40100000500000018420000050000000000000000000000" +
        "b70400000000000085000000b500000079a0f8ff00000000950000000000000079230000000000000f130000000000007b32000000000000" +
        "b4000000000000009500000000000000",
      funcInfo: "00000000140000000b0000001a000000",
    });
  });
});

test("hidden functions are static for the kernel, others stay global", () => {
  const { btf } = open();
  const linkage = (name: string): unknown => {
    const type = btf!.type(btf!.findByName(name, "func")!);
    return type.kind === "func" ? type.linkage : type.kind;
  };
  expect(["first", "concealed", "second", "uses_all"].map(linkage)).toEqual([1, 0, 0, 1]);
});

test("linking twice, and into two programs, leaves the spec as it was", () => {
  const spec = open();
  const before = hex(spec.functions.get("first")?.insns);
  linkProgram(spec.program("uses_all"), spec.functions, () => undefined);
  linkProgram(spec.program("uses_one"), spec.functions, () => undefined);
  expect(hex(spec.functions.get("first")?.insns)).toBe(before);
  expect(hex(linkProgram(spec.program("uses_one"), spec.functions, () => undefined).insns)).toBe(
    link("uses_one").insns,
  );
});

test("a subprogram without records where the program has them", () => {
  const spec = open();
  const { funcInfo: _, ...bare } = spec.functions.get("third")!;
  const functions = new Map(spec.functions).set("third", bare);
  expect(() => linkProgram(spec.program("uses_one"), functions, () => undefined)).toThrow(
    "function third: no function records in .BTF.ext, though uses_one, which it belongs to, has them",
  );
});
