import { encode, type Insn } from "@bpf-ts/isa";
import type { Random } from "../random.ts";

function insn(code: number, dst: number, src = 0, off = 0, imm = 0): Insn {
  return { code, dst, src, off, imm };
}

const CLASS_ALU = 0x04;
const CLASS_ALU64 = 0x07;
const CLASS_JMP = 0x05;
const CLASS_JMP32 = 0x06;
const X = 0x08;

/** Registers that hold scalars; r6 is the context, r0 the last helper's result. */
const SCALARS = [1, 2, 3, 7, 8, 9] as const;
const EDGES = [
  0, 1, 2, 3, 5, 7, 8, 15, 16, 31, 32, 63, 64, 100, 127, 128, 255, 256, 4095, 32767, 32768, 65535, 65536,
] as const;

function immediate(r: Random): number {
  switch (r.below(6)) {
    case 0:
      return r.u32() | 0;
    case 1:
      return r.pick([0x7fffffff, -0x80000000, -1, 0x7ffffffe, -0x7fffffff, -2, 0]);
    case 2:
      return (r.pick([1, -1]) * (1 << r.below(31)) + r.below(3) - 1) | 0;
    case 3:
      return -r.pick(EDGES);
    default:
      return r.pick(EDGES);
  }
}

function wide(r: Random): bigint {
  const high = r.chance(50) ? BigInt(r.u32()) : BigInt(immediate(r) >>> 0);
  return (high << 32n) | BigInt(immediate(r) >>> 0);
}

/** `dst *= 1`: changes no value but ends the link that a move makes between two registers, so that each can be looked at alone. */
function unlink(dst: number): Insn {
  return insn(CLASS_ALU64 | 0x20, dst, 0, 0, 1);
}

function source(r: Random, dst: number): Insn[] {
  switch (r.below(5)) {
    case 0: {
      const v = wide(r);
      return [
        insn(0x18, dst, 0, 0, Number(BigInt.asIntN(32, v))),
        insn(0, 0, 0, 0, Number(BigInt.asIntN(32, v >> 32n))),
      ];
    }
    case 1:
      return [insn(CLASS_ALU64 | 0xb0, dst, 0, 0, immediate(r))];
    case 2:
      return [insn(0x61, dst, 6, r.pick([0, 4, 8])), unlink(dst)];
    case 3:
      // *(s8/s16/s32 *) and *(u8/u16 *) of a stack slot that holds anything
      return [insn(r.pick([0x91, 0x89, 0x81, 0x71, 0x69, 0x61]), dst, 10, -8), unlink(dst)];
    default:
      return [insn(CLASS_ALU64 | 0xb0 | X, dst, 0), unlink(dst)];
  }
}

function arithmetic(r: Random): Insn[] {
  const dst = r.pick(SCALARS);
  const src = r.pick(SCALARS);
  const cls = r.chance(55) ? CLASS_ALU64 : CLASS_ALU;
  const width = cls === CLASS_ALU64 ? 64 : 32;
  const kind = r.below(20);
  if (kind < 10) {
    const op = r.pick([0x00, 0x10, 0x20, 0x40, 0x50, 0xa0]);
    return r.chance(50) ? [insn(cls | op, dst, 0, 0, immediate(r))] : [insn(cls | op | X, dst, src)];
  }
  if (kind < 14)
    return [
      insn(
        cls | r.pick([0x60, 0x70, 0xc0]),
        dst,
        0,
        0,
        r.chance(20) ? r.pick([0, 16, 32, 31]) % width : r.below(width),
      ),
    ];
  if (kind === 14) return [insn(cls | r.pick([0x60, 0x70, 0xc0]) | X, dst, src)];
  if (kind === 15) return [insn(cls | 0x80, dst)];
  if (kind === 16) return [insn(cls | 0xb0 | X, dst, src), unlink(dst), unlink(src)];
  if (kind === 17)
    return [
      insn(cls | 0xb0 | X, dst, src, width === 64 ? r.pick([8, 16, 32]) : r.pick([8, 16])),
      unlink(dst),
      unlink(src),
    ];
  // le, be; bswap is of the 64-bit class and has no direction.
  const bits = r.pick([16, 32, 64]);
  if (kind === 18 && r.chance(40)) return [insn(cls === CLASS_ALU64 ? 0xd7 : r.pick([0xd4, 0xdc]), dst, 0, 0, bits)];
  if (kind === 18) return r.chance(30) ? [insn(cls | r.pick([0x30, 0x90]) | X, dst, src)] : source(r, dst);
  return [insn(CLASS_ALU64 | 0x50, dst, 0, 0, r.pick([0xff, 0xffff, 0x7f, 0xf0, 0xfffe, -2, -256, 0x7fffffff]))];
}

