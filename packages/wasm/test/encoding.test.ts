import { describe, expect, it } from "vitest";
import { I32, I64, ModuleBuilder } from "../src/index.ts";
import { I32_ADD, I64_LOAD } from "../src/opcodes.ts";
import { hex } from "./instance.ts";

const HEADER = "00 61 73 6d 01 00 00 00";

/** Bytes of the body of a function that pushes something and drops it, between its locals' count and `drop end`. */
function pushed(write: (f: ReturnType<ModuleBuilder["func"]>) => void): string {
  const module = new ModuleBuilder();
  const f = module.func(module.type([]));
  write(f);
  f.drop().end();
  return hex(f.encode())
    .replace(/^00 /, "")
    .replace(/ 1a 0b$/, "");
}

describe("whole modules, byte by byte", () => {
  it("nothing", () => {
    expect(hex(new ModuleBuilder().encode())).toBe(HEADER);
  });

  it("a sum", () => {
    const module = new ModuleBuilder();
    const add = module.func(module.type([I32, I32], [I32]));
    module.export("add", add);
    add.localGet(0).localGet(1).op(I32_ADD).end();
    expect(hex(module.encode())).toBe(
      [
        HEADER,
        "01 07 01 60 02 7f 7f 01 7f", // type 0: (i32 i32) → i32
        "03 02 01 00", // function 0 has type 0
        "07 07 01 03 61 64 64 00 00", // export "add": function 0
        "0a 09 01 07 00 20 00 20 01 6a 0b",
      ].join(" "),
    );
  });

  it("every section", () => {
    const module = new ModuleBuilder({ name: "m" });
    const none = module.type([]);
    const wide = module.type([I64], [I64]);
    const log = module.importFunction("h", "log", none);
    module.importMemory("h", "mem", { initial: 1, maximum: 65_536, shared: true });
    const base = module.importGlobal("h", "base", I32);
    const table = module.table({ initial: 3 });
    const second = module.table({ initial: 300, maximum: 300 }, { export: "t" });
    module.global(I64, -1n, { mutable: true });
    module.global(I32, 0xffff_ffff);
    const f = module.func(wide, { name: "f", locals: [I32, I32, I64] });
    f.nameLocal(3, "z").nameLocal(0, "a");
    f.call(log).localGet(0).end();
    module.elements(table, 1, [f, log]);
    module.elements(second, 299, [f]);
    module.data(base, Uint8Array.of(1, 2));
    module.data(200, Uint8Array.of(3));
    module.start(log);
    expect(hex(module.encode())).toBe(
      [
        HEADER,
        "01 09 02 60 00 00 60 01 7e 01 7e",
        // log: function of type 0; mem: shared, 1 to 65536 pages; base: constant i32
        "02 1f 03 01 68 03 6c 6f 67 00 00 01 68 03 6d 65 6d 02 03 01 80 80 04 01 68 04 62 61 73 65 03 7f 00",
        "03 02 01 01",
        "04 0a 02 70 00 03 70 01 ac 02 ac 02",
        "06 0b 02 7e 01 42 7f 0b 7f 00 41 7f 0b",
        "07 05 01 01 74 01 01",
        "08 01 00",
        "09 11 02 00 41 01 0b 02 01 00 02 01 41 ab 02 0b 00 01 01",
        "0a 0c 01 0a 02 02 7f 01 7e 10 00 20 00 0b",
        "0b 0f 02 00 23 00 0b 02 01 02 00 41 c8 01 0b 01 03",
        // "name": the module m; functions 0 log, 1 f; of function 1 the locals 0 a, 3 z
        "00 1f 04 6e 61 6d 65 00 02 01 6d 01 09 02 00 03 6c 6f 67 01 01 66 02 09 01 01 02 00 01 61 03 01 7a",
      ].join(" "),
    );
  });

  it("a memory of its own", () => {
    const module = new ModuleBuilder();
    module.memory({ initial: 0, maximum: 65_536 }, { export: "m" });
    expect(hex(module.encode())).toBe(`${HEADER} 05 06 01 01 00 80 80 04 07 05 01 01 6d 02 00`);
  });

  it("each function section once more after more was added", () => {
    const module = new ModuleBuilder();
    module.func(module.type([])).end();
    const first = hex(module.encode());
    expect(first).toBe(`${HEADER} 01 04 01 60 00 00 03 02 01 00 0a 04 01 02 00 0b`);
    expect(hex(module.encode())).toBe(first);
    module.func(module.type([])).nop().end();
    expect(hex(module.encode())).toBe(`${HEADER} 01 04 01 60 00 00 03 03 02 00 00 0a 08 02 02 00 0b 03 00 01 0b`);
  });
});

