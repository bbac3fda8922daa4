import type { MapDef } from "@bpf-ts/uapi";
import { E2BIG, EBUSY, EINPROGRESS, EINVAL, ENOENT, ENOTSUPP, EOPNOTSUPP } from "@bpf-ts/uapi/errno";
import { BPF_F_LINK, BPF_F_VTYPE_BTF_OBJ_FD } from "@bpf-ts/uapi/map-flags";
import { indexAt } from "../array/index-keys.ts";
import { BaseMap } from "../base-map.ts";
import type { CreateOptions, StructOpsType } from "../create.ts";
import { makeMap } from "../make.ts";
import type { MapTable } from "../map-table.ts";
import type { OwnMemory } from "../own-memory.ts";
import type { MapType } from "./map-type.ts";

/** `enum bpf_struct_ops_state`: what the value's second word says. */
export const STRUCT_OPS_INIT = 0;
export const STRUCT_OPS_INUSE = 1;
export const STRUCT_OPS_TOBEFREE = 2;
export const STRUCT_OPS_READY = 3;

/**
 * `BPF_MAP_TYPE_STRUCT_OPS`: one value, a structure of the kernel whose function pointers are programs. It can be set once. The value begins with
 * {u32 reference count; u32 state}. What the structure is for, and which programs fit it, {@link StructOpsType} says.
 *
 * @see v6.18 kernel/bpf/bpf_struct_ops.c
 */
export class StructOpsMap extends BaseMap {
  readonly #type: StructOpsType;
  readonly #value: number;
  #state = STRUCT_OPS_INIT;
  /** References that do not come from user space: what reading the value tells. */
  kernelReferences = 0;

  constructor(table: MapTable, own: OwnMemory, def: MapDef, options: CreateOptions, type: StructOpsType) {
    super(table, own, def, options);
    this.#type = type;
    this.#value = own.reserve(def.valueSize, `${this.label} value`);
  }

  override get asInner(): undefined {
    return undefined;
  }

  get elementCount(): number {
    return this.#state === STRUCT_OPS_INIT ? 0 : 1;
  }

  /** `STRUCT_OPS_*`. */
  get state(): number {
    return this.#state;
  }

  /** Address of the value as user space wrote it, program fds replaced by ids. */
  get value(): number {
    return this.#value;
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
    if (flags !== 0) return -EINVAL;
    if (indexAt(this.memory, key) !== 0) return -E2BIG;
    const wrong = this.#type.check?.(this, value) ?? 0;
    if (wrong !== 0) return wrong;
    if (this.memory.getU32(value) !== 0 || this.memory.getU32(value + 4) !== 0) return -EINVAL;
    if (this.#state !== STRUCT_OPS_INIT) return -EBUSY;
    this.memory.copy(this.#value, value, this.def.valueSize);
    return this.#setUp();
  }

  #setUp(): number {
    let error = this.#type.init(this, this.#value);
    if (error === 0 && (this.def.mapFlags & BPF_F_LINK) !== 0) {
      this.#state = STRUCT_OPS_READY;
      return 0;
    }
    if (error === 0) error = this.#type.register?.(this) ?? 0;
    if (error !== 0) {
      this.#type.release?.(this);
      this.memory.fill(this.#value, 0, this.def.valueSize);
      return Math.min(error, 0);
    }
    this.kernelReferences++;
    this.#state = STRUCT_OPS_INUSE;
    return 0;
  }

  delete(_key: number): number {
    if ((this.def.mapFlags & BPF_F_LINK) !== 0) return -EOPNOTSUPP;
    if (this.#state === STRUCT_OPS_TOBEFREE) return -EINPROGRESS;
    if (this.#state !== STRUCT_OPS_INUSE) return -ENOENT;
    this.#state = STRUCT_OPS_TOBEFREE;
    this.#type.unregister?.(this);
    this.kernelReferences--;
    return 0;
  }

  protected copyOut(key: number, value: number): number {
    if (indexAt(this.memory, key) !== 0) return -ENOENT;
    this.memory.copy(value, this.#value, this.def.valueSize);
    if (this.#state === STRUCT_OPS_INIT) return 0;
    this.memory.setU32(value, Math.max(0, this.kernelReferences));
    this.memory.setU32(value + 4, this.#state);
    return 0;
  }

  getNextKey(key: number, next: number): number {
    if (key !== 0 && indexAt(this.memory, key) === 0) return -ENOENT;
    this.memory.setU32(next, 0);
    return 0;
  }

  protected override releaseElements(): void {
    if (this.#state !== STRUCT_OPS_INIT) this.#type.release?.(this);
  }
}

/** `BPF_MAP_TYPE_STRUCT_OPS`. */
export const structOpsType: MapType = {
  check(def, _facts, options) {
    const flagsOk = (def.mapFlags & ~(BPF_F_LINK | BPF_F_VTYPE_BTF_OBJ_FD)) === 0;
    const typeOk = (options.btf?.vmlinuxValueTypeId ?? 0) !== 0;
    return def.keySize !== 4 || def.maxEntries !== 1 || !flagsOk || !typeOk ? -EINVAL : 0;
  },
  create(table, def, options) {
    const type = options.structOps?.() ?? -ENOTSUPP;
    if (typeof type === "number") return type;
    if (def.valueSize !== type.valueSize) return -EINVAL;
    return makeMap(table, (own) => new StructOpsMap(table, own, def, options, type));
  },
};
