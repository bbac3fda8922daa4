import { describe, expect, it } from "vitest";
import { I32, I64, type Label, ModuleBuilder } from "../src/index.ts";
import { I32_ADD, I32_EQZ, I32_SUB, I64_ADD, I64_EQZ, I64_MUL, I64_SUB } from "../src/opcodes.ts";
import { instantiate, single } from "./instance.ts";

describe("structured control flow, run", () => {
  it("a loop", () => {
    const { f } = single([I64], [I64], (body) => {
      const product = body.local(I64, "product");
      body.i64Const(1).localSet(product);
      const out = body.block();
      const again = body.loop();
      body.localGet(0).op(I64_EQZ).brIf(out);
      body.localGet(product).localGet(0).op(I64_MUL).localSet(product);
      body.localGet(0).i64Const(1).op(I64_SUB).localSet(0);
      body.br(again).end().end();
      body.localGet(product).end();
    });
    expect([f(0n), f(1n), f(5n), f(20n)]).toEqual([1n, 1n, 120n, 2432902008176640000n]);
  });

  it("a block's result, from its end and from a branch", () => {
    const { f } = single([I32], [I32], (body) => {
      const out = body.block(I32);
      body.i32Const(10).localGet(0).brIf(out);
      body.i32Const(5).op(I32_ADD).end().end();
    });
    expect([f(1), f(0)]).toEqual([10, 15]);
  });

  it("if, with and without else, with results and branches out", () => {
    const { f } = single([I32], [I32], (body) => {
      body.localGet(0);
      const label = body.if(I32);
      body.i32Const(1).localGet(0).i32Const(2).op(I32_SUB).op(I32_EQZ).brIf(label);
      body.drop().i32Const(2).else().i32Const(3).end();
      body.localTee(0);
      body.i32Const(1).op(I32_SUB).op(I32_EQZ).if();
      body.i32Const(100).return().end();
      body.localGet(0).end();
    });
    expect([f(0), f(1), f(2)]).toEqual([3, 2, 100]);
  });

  it("br_table", () => {
    const { f } = single([I32], [I32], (body) => {
      const labels: Label[] = [body.block(), body.block(), body.block()];
      body.localGet(0).brTable([labels[2]!, labels[1]!, labels[2]!], labels[0]!).end();
      body.i32Const(20).return().end();
      body.i32Const(10).return().end();
      body.i32Const(99).end();
    });
    expect([f(0), f(1), f(2), f(3), f(-1)]).toEqual([20, 10, 20, 99, 99]);
  });

  it("br_table with values, to a block and to the function", () => {
    const { f } = single([I32], [I32], (body) => {
      const block = body.block(I32);
      body.i32Const(7).localGet(0).brTable([block], body.body).end();
      body.i32Const(1).op(I32_ADD).end();
    });
    expect([f(0), f(1)]).toEqual([8, 7]);
  });

  it("br_table of 65,520 targets, the most that is allowed", () => {
    const { f } = single([I32], [I32], (body) => {
      const out = body.block();
      const last = body.block();
      const labels = new Array<Label>(65_520).fill(out);
      labels[65_519] = last;
      body.localGet(0).brTable(labels, out).end();
      body.i32Const(2).return().end();
      body.i32Const(1).end();
    });
    expect([f(65_518), f(65_519), f(65_520)]).toEqual([1, 2, 1]);
  });

  it("blocks that take and leave several values", () => {
    const module = new ModuleBuilder();
    const pair = module.type([I64, I64], [I64, I64]);
    const f = module.func(module.type([I64, I64, I32], [I64, I64]), { export: "f" });
    f.localGet(0).localGet(1).localGet(2);
    f.if(pair);
    const x = f.local(I64);
    const y = f.local(I64);
    f.localSet(y).localSet(x).localGet(y).localGet(x).end().end();
    expect(instantiate(module)["f"](1n, 2n, 0)).toEqual([1n, 2n]);
    expect(instantiate(module)["f"](1n, 2n, 1)).toEqual([2n, 1n]);
  });

  it("a loop's label takes its parameters", () => {
    const module = new ModuleBuilder();
    const step = module.type([I32], [I32]);
    const f = module.func(step, { export: "f" });
    f.localGet(0);
    const again = f.loop(step);
    f.i32Const(3).op(I32_SUB).localTee(0).localGet(0).i32Const(0x8000_0000).op(0x71).op(I32_EQZ).brIf(again);
    f.end().end();
    expect(instantiate(module)["f"](10)).toBe(-2);
  });

  it("dead code pops what was never pushed", () => {
    const { f } = single([], [I32], (body) => {
      body.block(I64);
      body.i32Const(4).return();
      body.op(I64_ADD).end().drop();
      body.unreachable().op(I32_ADD).select().drop().end();
    });
    expect(f()).toBe(4);
  });

  it("calls: forward, recursive, in place of the caller", () => {
    const module = new ModuleBuilder();
    const type = module.type([I32, I32], [I32]);
    const even = module.func(type, { export: "even" });
    const odd = module.func(type, { name: "odd" });
    for (const [self, other, answer] of [
      [even, odd, 1],
      [odd, even, 0],
    ] as const) {
      self.localGet(0).op(I32_EQZ).if();
      self.i32Const(answer).return().end();
      self.localGet(0).i32Const(1).op(I32_SUB).localGet(1).returnCall(other).end();
    }
    const sum = module.func(type, { export: "sum" });
    sum.localGet(0).if(I32);
    sum.localGet(0).i32Const(1).op(I32_SUB).localGet(1).call(sum).localGet(0).op(I32_ADD);
    sum.else().localGet(1).end().end();
    const exports = instantiate(module);
    // Far deeper than any stack.
    expect(exports["even"](1_000_000, 0)).toBe(1);
    expect(exports["even"](1_000_001, 0)).toBe(0);
    expect(exports["sum"](100, 7)).toBe(5057);
  });
});
