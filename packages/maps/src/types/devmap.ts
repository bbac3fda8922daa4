import type { MapDef } from "@bpf-ts/uapi";
import { E2BIG, EEXIST, EINVAL, ENOENT } from "@bpf-ts/uapi/errno";
import { BPF_F_RDONLY_PROG, BPF_NOEXIST } from "@bpf-ts/uapi/map-flags";
import { indexAt, nextIndex } from "../array/index-keys.ts";
import type { CreateOptions } from "../create.ts";
import { unknownUpdateFlags } from "../hash/hash-map.ts";
import { makeMap } from "../make.ts";
import type { MapTable } from "../map-table.ts";
import type { OwnMemory } from "../own-memory.ts";
import { checkDevices, deviceProgram } from "../redirect/devices.ts";
import { RedirectMap, TARGET_STRIDE } from "../redirect/targets.ts";
import type { MapType } from "./map-type.ts";

/**
 * `BPF_MAP_TYPE_DEVMAP`: network devices by index. Interface 0 empties an element.
 *
 * @see v6.18 kernel/bpf/devmap.c, dev_map_ops
 */
export class DevMap extends RedirectMap {
  readonly #values: number;

  constructor(table: MapTable, own: OwnMemory, def: MapDef, options: CreateOptions) {
    super(table, own, { ...def, mapFlags: def.mapFlags | BPF_F_RDONLY_PROG }, options);
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
    if (unknownUpdateFlags(flags, false) !== 0) return -EINVAL;
    const index = indexAt(this.memory, key);
    if (index >= this.def.maxEntries) return -E2BIG;
    if (flags === BPF_NOEXIST) return -EEXIST;
    const ifindex = this.memory.getU32(value);
    const fd = this.programFd(value);
    const target = this.#values + TARGET_STRIDE * index;
    if (ifindex === 0) {
      if (fd > 0) return -EINVAL;
      this.dropProgram(target);
      this.setTarget(target, 0, undefined);
      return 0;
    }
    const program = deviceProgram(this, ifindex, fd);
    if (typeof program === "number") return program;
    this.dropProgram(target);
    this.setTarget(target, ifindex, program);
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

/** `BPF_MAP_TYPE_DEVMAP`. */
export const devMapType: MapType = {
  check: (def) => checkDevices(def),
  create: (table, def, options) => makeMap(table, (own) => new DevMap(table, own, def, options)),
};
