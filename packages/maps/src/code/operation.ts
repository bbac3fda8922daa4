import { EINVAL } from "@bpf-ts/uapi/errno";
import { BPF_EXIST, BPF_F_LOCK } from "@bpf-ts/uapi/map-flags";
import type { ModuleBuilder } from "@bpf-ts/wasm";
import { HEADER_TABLE } from "../header.ts";
import { STATE_CPU } from "../table-state.ts";
import { and, atLeast, call, type Expr, Fn, load, n, type Var } from "./fn.ts";

/** The parameters of an operation: those of the signature of all operations, and the CPU. */
export interface Params {
  readonly map: Var;
  readonly key: Var;
  readonly value: Var;
  readonly flags: Var;
  readonly cpu: Var;
}

/**
 * Appends an operation that depends on the CPU, twice: as `name(map, key, value, flags)`, for the CPU of the table, and as
 * `nameOn(map, key, value, flags, cpu)`.
 *
 * @param write appends the operation, which may leave by `return`, and answers its result
 */
export function operationOn(module: ModuleBuilder, name: string, write: (fn: Fn, params: Params) => Expr): void {
  const on = new Fn(module, `${name}On`, ["map", "key", "value", "flags", "cpu"]);
  const [map, key, value, flags, cpu] = on.params as [Var, Var, Var, Var, Var];
  const func = on.end(write(on, { map, key, value, flags, cpu }));
  const fn = new Fn(module, name, ["map", "key", "value", "flags"]);
  fn.end(call(func, ...fn.params, load(load(fn.params[0]!, HEADER_TABLE), STATE_CPU)));
}

/** Appends an operation that is the same on every CPU. JavaScript may call it as `nameOn` all the same: a fifth argument is dropped. */
export function operation(
  module: ModuleBuilder,
  name: string,
  write: (fn: Fn, params: Omit<Params, "cpu">) => Expr,
): void {
  const fn = new Fn(module, name, ["map", "key", "value", "flags"]);
  const [map, key, value, flags] = fn.params as [Var, Var, Var, Var];
  module.export(`${name}On`, fn.end(write(fn, { map, key, value, flags })));
}

/** Appends: returns what flags other than ANY, NOEXIST, EXIST (and, if `lock`, BPF_F_LOCK beside one of them) make of an update. */
export function refuseUnknownFlags(fn: Fn, flags: Var, lock: boolean): void {
  fn.if(atLeast(lock ? and(flags, n(~BPF_F_LOCK)) : flags, n(BPF_EXIST + 1)), () => fn.return(n(-EINVAL)));
}
