import type { Memory } from "@bpf-ts/memory";
import type { MapDef } from "@bpf-ts/uapi";
import { EBADF, EINVAL, ENOTSUPP, EOPNOTSUPP } from "@bpf-ts/uapi/errno";
import { BPF_F_LOCK, BPF_F_RDONLY, BPF_F_WRONLY } from "@bpf-ts/uapi/map-flags";
import { mapTypeName } from "@bpf-ts/uapi/names";
import { deleteBatch, lookupBatch, updateBatch } from "./batch.ts";
import type { SlowPaths } from "./code/host.ts";
import type { CreateOptions } from "./create.ts";
import { mapError } from "./error.ts";
import {
  HEADER_ID,
  HEADER_INDEX,
  HEADER_KEY_SIZE,
  HEADER_MAP_EXTRA,
  HEADER_MAP_FLAGS,
  HEADER_MAP_TYPE,
  HEADER_MAX_ENTRIES,
  HEADER_NAME,
  HEADER_NUMA_NODE,
  HEADER_SIZE,
  HEADER_TABLE,
  HEADER_TRACERS,
  HEADER_VALUE_SIZE,
  HEADER_VISIBLE,
} from "./header.ts";
import type { MapHome } from "./home.ts";
import type {
  BatchResult,
  BpfMap,
  InnerRule,
  IterateOptions,
  LookupBatch,
  MapIterator,
  MapMeta,
  MappableRange,
} from "./map.ts";
import type { MapOperations, MapTable } from "./map-table.ts";
import { numaNodeOf } from "./numa.ts";
import type { OwnMemory } from "./own-memory.ts";
import { type SpecialField, ValueCopier } from "./record.ts";

/** What every operation of a closed map answers. */
const OPERATIONS = [
  "lookup",
  "lookupPercpu",
  "update",
  "delete",
  "push",
  "pop",
  "peek",
  "sysLookup",
  "sysUpdate",
  "sysDelete",
  "sysLookupAndDelete",
  "getNextKey",
  "sysLookupBatch",
  "sysUpdateBatch",
  "sysDeleteBatch",
  "iterate",
  "directValue",
  "mappable",
] as const satisfies readonly (keyof BpfMap)[];

/** Which batch commands a type has; the others answer -ENOTSUPP. */
export interface BatchSupport {
  lookup?: boolean;
  update?: boolean;
  delete?: boolean;
  lookupAndDelete?: boolean;
}

/** What map types have in common: the header, the entry in the table, and the answers of operations that a type does not have. */
export abstract class BaseMap implements BpfMap, MapHome {
  readonly def: Readonly<Required<MapDef>>;
  readonly handle: number;
  readonly table: MapTable;
  readonly record: readonly SpecialField[];
  /** The table's memory. */
  readonly memory: Memory;
  /** For parts of the map. */
  readonly own: OwnMemory;
  /** For parts of the map. */
  readonly slowPaths: SlowPaths = {};
  protected readonly copier: ValueCopier;
  #tracers: unknown;
  #ops: MapOperations | undefined;
  #index = -1;

  constructor(table: MapTable, own: OwnMemory, def: MapDef, options: CreateOptions) {
    this.table = table;
    this.memory = table.memory;
    this.own = own;
    this.def = Object.freeze({
      type: def.type,
      name: def.name,
      keySize: def.keySize,
      valueSize: def.valueSize,
      maxEntries: def.maxEntries,
      // What belongs to the fd is not the map's.
      mapFlags: (def.mapFlags & ~(BPF_F_RDONLY | BPF_F_WRONLY)) >>> 0,
      mapExtra: def.mapExtra ?? 0n,
      numaNode: numaNodeOf(def),
    });
    this.record = options.record ?? [];
    this.copier = new ValueCopier(table.memory, def.valueSize, this.record);
    this.handle = own.reserve(HEADER_SIZE, `${this.label} header`);
    table.memory.addRegion(this.handle, HEADER_VISIBLE, { writable: false, label: `${this.label} header` });
    this.#writeHeader();
    this.slowPaths.freeFields = (value) => this.freeFields(value);
    table.code.register(this.handle, this.slowPaths);
    own.whenClosed(() => table.code.forget(this.handle));
    this.memory.setU32(this.handle + HEADER_TABLE, table.state.acquire());
    own.whenClosed(() => table.state.release());
  }

