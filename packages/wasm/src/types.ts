/** The type of a 32-bit integer, also of addresses, sizes and conditions. */
export const I32 = 0x7f;
/** The type of a 64-bit integer. */
export const I64 = 0x7e;
/** What locals, globals, operands, parameters and results hold. */
export type ValType = typeof I32 | typeof I64;

/** A function's or block's type, made by `ModuleBuilder.type` and good for that module alone. */
export interface FuncType {
  readonly index: number;
  readonly params: readonly ValType[];
  readonly results: readonly ValType[];
}

/** What a block leaves on the stack (nothing, one value), or its whole type. */
export type BlockType = ValType | FuncType | undefined;

/** A function, imported or defined. */
export interface Func {
  readonly index: number;
  readonly type: FuncType;
  readonly name: string | undefined;
}

/** A global, imported or defined. */
export interface Global {
  readonly kind: "global";
  readonly index: number;
  readonly type: ValType;
  readonly mutable: boolean;
}

/** A table of functions, imported or defined. */
export interface Table {
  readonly kind: "table";
  readonly index: number;
  readonly limits: Limits;
}

/** The module's memory, imported or defined. */
export interface Memory {
  readonly kind: "memory";
  readonly index: number;
  readonly limits: MemoryLimits;
}

/** Sizes of a table, in entries. */
export interface Limits {
  readonly initial: number;
  readonly maximum?: number;
}

/** Sizes of a memory, in pages of 64 KiB. */
export interface MemoryLimits extends Limits {
  /** Shared between threads; then `maximum` must be there. */
  readonly shared?: boolean;
}

/** `i32`, `i64`, as messages say it. */
export function typeName(type: number): string {
  return type === I32 ? "i32" : type === I64 ? "i64" : "any";
}
