import type { MapDef } from "@bpf-ts/uapi";
import type { MapOperations, MapTable } from "./map-table.ts";
import type { SpecialField } from "./record.ts";

/**
 * One map: its contents in the machine's memory, Linux's behaviour around them.
 *
 * Keys and values are addresses in the table's memory, in and out; the caller owns them and guarantees that `keySize` and value bytes lie there.
 * Results are those of the kernel: 0, or a negative errno; a look-up answers an address (unsigned), 0 for none. `flags` are the low 32 bits of
 * the kernel's 64; a caller whose flags have higher bits set adds `UNKNOWN_FLAG`, which every operation refuses (`flags32` does it). Operations named `sys…`
 * are what bpf(2) does, with all CPUs' values at once for per-CPU types; the others are what a program's helper does on the CPU it runs on.
 *
 * After {@link close} every operation throws MapError EBADF.
 *
 * @see v6.18 include/linux/bpf.h, struct bpf_map_ops
 */
export interface BpfMap extends Disposable {
  /** As the kernel keeps it: without the flags that belong to the fd, `maxEntries` rounded where the type rounds. */
  readonly def: Readonly<Required<MapDef>>;
  /** Address of the header: what programs hold as their pointer to the map. */
  readonly handle: number;
  readonly table: MapTable;
  /** Fields of the value that belong to the kernel (locks, timers, kptrs): skipped by copies, zero for user space. */
  readonly record: readonly SpecialField[];
  /** The map's id, in the header; 0 until its owner sets it. */
  id: number;
  /** A word of the header for whoever traces this map: non-zero while `tracers` is set, so that programs can test it without a call. */
  tracers: unknown;
  /** Elements that are in the map now; `maxEntries` for arrays. */
  readonly elementCount: number;

  /**
   * What programs call, as functions over nothing but addresses, for the CPU of the table ({@link MapTable.cpu}). For hashes and arrays look-up,
   * update and delete are exported functions of WebAssembly: an instance that imports them calls them without JavaScript in between. They check nothing:
   * `map` must be this map's handle, and the map must not be closed.
   */
  readonly ops: MapOperations;
  /** `bpf_map_lookup_elem`: the value's address for `cpu`, 0 if there is none. Marks the element as used where the type evicts. */
  lookup(key: number, cpu: number): number;
  /** `bpf_map_lookup_percpu_elem`: 0 as well for a CPU that there is not, and for types that are not per-CPU. */
  lookupPercpu(key: number, cpu: number): number;
  /** `bpf_map_update_elem`. */
  update(key: number, value: number, flags: number, cpu: number): number;
  /** `bpf_map_delete_elem`. */
  delete(key: number): number;
  /** `bpf_map_push_elem`; -EOPNOTSUPP where the type has none. */
  push(value: number, flags: number): number;
  /** `bpf_map_pop_elem`; -EOPNOTSUPP where the type has none. */
  pop(value: number): number;
  /** `bpf_map_peek_elem`; -EOPNOTSUPP where the type has none. */
  peek(value: number): number;

  /** Bytes that bpf(2) moves for one value: 8-byte aligned values of all CPUs for per-CPU types, 4 where user space sees fds and ids. */
  readonly sysValueSize: number;
  /** `BPF_MAP_LOOKUP_ELEM`: fills `value` with `sysValueSize` bytes. */
  sysLookup(key: number, value: number, flags: number): number;
  /** `BPF_MAP_UPDATE_ELEM`, called on `cpu`. */
  sysUpdate(key: number, value: number, flags: number, cpu: number): number;
  /** `BPF_MAP_DELETE_ELEM`. */
  sysDelete(key: number): number;
  /** `BPF_MAP_LOOKUP_AND_DELETE_ELEM`. */
  sysLookupAndDelete(key: number, value: number, flags: number): number;
  /** `BPF_MAP_GET_NEXT_KEY`: `key` 0 asks for the first; a key that is not there does, too, where Linux does so. -ENOENT at the end. */
  getNextKey(key: number, next: number): number;
  /** `BPF_MAP_LOOKUP_BATCH`, or `…_LOOKUP_AND_DELETE_BATCH` if `remove`. */
  sysLookupBatch(batch: LookupBatch, remove: boolean): BatchResult;
  /** `BPF_MAP_UPDATE_BATCH`. */
  sysUpdateBatch(keys: number, values: number, count: number, flags: number, cpu: number): BatchResult;
  /** `BPF_MAP_DELETE_BATCH`. */
  sysDeleteBatch(keys: number, count: number, flags: number): BatchResult;

