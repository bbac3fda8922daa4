import { describe, expect, it } from "vitest";
import { I32, I64, ModuleBuilder } from "../src/index.ts";
import { I32_ADD, I32_LOAD, I32_STORE, I64_ADD, I64_MUL } from "../src/opcodes.ts";
import { instantiate } from "./instance.ts";

describe("what modules have beside functions, run", () => {
  it("two modules share one memory and call each other's functions without the host", () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 4 });

    const a = new ModuleBuilder({ name: "a" });
    a.importMemory("env", "memory", { initial: 1 });
    const bump = a.func(a.type([I32], [I32]), { export: "bump" });
    bump.localGet(0).localGet(0).mem(I32_LOAD).i32Const(1).op(I32_ADD).mem(I32_STORE);
    bump.localGet(0).mem(I32_LOAD).end();
    const exports = instantiate(a, { env: { memory } });

    const b = new ModuleBuilder({ name: "b" });
    const imported = b.importFunction("a", "bump", b.type([I32], [I32]));
    b.importMemory("env", "memory", { initial: 1, maximum: 4 });
    const twice = b.func(b.type([I32], [I32]), { export: "twice" });
    twice.localGet(0).call(imported).drop().localGet(0).call(imported).localGet(0).mem(I32_LOAD).op(I32_ADD).end();
    const { twice: f } = instantiate(b, { env: { memory }, a: { bump: exports["bump"] } });

    new DataView(memory.buffer).setInt32(100, 40, true);
    expect(f(100)).toBe(84);
    expect(new DataView(memory.buffer).getInt32(100, true)).toBe(42);
  });

  it("call_indirect: through two tables, typed, bounded, with elements at offsets", () => {
    const module = new ModuleBuilder();
    const unary = module.type([I64], [I64]);
    const other = module.type([I32], [I32]);
    const table = module.table({ initial: 4 }, { export: "table" });
    const second = module.table({ initial: 1 });
    const double = module.func(unary);
    double.localGet(0).localGet(0).op(I64_ADD).end();
    const square = module.func(unary, { export: "square" });
    square.localGet(0).localGet(0).op(I64_MUL).end();
    const narrow = module.func(other);
    narrow.localGet(0).end();
    module.elements(table, 1, [double, square, narrow]);
    module.elements(second, 0, [square]);
    const type = module.type([I32, I64], [I64]);
    const f = module.func(type, { export: "f" });
    f.localGet(1).localGet(0).callIndirect(unary, table).end();
    const g = module.func(type, { export: "g" });
    g.localGet(1).localGet(0).returnCallIndirect(unary, second).end();
    const exports = instantiate(module);
    expect([exports["f"](1, 7n), exports["f"](2, 7n), exports["g"](0, 9n)]).toEqual([14n, 49n, 81n]);
    expect(() => exports["f"](0, 7n), "empty").toThrow();
    expect(() => exports["f"](3, 7n), "another type").toThrow();
    expect(() => exports["f"](4, 7n), "beyond the end").toThrow();
    expect(() => exports["g"](1, 7n)).toThrow();
    // The host changes what is called.
    exports["table"].set(0, exports["square"]);
    expect(exports["f"](0, 5n)).toBe(25n);

    const guest = new ModuleBuilder();
    const signature = guest.type([I64], [I64]);
    const shared = guest.importTable("host", "table", { initial: 4 });
    const call = guest.func(signature, { export: "call" });
    call.localGet(0).i32Const(1).callIndirect(signature, shared).end();
    expect(instantiate(guest, { host: { table: exports["table"] } })["call"](21n)).toBe(42n);
  });

  it("globals: constant, mutable, imported, exported", () => {
    const module = new ModuleBuilder();
    const base = module.importGlobal("host", "base", I32);
    const counter = module.global(I64, 0x8000_0000_0000_0000n, { mutable: true, export: "counter" });
    const limit = module.global(I32, -5, { export: "limit" });
    const f = module.func(module.type([], [I64, I32]), { export: "f" });
    f.globalGet(counter).i64Const(1).op(I64_ADD).globalSet(counter);
    f.globalGet(counter).globalGet(limit).globalGet(base).op(I32_ADD).end();
    const exports = instantiate(module, { host: { base: 12 } });
    expect(exports["f"]()).toEqual([-0x7fff_ffff_ffff_ffffn, 7]);
    expect(exports["f"]()).toEqual([-0x7fff_ffff_ffff_fffen, 7]);
    expect(exports["counter"].value).toBe(-0x7fff_ffff_ffff_fffen);
    expect(exports["limit"].value).toBe(-5);

    const guest = new ModuleBuilder();
    const shared = guest.importGlobal("a", "counter", I64, { mutable: true });
    guest.start(guest.func(guest.type([])).i64Const(3).globalSet(shared).end());
    instantiate(guest, { a: { counter: exports["counter"] } });
    expect(exports["counter"].value).toBe(3n);
  });

  it("data and elements at constants and at imported globals", () => {
    const module = new ModuleBuilder();
    const base = module.importGlobal("host", "base", I32);
    module.memory({ initial: 1 }, { export: "memory" });
    const table = module.table({ initial: 8 }, { export: "table" });
    const bytes = Uint8Array.of(1, 2, 3);
    module.data(65_533, bytes);
    module.data(base, bytes);
    module.data(65_536, new Uint8Array());
    bytes.fill(9); // what was given was copied
    const f = module.func(module.type([], [I32]), { export: "f" });
    f.i32Const(1).end();
    module.elements(table, base, [f]);
    const exports = instantiate(module, { host: { base: 5 } });
    const memory = new Uint8Array(exports["memory"].buffer);
    expect([...memory.subarray(4, 9)]).toEqual([0, 1, 2, 3, 0]);
    expect([...memory.subarray(65_532)]).toEqual([0, 1, 2, 3]);
    expect([4, 5, 6].map((i) => exports["table"].get(i) === exports["f"])).toEqual([false, true, false]);
  });

  it("one thing under two names, Unicode in names", () => {
    const module = new ModuleBuilder();
    const f = module.func(module.type([], [I32]), { export: "" });
    f.i32Const(3).end();
    module.export("größe 𝛼\0", f);
    const exports = instantiate(module);
    expect(Object.keys(exports)).toEqual(["", "größe 𝛼\0"]);
    expect(exports["größe 𝛼\0"]()).toBe(3);
  });

  it("300 functions, of which each calls the one before: indices of two bytes", () => {
    const module = new ModuleBuilder();
    const type = module.type([I32], [I32]);
    let last = module.func(type);
    last.localGet(0).end();
    for (let i = 0; i < 300; i++) {
      const next = module.func(type);
      next.localGet(0).i32Const(i).op(I32_ADD).call(last).end();
      last = next;
    }
    module.export("f", last);
    expect(instantiate(module)["f"](1)).toBe(44_851);
  });

  it("the engine's stack traces name functions", () => {
    const module = new ModuleBuilder();
    const f = module.func(module.type([]), { export: "f", name: "bpf_prog_main" });
    f.unreachable().end();
    let stack = "";
    try {
      instantiate(module)["f"]();
    } catch (error) {
      stack = (error as Error).stack ?? "";
    }
    expect(stack).toContain("bpf_prog_main");
  });
});
