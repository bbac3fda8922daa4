import { expect, it } from "vitest";
import wabt from "wabt";
import { I32, I64, ModuleBuilder } from "../src/index.ts";
import * as opcodes from "../src/opcodes.ts";
import { accessOf, SHAPES } from "../src/signatures.ts";

/** What WABT's wasm2wat says, after WABT has validated. */
async function disassemble(module: ModuleBuilder): Promise<string> {
  const bytes = module.encode();
  expect(WebAssembly.validate(bytes)).toBe(true);
  const { readWasm } = await wabt();
  const read = readWasm(bytes, { threads: true, tail_call: true, multi_value: true, readDebugNames: true });
  read.validate();
  read.applyNames();
  const text = read.toText({});
  read.destroy();
  return text;
}

it("WABT reads names, structure and immediates as they were meant", async () => {
  const module = new ModuleBuilder({ name: "demo" });
  const unary = module.type([I64], [I64]);
  const log = module.importFunction("env", "log", module.type([I32]));
  module.importMemory("env", "memory", { initial: 1, maximum: 16 });
  const table = module.table({ initial: 2, maximum: 2 });
  const counter = module.global(I64, -3n, { mutable: true });
  const f = module.func(unary, { name: "walk", export: "walk", locals: [I32] });
  f.nameLocal(0, "n").nameLocal(1, "i");
  const extra = f.local(I64, "sum");
  const out = f.block();
  const again = f.loop();
  f.localGet(0).op(opcodes.I64_EQZ).brIf(out);
  f.localGet(1).mem(opcodes.I64_LOAD32_U, 0x8000_0000, 2).localSet(extra);
  f.localGet(1).brTable([again, out], again).end().end();
  f.globalGet(counter).localGet(1).callIndirect(unary, table).i32Const(-1).call(log).end();
  module.elements(table, 1, [f]);
  module.data(8, Uint8Array.of(0x68, 0x69));
  expect(await disassemble(module)).toBe(`(module $demo
  (type (;0;) (func (param i64) (result i64)))
  (type (;1;) (func (param i32)))
  (import "env" "log" (func $log (type 1)))
  (import "env" "memory" (memory (;0;) 1 16))
  (func $walk (type 0) (param $n i64) (result i64)
    (local $i i32) (local $sum i64)
    block  ;; label = @1
      loop  ;; label = @2
        local.get $n
        i64.eqz
        br_if 1 (;@1;)
        local.get $i
        i64.load32_u offset=2147483648 align=2
        local.set $sum
        local.get $i
        br_table 0 (;@2;) 1 (;@1;) 0 (;@2;)
      end
    end
    global.get 0
    local.get $i
    call_indirect (type 0)
    i32.const -1
    call $log)
  (table (;0;) 2 2 funcref)
  (global (;0;) (mut i64) (i64.const -3))
  (export "walk" (func $walk))
  (elem (;0;) (i32.const 1) func $walk)
  (data (;0;) (i32.const 8) "hi"))
`);
});

it("WABT names every opcode as we do", async () => {
  const module = new ModuleBuilder();
  module.memory({ initial: 1 });
  const f = module.func(module.type([]));
  const expected: string[] = [];
  for (const [name, opcode] of Object.entries(opcodes)) {
    const access = accessOf(opcode);
    if (access !== undefined) f.i32Const(0);
    for (const type of (access ?? SHAPES[opcode]!).operands) type === I32 ? f.i32Const(1) : f.i64Const(1);
    if (access === undefined) f.op(opcode).drop();
    else {
      f.mem(opcode, 4);
      if (access.result !== undefined) f.drop();
    }
    // I32_ATOMIC_RMW8_ADD_U is i32.atomic.rmw8.add_u, I32_WRAP_I64 is i32.wrap_i64.
    const written = name.toLowerCase().replace(/^(i32|i64|memory)_/, "$1.");
    expected.push(written.replace(/atomic_/, "atomic.").replace(/(rmw\d*)_/, "$1."));
  }
  f.end();
  const text = await disassemble(module);
  const found = [...text.matchAll(/^ {4}([\w.]+)/gm)].map(([, instruction]) => instruction!);
  expect(found.filter((instruction) => !/^(i32\.const|i64\.const|drop)$/.test(instruction))).toEqual(expected);
  expect(expected.length).toBe(151);
});

it("WABT names the rest", async () => {
  const module = new ModuleBuilder();
  module.memory({ initial: 1 });
  const type = module.type([], []);
  const table = module.table({ initial: 1 });
  const f = module.func(type);
  f.nop().memorySize().memoryGrow().drop().atomicFence();
  f.i32Const(1).i32Const(2).i32Const(3).memoryCopy().i32Const(1).i32Const(2).i32Const(3).memoryFill();
  f.i32Const(1).if();
  f.i32Const(1).i32Const(2).i32Const(3).select().drop().else().unreachable().end();
  f.block(type);
  f.i32Const(0).returnCallIndirect(type, table).end();
  f.block(I64);
  f.i64Const(0x1234_5678_9abc_def0n).br(f.body).end().drop().returnCall(f).end();
  const text = await disassemble(module);
  expect([...text.matchAll(/^ {4,}(\S.*)$/gm)].map(([, line]) => line)).toEqual(
    [
      "nop,memory.size,memory.grow,drop,atomic.fence",
      "i32.const 1,i32.const 2,i32.const 3,memory.copy,i32.const 1,i32.const 2,i32.const 3,memory.fill",
      "i32.const 1,if  ;; label = @1,i32.const 1,i32.const 2,i32.const 3,select,drop,else,unreachable,end",
      "block  ;; label = @1,i32.const 0,return_call_indirect (type 0),end",
      "block (result i64)  ;; label = @1,i64.const 1311768467463790320,br 1 (;@0;),end,drop,return_call 0)",
    ].flatMap((line) => line.split(",")),
  );
});
