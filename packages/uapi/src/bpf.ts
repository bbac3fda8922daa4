import type { MapBtfRef, MapDef } from "./map-def.ts";
import type { ProgLoadAttr, ProgLoadResult } from "./program.ts";

/** The kinds of object that have ids. */
export type BpfObjectKind = "prog" | "map" | "btf" | "link";

/** `BPF_MAP_CREATE`. */
export interface MapCreateAttr extends MapDef {
  btf?: MapBtfRef;
  /** fd of the template map, for map-in-map types. */
  innerMapFd?: number;
  /** For `BPF_MAP_TYPE_STRUCT_OPS`: the type id, in the kernel's BTF, of `struct bpf_struct_ops_<name>`. */
  btfVmlinuxValueTypeId?: number;
  /** With `BPF_F_VTYPE_BTF_OBJ_FD`: fd of the module's BTF that has that type instead. */
  valueTypeBtfObjFd?: number;
}

/**
 * `BPF_MAP_LOOKUP_BATCH` and `BPF_MAP_LOOKUP_AND_DELETE_BATCH`. The caller owns all buffers.
 *
 * @see v6.18 include/uapi/linux/bpf.h, union bpf_attr, BPF_MAP_*_BATCH
 */
export interface MapLookupBatchAttr {
  /** Where the batch before this one stopped (its `outBatch`); null for the first. */
  inBatch: Uint8Array | null;
  /** Filled with where this batch stops, for the next one's `inBatch`: both are as long as a key, but at least 4 bytes. */
  outBatch: Uint8Array;
  /** Room for so many elements. */
  count: number;
  /** `count` keys. */
  keys: Uint8Array;
  /** `count` values, each as {@link Bpf.mapLookupElem} fills one. */
  values: Uint8Array;
  elemFlags?: bigint;
}

/** What a look-up in batches came to. */
export interface MapBatchResult {
  /** Elements that were found: so many keys and values are filled. */
  count: number;
  /** That was the end of the map (the kernel's ENOENT). */
  done: boolean;
}

/** `BPF_PROG_TEST_RUN`. */
export interface TestRunAttr {
  /** Packet or other input; copied. */
  dataIn?: Uint8Array;
  /** Room for the output in bytes; ENOSPC if it does not fit. Without it the output is returned whole. */
  dataSizeOut?: number;
  /** Context in UAPI layout. */
  ctxIn?: Uint8Array;
  /** At least 1. */
  repeat?: number;
  flags?: number;
  cpu?: number;
}

export interface TestRunResult {
  /** The program's R0, unsigned 32 bit. */
  retval: number;
  dataOut: Uint8Array;
  ctxOut: Uint8Array;
  /** Mean of one run in ns. */
  durationNs: number;
}

/** `BPF_LINK_CREATE`. */
export interface LinkCreateAttr {
  progFd: number;
  /** What to attach to: a perf event, a cgroup …; 0 where the program itself names it. */
  targetFd?: number;
  /** `BPF_*` attach type. */
  attachType: number;
  flags?: number;
  /** `union bpf_iter_link_info`, as bytes: the kernel checks them one by one. */
  iterInfo?: Uint8Array;
  /**
   * `struct bpf_map_trace_link_info`, as bytes. `mapTraceInfoLen` says how many of them are meant (default: all), so that every error of the
   * kernel's copy can be asked for: a length beyond the bytes given is EFAULT.
   */
  mapTraceInfo?: Uint8Array | null;
  mapTraceInfoLen?: number;
  /** `perf_event.bpf_cookie` / `tracing.cookie`. */
  cookie?: bigint;
}

export interface LinkUpdateAttr {
  newProgFd: number;
  /** With `BPF_F_REPLACE`: the program that must be attached now. */
  oldProgFd?: number;
  flags?: number;
}

/** Which event `perf_event_open(2)` opens. The kinds that BPF loaders use. */
export type PerfEventAttr =
  | { kind: "kprobe"; func: string; offset?: number; retprobe: boolean }
  | { kind: "tracepoint"; category: string; name: string }
  /**
   * What `bpf_perf_event_output` writes to from programs on `cpu`: raw samples, in memory that is mapped writable (one page of positions, then a power of
   * two of pages). Readers are woken after each `wakeupEvents` records (default 1; 0: when half of the memory is full).
   */
  | { kind: "bpf-output"; cpu: number; wakeupEvents?: number };

export interface MapInfo extends MapDef {
  kind: "map";
  id: number;
  btfId: number;
  btfKeyTypeId: number;
  btfValueTypeId: number;
  btfVmlinuxValueTypeId: number;
  frozen: boolean;
}

export interface ProgInfo {
  kind: "prog";
  id: number;
  progType: number;
  name: string;
  /** 8 bytes, hex. */
  tag: string;
  /** Instructions as they run, map handles replaced by map ids as bpftool shows them. */
  xlated: Uint8Array;
  /** Names of the internal functions that rewrites inserted calls of. */
  internalCalls: readonly string[];
  mapIds: readonly number[];
  btfId: number;
  runTimeNs: bigint;
  runCnt: bigint;
  recursionMisses: bigint;
  verifiedInsns: number;
  attachBtfId: number;
  gplCompatible: boolean;
}

export interface BtfInfo {
  kind: "btf";
  id: number;
  name: string;
  kernelBtf: boolean;
  data: Uint8Array;
}

