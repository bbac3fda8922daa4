import type { MapDef } from "@bpf-ts/uapi";
import { E2BIG, EINVAL, ENOENT, ENOMEM } from "@bpf-ts/uapi/errno";
import { BPF_EXIST, BPF_F_LOCK, BPF_F_NUMA_NODE } from "@bpf-ts/uapi/map-flags";
import { BaseMap } from "../base-map.ts";
import type { CreateOptions } from "../create.ts";
import { ACCESS_FLAGS, accessFlagsOk, round8 } from "../hash/check.ts";
import { Elements } from "../hash/elements.ts";
import type { MapTable } from "../map-table.ts";
import type { OwnMemory } from "../own-memory.ts";

const VALUE = 8;
/** `sizeof(struct bpf_cgroup_storage_key)`: {u64 cgroup; u32 attach type}, padded. */
const ISOLATED_KEY = 16;

/**
 * Storage of cgroup programs: a value for each cgroup, or for each cgroup and attach type if keys are 16 bytes. Values come and go with the
 * attachment of programs ({@link attach}, {@link detach}), never by updates. A program has one such map at most and no key: it gets the value of
 * where it is attached.
 *
 * @see v6.18 kernel/bpf/local_storage.c
 */
export class CgroupStorageMap extends BaseMap {
  readonly #elements: Elements;
  /** By key as a string, newest first: the order in which user space sees keys. */
  #storages: { key: string; id: bigint; attachType: number; element: number }[] = [];
  readonly #percpu: boolean;
  readonly #valueStride: number;
  readonly #copies: number;

