/// <reference types="node" />
import fc from "fast-check";
import { expect, it } from "vitest";
import { type FunctionBuilder, I32, I64, ModuleBuilder, type ValType } from "../src/index.ts";
import * as everyOpcode from "../src/opcodes.ts";
import { instantiate } from "./instance.ts";

const opcodes: Record<string, number> = { ...everyOpcode };

/** An expression over two parameters, a (i32) and b (i64). */
type Tree =
  | { kind: "const"; type: ValType; value: bigint }
  | { kind: "param"; type: ValType }
  | { kind: "op"; type: ValType; name: string; operands: Tree[] }
  | { kind: "if"; type: ValType; operands: Tree[] }
  | { kind: "select"; type: ValType; operands: Tree[] }
  | { kind: "block"; type: ValType; operands: Tree[] };

const bits = (type: ValType): number => (type === I32 ? 32 : 64);
const signed = (type: ValType, value: bigint): bigint => BigInt.asIntN(bits(type), value);
const unsigned = (type: ValType, value: bigint): bigint => BigInt.asUintN(bits(type), value);

/** What each operator means, in integers of any size: `x`, `y` as signed numbers, `u`, `v` as unsigned ones, `n` the width. */
type Meaning = (x: bigint, y: bigint, u: bigint, v: bigint, n: bigint) => bigint | boolean;
const BINARY: Record<string, Meaning> = {
  ADD: (x, y) => x + y,
  SUB: (x, y) => x - y,
  MUL: (x, y) => x * y,
  DIV_S: (x, y) => x / y,
  DIV_U: (_x, _y, u, v) => u / v,
  REM_S: (x, y) => x % y,
  REM_U: (_x, _y, u, v) => u % v,
  AND: (x, y) => x & y,
  OR: (x, y) => x | y,
  XOR: (x, y) => x ^ y,
  SHL: (x, _y, _u, v, n) => x << (v % n),
  SHR_S: (x, _y, _u, v, n) => x >> (v % n),
  SHR_U: (_x, _y, u, v, n) => u >> (v % n),
  ROTL: (_x, _y, u, v, n) => (u << (v % n)) | (u >> (n - (v % n))),
  ROTR: (_x, _y, u, v, n) => (u >> (v % n)) | (u << (n - (v % n))),
};
const COMPARE: Record<string, Meaning> = {
  EQ: (x, y) => x === y,
  NE: (x, y) => x !== y,
  LT_S: (x, y) => x < y,
  LT_U: (_x, _y, u, v) => u < v,
  GT_S: (x, y) => x > y,
  GT_U: (_x, _y, u, v) => u > v,
  LE_S: (x, y) => x <= y,
  LE_U: (_x, _y, u, v) => u <= v,
  GE_S: (x, y) => x >= y,
  GE_U: (_x, _y, u, v) => u >= v,
};
const ones = (u: bigint): string => u.toString(2).replaceAll("0", "");
const UNARY: Record<string, Meaning> = {
  CLZ: (_x, _y, u, _v, n) => n - BigInt(u === 0n ? 0 : u.toString(2).length),
  CTZ: (_x, _y, u, _v, n) => (u === 0n ? n : BigInt(u.toString(2).length - u.toString(2).lastIndexOf("1") - 1)),
  POPCNT: (_x, _y, u) => BigInt(ones(u).length),
  EXTEND8_S: (x) => BigInt.asIntN(8, x),
  EXTEND16_S: (x) => BigInt.asIntN(16, x),
};

/** Undefined for a trap. */
function evaluate(tree: Tree, a: bigint, b: bigint): bigint | undefined {
  if (tree.kind === "const") return signed(tree.type, tree.value);
  if (tree.kind === "param") return tree.type === I32 ? a : b;
  // What is evaluated in any case: of an if its condition, of a block its value and the condition of br_if.
  const always = { if: 1, block: 2, select: 3, op: 2 }[tree.kind];
  const values: bigint[] = [];
  for (const operand of tree.operands.slice(0, always)) {
    const value = evaluate(operand, a, b);
    if (value === undefined) return undefined;
    values.push(value);
  }
  const [x, y] = values as [bigint, bigint];
  if (tree.kind === "if") return evaluate(tree.operands[x !== 0n ? 1 : 2]!, a, b);
  if (tree.kind === "select") return values[2] !== 0n ? x : y;
  // br_if takes the value out of the block when the condition is not 0; else the third operand is what it leaves.
  if (tree.kind === "block") return y !== 0n ? x : evaluate(tree.operands[2]!, a, b);
  if (tree.name === "I32_WRAP_I64") return signed(I32, x);
  if (tree.name === "I64_EXTEND_I32_S") return x;
  if (tree.name === "I64_EXTEND_I32_U") return unsigned(I32, x);
  if (tree.name === "I64_EXTEND32_S") return signed(I32, x);
  const operandType = tree.operands[0]!.type;
  if (tree.name.endsWith("_EQZ")) return x === 0n ? 1n : 0n;
  const name = tree.name.slice(4);
  if (/^(DIV|REM)/.test(name) && y === 0n) return undefined;
  const width = BigInt(bits(operandType));
  const second = y ?? 0n;
  const meaning = (UNARY[name] ?? BINARY[name] ?? COMPARE[name])!;
  const result = meaning(x, second, unsigned(operandType, x), unsigned(operandType, second), width);
  if (typeof result === "boolean") return result ? 1n : 0n;
  if (name === "DIV_S" && result === 1n << (width - 1n)) return undefined;
  return signed(tree.type, result);
}

