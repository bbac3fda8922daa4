import { E2BIG, EEXIST, EINVAL, ENODEV, ENOMEM, EOVERFLOW } from "@bpf-ts/uapi/errno";
import { BPF_F_NUMA_NODE, BPF_NOEXIST } from "@bpf-ts/uapi/map-flags";
import { indexAt } from "../array/index-keys.ts";
import { unknownUpdateFlags } from "../hash/hash-map.ts";
import { makeMap } from "../make.ts";
import type { FdValue } from "../map.ts";
import { IndexedTargetMap } from "../redirect/indexed-targets.ts";
import type { MapType } from "./map-type.ts";

/** The longest queue. */
const QUEUE_MAX = 16384;

/**
 * `BPF_MAP_TYPE_CPUMAP`: queues of CPUs, by CPU. A queue of length 0 is none.
 *
 * @see v6.18 kernel/bpf/cpumap.c
 */
export class CpuMap extends IndexedTargetMap {
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
    this.replaceTarget(index, length, program);
    return 0;
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
