import { describe, expect, it } from "vitest";
import { I32, I64, type ValType } from "../src/index.ts";
import * as everyOpcode from "../src/opcodes.ts";
import { single } from "./instance.ts";

const opcodes = { ...everyOpcode };

type Value = number | bigint;
type Case = readonly [name: keyof typeof opcodes, operands: readonly Value[], result: Value | "trap"];

const MIN32 = -0x8000_0000;
const MIN64 = -0x8000_0000_0000_0000n;
const MAX64 = 0x7fff_ffff_ffff_ffffn;

const CASES: readonly Case[] = [
  ["I32_EQZ", [0], 1],
  ["I32_EQZ", [MIN32], 0],
  ["I32_EQ", [-1, -1], 1],
  ["I32_EQ", [-1, 1], 0],
  ["I32_NE", [-1, 1], 1],
  ["I32_NE", [5, 5], 0],
  ["I32_LT_S", [-1, 0], 1],
  ["I32_LT_S", [0, 0], 0],
  ["I32_LT_U", [-1, 0], 0],
  ["I32_LT_U", [0, -1], 1],
  ["I32_GT_S", [0, -1], 1],
  ["I32_GT_S", [0, 0], 0],
  ["I32_GT_U", [-1, 0], 1],
  ["I32_GT_U", [0, -1], 0],
  ["I32_LE_S", [-1, 0], 1],
  ["I32_LE_S", [0, 0], 1],
  ["I32_LE_S", [1, 0], 0],
  ["I32_LE_U", [-1, 0], 0],
  ["I32_LE_U", [7, 7], 1],
  ["I32_GE_S", [-1, 0], 0],
  ["I32_GE_S", [7, 7], 1],
  ["I32_GE_U", [-1, 0], 1],
  ["I32_GE_U", [0, 1], 0],
  ["I32_CLZ", [0], 32],
  ["I32_CLZ", [1], 31],
  ["I32_CLZ", [-1], 0],
  ["I32_CTZ", [0], 32],
  ["I32_CTZ", [MIN32], 31],
  ["I32_CTZ", [6], 1],
  ["I32_POPCNT", [-1], 32],
  ["I32_POPCNT", [0x0101_0100], 3],
  ["I32_ADD", [0x7fff_ffff, 1], MIN32],
  ["I32_SUB", [MIN32, 1], 0x7fff_ffff],
  ["I32_MUL", [0x10001, 0x10001], 0x20001],
  ["I32_MUL", [-1, -1], 1],
  ["I32_DIV_S", [-7, 2], -3],
  ["I32_DIV_S", [7, -2], -3],
  ["I32_DIV_S", [1, 0], "trap"],
  ["I32_DIV_S", [MIN32, -1], "trap"],
  ["I32_DIV_U", [-1, 2], 0x7fff_ffff],
  ["I32_DIV_U", [MIN32, -1], 0],
  ["I32_DIV_U", [0, 0], "trap"],
  ["I32_REM_S", [-7, 2], -1],
  ["I32_REM_S", [7, -2], 1],
  ["I32_REM_S", [MIN32, -1], 0],
  ["I32_REM_S", [1, 0], "trap"],
  ["I32_REM_U", [-1, 10], 5],
  ["I32_REM_U", [1, 0], "trap"],
  ["I32_AND", [0b1100, 0b1010], 0b1000],
  ["I32_OR", [0b1100, 0b1010], 0b1110],
  ["I32_XOR", [0b1100, 0b1010], 0b0110],
  ["I32_SHL", [1, 31], MIN32],
  ["I32_SHL", [1, 32], 1],
  ["I32_SHL", [1, 33], 2],
  ["I32_SHL", [1, -1], MIN32],
  ["I32_SHR_S", [-8, 1], -4],
  ["I32_SHR_S", [-8, 32], -8],
  ["I32_SHR_S", [MIN32, 63], -1],
  ["I32_SHR_U", [-8, 1], 0x7fff_fffc],
  ["I32_SHR_U", [-8, 32], -8],
  ["I32_SHR_U", [-1, 63], 1],
  ["I32_ROTL", [0x1234_5678, 8], 0x3456_7812],
  ["I32_ROTL", [MIN32, 33], 1],
  ["I32_ROTR", [0x1234_5678, 8], 0x7812_3456],
  ["I32_ROTR", [1, 33], MIN32],
  ["I64_EQZ", [0n], 1],
  ["I64_EQZ", [0x1_0000_0000n], 0],
  ["I64_EQ", [MIN64, MIN64], 1],
  ["I64_EQ", [0n, 0x1_0000_0000n], 0],
  ["I64_NE", [0n, 0x1_0000_0000n], 1],
  ["I64_NE", [3n, 3n], 0],
  ["I64_LT_S", [-1n, 0n], 1],
  ["I64_LT_S", [0n, 0n], 0],
  ["I64_LT_U", [-1n, 0n], 0],
  ["I64_LT_U", [0n, -1n], 1],
  ["I64_GT_S", [0n, -1n], 1],
  ["I64_GT_S", [MIN64, MAX64], 0],
  ["I64_GT_U", [MIN64, MAX64], 1],
  ["I64_GT_U", [0n, 0n], 0],
  ["I64_LE_S", [MIN64, MAX64], 1],
  ["I64_LE_S", [1n, 0n], 0],
  ["I64_LE_U", [MIN64, MAX64], 0],
  ["I64_LE_U", [2n, 2n], 1],
  ["I64_GE_S", [MIN64, MAX64], 0],
  ["I64_GE_S", [2n, 2n], 1],
  ["I64_GE_U", [MIN64, MAX64], 1],
  ["I64_GE_U", [0n, 1n], 0],
  ["I64_CLZ", [0n], 64n],
  ["I64_CLZ", [0x1_0000_0000n], 31n],
  ["I64_CTZ", [0n], 64n],
  ["I64_CTZ", [0x1_0000_0000n], 32n],
  ["I64_POPCNT", [-1n], 64n],
  ["I64_POPCNT", [0x8000_0001_8000_0001n], 4n],
  ["I64_ADD", [MAX64, 1n], MIN64],
  ["I64_ADD", [0xffff_ffffn, 1n], 0x1_0000_0000n],
  ["I64_SUB", [MIN64, 1n], MAX64],
  ["I64_MUL", [0x1_0000_0001n, 0x1_0000_0001n], 0x2_0000_0001n],
  ["I64_DIV_S", [-7n, 2n], -3n],
  ["I64_DIV_S", [7n, 0n], "trap"],
  ["I64_DIV_S", [MIN64, -1n], "trap"],
  ["I64_DIV_U", [-1n, 2n], MAX64],
  ["I64_DIV_U", [7n, 0n], "trap"],
  ["I64_REM_S", [-7n, 2n], -1n],
  ["I64_REM_S", [MIN64, -1n], 0n],
  ["I64_REM_S", [7n, 0n], "trap"],
  ["I64_REM_U", [-1n, 10n], 5n],
  ["I64_REM_U", [7n, 0n], "trap"],
  ["I64_AND", [0xff00_0000_00ffn, 0x0f00_0000_000fn], 0x0f00_0000_000fn],
  ["I64_OR", [0xf000_0000_0000n, 1n], 0xf000_0000_0001n],
  ["I64_XOR", [-1n, 1n], -2n],
  ["I64_SHL", [1n, 63n], MIN64],
  ["I64_SHL", [1n, 64n], 1n],
  ["I64_SHL", [1n, 65n], 2n],
  ["I64_SHR_S", [MIN64, 63n], -1n],
  ["I64_SHR_S", [MIN64, 64n], MIN64],
  ["I64_SHR_U", [MIN64, 63n], 1n],
  ["I64_SHR_U", [-1n, 127n], 1n],
  ["I64_ROTL", [0x0123_4567_89ab_cdefn, 8n], 0x2345_6789_abcd_ef01n],
  ["I64_ROTL", [MIN64, 65n], 1n],
  ["I64_ROTR", [0x0123_4567_89ab_cd0fn, 8n], 0x0f01_2345_6789_abcdn],
  ["I64_ROTR", [1n, 65n], MIN64],
  ["I32_WRAP_I64", [0x1_ffff_fffen], -2],
  ["I32_WRAP_I64", [0x7_0000_0005n], 5],
  ["I64_EXTEND_I32_S", [-1], -1n],
  ["I64_EXTEND_I32_U", [-1], 0xffff_ffffn],
  ["I32_EXTEND8_S", [0x1234_5680], -128],
  ["I32_EXTEND8_S", [0xff7f], 127],
  ["I32_EXTEND16_S", [0x1234_8000], -32768],
  ["I32_EXTEND16_S", [0xf_7fff], 32767],
  ["I64_EXTEND8_S", [0x1234_5680n], -128n],
  ["I64_EXTEND8_S", [0xff7fn], 127n],
  ["I64_EXTEND16_S", [0x1234_8000n], -32768n],
  ["I64_EXTEND16_S", [0xf_7fffn], 32767n],
  ["I64_EXTEND32_S", [0x7_8000_0000n], -0x8000_0000n],
  ["I64_EXTEND32_S", [0x7_7fff_ffffn], 0x7fff_ffffn],
];

