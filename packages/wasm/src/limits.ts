import { WasmError } from "./error.ts";

// What every engine accepts and none is asked to exceed.
// @see WebAssembly JavaScript Interface, "Implementation-defined Limits"

/** Bytes of one function's body, its locals' declarations included. */
export const MAX_FUNCTION_BYTES = 7_654_321;
/** Targets of one br_table, its default not counted. V8 and SpiderMonkey agree on it; the standard does not name it. */
export const MAX_BR_TABLE_TARGETS = 65_520;
/** Locals of one function, its parameters included. */
export const MAX_LOCALS = 50_000;
/** Parameters, and results, of one type. */
export const MAX_TYPE_VALUES = 1_000;
/** Types, functions, imports, exports, globals: each. */
export const MAX_ENTITIES = 1_000_000;
/** Data segments. */
export const MAX_DATA_SEGMENTS = 100_000;
/** Tables of one module. */
export const MAX_TABLES = 100_000;
/** Entries of one table, and of one element segment. */
export const MAX_TABLE_SIZE = 10_000_000;
/** Pages of 64 KiB of a memory. */
export const MAX_PAGES = 65_536;
/** Bytes of one name. */
export const MAX_NAME_BYTES = 100_000;
/** Bytes of a module. */
export const MAX_MODULE_BYTES = 1_073_741_824;

/** @throws {WasmError} `LIMIT` when `count` is more than `max` */
export function checkLimit(count: number, max: number, what: string): void {
  if (count > max) throw new WasmError("LIMIT", `${count} ${what}, the limit is ${max}`);
}
