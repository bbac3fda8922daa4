import type { ModuleBuilder } from "@bpf-ts/wasm";
import { ELEMENT_HASH, ELEMENT_NEXT } from "../hash/layout.ts";
import { HEADER_BUCKETS, HEADER_MASK, HEADER_PREVIOUS, HEADER_SEED } from "../header.ts";
import { same } from "./bytes.ts";
import { add, and, type Expr, eq, Fn, load, n, not, shl, type Var } from "./fn.ts";
import { jhash } from "./jhash.ts";

/** What the code of a map's chains depends on. */
export interface ChainShape {
  /** Bytes. */
  readonly keySize: number;
  /** From an element's start to its key, bytes. */
  readonly keyOffset: number;
  /** `number`: a 32-bit key that is its own hash. */
  readonly hash: "jhash" | "number";
}

/** Appends the hash of a key. */
export function hashOf(fn: Fn, shape: ChainShape, map: Var, key: Var): Var {
  if (shape.hash === "number") return fn.let("hash", load(key));
  return jhash(fn, key, shape.keySize, load(map, HEADER_SEED));
}

/** Address of the first link of a hash's bucket. */
export function bucketOf(map: Expr, hash: Expr): Expr {
  return add(load(map, HEADER_BUCKETS), shl(and(hash, load(map, HEADER_MASK)), n(2)));
}

/** What a search found. */
export interface Found {
  /** 0 if there is no such key. */
  readonly element: Var;
  /** The element before it in its chain, 0 if it is the first. */
  readonly previous: Var;
}

/** Appends the search for a key. */
export function find(fn: Fn, shape: ChainShape, map: Var, key: Var, hash: Var): Found {
  const previous = fn.let("previous", n(0));
  const element = fn.let("element", load(bucketOf(map, hash)));
  const done = fn.f.block();
  const again = fn.f.loop();
  not(element)(fn.f);
  fn.f.brIf(done);
  fn.if(eq(load(element, ELEMENT_HASH), hash), () => {
    same(fn, element, shape.keyOffset, key, shape.keySize)(fn.f);
    fn.f.brIf(done);
  });
  fn.set(previous, element);
  fn.set(element, load(element, ELEMENT_NEXT));
  fn.f.br(again);
  fn.f.end();
  fn.f.end();
  return { element, previous };
}

/** Appends: puts an element to the front of its chain. */
export function insert(fn: Fn, map: Var, element: Var, hash: Var): void {
  const bucket = fn.let("bucket", bucketOf(map, hash));
  fn.store(element, ELEMENT_HASH, hash);
  fn.store(element, ELEMENT_NEXT, load(bucket));
  fn.store(bucket, 0, element);
}

/** Appends: takes an element out of its chain. Its own link stays. */
export function remove(fn: Fn, map: Var, element: Var, previous: Var): void {
  const next = fn.let("next", load(element, ELEMENT_NEXT));
  fn.if(
    previous,
    () => fn.store(previous, ELEMENT_NEXT, next),
    () => fn.store(bucketOf(map, load(element, ELEMENT_HASH)), 0, next),
  );
}

/** Appends: puts an element to the front of its chain and takes the one out that it replaces. */
export function replace(fn: Fn, map: Var, element: Var, hash: Var, old: Found): void {
  insert(fn, map, element, hash);
  fn.if(not(old.previous), () => fn.set(old.previous, element));
  remove(fn, map, old.element, old.previous);
}

/** Appends `hash(map, key)`, `find(map, key, hash)`, `insert(map, element, hash)` and `remove(map, element, previous)`, for JavaScript. */
export function chainFunctions(module: ModuleBuilder, shape: ChainShape): void {
  {
    const fn = new Fn(module, "hash", ["map", "key"]);
    const [map, key] = fn.params as [Var, Var];
    fn.end(hashOf(fn, shape, map, key));
  }
  {
    const fn = new Fn(module, "find", ["map", "key", "hash"]);
    const [map, key, hash] = fn.params as [Var, Var, Var];
    const { element, previous } = find(fn, shape, map, key, hash);
    fn.store(map, HEADER_PREVIOUS, previous);
    fn.end(element);
  }
  {
    const fn = new Fn(module, "insert", ["map", "element", "hash"], false);
    const [map, element, hash] = fn.params as [Var, Var, Var];
    insert(fn, map, element, hash);
    fn.end();
  }
  {
    const fn = new Fn(module, "remove", ["map", "element", "previous"], false);
    const [map, element, previous] = fn.params as [Var, Var, Var];
    remove(fn, map, element, previous);
    fn.end();
  }
}
