/// <reference types="node" />
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NOTHING, TestMachine } from "./machine.ts";
import { askKernel, type OracleRequest } from "./oracle.ts";
import { bytesOf, EXIT, ldImm64, movImm, type Slot } from "./program.ts";

/**
 * The same random programs here and in the running kernel. R0–R5, R7–R9 begin with unknown values from a map value, which R6 points to; the
 * program computes, jumps forwards, loads, stores and does atomics there; then it stores its registers. The whole value has to be equal.
 */

const VALUE_BYTES = 256;
const SCRATCH = 80;
const REGISTERS = [0, 1, 2, 3, 4, 5, 7, 8, 9] as const;
const BPF_MAP_TYPE_ARRAY = 2;
const BPF_PROG_TYPE_SOCKET_FILTER = 1;
const BPF_PROG_TYPE_XDP = 6;

const unavailable = askKernel([]);

const register = fc.constantFrom(...REGISTERS);
const imm32 = fc.oneof(
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  fc.integer({ min: -3, max: 70 }),
  fc.constantFrom(2 ** 31 - 1, -(2 ** 31)),
);

/** An instruction, and how far it may jump over the ones that follow. */
const alu: fc.Arbitrary<Slot> = fc
  .record({
    wide: fc.boolean(),
    op: fc.nat(12),
    x: fc.boolean(),
    variant: fc.nat(3),
    dst: register,
    src: register,
    imm: imm32,
  })
  .map(({ wide, op, x, variant, dst, src, imm }): Slot => {
    const cls = wide ? 7 : 4;
    let off = 0;
    let k = imm;
    if (op === 8) return [0x80 | cls, dst, 0, 0, 0];
    if (op === 3 || op === 9) {
      off = variant & 1;
      if (k === 0) k = 1;
    }
    // The kernel refuses shifts by constants that are too large.
    if (op === 6 || op === 7 || op === 12) k &= wide ? 63 : 31;
    if (op === 11 && x) off = [0, 8, 16, wide ? 32 : 0][variant]!;
    return x ? [(op << 4) | 8 | cls, dst, src, off, 0] : [(op << 4) | cls, dst, 0, off, k];
  });

const swap: fc.Arbitrary<Slot> = fc
  .tuple(fc.constantFrom(0xd4, 0xdc, 0xd7), register, fc.constantFrom(16, 32, 64))
  .map(([code, dst, bits]): Slot => [code, dst, 0, 0, bits]);

const jump: fc.Arbitrary<Slot> = fc
  .record({
    wide: fc.boolean(),
    op: fc.constantFrom(1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13),
    x: fc.boolean(),
    dst: register,
    src: register,
    imm: imm32,
    off: fc.nat(4),
  })
  .map(({ wide, op, x, dst, src, imm, off }): Slot => {
    const code = (op << 4) | (wide ? 5 : 6);
    return x ? [code | 8, dst, src, off, 0] : [code, dst, 0, off, imm];
  });

/** Behind a jump over it, so that what follows stays reachable. */
const goto: fc.Arbitrary<Slot[]> = fc
  .tuple(fc.boolean(), fc.nat(3), register, imm32)
  .map(([long, off, reg, imm]) => [[0x15, reg, 0, 1, imm], long ? [0x06, 0, 0, 0, off] : [0x05, 0, 0, off, 0]]);

const SIZES = [
  [0x10, 1],
  [0x08, 2],
  [0x00, 4],
  [0x18, 8],
] as const;

const place = fc
  .tuple(fc.constantFrom(...SIZES), fc.nat(15))
  .map(([[bits, size], n]) => ({ bits, off: SCRATCH + n * 8 + (n % (8 / size)) * size }));

const access: fc.Arbitrary<Slot> = fc
  .record({ kind: fc.nat(6), where: place, reg: register, imm: imm32 })
  .map(({ kind, where: { bits, off }, reg, imm }): Slot => {
    if (kind === 0) return [0x61 | bits, reg, 6, off, 0];
    if (kind === 1 && bits !== 0x18) return [0x81 | bits, reg, 6, off, 0];
    if (kind === 2) return [0x62 | bits, 6, 0, off, imm];
    if (kind === 3) return [0xc3 | bits, reg, 6, off, 0x100];
    if (kind === 4) return [0xc3 | bits, 6, reg, off, 0x110];
    return [0x63 | bits, 6, reg, off, 0];
  });

