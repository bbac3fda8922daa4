/// <reference types="node" />
import { UnsupportedError } from "@bpf-ts/uapi";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { VmError } from "../src/index.ts";
import { helpers, NOTHING, TestMachine, withMachine } from "./machine.ts";
import { bytesOf, EXIT, ldImm64, movImm, type Slot } from "./program.ts";

const machine = new TestMachine();
const load = (slots: readonly Slot[]) => () => machine.vm.load({ insns: bytesOf(slots) }, NOTHING);

describe("programs that are none", () => {
  test("lengths", () => {
    expect(() => machine.vm.load({ insns: new Uint8Array(0) }, NOTHING)).toThrow(
      "program of 0 bytes: must be a positive multiple of 8",
    );
    expect(() => machine.vm.load({ insns: new Uint8Array(12) }, NOTHING)).toThrow(VmError);
    expect(() => machine.vm.load({ insns: bytesOf([EXIT]), stackDepth: 12 }, NOTHING)).toThrow(
      "stack depth 12 of the subprogram at 0: must be a multiple of 8",
    );
  });

  test.each<[string, Slot[], string]>([
    ["ALU operation 14", [[0xe7, 0, 0, 0, 0]], "insn 0: no such arithmetic (code 0xe7 dst 0 src 0 off 0 imm 0)"],
    ["neg of a register", [[0x8f, 0, 0, 0, 0]], "no such arithmetic"],
    ["neg with an imm", [[0x87, 0, 0, 0, 1]], "no such arithmetic"],
    ["movsx from 24 bits", [[0xbf, 0, 0, 24, 0]], "no such arithmetic"],
    ["32-bit movsx from 32 bits", [[0xbc, 0, 0, 32, 0]], "no such arithmetic"],
    ["movsx of an immediate", [[0xb7, 0, 0, 8, 0]], "no such arithmetic"],
    ["add with off", [[0x0f, 0, 0, 1, 0]], "no such arithmetic"],
    ["div with off 2", [[0x3f, 0, 0, 2, 0]], "no such arithmetic"],
    ["bswap to big endian", [[0xdf, 0, 0, 0, 16]], "no such arithmetic"],
    ["be of 24 bits", [[0xdc, 0, 0, 0, 24]], "no such arithmetic"],
    ["K form with src", [[0x07, 0, 1, 0, 1]], "no such arithmetic"],
    ["X form with imm", [[0x0f, 0, 1, 0, 1]], "no such arithmetic"],
    ["r11", [[0xb7, 11, 0, 0, 0]], "no register r11"],
    ["r12 as source", [[0xbf, 0, 12, 0, 0]], "no register r12"],
    ["ld_imm64 alone", [[0x18, 0, 0, 0, 0]], "ld_imm64 without its second half"],
    ["ld_imm64 and something else", [[0x18, 0, 0, 0, 0], EXIT], "ld_imm64 without its second half"],
    [
      "ld_imm64 with off",
      [
        [0x18, 0, 0, 1, 0],
        [0, 0, 0, 0, 0],
      ],
      "ld_imm64 with an offset",
    ],
    ["half an ld_imm64", [[0x00, 0, 0, 0, 0], EXIT], "no such load"],
    ["ld of a word in mode MEM", [[0x60, 0, 0, 0, 0]], "no such load"],
    ["packet load of 8 bytes", [[0x38, 0, 0, 0, 0]], "no such load"],
    ["packet load with dst", [[0x20, 1, 0, 0, 0]], "reserved field"],
    ["ldx in mode IMM", [[0x01, 0, 0, 0, 0]], "no such load"],
    ["ldxsx of 8 bytes", [[0x99, 0, 0, 0, 0]], "no such load"],
    ["st in mode ATOMIC", [[0xc2, 0, 0, 0, 0]], "no such store"],
    ["stx in mode ABS", [[0x23, 0, 0, 0, 0]], "no such store"],
    ["atomic of 2 bytes", [[0xcb, 0, 0, 0, 0]], "no such atomic"],
    ["atomic subtract", [[0xdb, 0, 0, 0, 0x10]], "no such atomic"],
    ["xchg without fetch", [[0xdb, 0, 0, 0, 0xe0]], "no such atomic"],
    ["JMP operation 15", [[0xf5, 0, 0, 0, 0]], "no such jump"],
    ["JMP32 exit", [[0x96, 0, 0, 0, 0]], "no such jump"],
    ["JMP32 call", [[0x86, 0, 0, 0, 1]], "no such jump"],
    ["call of a register", [[0x8d, 0, 0, 0, 1]], "no such jump"],
    ["goto with imm", [[0x05, 0, 0, 0, 1]], "no such jump"],
    ["gotol with off", [[0x06, 0, 0, 1, 0]], "no such jump"],
    ["exit with imm", [[0x95, 0, 0, 0, 1]], "no such jump"],
    ["jcond of kind 1", [[0xe5, 0, 1, 0, 0]], "no such jump"],
    ["call kind 3", [[0x85, 0, 3, 0, 0]], "no such call"],
  ])("%s", (_, slots, message) => {
    expect(load([...slots, EXIT])).toThrow(VmError);
    expect(load([...slots, EXIT])).toThrow(message);
  });

  test.each<[string, Slot[], string]>([
    ["before the program", [[0x05, 0, 0, -2, 0], EXIT], "insn 0: jump to -1, out of range [0, 1]"],
    ["behind the program", [[0x15, 0, 0, 1, 0], EXIT], "insn 0: jump to 2, out of range [0, 1]"],
    ["into an ld_imm64", [[0x05, 0, 0, 1, 0], ...ldImm64(0, 1n), EXIT], "insn 0: jump to 2, inside an ld_imm64"],
    ["far behind, by gotol", [[0x06, 0, 0, 0, 0x7fffffff], EXIT], "insn 0: jump to 2147483648, out of range [0, 1]"],
  ])("jumps %s", (_, slots, message) => {
    expect(load(slots)).toThrow(message);
  });

  test.each([1, -2, 0x7fffffff, -0x80000000])("a call of a function that is outside: %i", (imm) => {
    expect(load([[0x85, 0, 1, 0, imm], EXIT])).toThrow(
      `insn 0: no function there (code 0x85 dst 0 src 1 off 0 imm ${imm})`,
    );
    const reference: Slot[] = [[0x18, 1, 4, 0, imm], [0, 0, 0, 0, 0], EXIT];
    expect(load(imm === 1 ? reference.slice(0, 2) : reference)).toThrow("insn 0: no function there");
  });
});

