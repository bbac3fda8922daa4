import { ByteWriter, utf8 } from "./bytes.ts";
import { WasmError } from "./error.ts";
import { FunctionBuilder } from "./function.ts";
import { is32, split64 } from "./integers.ts";
import {
  checkLimit,
  MAX_DATA_SEGMENTS,
  MAX_ENTITIES,
  MAX_PAGES,
  MAX_TABLE_SIZE,
  MAX_TABLES,
  MAX_TYPE_VALUES,
} from "./limits.ts";
import { nameSection } from "./names.ts";
import type { Spaces } from "./spaces.ts";
import {
  type Func,
  type FuncType,
  type Global,
  I32,
  I64,
  type Limits,
  type Memory,
  type MemoryLimits,
  type Table,
  type ValType,
} from "./types.ts";

const PAGE = 65_536;

/** How a module is built. */
export interface ModuleOptions {
  /** The module's own name, for the names section. */
  name?: string;
  /** Whether operands' types are checked as instructions are written (default: true). Indices, labels and ranges always are. */
  check?: boolean;
}

/** What a function may have beside its type. */
export interface FuncOptions {
  /** For the names section: what stack traces and disassemblers show. */
  name?: string;
  /** Exported under this name. */
  export?: string;
  /** Locals behind the parameters; `FunctionBuilder.local` adds more. */
  locals?: readonly ValType[];
}

/** What can be exported. */
export type Exportable = Func | Global | Table | Memory;

/**
 * A WebAssembly module in the making: declare what it has, write its functions, {@link ModuleBuilder.encode} it. What a method answers
 * (types, functions, globals, tables, the memory) is a handle that later calls take; indices never need counting. Imports of a kind come
 * before the definitions of that kind. A function may be called before it is written.
 *
 * All methods throw {@link WasmError}, by their arguments with `INDEX` (a handle of another module), `ORDER`, `NAME`, `RANGE`, `TYPE`
 * or `LIMIT`; nothing was added then.
 *
 * @see WebAssembly Core Specification 5.5 (modules)
 */
