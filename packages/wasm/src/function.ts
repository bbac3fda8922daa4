import { ByteWriter } from "./bytes.ts";
import { WasmError, type WasmErrorCode } from "./error.ts";
import { is32, split64 } from "./integers.ts";
import { checkLimit, MAX_BR_TABLE_TARGETS, MAX_FUNCTION_BYTES, MAX_LOCALS } from "./limits.ts";
import { type Frame, type Label, labelTypes, OperandStack } from "./operands.ts";
import { accessOf, SHAPES } from "./signatures.ts";
import type { Spaces } from "./spaces.ts";
import { type BlockType, type Func, type FuncType, type Global, I32, I64, type Table, type ValType } from "./types.ts";

const NONE: readonly ValType[] = [];

/**
 * Writes one function, instruction by instruction, straight into its bytes; made by `ModuleBuilder.func`. Each method appends one
 * instruction and, but for those that answer a label, answers the builder.
 *
 * All methods throw {@link WasmError}: with `TYPE` (unless the module was made with `check: false`), `INDEX`, `LABEL`, `OPCODE`,
 * `RANGE` and `LIMIT` as their argument is wrong, with `STRUCTURE` behind the function's end. A function in which one has thrown cannot
 * be encoded: its module's `encode` throws the same error again.
 *
 * @see WebAssembly Core Specification 5.4 (instructions)
 */
export class FunctionBuilder implements Func {
  readonly index: number;
  readonly type: FuncType;
  readonly name: string | undefined;
  /** The function's own label: a branch to it returns. */
  readonly body: Label;

  readonly #spaces: Spaces;
  readonly #check: boolean;
  readonly #out: ByteWriter = new ByteWriter(MAX_FUNCTION_BYTES);
  readonly #locals: ValType[];
  readonly #localNames: Map<number, string> = new Map();
  readonly #frames: Frame[] = [];
  readonly #stack: OperandStack;
  #frame: Frame;
  #ended = false;
  /** Where the last instruction begins, for messages. */
  #at = 0;
  #error: WasmError | undefined;

  /** Use `ModuleBuilder.func`. */
  constructor(spaces: Spaces, check: boolean, index: number, type: FuncType, name: string | undefined) {
    this.#spaces = spaces;
    this.#check = check;
    this.index = index;
    this.type = type;
    this.name = name;
    this.#locals = [...type.params];
    this.#stack = new OperandStack((message) => this.#fail("TYPE", message));
    this.#frame = { kind: "function", params: NONE, results: type.results, depth: 0, height: 0, dead: false };
    this.#frames.push(this.#frame);
    this.body = this.#frame;
  }

  /** Another local, zero at first. Answers its index: parameters come first. */
  local(type: ValType, name?: string): number {
    this.#open();
    this.#guard(() => checkLimit(this.#locals.length + 1, MAX_LOCALS, "locals"));
    if (type !== I32 && type !== I64) this.#fail("TYPE", `${type} is no type of a local`);
    const index = this.#locals.push(type) - 1;
    if (name !== undefined) this.nameLocal(index, name);
    return index;
  }

  /** A parameter's or local's name, for the names section. */
  nameLocal(index: number, name: string): this {
    this.#local(index);
    this.#localNames.set(index, name);
    return this;
  }

  /** An instruction without immediates: a comparison, arithmetic, a conversion (`@bpf-ts/wasm/opcodes`). */
  op(opcode: number): this {
    this.#open();
    const shape = SHAPES[opcode];
    if (shape === undefined) this.#fail("OPCODE", `${hex(opcode)} is no instruction without immediates`);
    this.#out.u8(opcode);
    if (this.#check) {
      const { operands, result } = shape;
      if (operands.length === 2) this.#stack.pop(operands[1]!, this.#frame);
      this.#stack.pop(operands[0]!, this.#frame);
      this.#stack.push(result);
    }
    return this;
  }