  #writeHeader(): void {
    const { memory, handle, def } = this;
    memory.setU32(handle + HEADER_MAP_TYPE, def.type);
    memory.setU32(handle + HEADER_KEY_SIZE, def.keySize);
    memory.setU32(handle + HEADER_VALUE_SIZE, def.valueSize);
    memory.setU32(handle + HEADER_MAX_ENTRIES, def.maxEntries);
    memory.setU32(handle + HEADER_MAP_FLAGS, def.mapFlags);
    memory.setU32(handle + HEADER_NUMA_NODE, def.numaNode);
    memory.setU64(handle + HEADER_MAP_EXTRA, def.mapExtra);
    for (let i = 0; i < Math.min(15, def.name.length); i++)
      memory.setU8(handle + HEADER_NAME + i, def.name.charCodeAt(i));
  }

  /** Makes the map known to its table: the last step of its creation. */
  enroll(): void {
    this.#index = this.table.add(this);
    this.memory.setU32(this.handle + HEADER_INDEX, this.#index);
  }

  /** `hash map`: how regions of this map are named, the name itself left out so that labels stay few. */
  get label(): string {
    return `${mapTypeName(this.def.type)} map`;
  }

  get id(): number {
    return this.memory.getU32(this.handle + HEADER_ID);
  }

  set id(id: number) {
    this.memory.setU32(this.handle + HEADER_ID, id);
  }

  get tracers(): unknown {
    return this.#tracers;
  }

  set tracers(tracers: unknown) {
    this.#tracers = tracers;
    this.memory.setU32(this.handle + HEADER_TRACERS, tracers === undefined || tracers === null ? 0 : 1);
  }

  abstract readonly elementCount: number;

  get asInner(): InnerRule | undefined {
    return "any entries";
  }

  get inner(): MapMeta | undefined {
    return undefined;
  }

  get sysValueSize(): number {
    return this.def.valueSize;
  }

  get ops(): MapOperations {
    this.#ops ??= {
      lookup: (_map, key) => this.lookup(key, this.table.cpu) | 0,
      update: (_map, key, value, flags) => this.update(key, value, flags, this.table.cpu),
      delete: (_map, key) => this.delete(key),
      push: (_map, _key, value, flags) => this.push(value, flags),
      pop: (_map, _key, value) => this.pop(value),
      peek: (_map, _key, value) => this.peek(value),
      lookupPercpu: (_map, key, _value, cpu) => this.lookupPercpu(key, cpu) | 0,
      ...this.compiled(),
    };
    return this.#ops;
  }

  /** Those of {@link ops} that are WebAssembly. */
  protected compiled(): Partial<MapOperations> {
    return {};
  }

  abstract lookup(key: number, cpu: number): number;

  lookupPercpu(_key: number, _cpu: number): number {
    return 0;
  }

  abstract update(key: number, value: number, flags: number, cpu: number): number;

  abstract delete(key: number): number;

  push(_value: number, _flags: number): number {
    return -EOPNOTSUPP;
  }

  pop(_value: number): number {
    return -EOPNOTSUPP;
  }

  peek(_value: number): number {
    return -EOPNOTSUPP;
  }

  /** Fills a user's value buffer from the element of `key`. */
  protected abstract copyOut(key: number, value: number): number;

  /** {@link copyOut}, then deletes the element. */
  protected takeOut(_key: number, _value: number): number {
    return -ENOTSUPP;
  }

  /** The flags that bpf(2) allows for reading and for batches: BPF_F_LOCK where the value has a lock. */
  protected checkElementFlags(flags: number): number {
    if ((flags & ~BPF_F_LOCK) !== 0) return -EINVAL;
    return this.checkLockFlag(flags);
  }

  protected checkLockFlag(flags: number): number {
    return (flags & BPF_F_LOCK) !== 0 && !this.copier.hasSpinLock ? -EINVAL : 0;
  }

  sysLookup(key: number, value: number, flags: number): number {
    return this.checkElementFlags(flags) || this.copyOut(key, value);
  }

  sysUpdate(key: number, value: number, flags: number, cpu: number): number {
    return this.checkLockFlag(flags) || this.update(key, value, flags, cpu);
  }

  sysDelete(key: number): number {
    return this.delete(key);
  }

  sysLookupAndDelete(key: number, value: number, flags: number): number {
    return this.checkElementFlags(flags) || this.takeOut(key, value);
  }

  abstract getNextKey(key: number, next: number): number;

  protected get batches(): BatchSupport {
    return {};
  }

  sysLookupBatch(batch: LookupBatch, remove: boolean): BatchResult {
    const has = remove ? this.batches.lookupAndDelete : this.batches.lookup;
    if (has !== true) return { error: -ENOTSUPP, count: batch.count };
    const error = this.checkElementFlags(batch.flags);
    if (error !== 0) return { error, count: batch.count };
    return this.runLookupBatch(batch, remove);
  }

  protected runLookupBatch(batch: LookupBatch, _remove: boolean): BatchResult {
    return lookupBatch(this, batch);
  }

  sysUpdateBatch(keys: number, values: number, count: number, flags: number, cpu: number): BatchResult {
    if (this.batches.update !== true) return { error: -ENOTSUPP, count };
    const error = this.checkElementFlags(flags);
    return error !== 0 ? { error, count } : updateBatch(this, keys, values, count, flags, cpu);
  }

  sysDeleteBatch(keys: number, count: number, flags: number): BatchResult {
    if (this.batches.delete !== true) return { error: -ENOTSUPP, count };
    const error = this.checkElementFlags(flags);
    return error !== 0 ? { error, count } : deleteBatch(this, keys, count);
  }

  iterate(_options?: IterateOptions): MapIterator | undefined {
    return undefined;
  }

  directValue(_offset: number): number {
    return -ENOTSUPP;
  }

  mappable(): MappableRange | undefined {
    return undefined;
  }

  releaseUserRefs(): void {}

  /** Drops what elements hold outside the memory. */
  protected releaseElements(): void {}

  /** Lets the kernel release what special fields of a value hold, then zeroes those. */
  protected freeFields(value: number): void {
    if (this.record.length === 0) return;
    this.table.hooks.freeFields?.(this, value);
    this.copier.clearOwners(value);
  }

  close(): void {
    if (this.#index < 0) return;
    this.releaseElements();
    this.table.remove(this.#index);
    this.#index = -1;
    this.own.close();
    const refuse = (): never => {
      throw mapError(EBADF, `${mapTypeName(this.def.type)} map '${this.def.name}' is closed`);
    };
    for (const name of OPERATIONS) Object.defineProperty(this, name, { value: refuse });
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
