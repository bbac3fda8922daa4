import { E2BIG, EEXIST, EINVAL, ENOENT, ENOMEM } from "@bpf-ts/uapi/errno";
import { BPF_EXIST, BPF_F_LOCK, BPF_NOEXIST } from "@bpf-ts/uapi/map-flags";
import type { Func, ModuleBuilder } from "@bpf-ts/wasm";
import { HEADER_COUNT, HEADER_MAX_ENTRIES, HEADER_TABLE } from "../header.ts";
import { STATE_CPU } from "../table-state.ts";
import { copy, zero } from "./bytes.ts";
import { type ChainShape, chainFunctions, type Found, find, hashOf, insert, remove, replace } from "./chains.ts";
import { type ElementFunctions, elementFunctions } from "./elements.ts";
import { add, and, atLeast, call, type Expr, eq, Fn, load, n, not, sub, type Var } from "./fn.ts";
import type { Imports } from "./host.ts";
import { freeAllFields, freeFields, initValue, putValue, strideOf, type ValueShape, valueOfCpu } from "./values.ts";

/** What the code of a hash map depends on. */
export interface HashShape extends ChainShape, ValueShape {
  /** From an element's start to its first value, bytes. */
  readonly valueOffset: number;
}

/** The parameters of an operation: those of the signature of all operations, and the CPU. */
export interface Params {
  readonly map: Var;
  readonly key: Var;
  readonly value: Var;
  readonly flags: Var;
  readonly cpu: Var;
}

/**
 * Appends an operation twice: as `name(map, key, value, flags)`, for the CPU of the table, and as `nameOn(map, key, value, flags, cpu)`.
 *
 * @param write appends the operation; it may leave by `return`, and ends with its result
 */
export function operation(module: ModuleBuilder, name: string, write: (fn: Fn, params: Params) => Expr): void {
  const on = new Fn(module, `${name}On`, ["map", "key", "value", "flags", "cpu"]);
  const [map, key, value, flags, cpu] = on.params as [Var, Var, Var, Var, Var];
  const func = on.end(write(on, { map, key, value, flags, cpu }));
  const fn = new Fn(module, name, ["map", "key", "value", "flags"]);
  fn.end(call(func, ...fn.params, load(load(fn.params[0]!, HEADER_TABLE), STATE_CPU)));
}

/** Appends what all hash types have: chains, elements, `delete`. */
export function hashFunctions(
  module: ModuleBuilder,
  host: Imports,
  shape: HashShape,
  lookedUp: (fn: Fn, element: Var) => void,
  release: (elements: ElementFunctions) => Func,
): ElementFunctions {
  chainFunctions(module, shape);
  const elements = elementFunctions(module, host);
  operation(module, "lookup", (fn, { map, key, cpu }) => {
    const { element } = find(fn, shape, map, key, hashOf(fn, shape, map, key));
    fn.if(not(element), () => fn.return(n(0)));
    lookedUp(fn, element);
    return valueOfCpu(shape, add(element, n(shape.valueOffset)), cpu);
  });
  const free = release(elements);
  operation(module, "delete", (fn, { map, key }) => {
    const { element, previous } = find(fn, shape, map, key, hashOf(fn, shape, map, key));
    fn.if(not(element), () => fn.return(n(-ENOENT)));
    remove(fn, map, element, previous);
    releaseElement(fn, shape, host, free, map, element);
    return n(0);
  });
  return elements;
}

/** Appends: an element that is in no chain any more is given back. */
export function releaseElement(fn: Fn, shape: HashShape, host: Imports, free: Func, map: Var, element: Var): void {
  addToCount(fn, map, -1);
  freeAllFields(fn, shape, host, map, element, shape.valueOffset);
  fn.call(free, map, element);
}

/** Appends: so many more elements are in the map. */
export function addToCount(fn: Fn, map: Var, by: 1 | -1): void {
  fn.store(map, HEADER_COUNT, by === 1 ? add(load(map, HEADER_COUNT), n(1)) : sub(load(map, HEADER_COUNT), n(1)));
}

/** Appends: returns what flags other than ANY, NOEXIST, EXIST (and, if `lock`, BPF_F_LOCK beside one of them) make of an update. */
export function refuseUnknownFlags(fn: Fn, flags: Var, lock: boolean): void {
  fn.if(atLeast(lock ? and(flags, n(~BPF_F_LOCK)) : flags, n(BPF_EXIST + 1)), () => fn.return(n(-EINVAL)));
}