const typeOf = (value: Value): ValType => (typeof value === "bigint" ? I64 : I32);

describe("instructions without immediates, run", () => {
  it.each(CASES)("%s %s → %s", (name, operands, result) => {
    // What traps has the type of its operands.
    const type = typeOf(result === "trap" ? operands[0]! : result);
    const params = operands.map(typeOf);
    const { f } = single(params, [type], (body) => {
      for (const index of params.keys()) body.localGet(index);
      body.op(opcodes[name]).end();
    });
    if (result === "trap") expect(() => f(...operands)).toThrow(/divi|unrepresentable|remainder/i);
    else expect(f(...operands)).toBe(type === I64 ? BigInt.asIntN(64, result as bigint) : result);
    // The same from constants: their encoding and, where an engine folds, its folding.
    const folded = single([], [type], (body) => {
      for (const value of operands) typeof value === "bigint" ? body.i64Const(value) : body.i32Const(value);
      body.op(opcodes[name]).end();
    });
    if (result === "trap") expect(() => folded["f"]()).toThrow(/divi|unrepresentable|remainder/i);
    else expect(folded["f"]()).toBe(type === I64 ? BigInt.asIntN(64, result as bigint) : result);
  });

  it("are all there", () => {
    const tested = new Set<string>(CASES.map(([name]) => name));
    const missing = Object.entries(opcodes).filter(
      ([name, opcode]) => (opcode < 0x28 || opcode > 0x3e) && opcode < 0xfe00 && !tested.has(name),
    );
    expect(missing).toEqual([]);
    expect(tested.size).toBe(66);
  });

  it("drop, nop, select, unreachable", () => {
    const { f } = single([I32], [I64], (body) => {
      body.i64Const(7).i64Const(8).localGet(0).nop().select().i32Const(5).drop().end();
    });
    expect([f(0), f(1), f(-5)]).toEqual([8n, 7n, 7n]);
    expect(() => single([], [], (body) => body.unreachable().end())["f"]()).toThrow(/unreachable/);
  });
});