export class ModuleBuilder {
  readonly #name: string | undefined;
  readonly #check: boolean;
  readonly #types: FuncType[] = [];
  readonly #typeIndex: Map<string, FuncType> = new Map();
  readonly #funcs: Func[] = [];
  readonly #tables: Table[] = [];
  readonly #memories: Memory[] = [];
  readonly #globals: Global[] = [];
  readonly #spaces: Spaces = {
    types: this.#types,
    funcs: this.#funcs,
    tables: this.#tables,
    memories: this.#memories,
    globals: this.#globals,
  };

  readonly #bodies: FunctionBuilder[] = [];
  /** Entries of the sections that are written as they come. */
  readonly #imports: ByteWriter = new ByteWriter();
  readonly #definedTables: ByteWriter = new ByteWriter();
  readonly #definedMemories: ByteWriter = new ByteWriter();
  readonly #definedGlobals: ByteWriter = new ByteWriter();
  readonly #exports: ByteWriter = new ByteWriter();
  readonly #elements: ByteWriter = new ByteWriter();
  readonly #data: ByteWriter = new ByteWriter();
  readonly #exportNames: Set<string> = new Set();
  /** Entries of #imports, #definedTables …, where no list has them. */
  readonly #counts = { imports: 0, tables: 0, memories: 0, globals: 0, elements: 0, data: 0 };
  #start: Func | undefined;

  constructor(options: ModuleOptions = {}) {
    this.#name = options.name;
    this.#check = options.check ?? true;
  }

  /** The type of functions with these parameters and results; the same one for the same lists. At most 1,000 of each. */
  type(params: readonly ValType[], results: readonly ValType[] = []): FuncType {
    const key = `${params}>${results}`;
    const known = this.#typeIndex.get(key);
    if (known !== undefined) return known;
    checkLimit(params.length, MAX_TYPE_VALUES, "parameters");
    checkLimit(results.length, MAX_TYPE_VALUES, "results");
    checkLimit(this.#types.length + 1, MAX_ENTITIES, "types");
    for (const type of [...params, ...results]) checkValType(type);
    const type: FuncType = { index: this.#types.length, params: [...params], results: [...results] };
    this.#types.push(type);
    this.#typeIndex.set(key, type);
    return type;
  }

  /** A function of the host or of another instance. All imported functions come before the first {@link func}. */
  importFunction(module: string, name: string, type: FuncType, debugName: string = name): Func {
    if (this.#bodies.length > 0) tooLate("function", name);
    this.#own(this.#types, type, "type");
    checkLimit(this.#funcs.length + 1, MAX_ENTITIES, "functions");
    const func: Func = { index: this.#funcs.length, type, name: debugName };
    const out = this.#import(module, name, 0x00);
    out.u32(type.index);
    this.#funcs.push(func);
    return func;
  }

  /** The memory of the host or of another instance, so that several modules work on the same bytes. A module has one memory at most. */
  importMemory(module: string, name: string, limits: MemoryLimits): Memory {
    const memory = this.#newMemory(limits);
    writeLimits(this.#import(module, name, 0x02), limits);
    this.#memories.push(memory);
    return memory;
  }

  /** A table of the host or of another instance. */
  importTable(module: string, name: string, limits: Limits): Table {
    if (this.#counts.tables > 0) tooLate("table", name);
    const table = this.#newTable(limits);
    const out = this.#import(module, name, 0x01);
    out.u8(0x70);
    writeLimits(out, limits);
    this.#tables.push(table);
    return table;
  }

  /** A global of the host or of another instance. */
  importGlobal(module: string, name: string, type: ValType, options: { mutable?: boolean } = {}): Global {
    if (this.#counts.globals > 0) tooLate("global", name);
    const global = this.#newGlobal(type, options.mutable);
    const out = this.#import(module, name, 0x03);
    out.u8(type);
    out.u8(global.mutable ? 1 : 0);
    this.#globals.push(global);
    return global;
  }

  /** The module's own memory. Sizes are pages of 64 KiB, 65,536 at most. */
  memory(limits: MemoryLimits, options: { export?: string } = {}): Memory {
    const memory = this.#newMemory(limits);
    this.#freeName(options.export);
    this.#counts.memories++;
    writeLimits(this.#definedMemories, limits);
    this.#memories.push(memory);
    return this.#exported(memory, options.export);
  }

  /** A table of functions, empty at first. Sizes are entries. */
  table(limits: Limits, options: { export?: string } = {}): Table {
    const table = this.#newTable(limits);
    this.#freeName(options.export);
    this.#counts.tables++;
    this.#definedTables.u8(0x70);
    writeLimits(this.#definedTables, limits);
    this.#tables.push(table);
    return this.#exported(table, options.export);
  }

  /** A global with its first value: as for `i32Const` and `i64Const`. */
  global(type: ValType, value: number | bigint, options: { mutable?: boolean; export?: string } = {}): Global {
    const global = this.#newGlobal(type, options.mutable);
    const init = constant(type, value);
    this.#freeName(options.export);
    this.#counts.globals++;
    this.#definedGlobals.u8(type);
    this.#definedGlobals.u8(global.mutable ? 1 : 0);
    this.#definedGlobals.bytes(init);
    this.#globals.push(global);
    return this.#exported(global, options.export);
  }

  /** A function of this module: what is answered writes its instructions, the last of which is `end()`. */
  func(type: FuncType, options: FuncOptions = {}): FunctionBuilder {
    this.#own(this.#types, type, "type");
    checkLimit(this.#funcs.length + 1, MAX_ENTITIES, "functions");
    this.#freeName(options.export);
    const func = new FunctionBuilder(
      this.#spaces,
      this.#check,
      this.#funcs.length,
      type,
      options.name ?? options.export,
    );
    for (const local of options.locals ?? []) func.local(local);
    this.#funcs.push(func);
    this.#bodies.push(func);
    return this.#exported(func, options.export);
  }

  /** Exports something under a name; a name is used once, a thing may have several. */
  export(name: string, what: Exportable): void {
    this.#freeName(name);
    checkLimit(this.#exportNames.size + 1, MAX_ENTITIES, "exports");
    const kind = "kind" in what ? what.kind : "func";
    const space = { func: this.#funcs, table: this.#tables, memory: this.#memories, global: this.#globals }[kind];
    this.#own<Exportable>(space, what, kind);
    this.#exportNames.add(name);
    this.#exports.name(name);
    this.#exports.u8(["func", "table", "memory", "global"].indexOf(kind));
    this.#exports.u32(what.index);
  }

  /** Functions that lie in a table from `offset` on when the module has been instantiated. */
  elements(table: Table, offset: number | Global, functions: readonly Func[]): void {
    this.#own(this.#tables, table, "table");
    for (const func of functions) this.#own(this.#funcs, func, "function");
    checkLimit(functions.length, MAX_TABLE_SIZE, "entries");
    checkLimit(this.#counts.elements + 1, MAX_ENTITIES, "element segments");
    const at = this.#offset(offset);
    if (this.#tables.indexOf(table) >= this.#tables.length - this.#counts.tables)
      checkInside(offset, functions.length, table.limits.initial, "entries");
    const out = this.#elements;
    this.#counts.elements++;
    // The short form is for table 0 alone.
    out.u8(table.index === 0 ? 0x00 : 0x02);
    if (table.index !== 0) out.u32(table.index);
    out.bytes(at);
    if (table.index !== 0) out.u8(0x00);
    out.u32(functions.length);
    for (const func of functions) out.u32(func.index);
  }

  /** Bytes that lie in the memory from `offset` on when the module has been instantiated. They are copied now. */
  data(offset: number | Global, bytes: Uint8Array): void {
    const memory = this.#memories[0];
    if (memory === undefined) throw new WasmError("INDEX", "data without a memory");
    checkLimit(this.#counts.data + 1, MAX_DATA_SEGMENTS, "data segments");
    const at = this.#offset(offset);
    if (this.#counts.memories > 0) checkInside(offset, bytes.length, memory.limits.initial * PAGE, "bytes");
    this.#counts.data++;
    this.#data.u8(0x00);
    this.#data.bytes(at);
    this.#data.vector(bytes);
  }

  /** The function that runs when the module is instantiated: without parameters and results. */
  start(func: Func): void {
    this.#own(this.#funcs, func, "function");
    if (func.type.params.length + func.type.results.length > 0)
      throw new WasmError("TYPE", `function ${func.index} has parameters or results and cannot be the start`);
    this.#start = func;
  }

  /**
   * The module's bytes, as `WebAssembly.Module` takes them. May be called again, also after more has been added.
   *
   * @throws {WasmError} for a function that was not ended, or in which a method has thrown
   */
  encode(): Uint8Array<ArrayBuffer> {
    const out = new ByteWriter();
    out.bytes(Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00));
    const section = (id: number, count: number, write: (content: ByteWriter) => void): void => {
      if (count === 0) return;
      const content = new ByteWriter();
      content.u32(count);
      write(content);
      out.u8(id);
      out.vector(content.done());
    };
    const counts = this.#counts;
    section(1, this.#types.length, (content) => {
      for (const { params, results } of this.#types) {
        content.u8(0x60);
        content.vector(Uint8Array.from(params));
        content.vector(Uint8Array.from(results));
      }
    });
    section(2, counts.imports, (content) => content.bytes(this.#imports.done()));
    section(3, this.#bodies.length, (content) => {
      for (const { type } of this.#bodies) content.u32(type.index);
    });
    section(4, counts.tables, (content) => content.bytes(this.#definedTables.done()));
    section(5, counts.memories, (content) => content.bytes(this.#definedMemories.done()));
    section(6, counts.globals, (content) => content.bytes(this.#definedGlobals.done()));
    section(7, this.#exportNames.size, (content) => content.bytes(this.#exports.done()));
    if (this.#start !== undefined) {
      const content = new ByteWriter();
      content.u32(this.#start.index);
      out.u8(8);
      out.vector(content.done());
    }
    section(9, counts.elements, (content) => content.bytes(this.#elements.done()));
    section(10, this.#bodies.length, (content) => {
      for (const body of this.#bodies) content.vector(body.encode());
    });
    section(11, counts.data, (content) => content.bytes(this.#data.done()));
    const names = nameSection(this.#name, this.#funcs, this.#bodies);
    if (names !== undefined) {
      out.u8(0);
      out.vector(names);
    }
    return out.done().slice();
  }

  #import(module: string, name: string, kind: number): ByteWriter {
    checkLimit(this.#counts.imports + 1, MAX_ENTITIES, "imports");
    const names = [utf8(module), utf8(name)];
    this.#counts.imports++;
    for (const bytes of names) this.#imports.vector(bytes);
    this.#imports.u8(kind);
    return this.#imports;
  }

  #newMemory(limits: MemoryLimits): Memory {
    checkLimit(this.#memories.length + 1, 1, "memories");
    checkLimits(limits, MAX_PAGES, MAX_PAGES, "pages");
    if (limits.shared === true && limits.maximum === undefined)
      throw new WasmError("RANGE", "a shared memory needs a maximum");
    return { kind: "memory", index: 0, limits: { ...limits } };
  }

  #newTable(limits: Limits): Table {
    checkLimit(this.#tables.length + 1, MAX_TABLES, "tables");
    checkLimits(limits, MAX_TABLE_SIZE, 0xffff_ffff, "entries");
    return { kind: "table", index: this.#tables.length, limits: { ...limits } };
  }

  #newGlobal(type: ValType, mutable = false): Global {
    checkValType(type);
    checkLimit(this.#globals.length + 1, MAX_ENTITIES, "globals");
    return { kind: "global", index: this.#globals.length, type, mutable };
  }

  /** An offset as a constant expression. */
  #offset(offset: number | Global): Uint8Array {
    if (typeof offset === "number") {
      if (!is32(offset) || offset < 0) throw new WasmError("RANGE", `offset ${offset}, allowed are 0 to 4294967295`);
      return constant(I32, offset);
    }
    this.#own(this.#globals, offset, "global");
    // Only what is known before the module's own globals are may stand here.
    if (offset.type !== I32 || offset.mutable || offset.index >= this.#globals.length - this.#counts.globals)
      throw new WasmError("TYPE", `global ${offset.index} is no offset: imported, constant and i32 it must be`);
    const out = new ByteWriter();
    out.u8(0x23);
    out.u32(offset.index);
    out.u8(0x0b);
    return out.done();
  }

  #freeName(name: string | undefined): void {
    if (name === undefined) return;
    utf8(name);
    if (this.#exportNames.has(name)) throw new WasmError("NAME", `${JSON.stringify(name)} is exported already`);
  }

  #exported<T extends Exportable>(what: T, name: string | undefined): T {
    if (name !== undefined) this.export(name, what);
    return what;
  }

  #own<T extends { readonly index: number }>(space: readonly T[], what: T, kind: string): void {
    if (space[what.index] !== what) throw new WasmError("INDEX", `${kind} ${what.index} is not of this module`);
  }
}

function tooLate(kind: string, name: string): never {
  throw new WasmError("ORDER", `import of ${kind} ${JSON.stringify(name)} behind a ${kind} of the module's own`);
}

function checkValType(type: ValType): void {
  if (type !== I32 && type !== I64) throw new WasmError("TYPE", `${type} is no type of a value`);
}

function checkLimits(limits: Limits, maxInitial: number, maxMaximum: number, unit: string): void {
  const { initial, maximum } = limits;
  for (const size of [initial, maximum ?? initial])
    if (!Number.isInteger(size) || size < 0) throw new WasmError("RANGE", `a size of ${size} ${unit}`);
  checkLimit(initial, maxInitial, unit);
  checkLimit(maximum ?? initial, maxMaximum, unit);
  if (maximum !== undefined && maximum < initial)
    throw new WasmError("RANGE", `at most ${maximum} ${unit}, at first ${initial}`);
}

function checkInside(offset: number | Global, count: number, size: number, unit: string): void {
  if (typeof offset === "number" && offset + count > size)
    throw new WasmError("RANGE", `${count} ${unit} at ${offset}, there are ${size}`);
}

function writeLimits(out: ByteWriter, limits: MemoryLimits): void {
  const { initial, maximum, shared } = limits;
  out.u8((maximum === undefined ? 0 : 1) | (shared === true ? 2 : 0));
  out.u32(initial);
  if (maximum !== undefined) out.u32(maximum);
}

/** A constant expression. */
function constant(type: ValType, value: number | bigint): Uint8Array {
  const out = new ByteWriter();
  if (type === I32) {
    if (typeof value !== "number" || !is32(value)) throw new WasmError("RANGE", `${value} is no 32-bit integer`);
    out.u8(0x41);
    out.s32(value);
  } else {
    const halves = split64(value);
    if (halves === undefined) throw new WasmError("RANGE", `${value} is no 64-bit integer, or no safe one`);
    out.u8(0x42);
    out.s64(halves[0], halves[1]);
  }
  out.u8(0x0b);
  return out.done();
}
