import { type Bpf, BpfError, type MapDef, type MapInfo } from "@bpf-ts/uapi";
import { ENOENT } from "@bpf-ts/uapi/errno";
import {
  BPF_MAP_TYPE_ARRAY,
  BPF_MAP_TYPE_PERCPU_ARRAY,
  BPF_MAP_TYPE_PERF_EVENT_ARRAY,
  BPF_MAP_TYPE_RINGBUF,
  BPF_MAP_TYPE_USER_RINGBUF,
} from "@bpf-ts/uapi/map-types";
import { mapTypeName } from "@bpf-ts/uapi/names";
import { LibbpfError } from "../error.ts";
import { PerfBuffer, type PerfBufferOptions } from "../rings/perf-buffer.ts";
import { type RecordType, recordCodec } from "../rings/record-codec.ts";
import { RingBuffer, type RingSource } from "../rings/ring-buffer.ts";
import { UserRingBuffer } from "../rings/user-ring-buffer.ts";
import type { MapSpec } from "../spec/map-spec.ts";
import { keyCodec, mapValueCodec } from "../typed/map-codecs.ts";
import type { ValueCodec } from "../typed/value-codec.ts";
import type { ValueTypes } from "../typed/value-types.ts";
import { type BatchCursor, type BatchMap, deleteBatch, lookupBatch, lookupBatches, updateBatch } from "./map-batch.ts";
import { MapValues } from "./map-values.ts";

/** Flags of an operation on elements: `BPF_NOEXIST` and the others are numbers. */
type MapFlags = bigint | number;

/** Elements of a batch, unless told otherwise. */
const BATCH = 256;

/**
 * A map of a loaded object, used like a `Map`. Keys and values are JavaScript values by the map's BTF types (`{ pid: 1, fd: 3 }`), or `Uint8Array`s
 * for maps without; bytes are always accepted. Indexes of arrays are numbers, values of maps that hold programs or maps are those, or fds. Per-CPU
 * maps have arrays of values, one a possible CPU.
 *
 * What a type does not have (a queue's keys, an array's `delete`) is refused by the kernel, with its errno.
 */
export class BpfMap<K = unknown, V = unknown> implements Disposable {
  readonly #bpf: Bpf;
  #fd: number | undefined;
  readonly #isOwned: boolean;
  /** As the kernel has it. */
  readonly def: MapDef;
  /** The name that the object declares. */
  readonly name: string;
  readonly #types: ValueTypes | undefined;
  readonly #key: ValueCodec;
  readonly #value: MapValues;

  /** @param isOwned close the fd with the map */
  constructor(
    bpf: Bpf,
    fd: number,
    def: MapDef,
    spec: Pick<MapSpec, "declaredName" | "keyTypeId" | "valueTypeId">,
    types: ValueTypes | undefined,
    isOwned: boolean,
  ) {
    this.#bpf = bpf;
    this.#fd = fd;
    this.#isOwned = isOwned;
    this.def = def;
    this.name = spec.declaredName;
    this.#types = types;
    this.#key = keyCodec(def, spec.keyTypeId, types, `map ${this.name}: key`);
    const value = mapValueCodec(def, spec.valueTypeId, types, `map ${this.name}: value`);
    this.#value = new MapValues(def, value, bpf.possibleCpus, this.name);
  }

