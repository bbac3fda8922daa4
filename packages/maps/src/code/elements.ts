import type { Func, ModuleBuilder } from "@bpf-ts/wasm";
import { ELEMENT_HASH } from "../hash/layout.ts";
import {
  HEADER_FREE,
  HEADER_FRESH,
  HEADER_FRESH_END,
  HEADER_STRIDE,
  HEADER_TABLE,
  HEADER_WAITING_COUNT,
  HEADER_WAITING_FIRST,
  HEADER_WAITING_LAST,
} from "../header.ts";
import { STATE_READERS } from "../table-state.ts";
import { add, call, Fn, load, n, ne, not, type Var } from "./fn.ts";
import type { Imports } from "./host.ts";

/** Free elements of a map: see `../hash/elements.ts`, which has what is rare of it. */
export interface ElementFunctions {
  /** (map) → element */
  readonly take: Func;
  /** (map, element) */
  readonly release: Func;
}

/** Appends the functions of {@link ElementFunctions}. */
export function elementFunctions(module: ModuleBuilder, host: Imports): ElementFunctions {
  return { take: takeFunction(module, host), release: releaseFunction(module, host) };
}

/** Appends: the first of the free elements, 0 if there is none. */
function popFree(fn: Fn, map: Var): Var {
  const element = fn.let("free", load(map, HEADER_FREE));
  fn.if(element, () => fn.store(map, HEADER_FREE, load(element, ELEMENT_HASH)));
  return element;
}

/** Appends {@link ElementFunctions.take}, without a call where an element is on the free list. */
export function takeElement(fn: Fn, { take }: ElementFunctions, map: Var): Var {
  const element = popFree(fn, map);
  fn.if(not(element), () => fn.set(element, call(take, map)));
  return element;
}

/** Appends {@link ElementFunctions.release}, without a call where no program runs. */
export function releaseInline(fn: Fn, { release }: ElementFunctions, map: Var, element: Var): void {
  fn.if(
    load(load(map, HEADER_TABLE), STATE_READERS),
    () => fn.call(release, map, element),
    () => pushFree(fn, map, element),
  );
}

/** Appends: puts an element on the free list. */
function pushFree(fn: Fn, map: Var, element: Var): void {
  fn.store(element, ELEMENT_HASH, load(map, HEADER_FREE));
  fn.store(map, HEADER_FREE, element);
}

function takeFunction(module: ModuleBuilder, host: Imports): Func {
  const fn = new Fn(module, "take", ["map"]);
  const [map] = fn.params as [Var];
  const element = popFree(fn, map);
  fn.if(element, () => fn.return(element));
  fn.set(element, load(map, HEADER_FRESH));
  fn.if(ne(element, load(map, HEADER_FRESH_END)), () => {
    fn.store(map, HEADER_FRESH, add(element, load(map, HEADER_STRIDE)));
    fn.return(element);
  });
  map(fn.f);
  fn.f.call(host.refill);
  return fn.end();
}

/** An element that left the map is free: now, or when no program can hold it any more. */
function releaseFunction(module: ModuleBuilder, host: Imports): Func {
  const fn = new Fn(module, "release", ["map", "element"], false);
  const [map, element] = fn.params as [Var, Var];
  fn.if(not(load(load(map, HEADER_TABLE), STATE_READERS)), () => {
    pushFree(fn, map, element);
    fn.return();
  });
  fn.store(element, ELEMENT_HASH, n(0));
  const last = fn.let("last", load(map, HEADER_WAITING_LAST));
  fn.if(
    last,
    () => fn.store(last, ELEMENT_HASH, element),
    () => fn.store(map, HEADER_WAITING_FIRST, element),
  );
  fn.store(map, HEADER_WAITING_LAST, element);
  const count = fn.let("count", load(map, HEADER_WAITING_COUNT));
  fn.store(map, HEADER_WAITING_COUNT, add(count, n(1)));
  fn.if(not(count), () => fn.call(host.wait, map));
  return fn.end();
}
