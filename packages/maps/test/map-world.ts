import { Memory } from "@bpf-ts/memory";
import type { MapDef } from "@bpf-ts/uapi";
import { type BpfMap, type CreateOptions, MapError, MapTable, type MapTableOptions } from "../src/index.ts";

/** A memory, a table, and short ways to say keys and values. */
export class World {
  readonly memory: Memory;
  readonly table: MapTable;
  readonly #key: number;
  readonly #value: number;

  constructor(options: MapTableOptions & { maxBytes?: number } = {}) {
    this.memory = new Memory({ maxBytes: options.maxBytes ?? 256 * 1024 * 1024 });
    this.table = new MapTable(this.memory, options);
    this.#key = this.memory.alloc(512, { label: "test key" });
    this.#value = this.memory.alloc(8192, { label: "test value" });
  }

  create(type: number, def: Partial<MapDef> = {}, options: CreateOptions = {}): BpfMap {
    return this.table.create({ type, name: "", keySize: 4, valueSize: 8, maxEntries: 4, mapFlags: 0, ...def }, options);
  }

  /** Puts a number at the scratch key. */
  key(n: number): number {
    this.memory.setU32(this.#key, n);
    return this.#key;
  }

  /** Puts a number at the scratch value. */
  value(n: number | bigint): number {
    this.memory.setU64(this.#value, BigInt(n));
    return this.#value;
  }

  /** Scratch room for 8192 bytes. */
  get out(): number {
    return this.#value;
  }

  update(map: BpfMap, key: number, value: number | bigint, flags = 0, cpu = 0): number {
    return map.update(this.key(key), this.value(value), flags, cpu);
  }

  /** The value of a key as a program sees it; undefined if there is none. */
  get(map: BpfMap, key: number, cpu = 0): bigint | undefined {
    const address = map.lookup(this.key(key), cpu);
    return address === 0 ? undefined : this.memory.getU64(address);
  }

  /** All keys in the map's order. */
  keys(map: BpfMap): number[] {
    const keys: number[] = [];
    const at = this.#value + 4096;
    let from = 0;
    while (map.getNextKey(from, at + 8) === 0) {
      keys.push(this.memory.getU32(at + 8));
      this.memory.copy(at, at + 8, 8);
      from = at;
    }
    return keys;
  }

  /** Bytes in use besides the scratch room. */
  get leak(): number {
    return this.memory.liveBytes - 512 - 8192;
  }

  /** Runs as a program would: what is deleted meanwhile stays. */
  asProgram<T>(run: () => T): T {
    this.table.enter();
    try {
      return run();
    } finally {
      this.table.leave();
    }
  }
}

/** The MapError that `run` throws. */
export function mapErrorOf(run: () => unknown): MapError {
  try {
    run();
  } catch (error) {
    if (error instanceof MapError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