  /** @throws LibbpfError STATE once closed */
  get fd(): number {
    if (this.#fd === undefined) throw new LibbpfError("STATE", `map ${this.name} is closed`);
    return this.#fd;
  }

  info(): MapInfo {
    const info = this.#bpf.objGetInfo(this.fd);
    if (info.kind !== "map") throw new Error(`fd ${this.fd} is a ${info.kind}, expected a map`);
    return info;
  }

  /**
   * The value of a key, undefined if there is none.
   *
   * @param flags `BPF_F_LOCK`
   * @throws LibbpfError VALUE; BpfError with the kernel's errno
   */
  get(key?: K, flags: MapFlags = 0n): V | undefined {
    const bytes = this.lookupBytes(this.#key.encode(key), flags);
    return bytes === undefined ? undefined : (this.#value.decode(bytes) as V);
  }

  /**
   * @param flags `BPF_ANY` (default), `BPF_NOEXIST`, `BPF_EXIST`, `BPF_F_LOCK`
   * @throws LibbpfError VALUE, BtfError BTF_VALUE for what does not fit; BpfError with the kernel's errno
   */
  set(key: K, value: V, flags: MapFlags = 0n): this {
    this.#bpf.mapUpdateElem(this.fd, this.#key.encode(key), this.#value.encode(value), BigInt(flags));
    return this;
  }

  has(key?: K): boolean {
    return this.lookupBytes(this.#key.encode(key)) !== undefined;
  }

  /** Whether there was such a key. */
  delete(key: K): boolean {
    const bytes = this.#key.encode(key);
    return isFound(() => this.#bpf.mapDeleteElem(this.fd, bytes));
  }

  /** Takes a key's value out of the map; undefined if there is none. */
  take(key?: K, flags: MapFlags = 0n): V | undefined {
    const bytes = this.#key.encode(key);
    const value = new Uint8Array(this.#value.size);
    return isFound(() => this.#bpf.mapLookupAndDeleteElem(this.fd, bytes, value, BigInt(flags)))
      ? (this.#value.decode(value) as V)
      : undefined;
  }

  /** Deletes every key that is there when it is called. */
  clear(): void {
    for (const key of [...this.keyBytes()]) isFound(() => this.#bpf.mapDeleteElem(this.fd, key));
  }

  /** Elements of an array; undefined for types of which no kernel says how many there are: {@link count} counts them. */
  get size(): number | undefined {
    const { type, maxEntries } = this.def;
    return type === BPF_MAP_TYPE_ARRAY || type === BPF_MAP_TYPE_PERCPU_ARRAY ? maxEntries : undefined;
  }

  /** How many keys there are, by walking over all of them. */
  count(): number {
    let count = 0;
    for (const _ of this.keyBytes()) count++;
    return count;
  }

  /** Keys in the kernel's order. A key that is deleted by others meanwhile makes the kernel start again: others may then come twice. */
  *keys(): IterableIterator<K> {
    for (const key of this.keyBytes()) yield this.#key.decode(key) as K;
  }

  *values(): IterableIterator<V> {
    for (const [, value] of this.entries()) yield value;
  }

  *entries(): IterableIterator<[K, V]> {
    for (const key of this.keyBytes()) {
      const value = this.lookupBytes(key);
      // Deleted since its key was read.
      if (value !== undefined) yield [this.#key.decode(key) as K, this.#value.decode(value) as V];
    }
  }

  [Symbol.iterator](): IterableIterator<[K, V]> {
    return this.entries();
  }

  forEach(callback: (value: V, key: K, map: this) => void): void {
    for (const [key, value] of this.entries()) callback(value, key, this);
  }

  /** Raw keys; each is the caller's. */
  *keyBytes(): IterableIterator<Uint8Array> {
    let key: Uint8Array | null = null;
    for (;;) {
      const next: Uint8Array = new Uint8Array(this.def.keySize);
      if (!this.#bpf.mapGetNextKey(this.fd, key, next)) return;
      // A copy is kept: what the caller does with his is his.
      key = next.slice();
      yield next;
    }
  }

  /** The raw value; of per-CPU maps all CPUs' values, each padded to 8 bytes. Undefined if there is none. */
  lookupBytes(key: Uint8Array, flags: MapFlags = 0n): Uint8Array | undefined {
    const value = new Uint8Array(this.#value.size);
    return isFound(() => this.#bpf.mapLookupElem(this.fd, key, value, BigInt(flags))) ? value : undefined;
  }

  get #batch(): BatchMap {
    const { fd, name, def } = this;
    return { bpf: this.#bpf, fd, name, keySize: def.keySize, keys: this.#key, values: this.#value };
  }

  /**
   * `BPF_MAP_LOOKUP_BATCH`: the next elements, at most `count`; `cursor.done` after the last.
   *
   * @throws BpfError ENOSPC where a hash has more elements in one place than `count` (ask again for more), ENOTSUPP for types without batches
   */
  getBatch(cursor: BatchCursor, count: number = BATCH): [K, V][] {
    return lookupBatch(this.#batch, cursor, count, false) as [K, V][];
  }

  /** `BPF_MAP_LOOKUP_AND_DELETE_BATCH`. @throws as {@link getBatch} */
  takeBatch(cursor: BatchCursor, count: number = BATCH): [K, V][] {
    return lookupBatch(this.#batch, cursor, count, true) as [K, V][];
  }

  /** All elements in batches: fewer calls of the kernel than {@link entries}, and no element twice. @throws BpfError ENOTSUPP */
  batches(count: number = BATCH): IterableIterator<[K, V][]> {
    return lookupBatches(this.#batch, count) as IterableIterator<[K, V][]>;
  }

  /**
   * `BPF_MAP_UPDATE_BATCH`: one after the other, until one fails.
   *
   * @returns how many were written: all
   * @throws BpfError with the kernel's errno; its `details.count` says how many were written
   */
  setBatch(entries: Iterable<readonly [K, V]>, flags: MapFlags = 0n): number {
    return updateBatch(this.#batch, entries, BigInt(flags));
  }

  /**
   * `BPF_MAP_DELETE_BATCH`: one after the other, until one fails, also because its key is not there (ENOENT).
   *
   * @returns how many were deleted: all
   * @throws as {@link setBatch}
   */
  deleteBatch(keys: Iterable<K>): number {
    return deleteBatch(this.#batch, keys);
  }

  /** Puts a value into a queue or stack. @param flags `BPF_EXIST` drops the oldest where it is full. @throws BpfError E2BIG where it is full */
  push(value: V, flags: MapFlags = 0n): this {
    this.#bpf.mapUpdateElem(this.fd, new Uint8Array(0), this.#value.encode(value), BigInt(flags));
    return this;
  }

  /** Takes the next value out of a queue or stack; undefined if it is empty. */
  pop(): V | undefined {
    return this.take();
  }

  /** The next value of a queue or stack, which stays there; undefined if it is empty. */
  peek(): V | undefined {
    return this.get();
  }

  /** Adds a value to a bloom filter. */
  add(value: V): this {
    return this.push(value);
  }

  /** Whether a bloom filter may hold a value: false is certain, true is not. */
  test(value: V): boolean {
    const bytes = this.#value.encode(value);
    return isFound(() => this.#bpf.mapLookupElem(this.fd, new Uint8Array(0), bytes));
  }

  /**
   * A reader of this ring buffer. Close it before the map, or with it.
   *
   * @throws LibbpfError MAP_INVALID for another type of map, NOT_FOUND for a type that the object does not have; BpfError
   */
  ringBuffer<R = Uint8Array>(options: RecordType = {}): RingBuffer<R> {
    const source = this.#ring(BPF_MAP_TYPE_RINGBUF);
    return new RingBuffer<R>(this.#bpf, source, recordCodec(this.#types, options, `ring buffer ${this.name}`));
  }

  /** A producer for this user ring buffer. @throws as {@link ringBuffer} */
  userRingBuffer<R = Uint8Array>(options: RecordType = {}): UserRingBuffer<R> {
    const source = this.#ring(BPF_MAP_TYPE_USER_RINGBUF);
    return new UserRingBuffer<R>(this.#bpf, source, recordCodec(this.#types, options, `user ring buffer ${this.name}`));
  }

  /**
   * A reader of this array of perf events: opens one a CPU, as many as the map has elements for. Close it before the map.
   *
   * @throws LibbpfError as {@link ringBuffer}; VALUE for a number of pages that is no power of two; BpfError
   */
  perfBuffer<R = Uint8Array>(options: RecordType & PerfBufferOptions = {}): PerfBuffer<R> {
    this.#checkType(BPF_MAP_TYPE_PERF_EVENT_ARRAY);
    const source = { fd: this.fd, name: this.name, cpus: Math.min(this.def.maxEntries, this.#bpf.possibleCpus) };
    const codec = recordCodec(this.#types, options, `perf buffer ${this.name}`);
    return new PerfBuffer<R>(this.#bpf, source, codec, options);
  }

  #ring(type: number): RingSource {
    this.#checkType(type);
    return { fd: this.fd, name: this.name, size: this.def.maxEntries };
  }

  #checkType(type: number): void {
    if (this.def.type !== type)
      throw new LibbpfError(
        "MAP_INVALID",
        `map ${this.name} is of type ${mapTypeName(this.def.type)}, expected ${mapTypeName(type)}`,
      );
  }

  /** User space can't write to it any more. */
  freeze(): void {
    this.#bpf.mapFreeze(this.fd);
  }

  /** Closes its fd, unless it was reused: then that is its owner's. Doing it twice is no error. */
  close(): void {
    if (this.#fd === undefined) return;
    const fd = this.#fd;
    this.#fd = undefined;
    if (this.#isOwned) this.#bpf.close(fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Runs a command; false if it answered ENOENT. */
function isFound(command: () => void): boolean {
  try {
    command();
    return true;
  } catch (error) {
    if (error instanceof BpfError && error.errno === ENOENT) return false;
    throw error;
  }
}
