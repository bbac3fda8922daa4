/// <reference types="node" />
// What LLVM 19 assembles and disassembles, and what clang 19 compiles: scripts/llvm-fixture.mjs.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { assembleLlvm, decode, encode, formatLlvm, IsaError } from "../../src/index.ts";

const fixture = readFileSync(new URL("../fixtures/llvm-19.txt", import.meta.url), "utf8");
const sections = new Map(
  fixture
    .trimEnd()
    .split(/^== /m)
    .slice(1)
    .map((section) => {
      const lines = section.trimEnd().split("\n");
      return [lines[0]!, lines.slice(1)] as const;
    }),
);

function rows(section: string): { hex: string; v4: string; plain: string; source: string }[] {
  return sections.get(section)!.map((line) => {
    const [hex, v4, plain, source] = line.split("\t").map((field) => field.replaceAll("\\t", "\t"));
    return { hex: hex!, v4: v4!, plain: plain!, source: source! };
  });
}

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, "hex"));
}

/** What llvm-mc takes and we refuse. */
const STRICTER: readonly string[] = [
  ".8byte !0",
  ".long !0, 0",
  ".8byte 1.5",
  "r1 = *(u32 *)(r2 1)",
  "*(u8 *)(r1 1) = w3",
  "r1 = xchg_64(r2 1, r1)",
];

describe("LLVM 19", () => {
  it("statements assemble to its bytes", () => {
    const list = rows("statements");
    for (const { hex, source } of list) expect([source, encode(assembleLlvm(source))]).toEqual([source, bytes(hex)]);
    expect(encode(assembleLlvm(list.map(({ source }) => source).join("\n")))).toEqual(
      bytes(list.map(({ hex }) => hex).join("")),
    );
    console.log(`isa: ${list.length} statements assembled`);
    expect(list.length).toBeGreaterThan(400);
  });

  it("its disassembly assembles to the bytes again", () => {
    for (const { hex, v4, plain } of rows("statements")) {
      // Calls of 32-bit immediates and references print all that they have; nothing in these needs more.
      expect([v4, encode(assembleLlvm(v4))]).toEqual([v4, bytes(hex)]);
      if (plain !== "<unknown>" && !/^lock .*u32|^[rw]\d = (?:cmp)?xchg/.test(plain)) {
        expect([plain, encode(assembleLlvm(plain))]).toEqual([plain, bytes(hex)]);
      }
    }
  });

  it.each(["statements", "slots"])("%s print as llvm-objdump prints them", (section) => {
    let unknown = 0;
    for (const { hex, v4, plain } of rows(section)) {
      const insns = decode(bytes(hex));
      expect([hex, formatLlvm(insns, 0)]).toEqual([hex, v4]);
      expect([hex, formatLlvm(insns, 0, { alu32: false })]).toEqual([hex, plain]);
      if (v4 === "<unknown>") unknown++;
    }
    console.log(`isa: ${rows(section).length} ${section} printed, ${unknown} of them <unknown>`);
    expect(unknown === 0).toBe(section === "statements");
  });

  it("syntax: what it takes and what it refuses", () => {
    const stricter = new Set(STRICTER);
    let refused = 0;
    const list = sections.get("syntax")!;
    for (const line of list) {
      const [little, big, json] = line.split("\t") as [string, string, string];
      const text = (JSON.parse(json) as string).replaceAll("@", "7");
      let got: string;
      try {
        const insns = assembleLlvm(text);
        got = Buffer.from(encode(insns)).toString("hex");
        // Data are numbers, which are of little-endian slots here.
        if (!/\.(?:\d?byte|long|int|short|value|quad)/i.test(text) && !little.startsWith("!")) {
          expect([text, Buffer.from(encode(insns, "big")).toString("hex")]).toEqual([text, big]);
        }
      } catch (error) {
        if (!(error instanceof IsaError)) throw error;
        got = `!${(error.details as { line: number }).line}`;
      }
      if (got.startsWith("!")) refused++;
      expect([text, got]).toEqual([text, stricter.has(text) ? "!1" : little]);
      if (stricter.has(text)) expect(little).not.toMatch(/^!/);
    }
    console.log(`isa: ${list.length} texts of LLVM's syntax, ${refused} refused`);
    expect(list.length).toBeGreaterThan(600);
  });

  it.each(["clang v3", "clang v4"])("%s: its assembly gives its object code", (section) => {
    const [hex, ...text] = sections.get(section)!;
    expect(text.length).toBeGreaterThan(100);
    expect(Buffer.from(encode(assembleLlvm(text.join("\n")))).toString("hex")).toBe(hex);
  });

  it.each(["clang v3", "clang v4"])("%s: decimal printing gives its assembly", (section) => {
    const [hex, ...text] = sections.get(section)!;
    const insns = decode(bytes(hex!));
    const plain = text.filter((line) => !line.endsWith(":") && !/goto|call /.test(line));
    const ours = new Set<string>();
    for (let i = 0; i < insns.length; i++) ours.add(formatLlvm(insns, i, { hex: false }));
    // clang writes the move that zero-extends as r1 = w2; both LLVM's disassembler and we as w1 = w2.
    for (const line of plain) expect(ours, line).toContain(line.replace(/^r(\d+ = w)/, "w$1"));
  });

  const installed = ["llvm-mc", "llvm-objdump", "llvm-objcopy", "clang"].every(
    (tool) => spawnSync(`${tool}-19`, ["--version"]).status === 0,
  );
  it("installed here says the same as the fixture", (context) => {
    if (!installed) context.skip("LLVM 19 and clang 19 are not installed");
    const script = new URL("../../scripts/llvm-fixture.mjs", import.meta.url).pathname;
    const { stdout, stderr, status } = spawnSync(process.execPath, [script], { encoding: "utf8" });
    expect(status, stderr).toBe(0);
    // clang's choice of instructions may change from build to build of a version; what an instruction looks like may not.
    const cut = (text: string): string => text.slice(0, text.indexOf("== clang"));
    expect(cut(stdout)).toBe(cut(fixture));
  });
});