describe("what this machine does not have is named", () => {
  test.each<[string, Slot[]]>([
    ["addr_space_cast", [[0xbf, 0, 1, 1, 1]]],
    ["per-CPU address move", [[0xbf, 0, 1, -1, 0]]],
    [
      "ld_imm64 with src_reg 1 in an unverified program",
      [
        [0x18, 1, 1, 0, 3],
        [0, 0, 0, 0, 0],
      ],
    ],
    ["helper #5", [[0x85, 0, 0, 0, 5]]],
  ])("%s", (feature, slots) => {
    expect(load([...slots, EXIT])).toThrow(new UnsupportedError(feature));
  });
});

test("an xlated function reference is a number, an unverified one a distance", () => {
  const slots: Slot[] = [[0x18, 0, 4, 0, 2], [0, 0, 0, 0, 0], EXIT, movImm(0, 1), EXIT];
  slots[0] = [0x18, 0, 4, 0, 3];
  expect(load(slots)).not.toThrow();
  expect(machine.r0([[0x18, 0, 4, 0, 2], [0, 0, 0, 0, 0], EXIT, movImm(0, 1), EXIT])).toBe(2n);
});

test(
  "any bytes either load or are refused with a VmError or an UnsupportedError, and run to an end on fuel",
  withMachine((fuzzed) => {
    const small = fc.integer({ min: -4, max: 4 });
    const likely = fc.oneof(
      fc.tuple(
        fc.constantFrom(0x07, 0x17, 0x27, 0x37, 0x97, 0xb7, 0xc7, 0x04, 0x34),
        fc.nat(9),
        fc.constant(0),
        fc.constant(0),
        small,
      ),
      fc.tuple(
        fc.constantFrom(0x0f, 0xbf, 0x3f, 0x6f, 0xac, 0xbc),
        fc.nat(9),
        fc.nat(10),
        fc.constant(0),
        fc.constant(0),
      ),
      fc.tuple(fc.constantFrom(0x79, 0x71, 0x61, 0x7b, 0x91), fc.nat(9), fc.constantFrom(1, 10), small, fc.constant(0)),
      fc.tuple(
        fc.constantFrom(0x7b, 0x73, 0xdb, 0xc3),
        fc.constantFrom(1, 10),
        fc.nat(9),
        fc.integer({ min: -16, max: 16 }),
        fc.constant(0),
      ),
      fc.tuple(fc.constantFrom(0x15, 0xa5, 0x66), fc.nat(9), fc.constant(0), small, small),
      fc.tuple(fc.constant(0x85), fc.constant(0), fc.constantFrom(0, 1), fc.constant(0), fc.constantFrom(1, 2, -3)),
    );
    const any = fc.tuple(
      fc.oneof(fc.nat(255), fc.constantFrom(0x18, 0x85, 0x95, 0x79, 0x7b, 0xdb, 0x05, 0x15, 0xb7, 0xbf, 0x0f)),
      fc.nat(11),
      fc.oneof(fc.constant(0), fc.nat(11)),
      fc.oneof(fc.constant(0), fc.integer({ min: -8, max: 8 }), fc.integer({ min: -32768, max: 32767 })),
      fc.oneof(fc.constant(0), fc.integer({ min: -8, max: 8 }), fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
    );
    const slot = fc.oneof({ arbitrary: likely, weight: 9 }, { arbitrary: any, weight: 1 });
    const link = helpers({ 1: { name: "one", run: (_, r1) => r1 }, 2: { name: "two", wide: true, run: () => 0 } });
    let ran = 0;
    fc.assert(
      fc.property(fc.array(slot, { minLength: 1, maxLength: 12 }), (slots) => {
        try {
          const exe = fuzzed.vm.load({ insns: bytesOf([...slots, EXIT] as Slot[]) }, link);
          const result = fuzzed.vm.run(exe, fuzzed.ctx, { fuel: 500 });
          ran++;
          expect(["done", "fault"]).toContain(result.status);
        } catch (error) {
          if (!(error instanceof VmError || error instanceof UnsupportedError)) throw error;
        }
      }),
      { numRuns: Number(process.env["BPF_TS_FUZZ_RUNS"] ?? 5000) },
    );
    expect(ran).toBeGreaterThan(500);
  }),
);
