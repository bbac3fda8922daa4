import type { MapDef } from "@bpf-ts/uapi";
import { E2BIG, EEXIST, EFAULT, EINVAL, ENOENT, ENOMEM, EOPNOTSUPP } from "@bpf-ts/uapi/errno";
import { BPF_F_NUMA_NODE, BPF_F_RDONLY, BPF_F_STACK_BUILD_ID, BPF_F_WRONLY } from "@bpf-ts/uapi/map-flags";
import { indexAt } from "../array/index-keys.ts";
import { BaseMap } from "../base-map.ts";
import type { CreateOptions } from "../create.ts";
import { roundUpToPowerOfTwo } from "../hash/check.ts";
import { jhash } from "../jhash.ts";
import { makeMap } from "../make.ts";
import type { MapTable } from "../map-table.ts";
import type { OwnMemory } from "../own-memory.ts";
import type { MapType } from "./map-type.ts";

/** `sizeof(struct bpf_stack_build_id)`, bytes. */
const BUILD_ID_SIZE = 32;
/** A record's words before its frames: hash, number of frames. */
const FRAMES = 8;

/** How {@link StackTraceMap.storeTrace} stores: `BPF_F_FAST_STACK_CMP`, `BPF_F_REUSE_STACKID`. */
export interface StackStoreOptions {
  /** Taking the hash for the trace. */
  fastCompare: boolean;
  /** A different trace of the same id is replaced. */
  reuse: boolean;
}

/**
 * `BPF_MAP_TYPE_STACK_TRACE`: stack traces by id; a trace's id follows from its hash. Programs store with a helper ({@link storeTrace}), user space
 * reads and deletes.
 *
 * @see v6.18 kernel/bpf/stackmap.c
 */
export class StackTraceMap extends BaseMap {
  readonly #buckets: number;
  readonly #records: number;
  /** By id: address of the record, 0 if there is none. */
  readonly #table: number;
  readonly #recordSize: number;
  /** Records that are free. */
  readonly #free: number[] = [];
  #fresh = 0;
  #count = 0;

  constructor(table: MapTable, own: OwnMemory, def: MapDef, options: CreateOptions) {
    super(table, own, def, options);
    this.#buckets = roundUpToPowerOfTwo(def.maxEntries);
    this.#recordSize = FRAMES + def.valueSize;
    this.#table = own.reserve(4 * this.#buckets, `${this.label} ids`);
    this.#records = own.reserve(this.#recordSize * def.maxEntries, `${this.label} traces`);
  }

  get elementCount(): number {
    return this.#count;
  }

  #slot(id: number): number {
    return this.#table + 4 * id;
  }

  /**
   * `bpf_get_stackid` with the trace at `frames`: `count` addresses of 64 bits, the ones to skip already left out.
   *
   * @returns the id, or -EEXIST if another trace has it, -ENOMEM if the map is full, -EFAULT for an empty trace. Maps of build ids: -EOPNOTSUPP
   */
  storeTrace(frames: number, count: number, options: StackStoreOptions): number {
    if ((this.def.mapFlags & BPF_F_STACK_BUILD_ID) !== 0) return -EOPNOTSUPP;
    if (count === 0) return -EFAULT;
    const { memory } = this;
    const length = Math.min(count, this.def.valueSize / 8, this.table.facts.perfEventMaxStack);
    const hash = jhash(memory, frames, length * 8, 0) >>> 0;
    const id = hash & (this.#buckets - 1);
    const old = memory.getU32(this.#slot(id));
    if (old !== 0 && memory.getU32(old) === hash) {
      if (options.fastCompare) return id;
      if (memory.getU32(old + 4) === length && memory.equals(old + FRAMES, frames, length * 8)) return id;
    }
    if (old !== 0 && !options.reuse) return -EEXIST;
    const record = this.#take();
    if (record === 0) return -ENOMEM;
    memory.setU32(record, hash);
    memory.setU32(record + 4, length);
    memory.copy(record + FRAMES, frames, length * 8);
    memory.setU32(this.#slot(id), record);
    if (old !== 0) this.#free.push(old);
    else this.#count++;
    return id;
  }

  #take(): number {
    const freed = this.#free.pop();
    if (freed !== undefined) return freed;
    if (this.#fresh === this.def.maxEntries) return 0;
    return this.#records + this.#recordSize * this.#fresh++;
  }

  lookup(_key: number, _cpu: number): number {
    return 0;
  }

  update(_key: number, _value: number, _flags: number, _cpu: number): number {
    return -EINVAL;
  }

  delete(key: number): number {
    const id = indexAt(this.memory, key);
    if (id >= this.#buckets) return -E2BIG;
    const record = this.memory.getU32(this.#slot(id));
    if (record === 0) return -ENOENT;
    this.memory.setU32(this.#slot(id), 0);
    this.#free.push(record);
    this.#count--;
    return 0;
  }

  protected copyOut(key: number, value: number): number {
    const id = indexAt(this.memory, key);
    const record = id < this.#buckets ? this.memory.getU32(this.#slot(id)) : 0;
    if (record === 0) return -ENOENT;
    const size = this.memory.getU32(record + 4) * 8;
    this.memory.copy(value, record + FRAMES, size);
    this.memory.fill(value + size, 0, this.def.valueSize - size);
    return 0;
  }

  /** What is not there is -ENOENT, whatever the id. */
  protected override takeOut(key: number, value: number): number {
    return this.copyOut(key, value) || this.delete(key);
  }

  getNextKey(key: number, next: number): number {
    let id = 0;
    if (key !== 0) {
      const from = indexAt(this.memory, key);
      id = from < this.#buckets && this.memory.getU32(this.#slot(from)) !== 0 ? from + 1 : 0;
    }
    while (id < this.#buckets && this.memory.getU32(this.#slot(id)) === 0) id++;
    if (id >= this.#buckets) return -ENOENT;
    this.memory.setU32(next, id);
    return 0;
  }
}

/** `BPF_MAP_TYPE_STACK_TRACE`. */
export const stackTraceType: MapType = {
  check: () => 0,
  create(table, def, options) {
    const { mapFlags, valueSize } = def;
    if ((mapFlags & ~(BPF_F_NUMA_NODE | BPF_F_RDONLY | BPF_F_WRONLY | BPF_F_STACK_BUILD_ID)) !== 0) return -EINVAL;
    if (def.maxEntries === 0 || def.keySize !== 4 || valueSize < 8 || valueSize % 8 !== 0) return -EINVAL;
    const frame = (mapFlags & BPF_F_STACK_BUILD_ID) !== 0 ? BUILD_ID_SIZE : 8;
    if (valueSize % frame !== 0 || valueSize / frame > table.facts.perfEventMaxStack) return -EINVAL;
    if (def.maxEntries > 2 ** 31) return -E2BIG;
    return makeMap(table, (own) => new StackTraceMap(table, own, def, options));
  },
};
