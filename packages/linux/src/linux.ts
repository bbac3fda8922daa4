import { readFileSync } from "node:fs";
import {
  type Bpf,
  type BpfObjectInfo,
  type BpfObjectKind,
  type LinkCreateAttr,
  type LinkUpdateAttr,
  type MapBatchResult,
  type MapCreateAttr,
  type MapLookupBatchAttr,
  type MappedMemory,
  type PerfEventAttr,
  type ProgLoadAttr,
  type ProgLoadResult,
  type TestRunAttr,
  type TestRunResult,
  UnsupportedError,
} from "@bpf-ts/uapi";
import {
  BPF_BTF_GET_FD_BY_ID,
  BPF_BTF_GET_NEXT_ID,
  BPF_LINK_GET_FD_BY_ID,
  BPF_LINK_GET_NEXT_ID,
  BPF_MAP_GET_FD_BY_ID,
  BPF_MAP_GET_NEXT_ID,
  BPF_MAP_LOOKUP_AND_DELETE_BATCH,
  BPF_MAP_LOOKUP_AND_DELETE_ELEM,
  BPF_MAP_LOOKUP_BATCH,
  BPF_MAP_LOOKUP_ELEM,
  BPF_PROG_GET_FD_BY_ID,
  BPF_PROG_GET_NEXT_ID,
} from "@bpf-ts/uapi/commands";
import { EBADF, ENOENT } from "@bpf-ts/uapi/errno";
import { commandName } from "@bpf-ts/uapi/names";
import { BpfCall } from "./call.ts";
import { LinuxError } from "./error.ts";
import { objGetInfo } from "./info/object-info.ts";
import { Mappings } from "./mapped-memory.ts";
import { LinuxMaps } from "./maps.ts";
import { outputEventAttr } from "./perf-event.ts";
import { btfLoad, progLoad, progTestRun } from "./programs.ts";
import { loadSyscalls, POLLIN, POLLNVAL, POLLOUT, type Syscalls } from "./syscall.ts";
import { Watches } from "./watches.ts";

const NEXT_ID: Readonly<Record<BpfObjectKind, number>> = {
  prog: BPF_PROG_GET_NEXT_ID,
  map: BPF_MAP_GET_NEXT_ID,
  btf: BPF_BTF_GET_NEXT_ID,
  link: BPF_LINK_GET_NEXT_ID,
};
const FD_BY_ID: Readonly<Record<BpfObjectKind, number>> = {
  prog: BPF_PROG_GET_FD_BY_ID,
  map: BPF_MAP_GET_FD_BY_ID,
  btf: BPF_BTF_GET_FD_BY_ID,
  link: BPF_LINK_GET_FD_BY_ID,
};

/** How a {@link LinuxKernel} is opened. */
export interface LinuxKernelOptions {
  /**
   * Keeps the calling thread on this CPU from now on. What programs do to per-CPU values, and which elements LRU maps drop, depends on the CPU that
   * the calls are made on: for runs that repeat.
   */
  cpu?: number;
}

/**
 * The running kernel behind the `Bpf` interface: the same loader and the same tests run on it as on the in-process one. Needs CAP_BPF and what the
 * program types ask for. Attaching is not offered: it would change the machine.
 */
export class LinuxKernel implements Bpf {
  readonly #syscalls: Syscalls;
  readonly #call: BpfCall;
  readonly #maps: LinuxMaps;
  readonly #mappings: Mappings;
  readonly #watches: Watches;
  readonly possibleCpus: number;

  /**
   * @throws UnsupportedError where there is no bpf(2), or koffi is not installed
   * @throws LinuxError EINVAL for a CPU that there is not
   */
  constructor(options: LinuxKernelOptions = {}) {
    this.#syscalls = loadSyscalls();
    this.possibleCpus = countCpus(readFileSync("/sys/devices/system/cpu/possible", "utf8"));
    this.#call = new BpfCall(this.#syscalls);
    this.#maps = new LinuxMaps(this.#call, this.possibleCpus);
    this.#mappings = new Mappings(this.#syscalls);
    this.#watches = new Watches(this.#syscalls);
    const result = options.cpu === undefined ? 0 : this.#syscalls.runOn(options.cpu);
    if (result < 0) throw new LinuxError(-result, `CPU ${options.cpu}`);
  }

  mapCreate(attr: MapCreateAttr): number {
    return this.#maps.create(attr);
  }

  mapLookupElem(fd: number, key: Uint8Array, value: Uint8Array, flags = 0n): void {
    this.#maps.lookup(BPF_MAP_LOOKUP_ELEM, fd, key, value, flags);
  }

  mapUpdateElem(fd: number, key: Uint8Array, value: Uint8Array, flags = 0n): void {
    this.#maps.update(fd, key, value, flags);
  }

  mapDeleteElem(fd: number, key: Uint8Array): void {
    this.#maps.delete(fd, key);
  }

  mapGetNextKey(fd: number, key: Uint8Array | null, nextKey: Uint8Array): boolean {
    return this.#maps.nextKey(fd, key, nextKey);
  }

