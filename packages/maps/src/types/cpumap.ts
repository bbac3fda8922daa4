import type { MapDef } from "@bpf-ts/uapi";
import { E2BIG, EEXIST, EINVAL, ENODEV, ENOENT, ENOMEM, EOVERFLOW } from "@bpf-ts/uapi/errno";
import { BPF_F_NUMA_NODE, BPF_NOEXIST } from "@bpf-ts/uapi/map-flags";
import { indexAt, nextIndex } from "../array/index-keys.ts";
import type { CreateOptions } from "../create.ts";
import { unknownUpdateFlags } from "../hash/hash-map.ts";
import { makeMap } from "../make.ts";
import type { FdValue } from "../map.ts";
import type { MapTable } from "../map-table.ts";
import type { OwnMemory } from "../own-memory.ts";
import { RedirectMap, TARGET_STRIDE } from "../redirect/targets.ts";
import type { MapType } from "./map-type.ts";

/** The longest queue. */
const QUEUE_MAX = 16384;

/**
 * `BPF_MAP_TYPE_CPUMAP`: queues of CPUs, by CPU. A queue of length 0 is none.
 *
 * @see v6.18 kernel/bpf/cpumap.c
 */
export class CpuMap extends RedirectMap {
  readonly #values: number;

  constructor(table: MapTable, own: OwnMemory, def: MapDef, options: CreateOptions) {
    super(table, own, def, options);
    const label = `${this.label} value`;
    const count = def.maxEntries;
    const parts = [{ offset: 0, size: def.valueSize, writable: false, label }];
    const layout = { offset: 0, stride: TARGET_STRIDE, count, parts };
    this.#values = own.alloc(TARGET_STRIDE * count, { label, layout });
  }

  get elementCount(): number {
    let count = 0;
    for (let i = 0; i < this.def.maxEntries; i++)
      if (this.memory.getU32(this.#values + TARGET_STRIDE * i) !== 0) count++;
    return count;
  }

  lookup(key: number, _cpu: number): number {
    const index = indexAt(this.memory, key);
    if (index >= this.def.maxEntries) return 0;
    const target = this.#values + TARGET_STRIDE * index;
    return this.memory.getU32(target) === 0 ? 0 : target;
  }

  update(key: number, value: number, flags: number, _cpu: number): number {
    const length = this.memory.getU32(value);
    const fd = this.programFd(value);
    if (unknownUpdateFlags(flags, false) !== 0) return -EINVAL;
    const index = indexAt(this.memory, key);
    if (index >= this.def.maxEntries) return -E2BIG;
    if (flags === BPF_NOEXIST) return -EEXIST;
    if (length > QUEUE_MAX) return -EOVERFLOW;
    if (index >= this.table.facts.cpus) return -ENODEV;
    let program: FdValue | undefined;
    if (length > 0 && fd > 0) {
      const found = this.acquireProgram(fd);
      // The kernel has one answer for whatever keeps it from making a queue.
      if (typeof found === "number") return -ENOMEM;
      program = found;
    }
    const target = this.#values + TARGET_STRIDE * index;
    this.dropProgram(target);
    this.setTarget(target, length, program);
    return 0;
  }

  delete(key: number): number {
    const index = indexAt(this.memory, key);
    if (index >= this.def.maxEntries) return -EINVAL;
    const target = this.#values + TARGET_STRIDE * index;
    this.dropProgram(target);
    this.setTarget(target, 0, undefined);
    return 0;
  }

  protected copyOut(key: number, value: number): number {
    const target = this.lookup(key, 0);
    if (target === 0) return -ENOENT;
    this.memory.copy(value, target, this.def.valueSize);
    return 0;
  }

  getNextKey(key: number, next: number): number {
    return nextIndex(this.memory, this.def.maxEntries, key, next);
  }
}

/** `BPF_MAP_TYPE_CPUMAP`. */
export const cpuMapType: MapType = {
  check: () => 0,
  create(table, def, options) {
    if (def.maxEntries === 0 || def.keySize !== 4 || (def.valueSize !== 4 && def.valueSize !== 8)) return -EINVAL;
    if ((def.mapFlags & ~BPF_F_NUMA_NODE) !== 0) return -EINVAL;
    if (def.maxEntries > table.facts.nrCpus) return -E2BIG;
    return makeMap(table, (own) => new CpuMap(table, own, def, options));
  },
};
