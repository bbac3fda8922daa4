import type {
  Bpf,
  BpfObjectInfo,
  BpfObjectKind,
  LinkCreateAttr,
  LinkUpdateAttr,
  MapBatchResult,
  MapCreateAttr,
  MapLookupBatchAttr,
  MappedMemory,
  PerfEventAttr,
  ProgLoadAttr,
  ProgLoadResult,
  TestRunAttr,
  TestRunResult,
} from "@bpf-ts/uapi";
import {
  BPF_BTF_GET_FD_BY_ID,
  BPF_BTF_GET_NEXT_ID,
  BPF_BTF_LOAD,
  BPF_ITER_CREATE,
  BPF_LINK_CREATE,
  BPF_LINK_DETACH,
  BPF_LINK_GET_FD_BY_ID,
  BPF_LINK_GET_NEXT_ID,
  BPF_LINK_UPDATE,
  BPF_MAP_CREATE,
  BPF_MAP_DELETE_BATCH,
  BPF_MAP_DELETE_ELEM,
  BPF_MAP_FREEZE,
  BPF_MAP_GET_FD_BY_ID,
  BPF_MAP_GET_NEXT_ID,
  BPF_MAP_GET_NEXT_KEY,
  BPF_MAP_LOOKUP_AND_DELETE_BATCH,
  BPF_MAP_LOOKUP_AND_DELETE_ELEM,
  BPF_MAP_LOOKUP_BATCH,
  BPF_MAP_LOOKUP_ELEM,
  BPF_MAP_UPDATE_BATCH,
  BPF_MAP_UPDATE_ELEM,
  BPF_OBJ_GET_INFO_BY_FD,
  BPF_PROG_GET_FD_BY_ID,
  BPF_PROG_GET_NEXT_ID,
  BPF_PROG_LOAD,
  BPF_PROG_TEST_RUN,
  BPF_RAW_TRACEPOINT_OPEN,
} from "@bpf-ts/uapi/commands";
import { EBADF, EINVAL } from "@bpf-ts/uapi/errno";
import { KernelError } from "../error.ts";
import type { Machine } from "../machine.ts";
import { IterFile } from "../process/iter-file.ts";
import type { Process } from "../process/process.ts";
import { btfLoad } from "./btf-load.ts";
import { linkOf } from "./files.ts";
import { iterCreate } from "./iter-create.ts";
import { linkCreate, rawTracepointOpen } from "./link-create.ts";
import { linkUpdate } from "./link-update.ts";
import { mapDeleteBatch, mapLookupBatch, mapUpdateBatch } from "./map-batches.ts";
import { mapCreate } from "./map-create.ts";
import { mapDelete, mapFreeze, mapGetNextKey, mapLookup, mapUpdate } from "./map-elements.ts";
import { mapMemory } from "./mmap.ts";
import { getFdById, getNextId, objectInfo } from "./object-info.ts";
import { perfEventOpen } from "./perf-event-open.ts";
import { poll, watch } from "./poll.ts";
import { progLoad } from "./prog-load.ts";
import { progTestRun } from "./prog-test-run.ts";
import { runCommand } from "./run-command.ts";

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

/** bpf(2) as one process calls it: each command passes the system call's functions and is then done by its own file. */
export class BpfSyscalls implements Bpf {
  readonly #machine: Machine;
  readonly #process: Process;

  constructor(machine: Machine, process: Process) {
    this.#machine = machine;
    this.#process = process;
  }

  #run<T>(cmd: number, body: (machine: Machine, process: Process) => T): T {
    return runCommand(this.#machine, this.#process, cmd, () => body(this.#machine, this.#process));
  }

  get possibleCpus(): number {
    return this.#machine.cpus;
  }

  mapCreate(attr: MapCreateAttr): number {
    return this.#run(BPF_MAP_CREATE, (m, p) => mapCreate(m, p, attr));
  }

  mapLookupElem(fd: number, key: Uint8Array, value: Uint8Array, flags = 0n): void {
    this.#run(BPF_MAP_LOOKUP_ELEM, (m, p) => mapLookup(m, p, fd, key, value, flags, false));
  }

  mapUpdateElem(fd: number, key: Uint8Array, value: Uint8Array, flags = 0n): void {
    this.#run(BPF_MAP_UPDATE_ELEM, (m, p) => mapUpdate(m, p, fd, key, value, flags));
  }

  mapDeleteElem(fd: number, key: Uint8Array): void {
    this.#run(BPF_MAP_DELETE_ELEM, (m, p) => mapDelete(m, p, fd, key));
  }

  mapGetNextKey(fd: number, key: Uint8Array | null, nextKey: Uint8Array): boolean {
    return this.#run(BPF_MAP_GET_NEXT_KEY, (m, p) => mapGetNextKey(m, p, fd, key, nextKey));
  }

