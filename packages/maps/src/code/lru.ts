import { EEXIST, ENOENT, ENOMEM } from "@bpf-ts/uapi/errno";
import { BPF_EXIST, BPF_NOEXIST } from "@bpf-ts/uapi/map-flags";
import type { Func, ModuleBuilder } from "@bpf-ts/wasm";
import {
  LOCAL_FREE,
  LOCAL_PENDING,
  LRU_EPOCH,
  LRU_NEXT,
  LRU_PREVIOUS,
  LRU_STATE,
  LRU_USED,
  LRU_WORDS,
} from "../hash/layout.ts";
import { HEADER_LRU, HEADER_TABLE } from "../header.ts";
import { STATE_EPOCH, STATE_READERS } from "../table-state.ts";
import { copy } from "./bytes.ts";
import { find, hashOf, insert as insertIntoChain, replace } from "./chains.ts";
import { add, and, both, call, type Expr, eq, Fn, load, mul, n, ne, not, or, shl, shr, type Var } from "./fn.ts";
import {
  addToCount,
  type HashShape,
  hashFunctions,
  initElement,
  initValues,
  releaseElement,
  updateInPlace,
} from "./hash.ts";
import type { Imports } from "./host.ts";
import { operationOn, refuseUnknownFlags } from "./operation.ts";

/** The lists' steps that every operation takes. What goes through lists is in `../hash/lru.ts`. */
interface LruFunctions {
  /** (map, cpu) → element */
  readonly take: Func;
  /** (map, element) */
  readonly give: Func;
}

/** A CPU's own lists: the head of the free ones, and after it that of the pending ones. */
function localLists(map: Expr, cpu: Expr): Expr {
  return add(load(map, HEADER_LRU), mul(cpu, n(2 * LRU_WORDS)));
}

function listFunctions(module: ModuleBuilder): { unlink: Func; insert: Func; popFree: Func } {
  const unlink = new Fn(module, "unlink", ["element"], false);
  {
    const [element] = unlink.params as [Var];
    const before = unlink.let("before", load(element, LRU_PREVIOUS));
    const after = unlink.let("after", load(element, LRU_NEXT));
    unlink.store(before, LRU_NEXT, after);
    unlink.store(after, LRU_PREVIOUS, before);
    unlink.end();
  }
  const insert = new Fn(module, "enlist", ["element", "head", "state"], false);
  {
    const [element, head, state] = insert.params as [Var, Var, Var];
    const after = insert.let("after", load(head, LRU_NEXT));
    insert.store(element, LRU_PREVIOUS, head);
    insert.store(element, LRU_NEXT, after);
    insert.store(head, LRU_NEXT, element);
    insert.store(after, LRU_PREVIOUS, element);
    insert.store(element, LRU_STATE, state);
    insert.end();
  }
  const popFree = new Fn(module, "popFree", ["map", "cpu"]);
  {
    const [map, cpu] = popFree.params as [Var, Var];
    const free = popFree.let("free", localLists(map, cpu));
    const element = popFree.let("element", load(free, LRU_NEXT));
    popFree.if(eq(element, free), () => popFree.return(n(0)));
    popFree.call(unlink.f, element);
    popFree.end(element);
  }
  return { unlink: unlink.f, insert: insert.f, popFree: popFree.f };
}

/** Appends `takeLru(map, cpu)`, `give(map, element)`, `unlink(element)`, `enlist(element, head, state)` and `popFree(map, cpu)`. */
function lruFunctions(module: ModuleBuilder, host: Imports): LruFunctions {
  const { unlink, insert, popFree } = listFunctions(module);
  const take = new Fn(module, "takeLru", ["map", "cpu"]);
  {
    const [map, cpu] = take.params as [Var, Var];
    take.if(not(load(map, HEADER_LRU)), () => take.return(call(host.lruTake, map, cpu)));
    const element = take.let("element", call(popFree, map, cpu));
    take.if(not(element), () => take.set(element, call(host.lruRefill, map, cpu)));
    take.if(not(element), () => take.return(n(0)));
    const state = take.let("table", load(map, HEADER_TABLE));
    take.if(both(load(state, STATE_READERS), eq(load(element, LRU_EPOCH), load(state, STATE_EPOCH))), () => {
      const fresh = take.let("fresh", call(host.lruFresh, map, element));
      take.if(not(fresh), () => {
        take.call(insert, element, localLists(map, cpu), or(shl(cpu, n(16)), n(LOCAL_FREE)));
        take.return(n(0));
      });
      take.set(element, fresh);
    });
    const pending = add(localLists(map, cpu), n(LRU_WORDS));
    take.call(insert, element, pending, or(shl(cpu, n(16)), n(LOCAL_PENDING)));
    take.end(element);
  }
  const give = new Fn(module, "give", ["map", "element"], false);
  {
    const [map, element] = give.params as [Var, Var];
    give.store(element, LRU_EPOCH, load(load(map, HEADER_TABLE), STATE_EPOCH));
    const state = give.let("state", load(element, LRU_STATE));
    give.if(
      both(load(map, HEADER_LRU), eq(and(state, n(0xff)), n(LOCAL_PENDING))),
      () => {
        give.call(unlink, element);
        give.call(insert, element, localLists(map, shr(state, n(16))), or(and(state, n(0xffff_0000)), n(LOCAL_FREE)));
      },
      () => give.call(host.lruGive, map, element),
    );
    give.end();
  }
  return { take: take.f, give: give.f };
}

