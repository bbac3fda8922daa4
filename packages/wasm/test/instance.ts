import type { FuncType, FunctionBuilder, ModuleBuilder, ValType } from "../src/index.ts";
import { ModuleBuilder as Builder } from "../src/index.ts";

// biome-ignore lint/suspicious/noExplicitAny: what a module exports has the types that the test knows
export type Exports = Record<string, any>;

/** What the module exports, in this engine. */
export function instantiate(module: ModuleBuilder, imports: Record<string, Record<string, unknown>> = {}): Exports {
  return new WebAssembly.Instance(new WebAssembly.Module(module.encode()), imports).exports as Exports;
}

/** One function "f" in a module of its own, with a memory of one page if asked for. */
export function single(
  params: readonly ValType[],
  results: readonly ValType[],
  write: (f: FunctionBuilder, module: ModuleBuilder, type: FuncType) => void,
  memory = false,
): Exports {
  const module = new Builder();
  if (memory) module.memory({ initial: 1, maximum: 2 }, { export: "memory" });
  const type = module.type(params, results);
  write(module.func(type, { export: "f" }), module, type);
  return instantiate(module);
}

/** `01 ff`: bytes as tests write them. */
export function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
}