export interface LinkInfo {
  kind: "link";
  id: number;
  /** `BPF_LINK_TYPE_*`. */
  type: number;
  progId: number;
  /** The type-specific part of `struct bpf_link_info` (offset 16 on) as the kernel lays it out. */
  raw: Uint8Array;
  tracing?: { attachType: number; targetObjId: number; targetBtfId: number };
  rawTracepoint?: { name: string };
  iter?: { targetName: string; mapId: number };
  kprobe?: { func: string; retprobe: boolean };
  mapTrace?: { mapId: number; traceType: number; runs: bigint; misses: bigint; failures: bigint };
}

export type BpfObjectInfo = MapInfo | ProgInfo | BtfInfo | LinkInfo;

/**
 * A piece of kernel memory that user space sees. Offsets are bytes from its beginning; what lies outside of it, and every use once it is disposed, is
 * EINVAL. Numbers are little endian and aligned to their size.
 */
export interface MappedMemory extends Disposable {
  /**
   * All of it: if it is mapped writable the memory itself, else a copy. Always ask for it again, growing the machine's memory detaches it.
   */
  readonly bytes: Uint8Array;
  /** A copy of a part. */
  read(offset: number, length: number): Uint8Array;
  /** A number; what the kernel wrote before it is there as well. */
  loadU32(offset: number): number;
  /** As {@link loadU32}. */
  loadU64(offset: number): bigint;
  /** Writes a number, after everything that was written before. @throws EACCES if it is not mapped writable */
  storeU32(offset: number, value: number): void;
  /** As {@link storeU32}. */
  storeU64(offset: number, value: bigint): void;
}

/**
 * The one interface between loaders and a kernel: bpf(2)'s commands as typed, synchronous calls, and what loaders need beside them. fds are
 * numbers, u64 are bigint, every failure is a {@link BpfError} with `errno` set; nothing has changed after a failure, but for the elements of a batch
 * that come before the one that failed.
 *
 * Keys and values have exactly the map's sizes: EINVAL for others.
 */
export interface Bpf {
  mapCreate(attr: MapCreateAttr): number;
  /** Fills `value` (for per-CPU maps: 8-byte aligned values of all possible CPUs, in order). @throws ENOENT */
  mapLookupElem(fd: number, key: Uint8Array, value: Uint8Array, flags?: bigint): void;
  mapUpdateElem(fd: number, key: Uint8Array, value: Uint8Array, flags?: bigint): void;
  mapDeleteElem(fd: number, key: Uint8Array): void;
  /** `key` null asks for the first. Answers false at the end (ENOENT). */
  mapGetNextKey(fd: number, key: Uint8Array | null, nextKey: Uint8Array): boolean;
  mapLookupAndDeleteElem(fd: number, key: Uint8Array, value: Uint8Array, flags?: bigint): void;
  /** @throws ENOSPC where the room does not hold the next part of a hash; the `details.count` of every error says how many were found before it. */
  mapLookupBatch(fd: number, batch: MapLookupBatchAttr): MapBatchResult;
  /** As {@link Bpf.mapLookupBatch}, and deletes what it found. */
  mapLookupAndDeleteBatch(fd: number, batch: MapLookupBatchAttr): MapBatchResult;
  /**
   * Updates `count` elements, one after the other, and stops at the first failure: the error's `details.count` says how many were done.
   *
   * @returns how many were done: all
   */
  mapUpdateBatch(fd: number, count: number, keys: Uint8Array, values: Uint8Array, elemFlags?: bigint): number;
  /** Deletes `count` elements; stops as {@link Bpf.mapUpdateBatch} does. */
  mapDeleteBatch(fd: number, count: number, keys: Uint8Array, elemFlags?: bigint): number;
  mapFreeze(fd: number): void;

  progLoad(attr: ProgLoadAttr): ProgLoadResult;
  progTestRun(fd: number, attr?: TestRunAttr): TestRunResult;

  linkCreate(attr: LinkCreateAttr): number;
  linkUpdate(fd: number, attr: LinkUpdateAttr): void;
  linkDetach(fd: number): void;
  iterCreate(linkFd: number, flags?: number): number;
  rawTracepointOpen(name: string | null, progFd: number): number;

  btfLoad(data: Uint8Array, options?: { logLevel?: number }): { fd: number; log: string };

  /** The smallest id above `startId`, undefined at the end. */
  getNextId(kind: BpfObjectKind, startId: number): number | undefined;
  getFdById(kind: BpfObjectKind, id: number): number;
  objGetInfo(fd: number): BpfObjectInfo;

  close(fd: number): void;
  perfEventOpen(attr: PerfEventAttr): number;
  /** Reads from an iterator (or other readable fd); 0 at the end. */
  read(fd: number, buffer: Uint8Array): number;
  /** Maps an array or ring buffer map that was created for it. */
  mmap(fd: number, length: number, offset?: number, writable?: boolean): MappedMemory;
  /** Which of the fds are ready now: readable, or (ring buffers of user space) writable. Never waits. @throws EBADF */
  poll(fds: readonly number[]): readonly number[];
  /**
   * Calls `listener` when the kernel wakes those who wait for one of the fds (ring buffers: as BPF_RB_NO_WAKEUP and BPF_RB_FORCE_WAKEUP say), in a job of
   * its own, never inside another call, once for all wakeups until then; now and then without cause. What was ready before is for {@link poll} to say. It
   * ends when it is disposed; it does not keep fds open.
   *
   * @throws EBADF; EPERM for what nobody can wait for
   */
  watch(fds: readonly number[], listener: () => void): Disposable;

  /** The running kernel's BTF, as /sys/kernel/btf/vmlinux holds it. */
  kernelBtf(): Uint8Array;
  /** Number of possible CPUs. */
  readonly possibleCpus: number;
}
