/** What instructions do to values, written from RFC 9669 sections 4.1 and 4.3; all values are unsigned 64-bit. */

const u64 = (v: bigint): bigint => BigInt.asUintN(64, v);
const s64 = (v: bigint): bigint => BigInt.asIntN(64, v);
const u32 = (v: bigint): bigint => BigInt.asUintN(32, v);
const s32 = (v: bigint): bigint => BigInt.asIntN(32, v);

/** By name, with the number that the instruction's code has for it. */
export const ALU = {
  add: 0x00,
  sub: 0x10,
  mul: 0x20,
  or: 0x40,
  and: 0x50,
  lsh: 0x60,
  rsh: 0x70,
  neg: 0x80,
  xor: 0xa0,
  arsh: 0xc0,
} as const;
export type AluName = keyof typeof ALU;

/** `a op= b`. */
export function runAlu(name: AluName, is64: boolean, a: bigint, b: bigint): bigint {
  const cut = is64 ? u64 : u32;
  const signed = is64 ? s64 : s32;
  const distance = b & (is64 ? 63n : 31n);
  const x = cut(a);
  const y = cut(b);
  switch (name) {
    case "add":
      return cut(x + y);
    case "sub":
      return cut(x - y);
    case "mul":
      return cut(x * y);
    case "or":
      return x | y;
    case "and":
      return x & y;
    case "xor":
      return x ^ y;
    case "lsh":
      return cut(x << distance);
    case "rsh":
      return x >> distance;
    case "arsh":
      return cut(signed(x) >> distance);
    case "neg":
      return cut(-x);
  }
}

export const JUMPS = {
  eq: 0x10,
  gt: 0x20,
  ge: 0x30,
  set: 0x40,
  ne: 0x50,
  sgt: 0x60,
  sge: 0x70,
  lt: 0xa0,
  le: 0xb0,
  slt: 0xc0,
  sle: 0xd0,
} as const;
export type JumpName = keyof typeof JUMPS;

/** Does `if a op b` jump? */
export function runJump(name: JumpName, is32: boolean, a: bigint, b: bigint): boolean {
  const x = is32 ? u32(a) : u64(a);
  const y = is32 ? u32(b) : u64(b);
  const sx = is32 ? s32(a) : s64(a);
  const sy = is32 ? s32(b) : s64(b);
  switch (name) {
    case "eq":
      return x === y;
    case "ne":
      return x !== y;
    case "gt":
      return x > y;
    case "ge":
      return x >= y;
    case "lt":
      return x < y;
    case "le":
      return x <= y;
    case "sgt":
      return sx > sy;
    case "sge":
      return sx >= sy;
    case "slt":
      return sx < sy;
    case "sle":
      return sx <= sy;
    case "set":
      return (x & y) !== 0n;
  }
}
