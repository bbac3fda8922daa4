import { describe, expect, it } from "vitest";
import { I32, I64, ModuleBuilder, type ValType } from "../src/index.ts";
import * as everyOpcode from "../src/opcodes.ts";
import { instantiate, single } from "./instance.ts";

const opcodes = { ...everyOpcode };

/** Bytes at 16 before each case. */
const BYTES = [0x81, 0x92, 0xa3, 0xb4, 0xc5, 0xd6, 0xe7, 0xf8];

type Name = keyof typeof opcodes;
const LOADS: readonly (readonly [Name, number | bigint])[] = [
  ["I32_LOAD", 0xb4a3_9281 | 0],
  ["I64_LOAD", -0x0718_293a_4b5c_6d7fn],
  ["I32_LOAD8_S", -0x7f],
  ["I32_LOAD8_U", 0x81],
  ["I32_LOAD16_S", 0x9281 - 0x1_0000],
  ["I32_LOAD16_U", 0x9281],
  ["I64_LOAD8_S", -0x7fn],
  ["I64_LOAD8_U", 0x81n],
  ["I64_LOAD16_S", 0x9281n - 0x1_0000n],
  ["I64_LOAD16_U", 0x9281n],
  ["I64_LOAD32_S", 0xb4a3_9281n - 0x1_0000_0000n],
  ["I64_LOAD32_U", 0xb4a3_9281n],
  ["I32_ATOMIC_LOAD", 0xb4a3_9281 | 0],
  ["I64_ATOMIC_LOAD", -0x0718_293a_4b5c_6d7fn],
  ["I32_ATOMIC_LOAD8_U", 0x81],
  ["I32_ATOMIC_LOAD16_U", 0x9281],
  ["I64_ATOMIC_LOAD8_U", 0x81n],
  ["I64_ATOMIC_LOAD16_U", 0x9281n],
  ["I64_ATOMIC_LOAD32_U", 0xb4a3_9281n],
];

/** How many bytes of 0x1122334455667788 (or of its low half) each writes. */
const STORES: readonly (readonly [Name, ValType, number])[] = [
  ["I32_STORE", I32, 4],
  ["I64_STORE", I64, 8],
  ["I32_STORE8", I32, 1],
  ["I32_STORE16", I32, 2],
  ["I64_STORE8", I64, 1],
  ["I64_STORE16", I64, 2],
  ["I64_STORE32", I64, 4],
  ["I32_ATOMIC_STORE", I32, 4],
  ["I64_ATOMIC_STORE", I64, 8],
  ["I32_ATOMIC_STORE8", I32, 1],
  ["I32_ATOMIC_STORE16", I32, 2],
  ["I64_ATOMIC_STORE8", I64, 1],
  ["I64_ATOMIC_STORE16", I64, 2],
  ["I64_ATOMIC_STORE32", I64, 4],
];

const WIDTHS: readonly (readonly [ValType, string, number])[] = [
  [I32, "", 4],
  [I64, "", 8],
  [I32, "8", 1],
  [I32, "16", 2],
  [I64, "8", 1],
  [I64, "16", 2],
  [I64, "32", 4],
];
const WORD = 0x1122_3344_5566_7788n;
const rmwName = (type: ValType, width: string, op: string): Name =>
  `${type === I32 ? "I32" : "I64"}_ATOMIC_RMW${width}_${op}${width === "" ? "" : "_U"}` as Name;
/** A literal, cut to a width. */
const cut = (value: bigint, bytes: number, type: ValType): number | bigint => {
  const low = BigInt.asUintN(bytes * 8, value);
  return type === I32 ? Number(low) | 0 : BigInt.asIntN(64, low);
};