function emit(f: FunctionBuilder, tree: Tree): void {
  if (tree.kind === "const") {
    if (tree.type === I64) f.i64Const(tree.value);
    else f.i32Const(Number(tree.value));
  } else if (tree.kind === "param") f.localGet(tree.type === I32 ? 0 : 1);
  else if (tree.kind === "if") {
    emit(f, tree.operands[0]!);
    f.if(tree.type);
    emit(f, tree.operands[1]!);
    f.else();
    emit(f, tree.operands[2]!);
    f.end();
  } else if (tree.kind === "block") {
    const out = f.block(tree.type);
    emit(f, tree.operands[0]!);
    emit(f, tree.operands[1]!);
    f.brIf(out).drop();
    emit(f, tree.operands[2]!);
    f.end();
  } else {
    for (const operand of tree.operands) emit(f, operand);
    if (tree.kind === "select") f.select();
    else f.op(opcodes[tree.name]!);
  }
}

const EDGES = [0n, 1n, -1n, 31n, 32n, 63n, 64n, 0x7fn, 0x80n, 0xffffn, 0x7fff_ffffn, -0x8000_0000n];
const i32 = fc.oneof(fc.constantFrom(...EDGES), fc.bigInt(-0x8000_0000n, 0x7fff_ffffn));
const i64 = fc.oneof(
  fc.constantFrom(...EDGES, 0xffff_ffffn, 0x1_0000_0000n, 0x7fff_ffff_ffff_ffffn, -0x8000_0000_0000_0000n),
  fc.bigInt(-0x8000_0000_0000_0000n, 0x7fff_ffff_ffff_ffffn),
);

const { tree32, tree64 } = fc.letrec<{ tree32: Tree; tree64: Tree }>((tie) => {
  const make = (type: ValType, self: fc.Arbitrary<Tree>, otherType: fc.Arbitrary<Tree>): fc.Arbitrary<Tree> => {
    const prefix = type === I32 ? "I32_" : "I64_";
    const op = (name: string, ...operands: fc.Arbitrary<Tree>[]): fc.Arbitrary<Tree> =>
      fc.tuple(...operands).map((trees) => ({ kind: "op", type, name, operands: trees }));
    const any = (table: Record<string, Meaning>): fc.Arbitrary<string> => fc.constantFrom(...Object.keys(table));
    const condition = type === I32 ? self : otherType;
    return fc.oneof(
      { depthSize: "medium", maxDepth: 6, withCrossShrink: true },
      (type === I32 ? i32 : i64).map((value): Tree => ({ kind: "const", type, value })),
      fc.constant<Tree>({ kind: "param", type }),
      any(BINARY).chain((name) => op(prefix + name, self, self)),
      any(BINARY).chain((name) => op(prefix + name, self, self)),
      any(UNARY).chain((name) => op(prefix + name, self)),
      ...(type === I32
        ? [
            any(COMPARE).chain((name) => op(`I32_${name}`, self, self)),
            any(COMPARE).chain((name) => op(`I64_${name}`, otherType, otherType)),
            op("I32_EQZ", self),
            op("I64_EQZ", otherType),
            op("I32_WRAP_I64", otherType),
          ]
        : [op("I64_EXTEND_I32_S", otherType), op("I64_EXTEND_I32_U", otherType), op("I64_EXTEND32_S", self)]),
      fc.tuple(condition, self, self).map((operands): Tree => ({ kind: "if", type, operands })),
      fc.tuple(self, self, condition).map((operands): Tree => ({ kind: "select", type, operands })),
      fc.tuple(self, condition, self).map((operands): Tree => ({ kind: "block", type, operands })),
    );
  };
  return {
    tree32: make(I32, tie("tree32"), tie("tree64")),
    tree64: make(I64, tie("tree64"), tie("tree32")),
  };
});

it("random expressions, run, are what integers of any size say", () => {
  let traps = 0;
  let values = 0;
  fc.assert(
    fc.property(
      fc.oneof(tree32, tree64),
      fc.array(fc.tuple(i32, i64), { minLength: 1, maxLength: 4 }),
      (tree, inputs) => {
        const module = new ModuleBuilder();
        const f = module.func(module.type([I32, I64], [tree.type]), { export: "f" });
        emit(f, tree);
        f.end();
        const run = instantiate(module)["f"];
        for (const [a, b] of inputs) {
          const expected = evaluate(tree, a, b);
          if (expected === undefined) {
            traps++;
            expect(() => run(Number(a), b)).toThrow(/divi|unrepresentable|remainder/i);
          } else {
            values++;
            expect(BigInt(run(Number(a), b))).toBe(expected);
          }
        }
      },
    ),
    { numRuns: Number(process.env["BPF_TS_FUZZ_RUNS"] ?? 3000) },
  );
  expect(traps).toBeGreaterThan(0);
  expect(values).toBeGreaterThan(traps);
});
