import type { Memory } from "@bpf-ts/memory";
import { ModuleBuilder } from "@bpf-ts/wasm";
import { arrayModule } from "./array.ts";
import { type ChainShape, chainFunctions } from "./chains.ts";
import { elementFunctions } from "./elements.ts";
import { type HashShape, hashModule, percpuHashModule } from "./hash.ts";
import { hostFunctions, type Imports, importHost, type SlowPaths } from "./host.ts";
import { lruHashModule, lruPercpuHashModule } from "./lru.ts";
import type { ValueShape } from "./values.ts";

/** An operation for the CPU of the table: what programs call. Addresses and results are 32 bits, signed. */
export type Operation = (map: number, key: number, value: number, flags: number) => number;
/** The same for any CPU. */
export type OperationOn = (map: number, key: number, value: number, flags: number, cpu: number) => number;

/** See `elements.ts`. */
export interface ElementCode {
  take(map: number): number;
  release(map: number, element: number): void;
}

/** See `chains.ts`. */
export interface ChainCode {
  hash(map: number, key: number): number;
  find(map: number, key: number, hash: number): number;
  insert(map: number, element: number, hash: number): void;
  remove(map: number, element: number, previous: number): void;
}

/** See `array.ts`. */
export interface ArrayCode {
  readonly lookup: Operation;
  readonly lookupOn: OperationOn;
  readonly update: Operation;
  readonly updateOn: OperationOn;
}

/** See `hash.ts`. */
export interface HashCode extends ElementCode, ChainCode, ArrayCode {
  readonly delete: Operation;
  readonly deleteOn: OperationOn;
}

/** See `lru.ts`. */
export interface LruCode extends HashCode {
  takeLru(map: number, cpu: number): number;
  give(map: number, element: number): void;
  unlink(element: number): void;
  enlist(element: number, head: number, state: number): void;
  popFree(map: number, cpu: number): number;
}

/**
 * The code of one memory's maps, made on demand. Maps of one shape share theirs: sizes and offsets are constants in it, addresses, capacity and
 * seed are words of the map's header. So a machine with many maps has little code, and the engine, which knows modules by their bytes, has it
 * compiled and optimised already when the next machine asks for the same.
 */
export class CodeCache {
  readonly #memory: Memory;
  readonly #slowPaths: Map<number, SlowPaths> = new Map();
  readonly #instances: Map<string, object> = new Map();

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  /** What the code of a map calls. Ends with {@link forget}. */
  register(map: number, slowPaths: SlowPaths): void {
    this.#slowPaths.set(map, slowPaths);
  }

  forget(map: number): void {
    this.#slowPaths.delete(map);
  }

  elements(): ElementCode {
    return this.#code("elements", {}, (module, host) => elementFunctions(module, host)) as ElementCode;
  }

  chains(shape: ChainShape): ChainCode {
    const { keySize, keyOffset, hash } = shape;
    return this.#code("chains", { keySize, keyOffset, hash }, (module) => chainFunctions(module, shape)) as ChainCode;
  }

  array(shape: ValueShape): ArrayCode {
    return this.#code("array", shape, (module, host) => arrayModule(module, host, shape)) as ArrayCode;
  }

  hash(shape: HashShape): HashCode {
    return this.#code("hash", shape, (module, host) => hashModule(module, host, shape)) as HashCode;
  }

  percpuHash(shape: HashShape): HashCode {
    return this.#code("percpu_hash", shape, (module, host) => percpuHashModule(module, host, shape)) as HashCode;
  }

  lruHash(shape: HashShape): LruCode {
    return this.#code("lru_hash", shape, (module, host) => lruHashModule(module, host, shape)) as LruCode;
  }

  lruPercpuHash(shape: HashShape): LruCode {
    return this.#code("lru_percpu_hash", shape, (module, host) => lruPercpuHashModule(module, host, shape)) as LruCode;
  }

  #code(kind: string, shape: object, write: (module: ModuleBuilder, host: Imports) => void): object {
    const name = `${kind} ${JSON.stringify(shape)}`;
    let exports = this.#instances.get(name);
    if (exports === undefined) {
      const module = new ModuleBuilder({ name: kind, check: false });
      write(module, importHost(module));
      const host = { memory: this.#memory.wasm, ...hostFunctions((map) => this.#slowPathsOf(map)) };
      exports = new WebAssembly.Instance(new WebAssembly.Module(module.encode()), { host }).exports;
      this.#instances.set(name, exports);
    }
    return exports;
  }

  #slowPathsOf(map: number): SlowPaths {
    const slowPaths = this.#slowPaths.get(map >>> 0);
    if (slowPaths === undefined) throw new Error(`no map at 0x${(map >>> 0).toString(16)}`);
    return slowPaths;
  }
}
