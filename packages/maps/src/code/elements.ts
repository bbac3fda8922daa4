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
import { add, Fn, load, n, ne, not } from "./fn.ts";
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

function takeFunction(module: ModuleBuilder, host: Imports): Func {
  const fn = new Fn(module, "take", ["map"]);
  const [map] = fn.params as [Fn["params"][0]];
  const element = fn.let("element", load(map, HEADER_FREE));
  fn.if(element, () => {
    fn.store(map, HEADER_FREE, load(element, ELEMENT_HASH));
    fn.return(element);
  });
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
  const [map, element] = fn.params as [Fn["params"][0], Fn["params"][0]];
  fn.if(not(load(load(map, HEADER_TABLE), STATE_READERS)), () => {
    fn.store(element, ELEMENT_HASH, load(map, HEADER_FREE));
    fn.store(map, HEADER_FREE, element);
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