  /**
   * A load, a store or an atomic access (`@bpf-ts/wasm/opcodes`). The address is an i32, taken as unsigned; `offset` is added to it
   * without wrapping around.
   *
   * @param offset bytes, 0 … 2³² − 1
   * @param align bytes that the address is promised to be a multiple of: a power of two, at most the access' size, which it is when left
   *   out. A broken promise is slow at worst, but for atomic accesses, which trap; theirs is always the access' size.
   */
  mem(opcode: number, offset = 0, align?: number): this {
    this.#open();
    const access = accessOf(opcode);
    if (access === undefined) this.#fail("OPCODE", `${hex(opcode)} is no access to memory`);
    if (!(offset >= 0 && offset <= 0xffff_ffff && Number.isInteger(offset)))
      this.#fail("RANGE", `offset ${offset}, allowed are 0 to 4294967295`);
    let logAlign = access.logBytes;
    if (align !== undefined) {
      logAlign = [1, 2, 4, 8].indexOf(align);
      if (logAlign < 0 || logAlign > access.logBytes || (opcode >= 0xfe00 && logAlign !== access.logBytes))
        this.#fail("RANGE", `alignment ${align} of an access to ${1 << access.logBytes} bytes (${hex(opcode)})`);
    }
    this.#memory();
    if (opcode >= 0xfe00) {
      this.#out.u8(0xfe);
      this.#out.u8(opcode & 0xff);
    } else this.#out.u8(opcode);
    this.#out.u8(logAlign);
    this.#out.u32(offset);
    if (this.#check) {
      this.#stack.popAll(access.operands, this.#frame);
      this.#stack.pop(I32, this.#frame);
      if (access.result !== undefined) this.#stack.push(access.result);
    }
    return this;
  }

