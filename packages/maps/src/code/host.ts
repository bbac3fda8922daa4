import { type Func, I32, type ModuleBuilder } from "@bpf-ts/wasm";

/** Where the code of a map's operations leaves the rest to JavaScript: what is rare, and what only the map's owner knows. By map. */
export interface SlowPaths {
  /** No element is free: makes some and takes one; 0 if there is no memory. */
  refill?(): number;
  /** The first element waits for programs to end. */
  wait?(): void;
  /** Releases what special fields of the value at this address hold. */
  freeFields?(value: number): void;
  /** An element of an LRU map for `cpu`, whose own list of free ones is empty; 0 if there is none. */
  lruRefill?(cpu: number): number;
  /** The same where lists are each CPU's own; the element is on its list then. */
  lruTake?(cpu: number): number;
  /** An element of the common lists is free. */
  lruGive?(element: number): void;
  /** Another element instead of one that a program may still hold; 0 if there is none, and this one must stay as it is. */
  lruFresh?(element: number): number;
}

/** {@link SlowPaths} as a module imports them: each with the map before its argument. */
export interface Imports {
  readonly refill: Func;
  readonly wait: Func;
  readonly freeFields: Func;
  readonly lruRefill: Func;
  readonly lruTake: Func;
  readonly lruGive: Func;
  readonly lruFresh: Func;
}

/** Declares the imports of a module. */
export function importHost(module: ModuleBuilder): Imports {
  const declare = (name: keyof Imports, params: number, results: number): Func =>
    module.importFunction("host", name, module.type(Array(params).fill(I32), Array(results).fill(I32)));
  module.importMemory("host", "memory", { initial: 1 });
  return {
    refill: declare("refill", 1, 1),
    wait: declare("wait", 1, 0),
    freeFields: declare("freeFields", 2, 0),
    lruRefill: declare("lruRefill", 2, 1),
    lruTake: declare("lruTake", 2, 1),
    lruGive: declare("lruGive", 2, 0),
    lruFresh: declare("lruFresh", 2, 1),
  };
}

/** The functions behind {@link importHost}. @param of the slow paths of a map, by its handle */
export function hostFunctions(of: (map: number) => SlowPaths): Record<keyof Imports, unknown> {
  const missing = (what: string): never => {
    throw new Error(`a map without ${what} was asked for it`);
  };
  return {
    refill: (map: number) => of(map).refill?.() ?? missing("elements"),
    wait: (map: number) => of(map).wait?.() ?? undefined,
    freeFields: (map: number, value: number) => of(map).freeFields?.(value >>> 0) ?? undefined,
    lruRefill: (map: number, cpu: number) => of(map).lruRefill?.(cpu) ?? missing("LRU lists"),
    lruTake: (map: number, cpu: number) => of(map).lruTake?.(cpu) ?? missing("LRU lists"),
    lruGive: (map: number, element: number) => of(map).lruGive?.(element >>> 0) ?? undefined,
    lruFresh: (map: number, element: number) => of(map).lruFresh?.(element >>> 0) ?? missing("LRU lists"),
  };
}
