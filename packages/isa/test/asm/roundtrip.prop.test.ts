/// <reference types="node" />
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  assembleKernel,
  assembleLlvm,
  formatKernel,
  formatLlvm,
  type Insn,
  IsaError,
  insnProblem,
  insnSlots,
  isOpcode,
  usedFields,
} from "../../src/index.ts";

const runs: number = Number(process.env["BPF_TS_FUZZ_RUNS"] ?? 3_000);

const int32 = fc.oneof(
  fc.constantFrom(0, 1, 16, 32, 64, -1, 0x40, 0x41, 0x50, 0x51, 0xa0, 0xa1, 0xe1, 0xf1, 0x100, 0x110, 0x10000),
  fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }),
);
const int16 = fc.oneof(fc.constantFrom(0, 1, 8, 16, 32, -1), fc.integer({ min: -0x8000, max: 0x7fff }));
const anySlot: fc.Arbitrary<Insn> = fc.record({
  code: fc.nat(255),
  dst: fc.nat(15),
  src: fc.nat(15),
  off: int16,
  imm: int32,
});

const opcodes = Array.from({ length: 256 }, (_, code) => code).filter(isOpcode);

const ATOMICS = [0, 0x40, 0x50, 0xa0, 1, 0x41, 0x51, 0xa1, 0xe1, 0xf1, 0x100, 0x110, 0x100, 0x110];

/** A number for imm that an instruction of this opcode is likely to be valid with. */
function suited(code: number, any: number): number {
  const op = code & 0xf0;
  const isAlu = (code & 7) === 4 || (code & 7) === 7;
  if ((code & 0xe7) === 0xc3) return ATOMICS[(any >>> 0) % ATOMICS.length]!;
  if (isAlu && op === 0xd0) return [16, 32, 64][(any >>> 0) % 3]!;
  return isAlu && (op === 0x60 || op === 0x70 || op === 0xc0) ? any & 31 : any;
}

/** Valid instructions of all opcodes: unused fields are cleared, the rest is drawn until it is valid. */
const validInsn: fc.Arbitrary<Insn[]> = fc
  .tuple(
    fc.constantFrom(...opcodes),
    fc.nat(10),
    fc.oneof(fc.nat(10), fc.nat(6)),
    int16,
    int32,
    fc.oneof(fc.constant(0), int32),
  )
  .map(([code, dst, src, off, any, high]) => {
    const imm = suited(code, any);
    const drawn = { code, dst, src, off, imm };
    const used = usedFields(drawn);
    const insn = {
      code,
      dst: used & 1 ? dst : 0,
      src: used & 2 ? src : 0,
      off: used & 4 ? off : 0,
      imm: used & 8 ? imm : 0,
    };
    return insnSlots(insn) === 2 ? [insn, { code: 0, dst: 0, src: 0, off: 0, imm: high }] : [insn];
  })
  .filter((insns) => insnProblem(insns, 0) === undefined);

const llvmOptions = fc.record({ hex: fc.boolean(), alu32: fc.boolean() });

/** What text must leave out: the kernel's, what a 64-bit address came from and which BTF a kernel function is of. */
function shownByKernel(insns: readonly Insn[]): boolean {
  const { code, src, off } = insns[0]!;
  return !(code === 0x18 && src !== 0) && !(code === 0x85 && src === 2 && off !== 0);
}

/** LLVM's, the kind of a call, the offset of an indirect packet load, and the upper half of a reference. */
function shownByLlvm(insns: readonly Insn[]): boolean {
  const [{ code, src, imm }, next] = insns as [Insn, Insn?];
  return (
    !(code === 0x85 && src !== 0) &&
    !((code & 0xe7) === 0x40 && imm !== 0) &&
    !(code === 0x18 && src !== 0 && next!.imm !== 0)
  );
}

