import type { LayoutPart } from "@bpf-ts/memory";
import type { MapDef } from "@bpf-ts/uapi";
import { EEXIST, EINVAL, ENOENT, ENOSPC } from "@bpf-ts/uapi/errno";
import {
  BPF_EXIST,
  BPF_F_LOCK,
  BPF_F_RDONLY_PROG,
  BPF_F_WRONLY_PROG,
  BPF_F_ZERO_SEED,
  BPF_NOEXIST,
} from "@bpf-ts/uapi/map-flags";
import { BaseMap, type BatchSupport } from "../base-map.ts";
import type { CodeCache, HashCode } from "../code/cache.ts";
import type { HashShape } from "../code/hash.ts";
import type { CreateOptions } from "../create.ts";
import { HEADER_COUNT } from "../header.ts";
import type { BatchResult, IterateOptions, LookupBatch, MapIterator } from "../map.ts";
import type { MapOperations, MapTable } from "../map-table.ts";
import type { OwnMemory } from "../own-memory.ts";
import { Chains } from "./chains.ts";
import { hashBuckets, round8 } from "./check.ts";
import { type ElementForm, Elements } from "./elements.ts";
import { ELEMENT_WORDS } from "./layout.ts";
import { ResumableHashWalk } from "./resumable-walk.ts";
import { HashWalk } from "./walk.ts";

/** What the hash types differ in. */
export interface HashKind<Code extends HashCode = HashCode> {
  readonly percpu: boolean;
  /** Bytes before an element's key: {@link ELEMENT_WORDS}, and what the type adds. */
  readonly keyOffset?: number;
  /** Elements to make at creation. */
  readonly preallocated: number;
  /** The code of a map of this shape. */
  code(cache: CodeCache, shape: HashShape): Code;
}

/**
 * What all hash types share: elements in chains. Looking up, updating and deleting is the code of `../code/hash.ts`; what is here is what bpf(2) does
 * besides, and walking.
 *
 * An element is {words | key | value}, or {words | key | value of each CPU}: keys are read-only for programs, each value is a region of its own,
 * the words are out of reach. Deleting and replacing never touch the old element's key and value.
 *
 * @see v6.18 kernel/bpf/hashtab.c
 */
export abstract class HashMapBase<Code extends HashCode = HashCode> extends BaseMap {
  protected readonly code: Code;
  protected readonly chains: Chains;
  protected readonly elements: Elements;
  protected readonly keyOffset: number;
  protected readonly valueOffset: number;
  protected readonly percpu: boolean;
  protected readonly cpus: number;
  /** Bytes from one CPU's value to the next. */
  protected readonly valueStride: number;

  constructor(table: MapTable, own: OwnMemory, def: MapDef, options: CreateOptions, kind: HashKind<Code>) {
    super(table, own, def, options);
    this.percpu = kind.percpu;
    this.cpus = table.facts.cpus;
    this.keyOffset = kind.keyOffset ?? ELEMENT_WORDS;
    this.valueOffset = this.keyOffset + round8(def.keySize);
    this.valueStride = round8(def.valueSize);
    this.code = kind.code(table.code, {
      keySize: def.keySize,
      keyOffset: this.keyOffset,
      hash: "jhash",
      valueOffset: this.valueOffset,
      valueSize: def.valueSize,
      copies: this.percpu ? this.cpus : 1,
      fields: this.copier.fields,
      hasSpinLock: this.copier.hasSpinLock,
    });
    const seed = (def.mapFlags & BPF_F_ZERO_SEED) !== 0 ? 0 : (options.hashSeed ?? table.random32());
    this.chains = new Chains(this, this.code, hashBuckets(def.maxEntries), seed);
    this.elements = new Elements(this, this.code, this.#form(), kind.preallocated);
  }

  /** Elements in the map: a word of its header. */
  protected get count(): number {
    return this.memory.u32[(this.handle + HEADER_COUNT) >>> 2]!;
  }

  protected set count(count: number) {
    this.memory.u32[(this.handle + HEADER_COUNT) >>> 2] = count;
  }

  #form(): ElementForm {
    const { keySize, valueSize, mapFlags } = this.def;
    const label = this.label;
    const parts: LayoutPart[] = [{ offset: this.keyOffset, size: keySize, writable: false, label: `${label} key` }];
    const copies = this.percpu ? this.cpus : 1;
    if ((mapFlags & BPF_F_WRONLY_PROG) === 0) {
      for (let cpu = 0; cpu < copies; cpu++) {
        parts.push({
          offset: this.valueOffset + cpu * this.valueStride,
          size: valueSize,
          writable: (mapFlags & BPF_F_RDONLY_PROG) === 0,
          label: `${label} value`,
        });
      }
    }
    return { stride: this.valueOffset + copies * this.valueStride, parts, label: `${label} elements` };
  }

  get elementCount(): number {
    return this.count;
  }

  override get sysValueSize(): number {
    return this.percpu ? this.valueStride * this.cpus : this.def.valueSize;
  }

  /** The element of a key, 0 if there is none. */
  protected find(key: number): number {
    return this.chains.find(key, this.chains.hash(key));
  }

  protected override compiled(): Partial<MapOperations> {
    return { lookup: this.code.lookup, update: this.code.update, delete: this.code.delete };
  }

  lookup(key: number, cpu: number): number {
    return this.code.lookupOn(this.handle, key, 0, 0, cpu) >>> 0;
  }

  update(key: number, value: number, flags: number, cpu: number): number {
    return this.code.updateOn(this.handle, key, value, flags, cpu);
  }

  override lookupPercpu(key: number, cpu: number): number {
    if (!this.percpu || cpu >>> 0 >= this.cpus) return 0;
    return this.lookup(key, cpu);
  }

