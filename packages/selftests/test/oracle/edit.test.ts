/// <reference types="node" />
import type { Insn } from "@bpf-ts/isa";
import { describe, expect, it } from "vitest";
import type { CorpusLoad } from "../../src/corpus/row.ts";
import { insertInsns } from "../../src/oracle/edit.ts";

const NOP: Insn = { code: 0x05, dst: 0, src: 0, off: 0, imm: 0 };
const EXIT: Insn = { code: 0x95, dst: 0, src: 0, off: 0, imm: 0 };
const R0_IS_0: Insn = { code: 0xb7, dst: 0, src: 0, off: 0, imm: 0 };

const insn = (code: number, fields: Partial<Insn> = {}): Insn => ({ code, dst: 0, src: 0, off: 0, imm: 0, ...fields });

function load(insns: readonly Insn[], more: Partial<CorpusLoad> = {}): CorpusLoad {
  const base = { prog_type: 1, expected_attach_type: 0, prog_flags: 0, prog_name: "t", license: "GPL", insns: "" };
  return { ...base, insn_cnt: insns.length, map_refs: [], ...more };
}

/** The program with one no-op put in before slot `at`. */
function edited(insns: readonly Insn[], at: number): Insn[] {
  return insertInsns(load(insns), insns, at, [NOP]);
}

/** Records of one slot and a word that must stay as it is. */
const info = (...slots: number[]) => {
  const bytes = Buffer.alloc(slots.length * 8);
  for (const [i, slot] of slots.entries()) {
    bytes.writeUInt32LE(slot, i * 8);
    bytes.writeUInt32LE(0xabcd, i * 8 + 4);
  }
  return { rec_size: 8, cnt: slots.length, hex: bytes.toString("hex") };
};

describe("insertInsns", () => {
  it("puts the instructions in and counts them", () => {
    const given = load([R0_IS_0, EXIT]);
    expect(insertInsns(given, [R0_IS_0, EXIT], 1, [NOP, NOP])).toEqual([R0_IS_0, NOP, NOP, EXIT]);
    expect(given.insn_cnt).toBe(4);
  });

  it("lengthens a jump over the place, forwards and backwards", () => {
    const forwards = [insn(0x15, { off: 1 }), R0_IS_0, EXIT];
    expect(edited(forwards, 1)[0]!.off).toBe(2);
    const backwards = [R0_IS_0, insn(0x05, { off: -2 }), EXIT];
    expect(edited(backwards, 1)[2]!.off).toBe(-3);
  });

  it("leaves a jump alone that does not pass the place", () => {
    const insns = [insn(0x55, { off: 0 }), R0_IS_0, insn(0x05, { off: -2 }), EXIT];
    expect(edited(insns, 3).filter((i) => i.code !== 0xb7)).toEqual(
      [insns[0], insns[2], NOP, EXIT].map((i) => ({ ...i })),
    );
    expect(edited(insns, 0).slice(1)).toEqual(insns);
  });

  it("lets a jump to the place reach what stood there", () => {
    expect(edited([insn(0x06, { imm: 1 }), R0_IS_0, EXIT], 2)[0]!.imm).toBe(2);
    expect(edited([insn(0xe5, { off: 1 }), R0_IS_0, EXIT], 2)[0]!.off).toBe(2);
    expect(edited([insn(0x1e, { off: 1 }), R0_IS_0, EXIT], 2)[0]!.off).toBe(2);
  });

  it("moves calls of functions and references to them, and leaves those of helpers and kernel functions", () => {
    const insns = [
      insn(0x85, { src: 1, imm: 5 }),
      insn(0x18, { src: 4, imm: 4 }),
      insn(0),
      insn(0x85, { imm: 5 }),
      insn(0x85, { src: 2, imm: 99 }),
      EXIT,
      R0_IS_0,
      EXIT,
    ];
    const result = edited(insns, 6);
    expect([0, 1, 3, 4].map((i) => result[i]!.imm)).toEqual([6, 5, 5, 99]);
  });

  it("leaves what only looks like a jump: a constant's second half, a register's negation", () => {
    const insns = [insn(0x18, { imm: 5 }), insn(0, { imm: 7 }), insn(0x87), insn(0x84), EXIT];
    expect(edited(insns, 3)).toEqual([...insns.slice(0, 3), NOP, ...insns.slice(3)]);
  });

  it("moves references to maps", () => {
    const insns = [insn(0x18, { src: 1 }), insn(0), insn(0x18, { src: 1 }), insn(0), EXIT];
    const given = load(insns, { map_refs: [[0, 0], [2, 1]] }); // biome-ignore format: pairs
    insertInsns(given, insns, 2, [NOP, NOP, NOP]);
    expect(given.map_refs).toEqual([[0, 0], [5, 1]]); // biome-ignore format: pairs
  });

  it("moves func_info and line_info, but never the first function", () => {
    const insns = [R0_IS_0, EXIT, R0_IS_0, EXIT];
    const given = load(insns, { func_info: info(0, 2), line_info: info(0, 1, 2, 3) });
    insertInsns(given, insns, 0, [NOP]);
    expect(given.func_info).toEqual(info(0, 3));
    expect(given.line_info).toEqual(info(0, 2, 3, 4));
  });

  it("changes no record of the program it was given", () => {
    const insns = [R0_IS_0, EXIT];
    const funcInfo = info(0, 1);
    const before = structuredClone(funcInfo);
    insertInsns(load(insns, { func_info: funcInfo }), insns, 1, [NOP]);
    expect(funcInfo).toEqual(before);
    expect(insns).toEqual([R0_IS_0, EXIT]);
  });
});