describe("integers in LEB128 of the least length", () => {
  it.each([
    [0, "41 00"],
    [63, "41 3f"],
    [64, "41 c0 00"],
    [-1, "41 7f"],
    [-64, "41 40"],
    [-65, "41 bf 7f"],
    [8191, "41 ff 3f"],
    [8192, "41 80 c0 00"],
    [0x7fff_ffff, "41 ff ff ff ff 07"],
    [-0x8000_0000, "41 80 80 80 80 78"],
    [0x8000_0000, "41 80 80 80 80 78"],
    [0xffff_ffff, "41 7f"],
  ])("i32 %s", (value, bytes) => {
    expect(pushed((f) => f.i32Const(value))).toBe(bytes);
  });

  it.each([
    [0n, "42 00"],
    [-0, "42 00"],
    [-1, "42 7f"],
    [63n, "42 3f"],
    [64n, "42 c0 00"],
    [-64n, "42 40"],
    [-65n, "42 bf 7f"],
    [0x7fff_ffffn, "42 ff ff ff ff 07"],
    [0x8000_0000, "42 80 80 80 80 08"],
    [-0x8000_0000n, "42 80 80 80 80 78"],
    [0xffff_ffffn, "42 ff ff ff ff 0f"],
    [2 ** 53 - 1, "42 ff ff ff ff ff ff ff 0f"],
    [-(2 ** 53 - 1), "42 81 80 80 80 80 80 80 70"],
    [0x7fff_ffff_ffff_ffffn, "42 ff ff ff ff ff ff ff ff ff 00"],
    [-0x8000_0000_0000_0000n, "42 80 80 80 80 80 80 80 80 80 7f"],
    [0x8000_0000_0000_0000n, "42 80 80 80 80 80 80 80 80 80 7f"],
    [0xffff_ffff_ffff_ffffn, "42 7f"],
  ])("i64 %s", (value, bytes) => {
    expect(pushed((f) => f.i64Const(value))).toBe(bytes);
  });

  it("i64 from halves", () => {
    expect(pushed((f) => f.i64ConstHalves(0xffff_ffff, -1))).toBe("42 7f");
    expect(pushed((f) => f.i64ConstHalves(0, 1))).toBe("42 80 80 80 80 10");
    expect(pushed((f) => f.i64ConstHalves(-1, 0))).toBe("42 ff ff ff ff 0f");
  });

  it.each([
    [0, undefined, "29 03 00"],
    [127, 1, "29 00 7f"],
    [128, 4, "29 02 80 01"],
    [0x8000_0000, 8, "29 03 80 80 80 80 08"],
    [0xffff_ffff, 2, "29 01 ff ff ff ff 0f"],
  ])("offset %s, alignment %s", (offset, align, bytes) => {
    const module = new ModuleBuilder();
    module.memory({ initial: 1 });
    const f = module.func(module.type([]));
    f.i32Const(0).mem(I64_LOAD, offset, align).drop().end();
    expect(hex(f.encode())).toBe(`00 41 00 ${bytes} 1a 0b`);
  });
});