/** Flags without BPF_F_LOCK, which only values with a lock get this far with. */
function wanted(shape: HashShape, flags: Var): Expr {
  return shape.hasSpinLock ? and(flags, n(~BPF_F_LOCK)) : flags;
}

/** Appends: a new element of this key, with its value, the last step before it enters its chain. */
export function initElement(fn: Fn, shape: HashShape, element: Var, { key, value, cpu }: Params): void {
  copy(fn, element, shape.keyOffset, key, 0, shape.keySize);
  initValues(fn, shape, element, value, cpu);
}

/** Appends: the value of a new element; of several, the CPU's own, the others are zero. */
export function initValues(fn: Fn, shape: HashShape, element: Var, value: Var, cpu: Var): void {
  if (shape.copies === 1) {
    initValue(fn, shape, element, shape.valueOffset, value);
    return;
  }
  zero(fn, element, shape.valueOffset, shape.copies * strideOf(shape));
  putValue(fn, shape, fn.let("own", valueOfCpu(shape, element, cpu)), shape.valueOffset, value);
}

/** `BPF_MAP_TYPE_HASH`: an update puts a new element into the old one's place. */
export function hashModule(module: ModuleBuilder, host: Imports, shape: HashShape): void {
  const { take, release } = hashFunctions(
    module,
    host,
    shape,
    () => {},
    (elements) => elements.release,
  );
  operation(module, "update", (fn, params) => {
    const { map, key, value, flags } = params;
    refuseUnknownFlags(fn, flags, shape.hasSpinLock);
    const hash = hashOf(fn, shape, map, key);
    const old = find(fn, shape, map, key, hash);
    fn.if(
      old.element,
      () => {
        fn.if(eq(wanted(shape, flags), n(BPF_NOEXIST)), () => fn.return(n(-EEXIST)));
        if (!shape.hasSpinLock) return;
        fn.if(and(flags, n(BPF_F_LOCK)), () => {
          putValue(fn, shape, old.element, shape.valueOffset, value);
          fn.return(n(0));
        });
      },
      () => refuseNew(fn, wanted(shape, flags), map),
    );
    const element = fn.let("taken", call(take, map));
    fn.if(not(element), () => fn.return(n(-ENOMEM)));
    initElement(fn, shape, element, params);
    fn.if(
      old.element,
      () => {
        replace(fn, map, element, hash, old);
        freeAllFields(fn, shape, host, map, old.element, shape.valueOffset);
        fn.call(release, map, old.element);
      },
      () => {
        insert(fn, map, element, hash);
        addToCount(fn, map, 1);
      },
    );
    return n(0);
  });
}

/** Appends: returns if a new key is not wanted, or has no room. */
function refuseNew(fn: Fn, flags: Expr, map: Var): void {
  fn.if(eq(flags, n(BPF_EXIST)), () => fn.return(n(-ENOENT)));
  fn.if(atLeast(load(map, HEADER_COUNT), load(map, HEADER_MAX_ENTRIES)), () => fn.return(n(-E2BIG)));
}

/** `BPF_MAP_TYPE_PERCPU_HASH`: a key that is there is updated in place. */
export function percpuHashModule(module: ModuleBuilder, host: Imports, shape: HashShape): void {
  const { take } = hashFunctions(
    module,
    host,
    shape,
    () => {},
    (elements) => elements.release,
  );
  operation(module, "update", (fn, params) => {
    const { map, key, value, flags, cpu } = params;
    refuseUnknownFlags(fn, flags, false);
    const hash = hashOf(fn, shape, map, key);
    const old = find(fn, shape, map, key, hash);
    fn.if(old.element, () => {
      fn.if(eq(flags, n(BPF_NOEXIST)), () => fn.return(n(-EEXIST)));
      updateInPlace(fn, shape, host, map, old, value, cpu);
      fn.return(n(0));
    });
    refuseNew(fn, flags, map);
    const element = fn.let("taken", call(take, map));
    fn.if(not(element), () => fn.return(n(-ENOMEM)));
    initElement(fn, shape, element, params);
    insert(fn, map, element, hash);
    addToCount(fn, map, 1);
    return n(0);
  });
}

/** Appends: the CPU's own value of an element that is there. */
export function updateInPlace(
  fn: Fn,
  shape: HashShape,
  host: Imports,
  map: Var,
  { element }: Found,
  value: Var,
  cpu: Var,
): void {
  const own = fn.let("own", valueOfCpu(shape, add(element, n(shape.valueOffset)), cpu));
  putValue(fn, shape, own, 0, value);
  freeFields(fn, shape, host, map, own);
}
