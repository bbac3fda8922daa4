import { BpfError } from "@bpf-ts/uapi";
import { describe, expect, it } from "vitest";
import {
  type FunctionBuilder,
  I32,
  I64,
  type Label,
  ModuleBuilder,
  WasmError,
  type WasmErrorCode,
} from "../src/index.ts";
import { I32_ADD, I32_ATOMIC_LOAD, I32_LOAD8_U, I64_ADD, I64_LOAD, I64_STORE } from "../src/opcodes.ts";
import { instantiate } from "./instance.ts";

function refusal(what: () => unknown): WasmError {
  try {
    what();
  } catch (error) {
    expect(error).toBeInstanceOf(WasmError);
    return error as WasmError;
  }
  throw new Error("nothing was thrown");
}

/** A module with a memory and a table, and a function (i32, i64) → i32 named "f", which is function 0. */
function fixture(check = true) {
  const module = new ModuleBuilder({ check });
  const memory = module.memory({ initial: 1 });
  const table = module.table({ initial: 1 });
  const constant = module.global(I32, 1);
  const pair = module.type([I32, I64], [I32]);
  const f = module.func(pair, { name: "f" });
  return { module, memory, table, constant, pair, f };
}
type Fixture = ReturnType<typeof fixture>;
type Case = readonly [
  code: WasmErrorCode,
  what: string,
  write: (f: FunctionBuilder, x: Fixture) => unknown,
  message: RegExp,
];

const other = new ModuleBuilder();
const foreignType = other.type([I32]);
const foreignFunc = other.func(foreignType);

