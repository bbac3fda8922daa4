import type { Func, FuncType, Global, Memory, Table } from "./types.ts";

/** What a module has, by index. A handle is good for a module if it is the object that lies at its index here. */
export interface Spaces {
  readonly types: readonly FuncType[];
  readonly funcs: readonly Func[];
  readonly tables: readonly Table[];
  readonly memories: readonly Memory[];
  readonly globals: readonly Global[];
}