  /** @param value −2³¹ … 2³² − 1: the upper half means the same bits as the negative numbers */
  i32Const(value: number): this {
    this.#open();
    if (!is32(value)) this.#fail("RANGE", `${value} is no 32-bit integer`);
    this.#out.u8(0x41);
    this.#out.s32(value);
    if (this.#check) this.#stack.push(I32);
    return this;
  }

  /** @param value −2⁶³ … 2⁶⁴ − 1 (a number: a safe integer): the upper half means the same bits as the negative numbers */
  i64Const(value: bigint | number): this {
    this.#open();
    const halves = split64(value);
    if (halves === undefined) this.#fail("RANGE", `${value} is no 64-bit integer, or no safe one`);
    return this.i64ConstHalves(halves[0], halves[1]);
  }

  /** An i64 from its low and high 32 bits, signed or unsigned: no BigInt on the way. */
  i64ConstHalves(low: number, high: number): this {
    this.#open();
    if (!is32(low) || !is32(high)) this.#fail("RANGE", `${low} and ${high} are no 32-bit integers`);
    this.#out.u8(0x42);
    this.#out.s64(low, high);
    if (this.#check) this.#stack.push(I64);
    return this;
  }

  /** Pushes a parameter or local. */
  localGet(index: number): this {
    const type = this.#local(index);
    this.#out.u8(0x20);
    this.#out.u32(index);
    if (this.#check) this.#stack.push(type);
    return this;
  }

  /** Pops into a parameter or local. */
  localSet(index: number): this {
    const type = this.#local(index);
    this.#out.u8(0x21);
    this.#out.u32(index);
    if (this.#check) this.#stack.pop(type, this.#frame);
    return this;
  }

  /** Copies the top of the stack into a parameter or local. */
  localTee(index: number): this {
    const type = this.#local(index);
    this.#out.u8(0x22);
    this.#out.u32(index);
    if (this.#check) {
      this.#stack.pop(type, this.#frame);
      this.#stack.push(type);
    }
    return this;
  }

  /** Pushes a global. */
  globalGet(global: Global): this {
    this.#global(global);
    this.#out.u8(0x23);
    this.#out.u32(global.index);
    if (this.#check) this.#stack.push(global.type);
    return this;
  }

  /** Pops into a mutable global. */
  globalSet(global: Global): this {
    this.#global(global);
    if (!global.mutable) this.#fail("TYPE", `global ${global.index} is constant`);
    this.#out.u8(0x24);
    this.#out.u32(global.index);
    if (this.#check) this.#stack.pop(global.type, this.#frame);
    return this;
  }

  /** Traps. */
  unreachable(): this {
    this.#open();
    this.#out.u8(0x00);
    if (this.#check) this.#stack.die(this.#frame);
    return this;
  }

  /** Does nothing. */
  nop(): this {
    this.#open();
    this.#out.u8(0x01);
    return this;
  }

  /** Pops one value of any type. */
  drop(): this {
    this.#open();
    this.#out.u8(0x1a);
    if (this.#check) this.#stack.pop(0, this.#frame);
    return this;
  }

  /** Pops an i32 and two values of one type; pushes the lower of the two if the i32 is not 0, else the upper. */
  select(): this {
    this.#open();
    this.#out.u8(0x1b);
    if (this.#check) {
      this.#stack.pop(I32, this.#frame);
      const type = this.#stack.pop(0, this.#frame);
      this.#stack.push(this.#stack.pop(type, this.#frame) || type);
    }
    return this;
  }

  /** Opens a block. Its label is its end. */
  block(type?: BlockType): Label {
    return this.#enter("block", 0x02, type);
  }

  /** Opens a loop. Its label is its start. */
  loop(type?: BlockType): Label {
    return this.#enter("loop", 0x03, type);
  }

  /** Pops an i32 and opens a block that is skipped, or whose `else` is run, if it is 0. Its label is its end. */
  if(type?: BlockType): Label {
    this.#open();
    if (this.#check) this.#stack.pop(I32, this.#frame);
    return this.#enter("if", 0x04, type);
  }

  /** The other branch of the innermost block, which must be an `if`. The label stays good. */
  else(): this {
    this.#open();
    const frame = this.#frame;
    if (frame.kind !== "if") this.#fail("STRUCTURE", `else in a ${frame.kind}`);
    this.#out.u8(0x05);
    if (this.#check) {
      this.#stack.close(frame);
      this.#stack.pushAll(frame.params);
    }
    frame.kind = "else";
    frame.dead = false;
    return this;
  }

  /** Closes the innermost block, and at last the function. */
  end(): this {
    this.#open();
    const frame = this.#frame;
    if (this.#check) {
      this.#stack.close(frame);
      // Without an else the parameters are the results.
      if (frame.kind === "if" && !sameTypes(frame.params, frame.results))
        this.#fail("TYPE", "an if that changes the stack has no else");
      this.#stack.pushAll(frame.results);
    }
    this.#out.u8(0x0b);
    this.#frames.pop();
    if (this.#frames.length > 0) this.#frame = this.#frames[this.#frames.length - 1]!;
    else {
      this.#ended = true;
      this.#guard(() => checkLimit(this.byteLength, MAX_FUNCTION_BYTES, "bytes of a function"));
    }
    return this;
  }

  /** Goes to a label, with the values that its block takes there. */
  br(label: Label): this {
    this.#open();
    const frame = this.#target(label);
    this.#out.u8(0x0c);
    this.#out.u32(this.#frame.depth - frame.depth);
    if (this.#check) {
      this.#stack.popAll(labelTypes(frame), this.#frame);
      this.#stack.die(this.#frame);
    }
    return this;
  }

  /** Pops an i32 and goes to a label if it is not 0. */
  brIf(label: Label): this {
    this.#open();
    const frame = this.#target(label);
    this.#out.u8(0x0d);
    this.#out.u32(this.#frame.depth - frame.depth);
    if (this.#check) {
      const types = labelTypes(frame);
      this.#stack.pop(I32, this.#frame);
      this.#stack.popAll(types, this.#frame);
      this.#stack.pushAll(types);
    }
    return this;
  }

  /** Pops an i32 and goes to the label of that number, from 0 on; to `otherwise` if it has none. At most 65,520 labels. */
  brTable(labels: readonly Label[], otherwise: Label): this {
    this.#open();
    this.#guard(() => checkLimit(labels.length, MAX_BR_TABLE_TARGETS, "targets of br_table"));
    const last = this.#target(otherwise);
    const types = labelTypes(last);
    if (this.#check) this.#stack.pop(I32, this.#frame);
    this.#out.u8(0x0e);
    this.#out.u32(labels.length);
    for (const label of labels) {
      const frame = this.#target(label);
      this.#out.u32(this.#frame.depth - frame.depth);
      if (!this.#check) continue;
      const own = labelTypes(frame);
      if (own.length !== types.length)
        this.#fail("TYPE", `br_table's labels take ${own.length} and ${types.length} values`);
      this.#stack.peekAll(own, this.#frame);
    }
    this.#out.u32(this.#frame.depth - last.depth);
    if (this.#check) {
      this.#stack.popAll(types, this.#frame);
      this.#stack.die(this.#frame);
    }
    return this;
  }

  /** Leaves the function with its results. */
  return(): this {
    this.#open();
    this.#out.u8(0x0f);
    if (this.#check) {
      this.#stack.popAll(this.type.results, this.#frame);
      this.#stack.die(this.#frame);
    }
    return this;
  }

  /** Calls a function of this module; it may be written later. */
  call(func: Func): this {
    this.#func(func);
    this.#out.u8(0x10);
    this.#out.u32(func.index);
    return this.#called(func.type);
  }

  /** Pops an i32 and calls the function of that number in the table, above its arguments; traps unless its type is this one. */
  callIndirect(type: FuncType, table: Table): this {
    this.#indirect(type, table);
    this.#out.u8(0x11);
    this.#out.u32(type.index);
    this.#out.u32(table.index);
    if (this.#check) this.#stack.pop(I32, this.#frame);
    return this.#called(type);
  }

  /** Calls a function in place of this one, whose results it must have (tail call: engines since 2023). */
  returnCall(func: Func): this {
    this.#func(func);
    this.#out.u8(0x12);
    this.#out.u32(func.index);
    return this.#leftFor(func.type);
  }

  /** Pops an i32 and calls the function of that number in the table in place of this one. */
  returnCallIndirect(type: FuncType, table: Table): this {
    this.#indirect(type, table);
    this.#out.u8(0x13);
    this.#out.u32(type.index);
    this.#out.u32(table.index);
    if (this.#check) this.#stack.pop(I32, this.#frame);
    return this.#leftFor(type);
  }

  /** Pushes the memory's size in pages. */
  memorySize(): this {
    this.#open();
    this.#memory();
    this.#out.u8(0x3f);
    this.#out.u8(0);
    if (this.#check) this.#stack.push(I32);
    return this;
  }

  /** Pops a number of pages, pushes the size before, or −1 if the memory cannot grow so far. */
  memoryGrow(): this {
    this.#open();
    this.#memory();
    this.#out.u8(0x40);
    this.#out.u8(0);
    if (this.#check) {
      this.#stack.pop(I32, this.#frame);
      this.#stack.push(I32);
    }
    return this;
  }

  /** Pops size, source and destination; copies, also where they overlap. */
  memoryCopy(): this {
    return this.#bulk([0xfc, 0x0a, 0x00, 0x00]);
  }

  /** Pops size, byte and destination; fills. */
  memoryFill(): this {
    return this.#bulk([0xfc, 0x0b, 0x00]);
  }

  /** Orders the atomic accesses around it. */
  atomicFence(): this {
    this.#open();
    this.#out.u8(0xfe);
    this.#out.u8(0x03);
    this.#out.u8(0x00);
    return this;
  }

  /** Blocks that are open, the function's own among them: how many `end()` are missing. */
  get depth(): number {
    return this.#frames.length;
  }

  /** Bytes of the body as it is now, its locals' declarations included. */
  get byteLength(): number {
    return this.#declarations().length + this.#out.length;
  }

  /** Names of parameters and locals, by index. */
  get localNames(): ReadonlyMap<number, string> {
    return this.#localNames;
  }

  /**
   * The body as the code section has it, without its size. `ModuleBuilder.encode` asks for it.
   *
   * @throws {WasmError} `STRUCTURE` while the function is open; the first error that a method threw
   */
  encode(): Uint8Array {
    if (this.#error !== undefined) throw this.#error;
    if (!this.#ended) this.#fail("STRUCTURE", `${this.#frames.length} blocks have no end, the function's own included`);
    const declarations = this.#declarations();
    const body = new Uint8Array(declarations.length + this.#out.length);
    body.set(declarations);
    body.set(this.#out.done(), declarations.length);
    return body;
  }

  /** Locals behind the parameters: runs of one type. */
  #declarations(): Uint8Array {
    const runs: [count: number, type: ValType][] = [];
    for (const type of this.#locals.slice(this.type.params.length)) {
      const last = runs[runs.length - 1];
      if (last?.[1] === type) last[0]++;
      else runs.push([1, type]);
    }
    const out = new ByteWriter();
    out.u32(runs.length);
    for (const [count, type] of runs) {
      out.u32(count);
      out.u8(type);
    }
    return out.done();
  }

  #enter(kind: "block" | "loop" | "if", opcode: number, type: BlockType): Label {
    this.#open();
    let params = NONE;
    let results = NONE;
    this.#out.u8(opcode);
    if (type === undefined) this.#out.u8(0x40);
    else if (type === I32 || type === I64) {
      results = [type];
      this.#out.u8(type);
    } else {
      this.#type(type);
      ({ params, results } = type);
      // A signed number, so that it cannot be taken for a value type.
      this.#out.s32(type.index);
    }
    if (this.#check) this.#stack.popAll(params, this.#frame);
    const height = this.#stack.height;
    if (this.#check) this.#stack.pushAll(params);
    const frame: Frame = { kind, params, results, depth: this.#frames.length, height, dead: false };
    this.#frames.push(frame);
    this.#frame = frame;
    return frame;
  }

  #called(type: FuncType): this {
    if (this.#check) {
      this.#stack.popAll(type.params, this.#frame);
      this.#stack.pushAll(type.results);
    }
    return this;
  }

  #leftFor(type: FuncType): this {
    if (!sameTypes(type.results, this.type.results))
      this.#fail("TYPE", "a function called in place of this one has other results");
    if (this.#check) {
      this.#stack.popAll(type.params, this.#frame);
      this.#stack.die(this.#frame);
    }
    return this;
  }

  #bulk(bytes: readonly number[]): this {
    this.#open();
    this.#memory();
    for (const byte of bytes) this.#out.u8(byte);
    if (this.#check) for (let i = 0; i < 3; i++) this.#stack.pop(I32, this.#frame);
    return this;
  }

  /** Every instruction begins with this. */
  #open(): void {
    this.#at = this.#out.length;
    if (this.#ended) this.#fail("STRUCTURE", "has ended");
  }

  #local(index: number): ValType {
    this.#open();
    const type = this.#locals[index];
    if (type === undefined) this.#fail("INDEX", `local ${index} of ${this.#locals.length}`);
    return type;
  }

  #target(label: Label): Frame {
    const frame = this.#frames[label.depth];
    // Labels of closed blocks, and of other functions, are other objects.
    if (frame === undefined || frame !== label)
      this.#fail("LABEL", `a label of depth ${label.depth} whose block is not open here`);
    return frame;
  }

  #type(type: FuncType): void {
    if (this.#spaces.types[type.index] !== type) this.#fail("INDEX", `type ${type.index} is not of this module`);
  }

  #func(func: Func): void {
    this.#open();
    if (this.#spaces.funcs[func.index] !== func) this.#fail("INDEX", `function ${func.index} is not of this module`);
  }

  #global(global: Global): void {
    this.#open();
    if (this.#spaces.globals[global.index] !== global)
      this.#fail("INDEX", `global ${global.index} is not of this module`);
  }

  #indirect(type: FuncType, table: Table): void {
    this.#open();
    this.#type(type);
    if (this.#spaces.tables[table.index] !== table) this.#fail("INDEX", `table ${table.index} is not of this module`);
  }

  #memory(): void {
    if (this.#spaces.memories.length === 0) this.#fail("INDEX", "uses memory, the module has none");
  }

  /** Runs a check that throws by itself, so that its error counts as this function's. */
  #guard(check: () => void): void {
    try {
      check();
    } catch (error) {
      if (error instanceof WasmError) this.#fail(error.code, error.message);
      throw error;
    }
  }

  #fail(code: WasmErrorCode, message: string): never {
    const who = this.name === undefined ? `function ${this.index}` : `function ${this.index} (${this.name})`;
    const error = new WasmError(code, `${who}, byte ${this.#at}: ${message}`);
    this.#error ??= error;
    throw error;
  }
}

function sameTypes(a: readonly ValType[], b: readonly ValType[]): boolean {
  return a.length === b.length && a.every((type, i) => type === b[i]);
}

function hex(opcode: number): string {
  return `0x${opcode.toString(16).padStart(2, "0")}`;
}
