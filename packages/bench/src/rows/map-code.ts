import { type BpfMap, MapTable } from "@bpf-ts/maps";
import { Memory } from "@bpf-ts/memory";
import { BPF_MAP_TYPE_HASH } from "@bpf-ts/uapi/map-types";
import { type Func, type FunctionBuilder, I32, ModuleBuilder } from "@bpf-ts/wasm";
import { I32_ADD, I32_AND, I32_MUL, I32_STORE, I32_SUB, I64_EXTEND_I32_U, I64_STORE } from "@bpf-ts/wasm/opcodes";
import type { Row, Side } from "../frame/row.ts";
import { LINUX } from "../peers/linux.ts";
import { type LoopProgram, PROGRAMS } from "./programs.ts";
import { runByLinux } from "./running.ts";

/** The functions of a map's operations. */
type Imports = Record<"lookup" | "update" | "delete", Func>;
/** Appends what one round does with a key that is there already, and its result. */
type Round = (f: FunctionBuilder, call: (name: keyof Imports) => void) => void;

/** Offsets of the key and value in the buffer. */
const KEY = 0;
const VALUE = 8;

/**
 * A loop of compiled code that calls a map's functions, as a program that is compiled to WebAssembly would, with keys 0 … entries - 1 in an order of no
 * locality. @param entries a power of two
 */
function compiledLoop(type: number, entries: number, round: Round): Side {
  const memory = new Memory();
  const map = new MapTable(memory).create({
    type,
    name: "bench",
    keySize: 4,
    valueSize: 8,
    maxEntries: entries,
    mapFlags: 0,
  });
  const buffer = memory.alloc(16);
  for (let i = 0; i < entries; i++) {
    memory.setU32(buffer + KEY, i);
    map.update(buffer + KEY, buffer + VALUE, 0, 0);
  }
  const loop = build(memory, map, buffer, entries, round);
  return { run: loop, close: () => map.close() };
}

function build(memory: Memory, map: BpfMap, buffer: number, entries: number, round: Round): (n: number) => number {
  const module = new ModuleBuilder();
  module.importMemory("host", "memory", { initial: 1 });
  const operation = module.type([I32, I32, I32, I32], [I32]);
  const imports: Imports = {
    lookup: module.importFunction("map", "lookup", operation),
    update: module.importFunction("map", "update", operation),
    delete: module.importFunction("map", "delete", operation),
  };
  const f = module.func(module.type([I32], [I32]), { export: "loop" });
  const sum = f.local(I32, "sum");
  const again = f.loop();
  // An odd factor: every key comes once in `entries` rounds.
  f.i32Const(buffer)
    .localGet(0)
    .i32Const(0x9e3779b1)
    .op(I32_MUL)
    .i32Const(entries - 1)
    .op(I32_AND);
  f.mem(I32_STORE, KEY);
  f.i32Const(buffer).localGet(0).op(I64_EXTEND_I32_U).mem(I64_STORE, VALUE);
  round(f, (name) => {
    f.i32Const(map.handle)
      .i32Const(buffer + KEY)
      .i32Const(buffer + VALUE)
      .i32Const(0)
      .call(imports[name]);
    f.localGet(sum).op(I32_ADD).localSet(sum);
  });
  f.localGet(0).i32Const(1).op(I32_SUB).localTee(0).brIf(again).end();
  f.localGet(sum).end();
  const { lookup, update, delete: remove } = map.ops;
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.encode()), {
    host: { memory: memory.wasm },
    map: { lookup, update, delete: remove },
  });
  return instance.exports["loop"] as (n: number) => number;
}

function row(name: string, unit: string, program: LoopProgram, aim: number, round: Round): Row {
  return {
    name: `maps, from compiled code: ${name}`,
    unit,
    ours: () => compiledLoop(program.map!.type, program.map!.entries, round),
    peer: { name: LINUX, open: () => runByLinux(program) },
    aim,
  };
}

/** A hash filled from empty, a million entries: far beyond the processor's caches. */
const FILL: Row = {
  name: "maps, from JS: fill a hash of 1048576 entries",
  unit: "entry",
  aimNs: 1000,
  ours: () => ({
    units: 1 << 20,
    run(n) {
      let filled = 0;
      for (let i = 0; i < n; i++) filled += fill(1 << 20);
      return filled;
    },
  }),
};

function fill(entries: number): number {
  const memory = new Memory();
  const def = { type: BPF_MAP_TYPE_HASH, name: "bench", keySize: 8, valueSize: 8, maxEntries: entries, mapFlags: 0 };
  const map = new MapTable(memory).create(def);
  const key = memory.alloc(16);
  for (let i = 0; i < entries; i++) {
    memory.setU32(key, i);
    map.update(key, key + 8, 0, 0);
  }
  const { elementCount } = map;
  map.close();
  return elementCount;
}

/** What map operations cost compiled programs, beside the same loop run by Linux. */
const BESIDE_LINUX: readonly Row[] = [
  row("hash hit", "operation", PROGRAMS.hashHit, 0.35, (_f, call) => call("lookup")),
  row("hash update", "operation", PROGRAMS.hashUpdate, 0.2, (_f, call) => call("update")),
  row("hash delete and insert", "pair", PROGRAMS.hashInsertDelete, 0.2, (_f, call) => {
    call("delete");
    call("update");
  }),
];

/** From what fits the processor's caches to what does not. */
const BY_SIZE: readonly Row[] = [1 << 10, 1 << 15, 1 << 20].flatMap((entries) => [
  {
    name: `maps, from compiled code: hash hit, ${entries} entries`,
    unit: "operation",
    ours: () => compiledLoop(BPF_MAP_TYPE_HASH, entries, (_f, call) => call("lookup")),
  },
  {
    name: `maps, from compiled code: hash update, ${entries} entries`,
    unit: "operation",
    ours: () => compiledLoop(BPF_MAP_TYPE_HASH, entries, (_f, call) => call("update")),
  },
]);

export const MAP_CODE_ROWS: readonly Row[] = [...BESIDE_LINUX, ...BY_SIZE, FILL];