const JUMPS = [0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0xa0, 0xb0, 0xc0, 0xd0] as const;

function jump(r: Random, off: number): Insn {
  const cls = r.chance(60) ? CLASS_JMP : CLASS_JMP32;
  const op = r.pick(JUMPS);
  const dst = r.pick(SCALARS);
  return r.chance(50) ? insn(cls | op, dst, 0, off, immediate(r)) : insn(cls | op | X, dst, r.pick(SCALARS), off);
}

/**
 * Jumps that narrow one register step by step, from sparse bits and from ends of like size, so that each reading's facts meet the others'. Where
 * they go is left open (offset 0): the caller sends each to a place of its own, for at a common one the kernel would not look at both states.
 */
function narrowing(r: Random): Insn[] {
  const dst = r.pick(SCALARS);
  const shift = r.below(33);
  const near = (): number =>
    r.chance(50) ? immediate(r) : ((r.u32() >>> shift) - (r.chance(50) ? 0 : 1 << (31 - shift))) | 0;
  const group: Insn[] = [];
  if (r.chance(50)) {
    const sparse = r.u32() & r.u32() & r.u32() & (0xffffffff >>> shift);
    group.push(insn(r.chance(70) ? CLASS_ALU64 | 0x50 : CLASS_ALU | 0x50, dst, 0, 0, sparse | 0));
  }
  if (r.chance(20)) group.push(insn(CLASS_ALU64 | 0x40, dst, 0, 0, 1 << r.below(31)));
  if (r.chance(20)) group.push(insn(CLASS_ALU64, dst, 0, 0, near()));
  if (r.chance(20))
    group.push(insn(CLASS_ALU64 | r.pick([0x60, 0xc0, 0x70]), dst, 0, 0, r.pick([1, 8, 16, 31, 32, 33])));
  for (let n = 2 + r.below(3); n > 0; n--) {
    const cls = r.chance(55) ? CLASS_JMP : CLASS_JMP32;
    group.push(insn(cls | r.pick(JUMPS), dst, 0, 0, near()));
    if (r.chance(15)) group.push(insn(CLASS_JMP | r.pick(JUMPS) | X, dst, r.pick(SCALARS)));
  }
  return group;
}

/**
 * A program of arithmetic and forward jumps over scalars of every origin. It is always well-formed; what it computes means nothing.
 *
 * @param length Groups of instructions after the registers are set up.
 */
export function randomProgram(r: Random, length: number): Insn[] {
  const program: Insn[] = [insn(CLASS_ALU64 | 0xb0 | X, 6, 1), insn(0x85, 0, 0, 0, 7), insn(0x7b, 10, 0, -8)];
  for (const dst of SCALARS) program.push(...source(r, dst));
  let jumps = 6;
  /** Slots of jumps that each get an exit of their own. */
  const leaving: number[] = [];
  for (let i = 0; i < length; i++) {
    if (jumps > 0 && r.chance(20)) {
      jumps--;
      const body = Array.from({ length: r.below(3) }, () => arithmetic(r)).flat();
      program.push(jump(r, body.length), ...body);
    } else if (r.chance(25)) {
      for (const next of narrowing(r)) {
        if ((next.code & 0x07) === CLASS_JMP || (next.code & 0x07) === CLASS_JMP32) leaving.push(program.length);
        program.push(next);
      }
    } else {
      program.push(...arithmetic(r));
    }
  }
  const exit = [insn(CLASS_ALU64 | 0xb0, 0), insn(0x95, 0)];
  program.push(...exit);
  for (const slot of leaving) {
    program[slot] = { ...program[slot]!, off: program.length - slot - 1 };
    program.push(...exit);
  }
  return program;
}

/** Hex of a program's bytes. */
export function hexOf(program: readonly Insn[]): string {
  return Buffer.from(encode(program)).toString("hex");
}