  mapLookupAndDeleteElem(fd: number, key: Uint8Array, value: Uint8Array, flags = 0n): void {
    this.#run(BPF_MAP_LOOKUP_AND_DELETE_ELEM, (m, p) => mapLookup(m, p, fd, key, value, flags, true));
  }

  mapLookupBatch(fd: number, batch: MapLookupBatchAttr): MapBatchResult {
    return this.#run(BPF_MAP_LOOKUP_BATCH, (m, p) => mapLookupBatch(m, p, fd, batch, false));
  }

  mapLookupAndDeleteBatch(fd: number, batch: MapLookupBatchAttr): MapBatchResult {
    return this.#run(BPF_MAP_LOOKUP_AND_DELETE_BATCH, (m, p) => mapLookupBatch(m, p, fd, batch, true));
  }

  mapUpdateBatch(fd: number, count: number, keys: Uint8Array, values: Uint8Array, elemFlags = 0n): number {
    return this.#run(BPF_MAP_UPDATE_BATCH, (m, p) => mapUpdateBatch(m, p, fd, count, keys, values, elemFlags));
  }

  mapDeleteBatch(fd: number, count: number, keys: Uint8Array, elemFlags = 0n): number {
    return this.#run(BPF_MAP_DELETE_BATCH, (m, p) => mapDeleteBatch(m, p, fd, count, keys, elemFlags));
  }

  mapFreeze(fd: number): void {
    this.#run(BPF_MAP_FREEZE, (_m, p) => mapFreeze(p, fd));
  }

  progLoad(attr: ProgLoadAttr): ProgLoadResult {
    return this.#run(BPF_PROG_LOAD, (m, p) => progLoad(m, p, attr));
  }

  progTestRun(fd: number, attr: TestRunAttr = {}): TestRunResult {
    return this.#run(BPF_PROG_TEST_RUN, (m, p) => progTestRun(m, p, fd, attr));
  }

  linkCreate(attr: LinkCreateAttr): number {
    return this.#run(BPF_LINK_CREATE, (m, p) => linkCreate(m, p, attr));
  }

  linkUpdate(fd: number, attr: LinkUpdateAttr): void {
    this.#run(BPF_LINK_UPDATE, (_m, p) => linkUpdate(p, fd, attr));
  }

  linkDetach(fd: number): void {
    this.#run(BPF_LINK_DETACH, (_m, p) => linkOf(p, fd).detach());
  }

  iterCreate(linkFd: number, flags = 0): number {
    return this.#run(BPF_ITER_CREATE, (m, p) => iterCreate(m, p, linkFd, flags));
  }

  rawTracepointOpen(name: string | null, progFd: number): number {
    return this.#run(BPF_RAW_TRACEPOINT_OPEN, (m, p) => rawTracepointOpen(m, p, name, progFd));
  }

  btfLoad(data: Uint8Array, options: { logLevel?: number } = {}): { fd: number; log: string } {
    return this.#run(BPF_BTF_LOAD, (m, p) => btfLoad(m, p, data, options.logLevel ?? 0));
  }

  getNextId(kind: BpfObjectKind, startId: number): number | undefined {
    return this.#run(NEXT_ID[kind], (m) => ({ id: getNextId(m, kind, startId) })).id;
  }

  getFdById(kind: BpfObjectKind, id: number): number {
    return this.#run(FD_BY_ID[kind], (m, p) => getFdById(m, p, kind, id));
  }

  objGetInfo(fd: number): BpfObjectInfo {
    return this.#run(BPF_OBJ_GET_INFO_BY_FD, (m, p) => objectInfo(m, p, fd));
  }

  close(fd: number): void {
    const result = this.#process.close(fd);
    if (result < 0)
      throw new KernelError(-result, `close(${fd}): fd is not open, or a program attached to close(2) made it fail`);
  }

  perfEventOpen(attr: PerfEventAttr): number {
    return this.#machine.asProcess(this.#process, () => perfEventOpen(this.#machine, this.#process, attr));
  }

  read(fd: number, buffer: Uint8Array): number {
    const file = this.#process.fds.get(fd);
    if (file === undefined) throw new KernelError(EBADF, `fd ${fd} is not open`);
    if (!(file instanceof IterFile)) throw new KernelError(EINVAL, `fd ${fd} is a ${file.kind}: it cannot be read`);
    return this.#machine.asProcess(this.#process, () => file.read(this.#process.cpu, buffer));
  }

  mmap(fd: number, length: number, offset = 0, writable = false): MappedMemory {
    return mapMemory(this.#machine, this.#process, fd, length, offset, writable);
  }

  poll(fds: readonly number[]): readonly number[] {
    return poll(this.#process, fds);
  }

  watch(fds: readonly number[], listener: () => void): Disposable {
    return watch(this.#process, fds, listener);
  }

  kernelBtf(): Uint8Array {
    return this.#machine.kernelBtf.bytes.slice();
  }
}