/** Refused even where types are not checked. */
const ALWAYS: readonly Case[] = [
  ["INDEX", "an unknown local", (f) => f.localGet(2), /^function 0 \(f\), byte 0: local 2 of 2$/],
  ["INDEX", "a negative local", (f) => f.i32Const(0).localSet(-1), /byte 2: local -1 of 2$/],
  ["INDEX", "half a local", (f) => f.localTee(0.5), /local 0.5 of 2/],
  ["INDEX", "a name for no local", (f) => f.nameLocal(2, "x"), /local 2 of 2/],
  ["INDEX", "another module's function", (f) => f.call(foreignFunc), /function 0 is not of this module/],
  ["INDEX", "another module's type of a block", (f) => f.block(foreignType), /type 0 is not of this module/],
  [
    "INDEX",
    "another module's table",
    (f, { pair }) => f.callIndirect(pair, other.table({ initial: 1 })),
    /table 0 is not/,
  ],
  ["INDEX", "another module's global", (f) => f.globalGet(other.global(I32, 0)), /global \d+ is not of this module/],
  [
    "LABEL",
    "a closed block",
    (f) => {
      const label = f.block();
      f.end().br(label);
    },
    /depth 1 whose block is not open/,
  ],
  [
    "LABEL",
    "a closed block where another is open",
    (f) => {
      const label = f.block();
      f.end().block();
      f.br(label);
    },
    /depth 1/,
  ],
  ["LABEL", "another function's label", (f) => f.br(foreignFunc.body), /depth 0 whose block is not open/],
  ["LABEL", "no label", (f) => f.br({ depth: 0 }), /depth 0/],
  [
    "LABEL",
    "one closed block of a table",
    (f) => {
      const label = f.block();
      f.end().i32Const(0).i32Const(0).brTable([f.body, label], f.body);
    },
    /depth 1/,
  ],
  [
    "STRUCTURE",
    "else in a block",
    (f) => {
      f.block();
      f.else();
    },
    /else in a block/,
  ],
  [
    "STRUCTURE",
    "else twice",
    (f) => {
      f.i32Const(0).if();
      f.else().else();
    },
    /else in a else/,
  ],
  ["STRUCTURE", "else in a function", (f) => f.else(), /else in a function/],
  ["STRUCTURE", "code behind the end", (f) => f.i32Const(1).end().nop(), /byte 3: has ended/],
  ["STRUCTURE", "two ends", (f) => f.i32Const(1).end().end(), /has ended/],
  ["STRUCTURE", "a local behind the end", (f) => f.i32Const(1).end().local(I32), /has ended/],
  [
    "STRUCTURE",
    "no end",
    (f, { module }) => {
      f.block();
      module.encode();
    },
    /2 blocks have no end/,
  ],
  ["OPCODE", "a load without its offset", (f) => f.op(I64_LOAD), /0x29 is no instruction without immediates/],
  ["OPCODE", "floating point", (f) => f.op(0x92), /0x92 is no instruction/],
  ["OPCODE", "no opcode", (f) => f.op(-1), /is no instruction/],
  ["OPCODE", "an addition as an access", (f) => f.mem(I32_ADD), /0x6a is no access to memory/],
  ["OPCODE", "a load of floating point", (f) => f.mem(0x2a), /0x2a is no access/],
  ["OPCODE", "an atomic that is none", (f) => f.mem(0xfe4f), /0xfe4f is no access/],
  ["RANGE", "an i32 of 33 bits", (f) => f.i32Const(0x1_0000_0000), /4294967296 is no 32-bit integer/],
  ["RANGE", "a small i32", (f) => f.i32Const(-0x8000_0001), /is no 32-bit integer/],
  ["RANGE", "half an i32", (f) => f.i32Const(0.5), /0.5 is no 32-bit integer/],
  ["RANGE", "no i32", (f) => f.i32Const(Number.NaN), /NaN is no 32-bit integer/],
  ["RANGE", "an i64 of 65 bits", (f) => f.i64Const(1n << 64n), /18446744073709551616 is no 64-bit integer/],
  ["RANGE", "a small i64", (f) => f.i64Const(-(1n << 63n) - 1n), /is no 64-bit integer/],
  ["RANGE", "an inexact i64", (f) => f.i64Const(2 ** 53), /9007199254740992 is no 64-bit integer, or no safe one/],
  ["RANGE", "halves of 33 bits", (f) => f.i64ConstHalves(0, 2 ** 32), /0 and 4294967296 are no 32-bit integers/],
  ["RANGE", "a negative offset", (f) => f.i32Const(0).mem(I32_LOAD8_U, -1), /offset -1, allowed are 0 to 4294967295/],
  ["RANGE", "an offset of 33 bits", (f) => f.i32Const(0).mem(I32_LOAD8_U, 2 ** 32), /offset 4294967296/],
  ["RANGE", "half an offset", (f) => f.i32Const(0).mem(I32_LOAD8_U, 1.5), /offset 1.5/],
  [
    "RANGE",
    "an alignment beyond the access",
    (f) => f.i32Const(0).mem(I32_LOAD8_U, 0, 2),
    /alignment 2 of an access to 1 bytes/,
  ],
  ["RANGE", "an alignment that is no power of two", (f) => f.i32Const(0).mem(I64_LOAD, 0, 3), /alignment 3/],
  [
    "RANGE",
    "a misaligned atomic",
    (f) => f.i32Const(0).mem(I32_ATOMIC_LOAD, 0, 2),
    /alignment 2 of an access to 4 bytes/,
  ],
  ["TYPE", "writing a constant", (f, { constant }) => f.i32Const(0).globalSet(constant), /global 0 is constant/],
  [
    "LIMIT",
    "br_table of 65,521",
    (f) => f.i32Const(0).brTable(new Array<Label>(65_521).fill(f.body), f.body),
    /65521 targets of br_table, the limit is 65520/,
  ],
  [
    "LIMIT",
    "50,001 locals",
    (f) => {
      for (let i = 2; i < 50_001; i++) f.local(I32);
    },
    /50001 locals, the limit is 50000/,
  ],
];
/** Refused where types are checked. */
const TYPES: readonly Case[] = [
  [
    "TYPE",
    "an operand too few",
    (f) => f.i32Const(1).op(I32_ADD),
    /byte 2: takes i32, the stack of this function is empty/,
  ],
  ["TYPE", "another type", (f) => f.i32Const(1).i64Const(1).op(I32_ADD), /takes i32, i64 is on the stack/],
  ["TYPE", "another type below", (f) => f.i32Const(1).i64Const(1).op(I64_ADD), /takes i64, i32 is on the stack/],
  [
    "TYPE",
    "operands outside the block",
    (f) => {
      f.i32Const(1).i32Const(1).block();
      f.op(I32_ADD);
    },
    /the stack of this block is empty/,
  ],
  ["TYPE", "a value left", (f) => f.i32Const(1).i32Const(2).end(), /leaves 1 more value than the function's type says/],
  ["TYPE", "no result", (f) => f.end(), /takes i32, the stack of this function is empty/],
  [
    "TYPE",
    "a block that leaves something",
    (f) => {
      f.block();
      f.i32Const(1).i32Const(1).end();
    },
    /leaves 2 more values than the block's/,
  ],
  [
    "TYPE",
    "an if's branches that differ",
    (f) => {
      f.i32Const(1).if(I32);
      f.i32Const(1).else().i64Const(1).end();
    },
    /takes i32, i64/,
  ],
  [
    "TYPE",
    "an if with a result, without else",
    (f) => {
      f.i32Const(1).if(I32);
      f.i32Const(1).end();
    },
    /no else/,
  ],
  ["TYPE", "an address of 64 bits", (f) => f.i64Const(1).mem(I64_LOAD), /takes i32, i64/],
  ["TYPE", "a value of 32 bits for an i64", (f) => f.i32Const(1).i32Const(1).mem(I64_STORE), /takes i64, i32/],
  ["TYPE", "a condition of 64 bits", (f) => f.localGet(1).brIf(f.body), /takes i32, i64/],
  ["TYPE", "a branch without its value", (f) => f.br(f.body), /takes i32, the stack/],
  [
    "TYPE",
    "br_table's labels that differ in number",
    (f) => {
      const label = f.block();
      f.i32Const(0).i32Const(0).brTable([label], f.body);
    },
    /labels take 0 and 1 values/,
  ],
  [
    "TYPE",
    "br_table's labels that differ in type",
    (f) => {
      const label = f.block(I64);
      f.i32Const(0).i32Const(0).brTable([label], f.body);
    },
    /takes i64, i32/,
  ],
  ["TYPE", "an argument of another type", (f) => f.localGet(1).localGet(0).call(f), /takes i64, i32/],
  ["TYPE", "local of another type", (f) => f.localGet(0).localSet(1), /takes i64, i32/],
  ["TYPE", "tee of another type", (f) => f.localGet(0).localTee(1), /takes i64, i32/],
  ["TYPE", "select of two types", (f) => f.localGet(0).localGet(1).localGet(0).select(), /takes i64, i32/],
  ["TYPE", "memory.grow by 64 bits", (f) => f.localGet(1).memoryGrow(), /takes i32, i64/],
  ["TYPE", "memory.copy of 64 bits", (f) => f.localGet(0).localGet(0).localGet(1).memoryCopy(), /takes i32, i64/],
  ["TYPE", "dropping nothing", (f) => f.drop(), /takes any, the stack of this function is empty/],
  ["TYPE", "dead code that knows its types", (f) => f.unreachable().i64Const(1).op(I32_ADD), /takes i32, i64/],
  ["TYPE", "return without its value", (f) => f.return(), /takes i32, the stack/],
];

describe("wrong instructions", () => {
  it.each([...ALWAYS, ...TYPES])("%s: %s", (code, _what, write, message) => {
    const x = fixture();
    const error = refusal(() => write(x.f, x));
    expect(error.message).toMatch(message);
    expect(error).toMatchObject({ code, name: "WasmError" });
    expect(error).toBeInstanceOf(BpfError);
    // What it left cannot be encoded, whatever follows.
    expect(refusal(() => x.module.encode()).message).toBe(error.message);
  });

  it.each(ALWAYS)("without checking types, still %s: %s", (code, _what, write) => {
    const x = fixture(false);
    expect(refusal(() => write(x.f, x)).code).toBe(code);
  });

  it.each(TYPES)("%s: %s: without checking types, the engine is what refuses", (_code, _what, write) => {
    const x = fixture(false);
    write(x.f, x);
    while (x.f.depth > 0) x.f.end();
    expect(WebAssembly.validate(x.module.encode())).toBe(false);
  });

  it("no memory", () => {
    const module = new ModuleBuilder();
    const f = module.func(module.type([]));
    for (const write of [() => f.mem(I64_LOAD), () => f.memorySize(), () => f.memoryGrow(), () => f.memoryFill()])
      expect(refusal(write)).toMatchObject({ code: "INDEX", message: expect.stringMatching(/the module has none/) });
  });

  it.each([true, false])("a tail call of a function with other results (types checked: %s)", (check) => {
    const { module, f } = fixture(check);
    const none = module.func(module.type([]));
    expect(refusal(() => f.returnCall(none))).toMatchObject({
      code: "TYPE",
      message: "function 0 (f), byte 0: a function called in place of this one has other results",
    });
  });

  it("a function of 7,654,321 bytes is accepted by the engine, one more is refused", () => {
    const filled = (nops: number): ModuleBuilder => {
      const module = new ModuleBuilder({ check: false });
      const f = module.func(module.type([]));
      for (let i = 0; i < nops; i++) f.nop();
      f.end();
      return module;
    };
    // One byte says that there are no locals, one ends it.
    expect(WebAssembly.validate(filled(7_654_319).encode())).toBe(true);
    expect(refusal(() => filled(7_654_320))).toMatchObject({
      code: "LIMIT",
      message: expect.stringMatching(/7654322 bytes of a function, the limit is 7654321/),
    });
    expect(refusal(() => filled(7_654_330)).code).toBe("LIMIT");
  });
});

describe("wrong modules", () => {
  const CASES: readonly (readonly [WasmErrorCode, string, (x: Fixture) => unknown, RegExp])[] = [
    [
      "ORDER",
      "a function imported late",
      ({ module, pair }) => module.importFunction("h", "x", pair),
      /import of function "x" behind/,
    ],
    [
      "ORDER",
      "a table imported late",
      ({ module }) => module.importTable("h", "x", { initial: 0 }),
      /import of table "x"/,
    ],
    ["ORDER", "a global imported late", ({ module }) => module.importGlobal("h", "x", I32), /import of global "x"/],
    ["LIMIT", "two memories", ({ module }) => module.memory({ initial: 1 }), /2 memories, the limit is 1/],
    ["LIMIT", "an imported memory beside", ({ module }) => module.importMemory("h", "x", { initial: 1 }), /2 memories/],
    [
      "LIMIT",
      "a table of ten million and one",
      ({ module }) => module.table({ initial: 10_000_001 }),
      /10000001 entries, the limit is 10000000/,
    ],
    [
      "RANGE",
      "a table that shrinks",
      ({ module }) => module.table({ initial: 2, maximum: 1 }),
      /at most 1 entries, at first 2/,
    ],
    ["RANGE", "half a table", ({ module }) => module.table({ initial: 0.5 }), /a size of 0.5 entries/],
    [
      "LIMIT",
      "1,001 parameters",
      ({ module }) => module.type(new Array(1001).fill(I32)),
      /1001 parameters, the limit is 1000/,
    ],
    ["LIMIT", "1,001 results", ({ module }) => module.type([], new Array(1001).fill(I32)), /1001 results/],
    [
      "TYPE",
      "a parameter of floating point",
      ({ module }) => module.type([0x7c as typeof I32]),
      /124 is no type of a value/,
    ],
    ["TYPE", "a global of no type", ({ module }) => module.global(0 as typeof I32, 0), /0 is no type of a value/],
    ["RANGE", "a BigInt for an i32", ({ module }) => module.global(I32, 1n), /1 is no 32-bit integer/],
    ["RANGE", "a global of 65 bits", ({ module }) => module.global(I64, 1n << 64n), /is no 64-bit integer/],
    ["INDEX", "another module's type", ({ module }) => module.func(foreignType), /type 0 is not of this module/],
    [
      "INDEX",
      "an export of another module's",
      ({ module }) => module.export("x", foreignFunc),
      /func 0 is not of this module/,
    ],
    ["INDEX", "another module's start", ({ module }) => module.start(foreignFunc), /function 0 is not/],
    ["TYPE", "a start with parameters", ({ module, f }) => module.start(f), /function 0 has parameters or results/],
    [
      "INDEX",
      "an element of another module's",
      ({ module, table }) => module.elements(table, 0, [foreignFunc]),
      /function 0 is not/,
    ],
    [
      "RANGE",
      "elements beyond the table",
      ({ module, table, f }) => module.elements(table, 1, [f]),
      /1 entries at 1, there are 1/,
    ],
    [
      "RANGE",
      "data beyond the memory",
      ({ module }) => module.data(65_535, Uint8Array.of(1, 2)),
      /2 bytes at 65535, there are 65536/,
    ],
    ["RANGE", "data at a negative offset", ({ module }) => module.data(-1, Uint8Array.of()), /offset -1/],
    [
      "TYPE",
      "data at a global of the module's own",
      ({ module, constant }) => module.data(constant, Uint8Array.of(1)),
      /global 0 is no offset/,
    ],
    ["NAME", "half a surrogate pair", ({ module, f }) => module.export("\ud800", f), /is no Unicode text/],
    [
      "LIMIT",
      "a name of 100,001 bytes",
      ({ module, f }) => module.export("x".repeat(100_001), f),
      /100001 bytes of a name/,
    ],
  ];
  it.each(CASES)("%s: %s, and nothing was added", (code, _what, write, message) => {
    const x = fixture();
    x.f.i32Const(1).end();
    const before = x.module.encode();
    const error = refusal(() => write(x));
    expect(error.message).toMatch(message);
    expect(error.code).toBe(code);
    expect(x.module.encode()).toEqual(before);
    expect(WebAssembly.validate(before)).toBe(true);
  });

  it("an export's name twice, in each way", () => {
    const module = new ModuleBuilder();
    const type = module.type([]);
    module.func(type, { export: "x" }).end();
    const before = module.encode();
    for (const again of [
      () => module.func(type, { export: "x" }),
      () => module.memory({ initial: 1 }, { export: "x" }),
      () => module.table({ initial: 1 }, { export: "x" }),
      () => module.global(I32, 1, { export: "x" }),
    ])
      expect(refusal(again)).toMatchObject({ code: "NAME", message: '"x" is exported already' });
    expect(module.encode()).toEqual(before);
  });

  it("memories: sizes, shared ones", () => {
    const refused = (limits: { initial: number; maximum?: number; shared?: boolean }): string =>
      refusal(() => new ModuleBuilder().memory(limits)).code;
    expect(refused({ initial: 65_537 })).toBe("LIMIT");
    expect(refused({ initial: 1, maximum: 65_537 })).toBe("LIMIT");
    expect(refused({ initial: 2, maximum: 1 })).toBe("RANGE");
    expect(refused({ initial: -1 })).toBe("RANGE");
    expect(refused({ initial: 1, shared: true })).toBe("RANGE");
  });

  it("data without a memory, at globals that are no offsets", () => {
    const module = new ModuleBuilder();
    expect(refusal(() => module.data(0, new Uint8Array())).code).toBe("INDEX");
    const wide = module.importGlobal("h", "wide", I64);
    const changing = module.importGlobal("h", "changing", I32, { mutable: true });
    module.memory({ initial: 1 });
    expect(refusal(() => module.data(wide, new Uint8Array())).code).toBe("TYPE");
    expect(refusal(() => module.data(changing, new Uint8Array())).code).toBe("TYPE");
  });

  it("without the checks of types, right modules are the same", () => {
    const build = (check: boolean): ModuleBuilder => {
      const module = new ModuleBuilder({ check });
      const f = module.func(module.type([I32], [I32]), { export: "f" });
      f.localGet(0).if(I32);
      f.i32Const(1).else().i32Const(2).end().i32Const(40).op(I32_ADD).end();
      return module;
    };
    expect(build(false).encode()).toEqual(build(true).encode());
    expect(instantiate(build(false))["f"](0)).toBe(42);
  });
});
