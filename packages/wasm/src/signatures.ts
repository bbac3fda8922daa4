import { I32, I64, type ValType } from "./types.ts";

/** What an instruction without immediates does to the stack. */
export interface Shape {
  readonly operands: readonly ValType[];
  readonly result: ValType;
}

/** What an access to memory does to the stack, its address apart. */
export interface Access {
  /** Operands above the address. */
  readonly operands: readonly ValType[];
  readonly result: ValType | undefined;
  /** Binary logarithm of the bytes accessed. */
  readonly logBytes: number;
}

const shape = (result: ValType, ...operands: ValType[]): Shape => ({ result, operands });

/** First opcode of each run of instructions with the same shape, and the first one behind it. */
const RUNS: readonly (readonly [from: number, to: number, shape: Shape])[] = /* @__PURE__ */ [
  [0x45, 0x46, shape(I32, I32)], // i32.eqz
  [0x46, 0x50, shape(I32, I32, I32)], // i32 comparisons
  [0x50, 0x51, shape(I32, I64)], // i64.eqz
  [0x51, 0x5b, shape(I32, I64, I64)], // i64 comparisons
  [0x67, 0x6a, shape(I32, I32)], // clz, ctz, popcnt
  [0x6a, 0x79, shape(I32, I32, I32)], // i32 arithmetic
  [0x79, 0x7c, shape(I64, I64)],
  [0x7c, 0x8b, shape(I64, I64, I64)], // i64 arithmetic
  [0xa7, 0xa8, shape(I32, I64)], // wrap
  [0xac, 0xae, shape(I64, I32)], // extend_i32
  [0xc0, 0xc2, shape(I32, I32)], // extend8, extend16
  [0xc2, 0xc5, shape(I64, I64)],
];

/** By opcode; a hole is no instruction without immediates, or one of floating point. */
export const SHAPES: readonly (Shape | undefined)[] = /* @__PURE__ */ (() => {
  const shapes: (Shape | undefined)[] = new Array(0xc5).fill(undefined);
  for (const [from, to, what] of RUNS) shapes.fill(what, from, to);
  return shapes;
})();

const load = (result: ValType, logBytes: number): Access => ({ operands: [], result, logBytes });
const store = (value: ValType, logBytes: number): Access => ({ operands: [value], result: undefined, logBytes });

/** From 0x28 on; the holes are those of floating point. */
const PLAIN: readonly (Access | undefined)[] = /* @__PURE__ */ [
  load(I32, 2),
  load(I64, 3),
  undefined,
  undefined,
  ...[0, 0, 1, 1].map((logBytes) => load(I32, logBytes)),
  ...[0, 0, 1, 1, 2, 2].map((logBytes) => load(I64, logBytes)),
  store(I32, 2),
  store(I64, 3),
  undefined,
  undefined,
  store(I32, 0),
  store(I32, 1),
  store(I64, 0),
  store(I64, 1),
  store(I64, 2),
];

/** The order of the widths in each group of seven atomic instructions. */
const WIDTHS: readonly (readonly [ValType, number])[] = [
  [I32, 2],
  [I64, 3],
  [I32, 0],
  [I32, 1],
  [I64, 0],
  [I64, 1],
  [I64, 2],
];

/** From 0xfe00 on: notify, the waits, then loads, stores, six read-modify-writes, compare-exchanges. */
const ATOMIC: readonly (Access | undefined)[] = /* @__PURE__ */ (() => {
  const rows: (Access | undefined)[] = new Array(0x10).fill(undefined);
  rows[0] = { operands: [I32], result: I32, logBytes: 2 };
  rows[1] = { operands: [I32, I64], result: I32, logBytes: 2 };
  rows[2] = { operands: [I64, I64], result: I32, logBytes: 3 };
  for (let group = 0; group < 9; group++) {
    for (const [type, logBytes] of WIDTHS) {
      if (group === 0) rows.push(load(type, logBytes));
      else if (group === 1) rows.push(store(type, logBytes));
      else rows.push({ operands: group === 8 ? [type, type] : [type], result: type, logBytes });
    }
  }
  return rows;
})();

/** What the access with this opcode does; undefined when it is none. */
export function accessOf(opcode: number): Access | undefined {
  return opcode >= 0xfe00 ? ATOMIC[opcode - 0xfe00] : PLAIN[opcode - 0x28];
}
