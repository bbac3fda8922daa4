import { E2BIG, EEXIST, ENOENT, ENOMEM } from "@bpf-ts/uapi/errno";
import { BPF_EXIST, BPF_F_LOCK, BPF_NOEXIST } from "@bpf-ts/uapi/map-flags";
import type { Func, ModuleBuilder } from "@bpf-ts/wasm";
import { HEADER_COUNT, HEADER_MAX_ENTRIES } from "../header.ts";
import { copy, zero } from "./bytes.ts";
import { type ChainShape, chainFunctions, type Found, find, hashOf, insert, remove, replace } from "./chains.ts";
import { type ElementFunctions, elementFunctions, releaseInline, takeElement } from "./elements.ts";
import { add, and, atLeast, type Expr, eq, type Fn, load, n, not, sub, type Var } from "./fn.ts";
import type { Imports } from "./host.ts";
import { operation, operationOn, type Params, refuseUnknownFlags } from "./operation.ts";
import { freeAllFields, freeFields, initValue, putValue, strideOf, type ValueShape, valueOfCpu } from "./values.ts";

/** What the code of a hash map depends on. */
export interface HashShape extends ChainShape, ValueShape {
  /** From an element's start to its first value, bytes. */
  readonly valueOffset: number;
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
  const lookup = (fn: Fn, { map, key }: Omit<Params, "cpu">): Expr => {
    const { element } = find(fn, shape, map, key, hashOf(fn, shape, map, key));
    fn.if(not(element), () => fn.return(n(0)));
    lookedUp(fn, element);
    return add(element, n(shape.valueOffset));
  };
  if (shape.copies === 1) operation(module, "lookup", lookup);
  else operationOn(module, "lookup", (fn, params) => valueOfCpu(shape, lookup(fn, params), params.cpu));
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

/** Flags without BPF_F_LOCK, which only values with a lock get this far with. */
function wanted(shape: HashShape, flags: Var): Expr {
  return shape.hasSpinLock ? and(flags, n(~BPF_F_LOCK)) : flags;
}

/** Appends: the key and value of a new element. */
export function initElement(fn: Fn, shape: HashShape, element: Var, key: Var, value: Var): void {
  copy(fn, element, shape.keyOffset, key, 0, shape.keySize);
  initValue(fn, shape, element, shape.valueOffset, value);
}

/** Appends: the values of a new element: the CPU's own, the others are zero. */
export function initValues(fn: Fn, shape: HashShape, element: Var, value: Var, cpu: Var): void {
  zero(fn, element, shape.valueOffset, shape.copies * strideOf(shape));
  putValue(fn, shape, fn.let("own", valueOfCpu(shape, element, cpu)), shape.valueOffset, value);
}

/** `BPF_MAP_TYPE_HASH`: an update puts a new element into the old one's place. */
export function hashModule(module: ModuleBuilder, host: Imports, shape: HashShape): void {
  const elements = hashFunctions(
    module,
    host,
    shape,
    () => {},
    (elements) => elements.release,
  );
  operation(module, "update", (fn, { map, key, value, flags }) => {
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
    const element = takeElement(fn, elements, map);
    fn.if(not(element), () => fn.return(n(-ENOMEM)));
    initElement(fn, shape, element, key, value);
    fn.if(
      old.element,
      () => {
        replace(fn, map, element, hash, old);
        freeAllFields(fn, shape, host, map, old.element, shape.valueOffset);
        releaseInline(fn, elements, map, old.element);
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
  const elements = hashFunctions(
    module,
    host,
    shape,
    () => {},
    (elements) => elements.release,
  );
  operationOn(module, "update", (fn, { map, key, value, flags, cpu }) => {
    refuseUnknownFlags(fn, flags, false);
    const hash = hashOf(fn, shape, map, key);
    const old = find(fn, shape, map, key, hash);
    fn.if(old.element, () => {
      fn.if(eq(flags, n(BPF_NOEXIST)), () => fn.return(n(-EEXIST)));
      updateInPlace(fn, shape, host, map, old, value, cpu);
      fn.return(n(0));
    });
    refuseNew(fn, flags, map);
    const element = takeElement(fn, elements, map);
    fn.if(not(element), () => fn.return(n(-ENOMEM)));
    copy(fn, element, shape.keyOffset, key, 0, shape.keySize);
    initValues(fn, shape, element, value, cpu);
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
