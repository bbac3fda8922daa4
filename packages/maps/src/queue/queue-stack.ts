import type { MapDef } from "@bpf-ts/uapi";
import { E2BIG, EINVAL, ENOENT } from "@bpf-ts/uapi/errno";
import { BPF_EXIST, BPF_F_NUMA_NODE, BPF_NOEXIST } from "@bpf-ts/uapi/map-flags";
import { BaseMap } from "../base-map.ts";
import type { CreateOptions } from "../create.ts";
import { ACCESS_FLAGS, accessFlagsOk, KMALLOC_MAX_SIZE } from "../hash/check.ts";
import type { MapTable } from "../map-table.ts";
import type { OwnMemory } from "../own-memory.ts";

/**
 * Queues and stacks: keyless, in a ring. What user space calls look-up and update is peek and push. Pushing onto a full one with BPF_EXIST drops
 * the oldest value.
 *
 * @see v6.18 kernel/bpf/queue_stack_maps.c
 */
export class QueueStackMap extends BaseMap {
  readonly #values: number;
  readonly #end: "oldest" | "newest";
  /** Index of the oldest value. */
  #oldest = 0;
  #count = 0;

  /** @param end which end values are taken from */
  constructor(table: MapTable, own: OwnMemory, def: MapDef, options: CreateOptions, end: "oldest" | "newest") {
    super(table, own, def, options);
    this.#end = end;
    this.#values = own.reserve(def.maxEntries * def.valueSize, `${this.label} values`);
  }

  get elementCount(): number {
    return this.#count;
  }

  /** Address of the value that was pushed `index` after the oldest. */
  #at(index: number): number {
    return this.#values + ((this.#oldest + index) % this.def.maxEntries) * this.def.valueSize;
  }

  override push(value: number, flags: number): number {
    if ((flags & BPF_NOEXIST) !== 0 || flags >>> 0 > BPF_EXIST) return -EINVAL;
    if (this.#count === this.def.maxEntries) {
      if ((flags & BPF_EXIST) === 0) return -E2BIG;
      this.#dropOldest();
    }
    this.memory.copy(this.#at(this.#count), value, this.def.valueSize);
    this.#count++;
    return 0;
  }

  #dropOldest(): void {
    this.#oldest = (this.#oldest + 1) % this.def.maxEntries;
    this.#count--;
  }

  override peek(value: number): number {
    if (this.#count === 0) {
      this.memory.fill(value, 0, this.def.valueSize);
      return -ENOENT;
    }
    this.memory.copy(value, this.#at(this.#end === "oldest" ? 0 : this.#count - 1), this.def.valueSize);
    return 0;
  }

  override pop(value: number): number {
    const error = this.peek(value);
    if (error !== 0) return error;
    if (this.#end === "oldest") this.#dropOldest();
    else this.#count--;
    return 0;
  }

  lookup(_key: number, _cpu: number): number {
    return 0;
  }

  update(_key: number, _value: number, _flags: number, _cpu: number): number {
    return -EINVAL;
  }

  delete(_key: number): number {
    return -EINVAL;
  }

  getNextKey(_key: number, _next: number): number {
    return -EINVAL;
  }

  protected copyOut(_key: number, value: number): number {
    return this.#count === 0 ? -ENOENT : this.peek(value);
  }

  override sysUpdate(_key: number, value: number, flags: number, _cpu: number): number {
    return this.checkLockFlag(flags) || this.push(value, flags);
  }

  override sysLookupAndDelete(_key: number, value: number, flags: number): number {
    if (flags !== 0) return -EINVAL;
    return this.#count === 0 ? -ENOENT : this.pop(value);
  }
}

/**
 * The checks of queues and stacks.
 *
 * @see v6.18 kernel/bpf/queue_stack_maps.c, queue_stack_map_alloc_check
 */
export function queueStackCheck(def: MapDef): number {
  if (def.maxEntries === 0 || def.keySize !== 0 || def.valueSize === 0) return -EINVAL;
  if ((def.mapFlags & ~(BPF_F_NUMA_NODE | ACCESS_FLAGS)) !== 0 || !accessFlagsOk(def.mapFlags)) return -EINVAL;
  if (def.valueSize > KMALLOC_MAX_SIZE) return -E2BIG;
  return 0;
}