const atomic: fc.Arbitrary<Slot> = fc
  .record({
    wide: fc.boolean(),
    imm: fc.constantFrom(0x00, 0x40, 0x50, 0xa0, 0x01, 0x41, 0x51, 0xa1, 0xe1, 0xf1),
    n: fc.nat(15),
    src: register,
  })
  .map(({ wide, imm, n, src }): Slot => [wide ? 0xdb : 0xc3, 6, src, SCRATCH + n * 8 + (wide ? 0 : (n & 1) * 4), imm]);

const one = (slot: Slot): Slot[] => [slot];
const body: fc.Arbitrary<Slot[]> = fc
  .array(
    fc.oneof(
      { arbitrary: alu.map(one), weight: 10 },
      { arbitrary: swap.map(one), weight: 1 },
      { arbitrary: jump.map(one), weight: 3 },
      { arbitrary: goto, weight: 1 },
      { arbitrary: access.map(one), weight: 3 },
      { arbitrary: atomic.map(one), weight: 2 },
    ),
    { minLength: 1, maxLength: 40 },
  )
  .map((parts) => parts.flat());

const word = fc.oneof(
  fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
  fc.bigInt({ min: -3n, max: 70n }),
  fc.constantFrom(1n << 63n, (1n << 63n) - 1n, 1n << 31n, (1n << 31n) - 1n, 1n << 32n, 0xffffffffn),
);
const program = fc.record({ steps: body, words: fc.array(word, { minLength: 26, maxLength: 26 }), xdp: fc.boolean() });

/** The slots around the random ones; `base` loads the value's address into R6. */
function wrap(base: readonly Slot[], steps: readonly Slot[]): Slot[] {
  const clipped = steps.map(([code, dst, src, off, imm], i): Slot => {
    const room = steps.length - 1 - i;
    const cls = code & 7;
    if (cls === 6 && code === 0x06) return [code, dst, src, off, Math.min(imm, room)];
    if (cls === 5 || cls === 6) return [code, dst, src, Math.min(off, room), imm];
    return [code, dst, src, off, imm];
  });
  return [
    ...base,
    ...REGISTERS.map((reg, n): Slot => [0x79, reg, 6, n * 8, 0]),
    ...clipped,
    ...REGISTERS.map((reg, n): Slot => [0x7b, 6, reg, n * 8, 0]),
    movImm(0, 1),
    EXIT,
  ];
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function valueBytes(words: readonly bigint[]): Uint8Array {
  const bytes = new Uint8Array(VALUE_BYTES);
  const view = new DataView(bytes.buffer);
  for (const [i, bits] of words.entries()) view.setBigUint64(i * 8, BigInt.asUintN(64, bits), true);
  return bytes;
}

interface Program {
  readonly steps: readonly Slot[];
  readonly words: readonly bigint[];
  readonly xdp: boolean;
}

function request({ steps, words, xdp }: Program): OracleRequest {
  const base: Slot[] = [
    [0x18, 6, 2, 0, 0],
    [0, 0, 0, 0, 0],
  ];
  return {
    type: xdp ? BPF_PROG_TYPE_XDP : BPF_PROG_TYPE_SOCKET_FILTER,
    insns: hex(bytesOf(wrap(base, steps))),
    log: 1,
    data: "00".repeat(64),
    maps: [{ type: BPF_MAP_TYPE_ARRAY, key: 4, value: VALUE_BYTES, max: 1, init: hex(valueBytes(words)) }],
  };
}

/** Says why, where these tests cannot run. */
const title = `the running kernel${typeof unavailable === "string" ? ` (skipped: ${unavailable})` : ""}`;

describe.skipIf(typeof unavailable === "string")(title, () => {
  test("computes what the interpreter computes", () => {
    const programs = fc.sample(program, Number(process.env["BPF_TS_FUZZ_RUNS"] ?? 400)) as Program[];
    const answers = askKernel(programs.map(request));
    if (typeof answers === "string") throw new Error(answers);
    expect(answers).toHaveLength(programs.length);
    const machine = new TestMachine();
    const value = machine.memory.alloc(VALUE_BYTES);
    for (const [i, { steps, words }] of programs.entries()) {
      const answer = answers[i]!;
      if ("errno" in answer) throw new Error(`${answer.what}: errno ${answer.errno}: ${answer.log.slice(-400)}`);
      machine.memory.write(value, valueBytes(words));
      const slots = wrap(ldImm64(6, BigInt(value)), steps);
      const result = machine.vm.run(machine.vm.load({ insns: bytesOf(slots) }, NOTHING), machine.ctx);
      expect(result.status, JSON.stringify(steps)).toBe("done");
      expect(hex(machine.memory.read(value, VALUE_BYTES)), JSON.stringify(steps)).toBe(answer.values[0]);
    }
    machine.memory.free(value);
    machine.close();
  });
});
