/** Builds WebAssembly modules of integer code. The instructions' opcodes are in `@bpf-ts/wasm/opcodes`. */
export { WasmError, type WasmErrorCode } from "./error.ts";
export type { FunctionBuilder } from "./function.ts";
export { type Exportable, type FuncOptions, ModuleBuilder, type ModuleOptions } from "./module.ts";
export type { Label } from "./operands.ts";
export {
  type BlockType,
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
