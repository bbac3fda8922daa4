import { Memory } from "@bpf-ts/memory";
import { ModuleBuilder } from "@bpf-ts/wasm";
import { expect, test } from "vitest";
import { Fn, type Var } from "../../src/code/fn.ts";
import { jhash } from "../../src/code/jhash.ts";
import { jhash as anySize } from "../../src/jhash.ts";

/** The compiled hash for keys of one size, over a memory. */
function compiled(memory: Memory, size: number): (key: number, seed: number) => number {
  const module = new ModuleBuilder();
  module.importMemory("host", "memory", { initial: 1 });
  const fn = new Fn(module, "jhash", ["key", "seed"]);
  const [key, seed] = fn.params as [Var, Var];
  fn.end(jhash(fn, key, size, seed));
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.encode()), {
    host: { memory: memory.wasm },
  });
  return instance.exports["jhash"] as (key: number, seed: number) => number;
}

// Of the bytes 7, 158, 53, … (i × 151 + 7) with the seed 0x1234, by a C program with the functions of v6.18 include/linux/jhash.h.
test.each([
  [1, 0x14664405],
  [4, 0xaa689556],
  [7, 0xaf3b625e],
  [8, 0xe79484e9],
  [12, 0x2d937a17],
  [13, 0x9a433e7a],
  [24, 0x8d1b3360],
  [31, 0x78d4893d],
  [48, 0x07c3dd34],
  [60, 0x338f75e9],
])("%i bytes", (size, expected) => {
  const memory = new Memory();
  const key = memory.alloc(64);
  for (let i = 0; i < 64; i++) memory.setU8(key + i, (i * 151 + 7) & 0xff);
  expect(compiled(memory, size)(key, 0x1234) >>> 0).toBe(expected);
});

test("every size up to 200, at any address: as the one for all sizes, which orders keys as Linux does", () => {
  const memory = new Memory();
  const buffer = memory.alloc(256);
  for (let i = 0; i < 256; i++) memory.setU8(buffer + i, (i * 151 + 7) & 0xff);
  for (let size = 1; size <= 200; size++) {
    const hash = compiled(memory, size);
    for (const [offset, seed] of [
      [0, 0],
      [1, 0x9e3779b9 | 0],
      [6, -1],
    ] as const) {
      expect(hash(buffer + offset, seed), `size ${size}`).toBe(anySize(memory, buffer + offset, size, seed));
    }
  }
});