/** Appends: marks an element as used. */
function touch(fn: Fn, element: Var): void {
  fn.store(element, LRU_STATE, or(load(element, LRU_STATE), n(LRU_USED)));
}

/** Appends what both LRU types have. */
function lruMapFunctions(module: ModuleBuilder, host: Imports, shape: HashShape): LruFunctions {
  const lru = lruFunctions(module, host);
  hashFunctions(module, host, shape, touch, () => lru.give);
  return lru;
}

/** `BPF_MAP_TYPE_LRU_HASH`: an element is taken, evicting another if need be, before the map is looked at. */
export function lruHashModule(module: ModuleBuilder, host: Imports, shape: HashShape): void {
  const { take, give } = lruMapFunctions(module, host, shape);
  operationOn(module, "update", (fn, { map, key, value, flags, cpu }) => {
    refuseUnknownFlags(fn, flags, false);
    const hash = hashOf(fn, shape, map, key);
    const element = fn.let("taken", call(take, map, cpu));
    fn.if(not(element), () => fn.return(n(-ENOMEM)));
    addToCount(fn, map, 1);
    initElement(fn, shape, element, key, value);
    const old = find(fn, shape, map, key, hash);
    const error = refusal(fn, flags, old.element);
    fn.if(error, () => {
      releaseElement(fn, shape, host, give, map, element);
      fn.return(error);
    });
    fn.if(
      old.element,
      () => {
        replace(fn, map, element, hash, old);
        touch(fn, element);
        releaseElement(fn, shape, host, give, map, old.element);
      },
      () => insertIntoChain(fn, map, element, hash),
    );
    return n(0);
  });
}

/** `BPF_MAP_TYPE_LRU_PERCPU_HASH`: takes an element first as well, unless a new key is not wanted; a key that is there is updated in place. */
export function lruPercpuHashModule(module: ModuleBuilder, host: Imports, shape: HashShape): void {
  const { take, give } = lruMapFunctions(module, host, shape);
  operationOn(module, "update", (fn, { map, key, value, flags, cpu }) => {
    refuseUnknownFlags(fn, flags, false);
    const hash = hashOf(fn, shape, map, key);
    const element = fn.variable("taken");
    fn.if(ne(flags, n(BPF_EXIST)), () => {
      fn.set(element, call(take, map, cpu));
      fn.if(not(element), () => fn.return(n(-ENOMEM)));
      addToCount(fn, map, 1);
      copy(fn, element, shape.keyOffset, key, 0, shape.keySize);
    });
    const old = find(fn, shape, map, key, hash);
    const error = refusal(fn, flags, old.element);
    fn.if(not(error), () => {
      fn.if(
        old.element,
        () => {
          touch(fn, old.element);
          updateInPlace(fn, shape, host, map, old, value, cpu);
        },
        () => {
          initValues(fn, shape, element, value, cpu);
          insertIntoChain(fn, map, element, hash);
          fn.return(n(0));
        },
      );
    });
    fn.if(element, () => releaseElement(fn, shape, host, give, map, element));
    return error;
  });
}

/** Appends: what flags make of an update, 0 or a negative errno. */
function refusal(fn: Fn, flags: Var, old: Var): Var {
  const error = fn.let("error", n(0));
  fn.if(
    old,
    () => fn.if(eq(flags, n(BPF_NOEXIST)), () => fn.set(error, n(-EEXIST))),
    () => fn.if(eq(flags, n(BPF_EXIST)), () => fn.set(error, n(-ENOENT))),
  );
  return error;
}