  /** Walks the elements as `bpf_for_each_map_elem` and iterators do; undefined where the type has no such walk. Close it when done. */
  iterate(options?: IterateOptions): MapIterator | undefined;
  /** The address of byte `offset` of the only value of a one-element array (`ld_imm64` of a map value), or a negative errno. */
  directValue(offset: number): number;
  /** The values as one stretch, where user space may map them (`BPF_F_MMAPABLE`, ring buffers); undefined where not. */
  mappable(): MappableRange | undefined;
  /** Whether such a map can be inside another, and if so, whether all maps there must have equally many entries. */
  readonly asInner: InnerRule | undefined;
  /** For maps of maps: what every inner map must be like. */
  readonly inner: MapMeta | undefined;

  /** What happens when the last fd or pin goes while programs still hold the map: timers stop, tail-call targets are dropped. */
  releaseUserRefs(): void;
  /** Frees every byte and every reference. Nothing may use the map any more. */
  close(): void;
}

/** See {@link BpfMap.asInner}. */
export type InnerRule = "any entries" | "same entries";

/** What a map of maps remembers of its template. */
export interface MapMeta {
  readonly rule: InnerRule;
  readonly type: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly mapFlags: number;
  readonly record: readonly SpecialField[];
}

/** What {@link BpfMap.sysLookupBatch} fills. All are addresses. */
export interface LookupBatch {
  /** Where the last batch stopped (4 bytes for hashes, a key for others); 0 for the first batch. */
  inBatch: number;
  /** Where this batch stops, written. */
  outBatch: number;
  keys: number;
  values: number;
  /** Room for so many elements. */
  count: number;
  flags: number;
}

/** How far a batch came. */
export interface BatchResult {
  /** 0 or a negative errno. -ENOENT of a look-up: that was the last batch. */
  error: number;
  /** Elements that are done. */
  count: number;
}

/** How {@link BpfMap.iterate} walks. */
export interface IterateOptions {
  /** The CPU whose values are shown; 0 unless told otherwise. */
  cpu?: number;
  /**
   * Anything may happen to the map between two elements (`iter/bpf_map_elem`, whose steps may lie far apart): an element that is there throughout is
   * shown exactly once, one that was deleted is not shown any more. By default the successor of an element is looked up before it is shown
   * (`bpf_for_each_map_elem`), which only holds while one program runs.
   */
  resumable?: boolean;
}

/** A walk over a map's elements. */
export interface MapIterator {
  /** Goes to the next element; false at the end. */
  next(): boolean;
  /** Address of the element's key. */
  readonly key: number;
  /** Address of the element's value for the walk's CPU. */
  readonly value: number;
  /** Copies the values of all CPUs (`sysValueSize` bytes) to `target`, kernel fields zeroed; the value itself for other types. */
  copyAll(target: number): void;
  /** Frees what the walk holds. */
  close(): void;
}

/** See {@link BpfMap.mappable}. */
export interface MappableRange {
  readonly address: number;
  /** Bytes, a multiple of 4096. */
  readonly size: number;
  /** Whether a part may be mapped writable; all of it where this is absent. */
  mayWrite?(offset: number, size: number): boolean;
}

/** What a map of objects holds in an element: a program, a map, a perf event, a socket … */
export interface FdValue {
  /** What user space reads back: the object's id or cookie. */
  readonly id: bigint | number;
  /** What programs get from a look-up: an address, 0 for none. */
  readonly handle: number;
  /** The object, for whoever stored it. */
  readonly object: unknown;
  /** A negative errno if the object does not fit, where Linux finds that out after looking at keys and flags (sockets that somebody else uses). */
  readonly refused?: number;
  /** Which open file of the map stored it, where elements go with that file (`BPF_MAP_TYPE_PERF_EVENT_ARRAY`). */
  readonly owner?: unknown;
}

/** How maps reach the objects that only their owner knows. All optional: without them such updates answer -EBADF. */
export interface MapHooks {
  /** Takes a reference to what `fd` names, if it may go into `map`; a negative errno if not. */
  getValue?(map: BpfMap, fd: number): FdValue | number;
  /** Gives back the reference of {@link getValue}. */
  putValue?(map: BpfMap, value: FdValue): void;
  /** Takes a reference to the XDP program of an element of a device or CPU map; a negative errno if it may not be there. */
  getProgram?(map: BpfMap, fd: number): FdValue | number;
  /** Whether there is a network device of this index. */
  hasDevice?(ifindex: number): boolean;
  /** Releases what the kernel's own fields of the value at this address hold (timers, kptrs …); the map zeroes the fields afterwards. */
  freeFields?(map: BpfMap, value: number): void;
}
