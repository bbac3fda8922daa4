import { assembleKernel, decode, encode, formatKernel, type Insn } from "@bpf-ts/isa";
import { expect, test } from "vitest";
import { EditedProgram } from "../../src/fixup/edited-program.ts";

const NOP: Insn = { code: 0xb7, dst: 0, src: 0, off: 0, imm: 0 };
const nops = (n: number): Insn[] => Array.from({ length: n }, () => NOP);

/** The program after replacing the slots given by so many instructions each, and where its slots come from. */
function edited(insns: readonly Insn[], lengths: ReadonlyMap<number, number>): { insns: Insn[]; origin: number[] } {
  const program = new EditedProgram(insns);
  for (const [slot, length] of lengths) program.replace(slot, nops(length));
  const { bytes, origin } = program.assemble(encode(insns));
  return { insns: decode(bytes), origin: [...origin] };
}

const text = (insns: readonly Insn[], i: number): string => formatKernel(insns, i, { opcode: false });

test("jumps over replaced slots are measured again", () => {
  const program = assembleKernel("if r1 == 0 goto pc+2\nr0 = 1\ngoto pc-2\nexit");
  const { insns, origin } = edited(program, new Map([[1, 3]]));
  expect(insns.map((_, i) => text(insns, i))).toEqual([
    "if r1 == 0x0 goto pc+4",
    "r0 = 0",
    "r0 = 0",
    "r0 = 0",
    "goto pc-4",
    "exit",
  ]);
  expect(origin).toEqual([0, 1, 1, 1, 2, 3]);
});

test("a jump that reaches 32767 slots stays as it is; one further goes by way of a gotol", () => {
  const program = assembleKernel("if r1 == 0 goto pc+1\nr0 = 1\nexit");
  const near = edited(program, new Map([[1, 32767]])).insns;
  expect(near).toHaveLength(32769);
  expect(text(near, 0)).toBe("if r1 == 0x0 goto pc+32767");
  const { insns: far, origin } = edited(program, new Map([[1, 32768]]));
  expect(far).toHaveLength(32772);
  expect([0, 1, 2].map((i) => text(far, i))).toEqual(["if r1 == 0x0 goto pc+1", "goto pc+1", "gotol pc+32768"]);
  expect(text(far, 3 + 32768)).toBe("exit");
  expect(origin.slice(0, 4)).toEqual([0, 0, 0, 1]);
});

test("plain jumps become gotol; backwards, too", () => {
  const program = assembleKernel("goto pc+2\nr0 = 1\nexit\ngoto pc-3");
  const { insns } = edited(program, new Map([[1, 40_000]]));
  expect([text(insns, 0), text(insns, insns.length - 1)]).toEqual(["gotol pc+40001", "gotol pc-40002"]);
});

test("may_goto goes by way of a gotol like other conditions; calls have 32 bits anyway", () => {
  const program = assembleKernel("may_goto pc+1\nr0 = 1\ncall pc+1\nexit\nexit");
  const { insns } = edited(
    program,
    new Map([
      [1, 40_000],
      [3, 50_000],
    ]),
  );
  expect([0, 1, 2].map((i) => text(insns, i))).toEqual(["may_goto pc+1", "goto pc+1", "gotol pc+40000"]);
  expect(text(insns, 40_003)).toBe("call pc+50000");
});

test("a long jump may push others out of reach", () => {
  // The first jump reaches its target (slot 3) exactly; the second one doesn't reach its own (slot 4).
  const program = assembleKernel("if r1 == 0 goto pc+2\nif r1 == 1 goto pc+2\nr0 = 1\nr0 = 2\nexit");
  const near = edited(program, new Map([[2, 32_766]])).insns;
  expect([0, 1].map((i) => text(near, i))).toEqual(["if r1 == 0x0 goto pc+32767", "if r1 == 0x1 goto pc+32767"]);
  const lengths = new Map([
    [2, 32_766],
    [3, 10],
  ]);
  const { insns } = edited(program, lengths);
  expect(Array.from({ length: 6 }, (_, i) => text(insns, i))).toEqual([
    "if r1 == 0x0 goto pc+1",
    "goto pc+1",
    "gotol pc+32769",
    "if r1 == 0x1 goto pc+1",
    "goto pc+1",
    "gotol pc+32776",
  ]);
});
