import { type Func, type FunctionBuilder, I32, type ModuleBuilder } from "@bpf-ts/wasm";
import {
  I32_ADD,
  I32_AND,
  I32_EQ,
  I32_EQZ,
  I32_GE_U,
  I32_LOAD,
  I32_MUL,
  I32_NE,
  I32_OR,
  I32_ROTL,
  I32_SHL,
  I32_SHR_U,
  I32_STORE,
  I32_SUB,
  I32_XOR,
} from "@bpf-ts/wasm/opcodes";

/**
 * WebAssembly written as expressions and statements: an expression appends the code that leaves its value on the operand stack. Everything is a 32-bit
 * integer but where a name says otherwise.
 */
export type Expr = (f: FunctionBuilder) => void;

/** A parameter or local variable: as an expression, its value. */
export type Var = Expr & { readonly index: number };

/** One function under construction. */
export class Fn {
  readonly f: FunctionBuilder;
  readonly params: readonly Var[];

  /** A function of `params` parameters with a result, exported by its name. */
  constructor(module: ModuleBuilder, name: string, params: readonly string[], result = true) {
    const type = module.type(
      params.map(() => I32),
      result ? [I32] : [],
    );
    this.f = module.func(type, { name, export: name });
    this.params = params.map((param, index) => {
      this.f.nameLocal(index, param);
      return variable(index);
    });
  }

  /** Another variable, 0 when the function begins. */
  variable(name: string): Var {
    return variable(this.f.local(I32, name));
  }

  /** Another variable, with its first value. */
  let(name: string, value: Expr): Var {
    const target = this.variable(name);
    this.set(target, value);
    return target;
  }

  set(target: Var, value: Expr): void {
    value(this.f);
    this.f.localSet(target.index);
  }

  /** Stores a word at `address + offset`. */
  store(address: Expr, offset: number, value: Expr, opcode: number = I32_STORE): void {
    address(this.f);
    value(this.f);
    this.f.mem(opcode, offset, 1);
  }

  if(condition: Expr, then: () => void, otherwise?: () => void): void {
    condition(this.f);
    this.f.if();
    then();
    if (otherwise !== undefined) {
      this.f.else();
      otherwise();
    }
    this.f.end();
  }

  /** Runs `body` as long as `condition` holds. */
  while(condition: Expr, body: () => void): void {
    const out = this.f.block();
    const again = this.f.loop();
    not(condition)(this.f);
    this.f.brIf(out);
    body();
    this.f.br(again);
    this.f.end();
    this.f.end();
  }

  /** Calls a function and drops its result, if it has one. */
  call(func: Func, ...args: readonly Expr[]): void {
    call(func, ...args)(this.f);
    if (func.type.results.length > 0) this.f.drop();
  }

  return(value?: Expr): void {
    value?.(this.f);
    this.f.return();
  }

  /** The end of the function: what it answers unless it has returned. */
  end(value?: Expr): Func {
    value?.(this.f);
    this.f.end();
    return this.f;
  }
}

function variable(index: number): Var {
  return Object.assign((f: FunctionBuilder) => void f.localGet(index), { index });
}

function binary(opcode: number): (a: Expr, b: Expr) => Expr {
  return (a, b) => (f) => {
    a(f);
    b(f);
    f.op(opcode);
  };
}

/** A constant. */
export function n(value: number): Expr {
  return (f) => void f.i32Const(value);
}

/** The word at `address + offset`, or what `opcode` loads from there. */
export function load(address: Expr, offset = 0, opcode: number = I32_LOAD): Expr {
  return (f) => {
    address(f);
    f.mem(opcode, offset, 1);
  };
}

/** A function's result. */
export function call(func: Func, ...args: readonly Expr[]): Expr {
  return (f) => {
    for (const arg of args) arg(f);
    f.call(func);
  };
}

export const add: (a: Expr, b: Expr) => Expr = binary(I32_ADD);
export const sub: (a: Expr, b: Expr) => Expr = binary(I32_SUB);
export const mul: (a: Expr, b: Expr) => Expr = binary(I32_MUL);
export const and: (a: Expr, b: Expr) => Expr = binary(I32_AND);
export const or: (a: Expr, b: Expr) => Expr = binary(I32_OR);
export const xor: (a: Expr, b: Expr) => Expr = binary(I32_XOR);
export const shl: (a: Expr, b: Expr) => Expr = binary(I32_SHL);
/** Unsigned. */
export const shr: (a: Expr, b: Expr) => Expr = binary(I32_SHR_U);
export const rotl: (a: Expr, b: Expr) => Expr = binary(I32_ROTL);
export const eq: (a: Expr, b: Expr) => Expr = binary(I32_EQ);
export const ne: (a: Expr, b: Expr) => Expr = binary(I32_NE);
/** Unsigned. */
export const atLeast: (a: Expr, b: Expr) => Expr = binary(I32_GE_U);

/** 1 for 0, 0 for anything else. */
export function not(a: Expr): Expr {
  return (f) => {
    a(f);
    f.op(I32_EQZ);
  };
}

/** `a` and, only if that holds, `b`. */
export function both(a: Expr, b: Expr): Expr {
  return (f) => {
    a(f);
    f.if(I32);
    b(f);
    f.else();
    f.i32Const(0);
    f.end();
  };
}
