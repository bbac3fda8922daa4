/// <reference types="node" />
// Listings of a running Linux 6.18's verifier, of programs of random instructions: scripts/kernel-fixtures.py.
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import {
  assembleKernel,
  decode,
  encode,
  formatKernel,
  insnSlots,
  readsRegs,
  successors,
  writesRegs,
} from "../../src/index.ts";

const PROGRAM = /^[0-9a-f]{40,}$/;

it("text, control flow and register use are Linux 6.18's", () => {
  const lines = readFileSync(new URL("../fixtures/kernel-6.18-listing.txt", import.meta.url), "utf8")
    .trim()
    .split("\n");
  let compared = 0;
  const opcodes = new Set<number>();
  for (let at = 0; at < lines.length; ) {
    const insns = decode(Buffer.from(lines[at++]!, "hex"));

    // Registers whose value is still needed before each instruction: the largest solution is not asked for, so any order converges.
    const live = new Uint16Array(insns.length + 1);
    for (let changed = true; changed; ) {
      changed = false;
      for (let i = insns.length - 1; i >= 0; i--) {
        if (i > 0 && insnSlots(insns[i - 1]!) === 2) continue;
        const after = successors(insns, i).reduce((mask, next) => mask | live[next]!, 0);
        const before = (after & ~writesRegs(insns[i]!)) | readsRegs(insns[i]!);
        changed ||= before !== live[i];
        live[i] = before;
      }
    }

    for (; at < lines.length && !PROGRAM.test(lines[at]!); at++) {
      const i = Number.parseInt(lines[at]!, 10);
      const registers = Array.from({ length: 10 }, (_, n) => ((live[i]! >> n) & 1 ? `${n}` : ".")).join("");
      expect(`${`${i}`.padStart(7)}: ${registers} ${formatKernel(insns, i)}`).toBe(lines[at]);
      opcodes.add(insns[i]!.code);
      compared++;
    }
  }
  console.log(`isa: ${compared} lines of listings, ${opcodes.size} opcodes`);
  // All but jumps to where such a program can't have them.
  expect(opcodes.size).toBe(128);
  expect(compared).toBeGreaterThan(1_000);
});

it("listings assemble to their programs, but for what they do not show", () => {
  const text = readFileSync(new URL("../fixtures/kernel-6.18-listing.txt", import.meta.url), "utf8");
  const programs = text.split(/^[0-9a-f]{40,}\n/m).slice(1);
  let compared = 0;
  for (const listing of programs) {
    // Text that no instruction has: swaps of odd widths, atomics and jumps that do not exist.
    const kept = listing
      .split("\n")
      .filter((line) => line !== "" && !/ (?:le|be|bswap)(?!(?:16|32|64) )-?\d+ r|BUG_|\(null\)|__percpu/.test(line))
      .map((line) => line.replace(/^.*?(?=\()/, ""));
    const insns = assembleKernel(kept.join("\n"));
    const out: string[] = [];
    for (let i = 0; i < insns.length; i += insnSlots(insns[i]!)) out.push(formatKernel(insns, i));
    expect(out).toEqual(kept);
    expect(decode(encode(insns))).toEqual(insns);
    compared += out.length;
  }
  expect(compared).toBeGreaterThan(1_000);
});