  delete(key: number): number {
    return this.code.delete(this.handle, key, 0, 0);
  }

  /** An element that has left its chain: gives it back. */
  protected releaseElement(element: number): void {
    this.count--;
    this.freeElementFields(element);
    this.elements.release(element);
  }

  /** {@link freeFields} of every value of an element. */
  protected freeElementFields(element: number): void {
    if (this.record.length === 0) return;
    const copies = this.percpu ? this.cpus : 1;
    for (let cpu = 0; cpu < copies; cpu++) this.freeFields(element + this.valueOffset + cpu * this.valueStride);
  }

  /** Flags against what is there: 0 or a negative errno. */
  protected checkFlags(exists: boolean, flags: number): number {
    const wanted = (flags & ~BPF_F_LOCK) >>> 0;
    if (exists && wanted === BPF_NOEXIST) return -EEXIST;
    if (!exists && wanted === BPF_EXIST) return -ENOENT;
    return 0;
  }

  /** The copy of an element's value, or of all its CPUs' values, that user space gets. */
  protected copyElement(element: number, target: number): void {
    if (!this.percpu) {
      this.copier.copy(target, element + this.valueOffset);
      this.copier.clearFields(target);
      return;
    }
    for (let cpu = 0; cpu < this.cpus; cpu++) {
      const offset = cpu * this.valueStride;
      this.copier.copyLong(target + offset, element + this.valueOffset + offset);
      this.copier.clearFields(target + offset);
    }
  }

  /** The values of all CPUs, from user space. */
  protected copyAllCpus(element: number, value: number): void {
    const first = element + this.valueOffset;
    for (let cpu = 0; cpu < this.cpus; cpu++) {
      const offset = cpu * this.valueStride;
      this.copier.copyLong(first + offset, value + offset);
      this.freeFields(first + offset);
    }
  }

  protected copyOut(key: number, value: number): number {
    const element = this.find(key);
    if (element === 0) return -ENOENT;
    this.copyElement(element, value);
    return 0;
  }

  protected override takeOut(key: number, value: number): number {
    const element = this.find(key);
    if (element === 0) return -ENOENT;
    const { previous } = this.chains;
    this.copyElement(element, value);
    this.chains.remove(element, previous);
    this.releaseElement(element);
    return 0;
  }

  getNextKey(key: number, next: number): number {
    const element = this.chains.after(key);
    if (element === 0) return -ENOENT;
    this.memory.copy(next, element + this.keyOffset, this.def.keySize);
    return 0;
  }

  protected override get batches(): BatchSupport {
    return { lookup: true, update: true, delete: true, lookupAndDelete: true };
  }

  /**
   * A batch is whole buckets; the state between two batches is a bucket's number.
   *
   * @see v6.18 kernel/bpf/hashtab.c, __htab_map_lookup_and_delete_batch
   */
  protected override runLookupBatch(batch: LookupBatch, remove: boolean): BatchResult {
    if (batch.count === 0) return { error: 0, count: 0 };
    const { memory, chains, def } = this;
    const size = this.sysValueSize;
    let bucket = batch.inBatch === 0 ? 0 : memory.getU32(batch.inBatch);
    if (bucket >= chains.buckets) return { error: -ENOENT, count: 0 };
    let count = 0;
    let error = 0;
    for (;;) {
      let length = 0;
      for (let element = chains.first(bucket); element !== 0; element = chains.next(element)) length++;
      if (length > batch.count - count) {
        if (count === 0) error = -ENOSPC;
        break;
      }
      for (let element = chains.first(bucket); element !== 0; ) {
        const following = chains.next(element);
        memory.copy(batch.keys + count * def.keySize, element + this.keyOffset, def.keySize);
        this.copyElement(element, batch.values + count * size);
        count++;
        if (remove) {
          chains.removeElement(element);
          this.releaseElement(element);
        }
        element = following;
      }
      bucket++;
      if (bucket >= chains.buckets) {
        error = -ENOENT;
        break;
      }
    }
    memory.setU32(batch.outBatch, bucket);
    return { error, count };
  }

  override iterate(options: IterateOptions = {}): MapIterator | undefined {
    const cpu = this.percpu ? (options.cpu ?? 0) : 0;
    const value = this.valueOffset + cpu * this.valueStride;
    const copyAll = (element: number, target: number): void => this.copyElement(element, target);
    if (options.resumable !== true) return new HashWalk(this.chains, this.keyOffset, value, copyAll);
    const layout = { keyOffset: this.keyOffset, keySize: this.def.keySize, valueOffset: value, copyAll };
    return new ResumableHashWalk(this.table.memory, this.chains, layout);
  }

  /** A walk over the elements themselves. */
  #walk(): HashWalk {
    return new HashWalk(this.chains, this.keyOffset, this.valueOffset, () => {});
  }

  override releaseUserRefs(): void {
    if (!this.record.some((field) => field.kind === "timer" || field.kind === "wq" || field.kind === "task_work"))
      return;
    const walk = this.#walk();
    while (walk.next()) this.table.hooks.freeFields?.(this, walk.element + this.valueOffset);
  }

  protected override releaseElements(): void {
    this.elements.close();
    if (this.record.length === 0) return;
    const walk = this.#walk();
    while (walk.next()) this.freeElementFields(walk.element);
  }
}

/** Unknown flags of an update: all but ANY, NOEXIST, EXIST, with or without BPF_F_LOCK. */
export function unknownUpdateFlags(flags: number, lock: boolean): number {
  return (lock ? flags & ~BPF_F_LOCK : flags) >>> 0 > BPF_EXIST ? -EINVAL : 0;
}