describe("text and back", () => {
  it("every valid instruction, in the kernel's syntax", () => {
    let exact = 0;
    const seen = new Set<number>();
    fc.assert(
      fc.property(validInsn, (insns) => {
        seen.add(insns[0]!.code);
        if (shownByKernel(insns)) {
          exact++;
          expect(assembleKernel(formatKernel(insns, 0))).toEqual(insns);
        }
        expect(assembleKernel(formatKernel(insns, 0, { lossless: true }))).toEqual(insns);
        expect(assembleKernel(formatKernel(insns, 0, { lossless: true, opcode: false }))).toEqual(insns);
      }),
      { numRuns: runs },
    );
    expect(exact).toBeGreaterThan(runs / 2);
    if (runs >= 3_000) expect(opcodes.filter((code) => !seen.has(code))).toEqual([]);
  });

  it("every valid instruction, in LLVM's syntax", () => {
    let exact = 0;
    fc.assert(
      fc.property(validInsn, llvmOptions, (insns, options) => {
        const text = formatLlvm(insns, 0, { ...options, alu32: true });
        expect(text).not.toBe("<unknown>");
        if (shownByLlvm(insns)) {
          exact++;
          expect(assembleLlvm(text)).toEqual(insns);
        }
        expect(assembleLlvm(formatLlvm(insns, 0, { ...options, lossless: true }))).toEqual(insns);
      }),
      { numRuns: runs },
    );
    expect(exact).toBeGreaterThan(runs / 2);
  });

  it("any bytes, in both syntaxes without loss", () => {
    fc.assert(
      fc.property(fc.tuple(anySlot, anySlot), fc.boolean(), llvmOptions, (insns, opcode, options) => {
        const kernel = assembleKernel(formatKernel(insns, 0, { lossless: true, opcode }));
        expect(kernel).toEqual(insns.slice(0, kernel.length));
        expect(kernel.length).toBeGreaterThan(0);
        const llvm = assembleLlvm(formatLlvm(insns, 0, { ...options, lossless: true }));
        expect(llvm).toEqual(insns.slice(0, llvm.length));
        expect(llvm.length).toBeGreaterThan(0);
      }),
      { numRuns: runs },
    );
  });

  it("whole programs", () => {
    fc.assert(
      fc.property(fc.array(validInsn, { maxLength: 30 }), (parts) => {
        const insns = parts.flat();
        const kernel: string[] = [];
        const llvm: string[] = [];
        for (let i = 0; i < insns.length; i += insnSlots(insns[i]!)) {
          kernel.push(`${i}: ${formatKernel(insns, i, { lossless: true })}`);
          llvm.push(formatLlvm(insns, i, { lossless: true }));
        }
        expect(assembleKernel(kernel.join("\n"))).toEqual(insns);
        expect(assembleLlvm(llvm.join("; "))).toEqual(insns);
      }),
      { numRuns: Math.ceil(runs / 20) },
    );
  });
});

describe("any text", () => {
  const words =
    "r0 r1 r10 w1 = += == s> s>>= 5 -1 0x10 ll * ( ) u32 u64 s8 + - [ ] skb map fd : idx goto pc if call exit lock lbl lbl: { } , src imm # ; (b7) 3: be16 atomic_fetch_add xchg_64 load_acquire .8byte 99999999999999999999 \n";
  const soup = fc.array(fc.oneof(fc.constantFrom(...words.split(" ")), fc.string({ unit: "binary", maxLength: 3 })), {
    maxLength: 20,
  });
  it.each([
    ["kernel", assembleKernel],
    ["LLVM", assembleLlvm],
  ])("assembles or is refused with a place in it: %s", (_, assemble) => {
    fc.assert(
      fc.property(soup, (list) => {
        const text = list.join(" ");
        try {
          assemble(text);
        } catch (error) {
          if (!(error instanceof IsaError)) throw error;
          const { line, column } = error.details as { line: number; column: number };
          expect(error.message.startsWith(`${line}:${column}: `)).toBe(true);
          const lines = text.split("\n");
          expect(line).toBeLessThanOrEqual(lines.length);
          expect(column).toBeLessThanOrEqual(lines[line - 1]!.length + 1);
        }
      }),
      { numRuns: runs * 2 },
    );
  });
});
