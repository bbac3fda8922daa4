import { E2BIG, EEXIST, EINVAL } from "@bpf-ts/uapi/errno";
import { BPF_F_LOCK, BPF_NOEXIST } from "@bpf-ts/uapi/map-flags";
import type { ModuleBuilder } from "@bpf-ts/wasm";
import { HEADER_MAX_ENTRIES, HEADER_VALUES } from "../header.ts";
import { add, and, atLeast, type Expr, type Fn, load, mul, n, type Var } from "./fn.ts";
import type { Imports } from "./host.ts";
import { operation, operationOn, type Params, refuseUnknownFlags } from "./operation.ts";
import { freeFields, putValue, strideOf, type ValueShape } from "./values.ts";

/** `BPF_MAP_TYPE_ARRAY`, and `BPF_MAP_TYPE_PERCPU_ARRAY`: an array for each CPU, one after the other. */
export function arrayModule(module: ModuleBuilder, host: Imports, shape: ValueShape): void {
  const append = shape.copies === 1 ? operation : operationOn;
  const addressOf = (params: Omit<Params, "cpu"> & { cpu?: Var }, index: Var): Expr => {
    const { map, cpu } = params;
    const element = cpu === undefined ? index : add(index, mul(cpu, load(map, HEADER_MAX_ENTRIES)));
    return add(load(map, HEADER_VALUES), mul(element, n(strideOf(shape))));
  };
  const indexOf = (fn: Fn, { map, key }: Pick<Params, "map" | "key">, beyond: number): Var => {
    const index = fn.let("index", load(key));
    fn.if(atLeast(index, load(map, HEADER_MAX_ENTRIES)), () => fn.return(n(beyond)));
    return index;
  };
  append(module, "lookup", (fn, params) => addressOf(params, indexOf(fn, params, 0)));
  append(module, "update", (fn, params) => {
    const { map, value, flags } = params;
    refuseUnknownFlags(fn, flags, true);
    const index = indexOf(fn, params, -E2BIG);
    fn.if(and(flags, n(BPF_NOEXIST)), () => fn.return(n(-EEXIST)));
    if (!shape.hasSpinLock) fn.if(and(flags, n(BPF_F_LOCK)), () => fn.return(n(-EINVAL)));
    const target = fn.let("target", addressOf(params, index));
    putValue(fn, shape, target, 0, value);
    freeFields(fn, shape, host, map, target);
    return n(0);
  });
}