describe("accesses to memory, run", () => {
  it.each(LOADS)("%s", (name, value) => {
    const type = typeof value === "bigint" ? I64 : I32;
    const exports = single([I32], [type], (f) => f.localGet(0).mem(opcodes[name], 8).end(), true);
    new Uint8Array(exports["memory"].buffer).set(BYTES, 16);
    expect(exports["f"](8)).toBe(value);
    expect(() => exports["f"](65_528)).toThrow(/out of bounds/);
    expect(() => exports["f"](-8), "no wrap around").toThrow(/out of bounds/);
  });

  it.each(STORES)("%s", (name, type, bytes) => {
    const exports = single([I32, type], [], (f) => f.localGet(0).localGet(1).mem(opcodes[name], 8).end(), true);
    exports["f"](8, type === I64 ? WORD : 0x5566_7788);
    const memory = [...new Uint8Array(exports["memory"].buffer, 15, 10)];
    const written = [0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11];
    expect(memory).toEqual([0, ...written.map((byte, i) => (i < bytes ? byte : 0)), 0]);
  });

  it.each(
    WIDTHS.flatMap(([type, width, bytes]) =>
      (
        [
          // On 0x1122334455667788 with 0x0f0f0f0f0f0f0f0f.
          ["ADD", 0x2031_4253_6475_8697n],
          ["SUB", 0x0213_2435_4657_6879n],
          ["AND", 0x0102_0304_0506_0708n],
          ["OR", 0x1f2f_3f4f_5f6f_7f8fn],
          ["XOR", 0x1e2d_3c4b_5a69_7887n],
          ["XCHG", 0x0f0f_0f0f_0f0f_0f0fn],
        ] as const
      ).map(([op, after]) => [rmwName(type, width, op), type, bytes, op, after] as const),
    ),
  )("%s", (name, type, bytes, op, after) => {
    const exports = single([I32, type], [type], (f) => f.localGet(0).localGet(1).mem(opcodes[name]).end(), true);
    const view = new DataView(exports["memory"].buffer);
    view.setBigUint64(16, WORD, true);
    expect(exports["f"](16, type === I64 ? 0x0f0f_0f0f_0f0f_0f0fn : 0x0f0f_0f0f)).toBe(cut(WORD, bytes, type));
    const kept = (WORD >> BigInt(8 * bytes)) << BigInt(8 * bytes);
    // Byte-wise literals have no carries from below but for sub and add, which agree on every low part here.
    expect(view.getBigUint64(16, true), op).toBe(kept | BigInt.asUintN(8 * bytes, after));
    if (bytes > 1) expect(() => exports["f"](17, type === I64 ? 0n : 0), "atomics are aligned").toThrow(/unaligned/);
  });

  it.each(WIDTHS.map(([type, width, bytes]) => [rmwName(type, width, "CMPXCHG"), type, bytes] as const))(
    "%s",
    (name, type, bytes) => {
      const write = (f: Parameters<Parameters<typeof single>[2]>[0]): unknown =>
        f.localGet(0).localGet(1).localGet(2).mem(opcodes[name]).end();
      const exports = single([I32, type, type], [type], write, true);
      const view = new DataView(exports["memory"].buffer);
      view.setBigUint64(16, WORD, true);
      const zero = type === I64 ? 0n : 0;
      const was = cut(WORD, bytes, type);
      expect(exports["f"](16, zero, zero)).toBe(was);
      expect(view.getBigUint64(16, true), "another value was there").toBe(WORD);
      expect(exports["f"](16, was, zero)).toBe(was);
      expect(view.getBigUint64(16, true)).toBe((WORD >> BigInt(8 * bytes)) << BigInt(8 * bytes));
    },
  );

  it("notify, wait and fence on a shared memory", () => {
    const module = new ModuleBuilder();
    module.memory({ initial: 1, maximum: 1, shared: true });
    const type = module.type([], [I32]);
    const notify = module.func(type, { export: "notify" });
    notify.atomicFence();
    notify.i32Const(0).i32Const(1).mem(opcodes.MEMORY_ATOMIC_NOTIFY).end();
    // Neither waits: another value is there, or the time is over at once. One function each: the baseline compiler of Node 20's V8 loses
    // an operand that lies on the stack during a wait64.
    const wait32 = module.func(type, { export: "wait32" });
    wait32.i32Const(8).i32Const(5).i64Const(-1).mem(opcodes.MEMORY_ATOMIC_WAIT32).end();
    const wait64 = module.func(type, { export: "wait64" });
    wait64.i32Const(8).i64Const(0).i64Const(0).mem(opcodes.MEMORY_ATOMIC_WAIT64).end();
    const exports = instantiate(module);
    expect([exports["notify"](), exports["wait32"](), exports["wait64"]()]).toEqual([0, 1, 2]);
  });

  it("are all there", () => {
    const tested = new Set<string>([
      ...LOADS.map(([name]) => name),
      ...STORES.map(([name]) => name),
      ...WIDTHS.flatMap(([type, width]) =>
        ["ADD", "SUB", "AND", "OR", "XOR", "XCHG", "CMPXCHG"].map((op) => rmwName(type, width, op)),
      ),
      "MEMORY_ATOMIC_NOTIFY",
      "MEMORY_ATOMIC_WAIT32",
      "MEMORY_ATOMIC_WAIT64",
    ]);
    const all = Object.entries(opcodes).filter(([, op]) => (op >= 0x28 && op <= 0x3e) || op >= 0xfe00);
    expect(all.map(([name]) => name).sort()).toEqual([...tested].sort());
  });

  it("offsets beyond 2³¹ are unsigned and do not wrap", () => {
    const write = (offset: number) =>
      single([I32], [I32], (f) => f.localGet(0).mem(opcodes.I32_LOAD8_U, offset).end(), true)["f"];
    expect(() => write(0x8000_0000)(0x8000_0000)).toThrow(/out of bounds/);
    expect(() => write(0xffff_ffff)(1)).toThrow(/out of bounds/);
    expect(write(65_535)(0)).toBe(0);
  });

  it("a promise about alignment changes nothing but speed", () => {
    const exports = single([I32], [I64], (f) => f.localGet(0).mem(opcodes.I64_LOAD, 0, 1).end(), true);
    new Uint8Array(exports["memory"].buffer).set(BYTES, 13);
    expect(exports["f"](13)).toBe(-0x0718_293a_4b5c_6d7fn);
  });

  it("size and growth, up to the maximum", () => {
    const { f } = single(
      [I32],
      [I32, I32],
      (body) => {
        body.localGet(0).memoryGrow().memorySize().end();
      },
      true,
    );
    expect([f(0), f(1), f(1)]).toEqual([
      [1, 1],
      [1, 2],
      [-1, 2],
    ]);
  });

  it("copies overlapping bytes, fills, traps beyond the end without writing", () => {
    const module = new ModuleBuilder();
    module.memory({ initial: 1 }, { export: "memory" });
    module.data(0, Uint8Array.of(1, 2, 3, 4, 5));
    const type = module.type([I32, I32, I32]);
    const copy = module.func(type, { export: "copy" });
    copy.localGet(0).localGet(1).localGet(2).memoryCopy().end();
    const fill = module.func(type, { export: "fill" });
    fill.localGet(0).localGet(1).localGet(2).memoryFill().end();
    const exports = instantiate(module);
    const head = (): number[] => [...new Uint8Array(exports["memory"].buffer, 0, 8)];
    exports["copy"](2, 0, 5);
    expect(head()).toEqual([1, 2, 1, 2, 3, 4, 5, 0]);
    exports["fill"](1, 0x1ff, 3);
    expect(head()).toEqual([1, 255, 255, 255, 3, 4, 5, 0]);
    expect(() => exports["fill"](0, 9, 65_537)).toThrow(/out of bounds/);
    expect(() => exports["copy"](65_535, 0, 2)).toThrow(/out of bounds/);
    expect(head()).toEqual([1, 255, 255, 255, 3, 4, 5, 0]);
  });
});