  constructor(table: MapTable, own: OwnMemory, def: MapDef, options: CreateOptions, percpu: boolean) {
    super(table, own, def, options);
    this.#percpu = percpu;
    this.#valueStride = round8(def.valueSize);
    this.#copies = percpu ? table.facts.cpus : 1;
    const label = `${this.label} value`;
    const parts = Array.from({ length: this.#copies }, (_, cpu) => ({
      offset: VALUE + cpu * this.#valueStride,
      size: def.valueSize,
      writable: true,
      label,
    }));
    const stride = VALUE + this.#copies * this.#valueStride;
    this.#elements = new Elements(this, table.code.elements(), { stride, parts, label: `${this.label} elements` }, 0);
  }

  override get asInner(): undefined {
    return undefined;
  }

  get elementCount(): number {
    return this.#storages.length;
  }

  override get sysValueSize(): number {
    return this.#percpu ? this.#valueStride * this.#copies : this.def.valueSize;
  }

  get #isolated(): boolean {
    return this.def.keySize === ISOLATED_KEY;
  }

  #keyOf(id: bigint, attachType: number): string {
    return this.#isolated ? `${id}/${attachType}` : `${id}`;
  }

  #keyAt(key: number): string {
    return this.#keyOf(this.memory.getU64(key), this.#isolated ? this.memory.getU32(key + 8) : 0);
  }

  #elementAt(key: number): number {
    const wanted = this.#keyAt(key);
    return this.#storages.find((storage) => storage.key === wanted)?.element ?? 0;
  }

  /**
   * A program that uses this map is attached: makes the value, zeroed, unless there is one.
   *
   * @returns 0 or -ENOMEM
   */
  attach(cgroup: bigint, attachType: number): number {
    const key = this.#keyOf(cgroup, attachType);
    if (this.#storages.some((storage) => storage.key === key)) return 0;
    const element = this.#elements.take();
    if (element === 0) return -ENOMEM;
    this.memory.fill(element + VALUE, 0, this.#copies * this.#valueStride);
    this.#storages.unshift({ key, id: cgroup, attachType, element });
    return 0;
  }

  /** The cgroup goes, or the last program of this attach type: so does the value. */
  detach(cgroup: bigint, attachType: number): void {
    const key = this.#keyOf(cgroup, attachType);
    const at = this.#storages.findIndex((storage) => storage.key === key);
    if (at < 0) return;
    const [gone] = this.#storages.splice(at, 1);
    this.#elements.release(gone!.element);
  }

  /** `bpf_get_local_storage`: address of the value of where a program is attached, 0 if there is none. */
  storageOf(cgroup: bigint, attachType: number, cpu: number): number {
    const key = this.#keyOf(cgroup, attachType);
    const storage = this.#storages.find((at) => at.key === key);
    if (storage === undefined) return 0;
    return storage.element + VALUE + (this.#percpu ? cpu * this.#valueStride : 0);
  }

  lookup(_key: number, _cpu: number): number {
    return 0;
  }

  update(_key: number, _value: number, _flags: number, _cpu: number): number {
    return -EINVAL;
  }

  override sysUpdate(key: number, value: number, flags: number, _cpu: number): number {
    const error = this.checkLockFlag(flags);
    if (error !== 0) return error;
    return this.#percpu ? this.#updateAll(key, value, flags) : this.#replace(key, value, flags);
  }

  #updateAll(key: number, value: number, flags: number): number {
    if (flags !== 0 && flags !== BPF_EXIST) return -EINVAL;
    const element = this.#elementAt(key);
    if (element === 0) return -ENOENT;
    this.memory.copy(element + VALUE, value, this.#copies * this.#valueStride);
    return 0;
  }

  /** A new value takes the old one's place, but for updates under the value's lock. */
  #replace(key: number, value: number, flags: number): number {
    if ((flags & ~(BPF_F_LOCK | BPF_EXIST)) !== 0) return -EINVAL;
    const wanted = this.#keyAt(key);
    const storage = this.#storages.find((at) => at.key === wanted);
    if (storage === undefined) return -ENOENT;
    if ((flags & BPF_F_LOCK) !== 0) {
      this.copier.copy(storage.element + VALUE, value);
      return 0;
    }
    const element = this.#elements.take();
    if (element === 0) return -ENOMEM;
    this.copier.copy(element + VALUE, value);
    this.copier.clearFields(element + VALUE);
    this.#elements.release(storage.element);
    storage.element = element;
    return 0;
  }

  delete(_key: number): number {
    return -EINVAL;
  }

  protected copyOut(key: number, value: number): number {
    const element = this.#elementAt(key);
    if (element === 0) return -ENOENT;
    if (this.#percpu) {
      this.memory.copy(value, element + VALUE, this.#copies * this.#valueStride);
    } else {
      this.copier.copy(value, element + VALUE);
      this.copier.clearFields(value);
    }
    return 0;
  }

  getNextKey(key: number, next: number): number {
    let at = 0;
    if (key !== 0) {
      const wanted = this.#keyAt(key);
      at = this.#storages.findIndex((storage) => storage.key === wanted) + 1;
      if (at === 0) return -ENOENT;
    }
    const storage = this.#storages[at];
    if (storage === undefined) return -ENOENT;
    this.memory.setU64(next, storage.id);
    if (this.#isolated) this.memory.setU64(next + 8, BigInt(storage.attachType));
    return 0;
  }

  protected override releaseElements(): void {
    this.#elements.close();
    this.#storages = [];
  }
}

/**
 * The checks of both types.
 *
 * @see v6.18 kernel/bpf/local_storage.c, cgroup_storage_map_alloc
 */
export function checkCgroupStorage(def: MapDef, valueMax: number): number {
  if (def.keySize !== ISOLATED_KEY && def.keySize !== 8) return -EINVAL;
  if (def.valueSize === 0) return -EINVAL;
  if (def.valueSize > valueMax) return -E2BIG;
  if ((def.mapFlags & ~(BPF_F_NUMA_NODE | ACCESS_FLAGS)) !== 0 || !accessFlagsOk(def.mapFlags)) return -EINVAL;
  return def.maxEntries !== 0 ? -EINVAL : 0;
}
