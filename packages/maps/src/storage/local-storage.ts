import type { MapDef } from "@bpf-ts/uapi";
import { E2BIG, EBADF, EEXIST, EINVAL, ENOENT, ENOMEM, ENOTSUPP } from "@bpf-ts/uapi/errno";
import { BPF_EXIST, BPF_F_CLONE, BPF_F_LOCK, BPF_F_NO_PREALLOC, BPF_NOEXIST } from "@bpf-ts/uapi/map-flags";
import { BaseMap } from "../base-map.ts";
import type { CreateOptions } from "../create.ts";
import { round8 } from "../hash/check.ts";
import { Elements } from "../hash/elements.ts";
import { unknownUpdateFlags } from "../hash/hash-map.ts";
import type { MapTable } from "../map-table.ts";
import type { OwnMemory } from "../own-memory.ts";

/** The largest value, bytes: what 16 bits count, less the kernel's own part of an element. */
export const LOCAL_STORAGE_VALUE_MAX: number = 65535 - 128;

const VALUE = 8;

/**
 * Storage of kernel objects: a value for each socket, task, inode or cgroup that a program attached one to. Programs reach it by the object
 * ({@link get}, {@link remove}), user space by an fd of the object. When the object goes, {@link remove} must be called.
 *
 * An update puts a new value into the old one's place; with BPF_F_LOCK it happens in place.
 *
 * @see v6.18 kernel/bpf/bpf_local_storage.c, bpf_local_storage_update
 */
export class LocalStorageMap extends BaseMap {
  readonly #elements: Elements;
  readonly #owners: Map<unknown, number> = new Map();

  constructor(table: MapTable, own: OwnMemory, def: MapDef, options: CreateOptions) {
    super(table, own, def, options);
    const parts = [{ offset: VALUE, size: def.valueSize, writable: true, label: `${this.label} value` }];
    const form = { stride: VALUE + round8(def.valueSize), parts, label: `${this.label} elements` };
    this.#elements = new Elements(this, table.code.elements(), form, 0);
  }

  get elementCount(): number {
    return this.#owners.size;
  }

  /** The objects that have a value. */
  owners(): unknown[] {
    return [...this.#owners.keys()];
  }

  /** Address of an object's value, 0 if it has none. */
  get(owner: unknown): number {
    const element = this.#owners.get(owner);
    return element === undefined ? 0 : element + VALUE;
  }

  /**
   * `bpf_local_storage_update`.
   *
   * @param value address of the value; 0 for zeros
   */
  put(owner: unknown, value: number, flags: number): number {
    if (unknownUpdateFlags(flags, true) !== 0) return -EINVAL;
    if ((flags & BPF_F_LOCK) !== 0 && !this.copier.hasSpinLock) return -EINVAL;
    const old = this.#owners.get(owner);
    const wanted = flags & ~BPF_F_LOCK;
    if (old !== undefined && wanted === BPF_NOEXIST) return -EEXIST;
    if (old === undefined && wanted === BPF_EXIST) return -ENOENT;
    if (old !== undefined && (flags & BPF_F_LOCK) !== 0) {
      this.copier.copy(old + VALUE, value);
      return 0;
    }
    const element = this.#elements.take();
    if (element === 0) return -ENOMEM;
    if (value === 0) this.copier.zero(element + VALUE);
    else this.copier.copy(element + VALUE, value);
    this.copier.clearFields(element + VALUE);
    this.#owners.set(owner, element);
    if (old !== undefined) this.#free(old);
    return 0;
  }

  /** Drops an object's value: 0 or -ENOENT. */
  remove(owner: unknown): number {
    const element = this.#owners.get(owner);
    if (element === undefined) return -ENOENT;
    this.#owners.delete(owner);
    this.#free(element);
    return 0;
  }

  #free(element: number): void {
    this.freeFields(element + VALUE);
    this.#elements.release(element);
  }

  /** Does `then` with the object of the fd that is the key. */
  #withOwner(key: number, then: (owner: unknown) => number): number {
    const found = this.table.hooks.getValue?.(this, this.memory.getI32(key)) ?? -EBADF;
    if (typeof found === "number") return found;
    const result = then(found.object);
    this.table.hooks.putValue?.(this, found);
    return result;
  }

  /** Programs reach values by objects, not by fds. */
  lookup(_key: number, _cpu: number): number {
    return 0;
  }

  update(_key: number, _value: number, _flags: number, _cpu: number): number {
    return -EINVAL;
  }

  delete(_key: number): number {
    return -EINVAL;
  }

  override sysUpdate(key: number, value: number, flags: number, _cpu: number): number {
    return this.checkLockFlag(flags) || this.#withOwner(key, (owner) => this.put(owner, value, flags));
  }

  override sysDelete(key: number): number {
    return this.#withOwner(key, (owner) => this.remove(owner));
  }

  protected copyOut(key: number, value: number): number {
    return this.#withOwner(key, (owner) => {
      const found = this.get(owner);
      if (found === 0) return -ENOENT;
      this.copier.copy(value, found);
      this.copier.clearFields(value);
      return 0;
    });
  }

  getNextKey(_key: number, _next: number): number {
    return -ENOTSUPP;
  }

  protected override releaseElements(): void {
    this.#elements.close();
    if (this.record.length > 0) for (const element of this.#owners.values()) this.freeFields(element + VALUE);
    this.#owners.clear();
  }
}

/**
 * The checks of all storage types.
 *
 * @see v6.18 kernel/bpf/bpf_local_storage.c, bpf_local_storage_map_alloc_check
 */
export function checkLocalStorage(def: MapDef, options: CreateOptions): number {
  const { mapFlags } = def;
  if ((mapFlags & ~(BPF_F_NO_PREALLOC | BPF_F_CLONE)) !== 0 || (mapFlags & BPF_F_NO_PREALLOC) === 0) return -EINVAL;
  if (def.maxEntries !== 0 || def.keySize !== 4 || def.valueSize === 0) return -EINVAL;
  // User space can only make sense of the values with BTF.
  if (!options.btf?.keyTypeId || !options.btf.valueTypeId) return -EINVAL;
  return def.valueSize > LOCAL_STORAGE_VALUE_MAX ? -E2BIG : 0;
}
