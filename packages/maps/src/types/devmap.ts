import type { MapDef } from "@bpf-ts/uapi";
import { E2BIG, EEXIST, EINVAL } from "@bpf-ts/uapi/errno";
import { BPF_F_RDONLY_PROG, BPF_NOEXIST } from "@bpf-ts/uapi/map-flags";
import { indexAt } from "../array/index-keys.ts";
import type { CreateOptions } from "../create.ts";
import { unknownUpdateFlags } from "../hash/hash-map.ts";
import { makeMap } from "../make.ts";
import type { MapTable } from "../map-table.ts";
import type { OwnMemory } from "../own-memory.ts";
import { checkDevices, deviceProgram } from "../redirect/devices.ts";
import { IndexedTargetMap } from "../redirect/indexed-targets.ts";
import type { MapType } from "./map-type.ts";

/**
 * `BPF_MAP_TYPE_DEVMAP`: network devices by index. Interface 0 empties an element.
 *
 * @see v6.18 kernel/bpf/devmap.c, dev_map_ops
 */
export class DevMap extends IndexedTargetMap {
  constructor(table: MapTable, own: OwnMemory, def: MapDef, options: CreateOptions) {
    super(table, own, { ...def, mapFlags: def.mapFlags | BPF_F_RDONLY_PROG }, options);
  }

  update(key: number, value: number, flags: number, _cpu: number): number {
    if (unknownUpdateFlags(flags, false) !== 0) return -EINVAL;
    const index = indexAt(this.memory, key);
    if (index >= this.def.maxEntries) return -E2BIG;
    if (flags === BPF_NOEXIST) return -EEXIST;
    const ifindex = this.memory.getU32(value);
    const fd = this.programFd(value);
    if (ifindex === 0) {
      if (fd > 0) return -EINVAL;
      this.replaceTarget(index, 0, undefined);
      return 0;
    }
    const program = deviceProgram(this, ifindex, fd);
    if (typeof program === "number") return program;
    this.replaceTarget(index, ifindex, program);
    return 0;
  }
}

/** `BPF_MAP_TYPE_DEVMAP`. */
export const devMapType: MapType = {
  check: (def) => checkDevices(def),
  create: (table, def, options) => makeMap(table, (own) => new DevMap(table, own, def, options)),
};