  mapLookupAndDeleteElem(fd: number, key: Uint8Array, value: Uint8Array, flags = 0n): void {
    this.#maps.lookup(BPF_MAP_LOOKUP_AND_DELETE_ELEM, fd, key, value, flags);
  }

  mapLookupBatch(fd: number, batch: MapLookupBatchAttr): MapBatchResult {
    return this.#maps.lookupBatch(BPF_MAP_LOOKUP_BATCH, fd, batch);
  }

  mapLookupAndDeleteBatch(fd: number, batch: MapLookupBatchAttr): MapBatchResult {
    return this.#maps.lookupBatch(BPF_MAP_LOOKUP_AND_DELETE_BATCH, fd, batch);
  }

  mapUpdateBatch(fd: number, count: number, keys: Uint8Array, values: Uint8Array, elemFlags = 0n): number {
    return this.#maps.updateBatch(fd, count, keys, values, elemFlags);
  }

  mapDeleteBatch(fd: number, count: number, keys: Uint8Array, elemFlags = 0n): number {
    return this.#maps.deleteBatch(fd, count, keys, elemFlags);
  }

  mapFreeze(fd: number): void {
    this.#maps.freeze(fd);
  }

  progLoad(attr: ProgLoadAttr): ProgLoadResult {
    return progLoad(this.#call, attr);
  }

  progTestRun(fd: number, attr: TestRunAttr = {}): TestRunResult {
    return progTestRun(this.#call, fd, attr);
  }

  btfLoad(data: Uint8Array, options: { logLevel?: number } = {}): { fd: number; log: string } {
    return btfLoad(this.#call, data, options.logLevel ?? 0);
  }

  getNextId(kind: BpfObjectKind, startId: number): number | undefined {
    const raw = this.#call.attr().u32(0, startId);
    const result = this.#call.try(NEXT_ID[kind], raw);
    if (result === -ENOENT) return undefined;
    if (result < 0) throw new LinuxError(-result, commandName(NEXT_ID[kind]));
    return raw.getU32(4);
  }

  getFdById(kind: BpfObjectKind, id: number): number {
    return this.#call.run(FD_BY_ID[kind], this.#call.attr().u32(0, id));
  }

  objGetInfo(fd: number): BpfObjectInfo {
    return objGetInfo(this.#call, fd);
  }

  close(fd: number): void {
    const result = this.#syscalls.close(fd);
    if (result < 0) throw new LinuxError(-result, `close(${fd})`);
  }

  /** Arrays with `BPF_F_MMAPABLE`, ring buffers, arenas. `bytes` of what is mapped for reading alone are a copy each time. */
  mmap(fd: number, length: number, offset = 0, writable = false): MappedMemory {
    return this.#mappings.map(fd, length, offset, writable);
  }

  poll(fds: readonly number[]): readonly number[] {
    const events = this.#syscalls.poll(fds);
    if (typeof events === "number") throw new LinuxError(-events, "poll");
    const closed = fds.find((_fd, i) => (events[i]! & POLLNVAL) !== 0);
    if (closed !== undefined) throw new LinuxError(EBADF, `poll: fd ${closed} is not open`);
    return fds.filter((_fd, i) => (events[i]! & (POLLIN | POLLOUT)) !== 0);
  }

  /** Waits on a thread of its own, and keeps the process alive as long as it is not disposed. */
  watch(fds: readonly number[], listener: () => void): Disposable {
    return this.#watches.watch(fds, listener);
  }

  kernelBtf(): Uint8Array {
    return new Uint8Array(readFileSync("/sys/kernel/btf/vmlinux"));
  }

  linkCreate(_attr: LinkCreateAttr): number {
    throw attaching();
  }

  linkUpdate(_fd: number, _attr: LinkUpdateAttr): void {
    throw attaching();
  }

  linkDetach(_fd: number): void {
    throw attaching();
  }

  iterCreate(_linkFd: number, _flags?: number): number {
    throw attaching();
  }

  rawTracepointOpen(_name: string | null, _progFd: number): number {
    throw attaching();
  }

  /** Events that programs output to. @throws UnsupportedError for probes: they are for attaching */
  perfEventOpen(attr: PerfEventAttr): number {
    if (attr.kind !== "bpf-output") throw attaching();
    const fd = this.#syscalls.perfEventOpen(outputEventAttr(attr.wakeupEvents ?? 1), attr.cpu);
    if (fd < 0) throw new LinuxError(-fd, `perf_event_open: BPF output on CPU ${attr.cpu}`);
    return fd;
  }

  read(_fd: number, _buffer: Uint8Array): number {
    throw attaching();
  }
}

function attaching(): UnsupportedError {
  return new UnsupportedError("attaching programs to the running kernel");
}

/** CPUs in a list such as `0-3,8`. */
function countCpus(list: string): number {
  return list
    .trim()
    .split(",")
    .reduce((sum, range) => {
      const [first, last = first] = range.split("-").map(Number);
      return sum + (last! - first! + 1);
    }, 0);
}
