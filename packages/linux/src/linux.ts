import { readFileSync } from "node:fs";
import {
  type Bpf,
  type BpfObjectInfo,
  type BpfObjectKind,
  type LinkCreateAttr,
  type LinkUpdateAttr,
  type MapCreateAttr,
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
  BPF_BTF_LOAD,
  BPF_LINK_GET_FD_BY_ID,
  BPF_LINK_GET_NEXT_ID,
  BPF_MAP_CREATE,
  BPF_MAP_DELETE_ELEM,
  BPF_MAP_FREEZE,
  BPF_MAP_GET_FD_BY_ID,
  BPF_MAP_GET_NEXT_ID,
  BPF_MAP_GET_NEXT_KEY,
  BPF_MAP_LOOKUP_AND_DELETE_ELEM,
  BPF_MAP_LOOKUP_ELEM,
  BPF_MAP_UPDATE_ELEM,
  BPF_OBJ_GET_INFO_BY_FD,
  BPF_PROG_GET_FD_BY_ID,
  BPF_PROG_GET_NEXT_ID,
  BPF_PROG_LOAD,
  BPF_PROG_TEST_RUN,
} from "@bpf-ts/uapi/commands";
import { EINVAL, ENOENT } from "@bpf-ts/uapi/errno";
import { commandName } from "@bpf-ts/uapi/names";
import { BPF_PROG_TYPE_RAW_TRACEPOINT } from "@bpf-ts/uapi/prog-types";
import { Attr } from "./attr.ts";
import { LinuxError } from "./error.ts";
import { decodeMapInfo, MAP_INFO_SIZE } from "./map-info.ts";
import { loadSyscalls, type Syscalls } from "./syscall.ts";

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

/** Room for a log: the largest that Linux takes is 1 GiB; 16 MiB hold every log but those of the longest programs. */
const LOG_SIZE = 16 * 1024 * 1024;
/** Room for a packet that a program has grown. */
const DATA_OUT_ROOM = 4096;

/**
 * The running kernel behind the `Bpf` interface: the same loader and the same tests run on it as on the in-process one. Needs CAP_BPF and what the
 * program types ask for. Attaching is not offered: it would change the machine.
 */
export class LinuxKernel implements Bpf {
  readonly #syscalls: Syscalls;
  readonly possibleCpus: number;

  /** @throws UnsupportedError where there is no bpf(2), or koffi is not installed */
  constructor() {
    this.#syscalls = loadSyscalls();
    this.possibleCpus = countCpus(readFileSync("/sys/devices/system/cpu/possible", "utf8"));
  }

  #attr(): Attr {
    return new Attr(this.#syscalls);
  }

  /** @throws LinuxError */
  #call(cmd: number, attr: Attr, log?: Uint8Array): number {
    const result = this.#syscalls.bpf(cmd, attr.bytes);
    if (result < 0) throw new LinuxError(-result, commandName(cmd), log === undefined ? "" : cString(log));
    return result;
  }

  mapCreate(attr: MapCreateAttr): number {
    const raw = this.#attr()
      .u32(0, attr.type)
      .u32(4, attr.keySize)
      .u32(8, attr.valueSize)
      .u32(12, attr.maxEntries)
      .u32(16, attr.mapFlags)
      .u32(20, attr.innerMapFd ?? 0)
      .u32(24, attr.numaNode ?? 0)
      .name(28, attr.name)
      .u64(64, attr.mapExtra ?? 0n);
    if (attr.btf !== undefined) raw.u32(48, attr.btf.btfFd).u32(52, attr.btf.keyTypeId).u32(56, attr.btf.valueTypeId);
    return this.#call(BPF_MAP_CREATE, raw);
  }

  #element(cmd: number, fd: number, key: Uint8Array | null, value: Uint8Array | undefined, flags: bigint): void {
    this.#call(
      cmd,
      this.#attr()
        .u32(0, fd)
        .pointer(8, key ?? undefined)
        .pointer(16, value)
        .u64(24, flags),
    );
  }

  mapLookupElem(fd: number, key: Uint8Array, value: Uint8Array, flags = 0n): void {
    this.#element(BPF_MAP_LOOKUP_ELEM, fd, key, value, flags);
  }

  mapUpdateElem(fd: number, key: Uint8Array, value: Uint8Array, flags = 0n): void {
    this.#element(BPF_MAP_UPDATE_ELEM, fd, key, value, flags);
  }

  mapDeleteElem(fd: number, key: Uint8Array): void {
    this.#element(BPF_MAP_DELETE_ELEM, fd, key, undefined, 0n);
  }

  mapGetNextKey(fd: number, key: Uint8Array | null, nextKey: Uint8Array): boolean {
    try {
      this.#element(BPF_MAP_GET_NEXT_KEY, fd, key, nextKey, 0n);
      return true;
    } catch (error) {
      if (error instanceof LinuxError && error.errno === ENOENT) return false;
      throw error;
    }
  }

  mapLookupAndDeleteElem(fd: number, key: Uint8Array, value: Uint8Array, flags = 0n): void {
    this.#element(BPF_MAP_LOOKUP_AND_DELETE_ELEM, fd, key, value, flags);
  }

  mapFreeze(fd: number): void {
    this.#call(BPF_MAP_FREEZE, this.#attr().u32(0, fd));
  }

  progLoad(attr: ProgLoadAttr): ProgLoadResult {
    const log = (attr.logLevel ?? 0) === 0 ? undefined : new Uint8Array(LOG_SIZE);
    const raw = this.#attr()
      .u32(0, attr.progType)
      .u32(4, attr.insns.length / 8)
      .pointer(8, attr.insns)
      .cString(16, attr.license)
      .u32(24, attr.logLevel ?? 0)
      .u32(28, log?.length ?? 0)
      .pointer(32, log)
      .u32(40, attr.kernVersion ?? 0)
      .u32(44, attr.progFlags ?? 0)
      .name(48, attr.name ?? "")
      .u32(68, attr.expectedAttachType ?? 0)
      .u32(72, attr.btfFd ?? 0)
      .u32(108, attr.attachBtfId ?? 0)
      .u32(112, attr.attachProgFd ?? 0);
    if (attr.funcInfo !== undefined) {
      const { recSize, bytes } = attr.funcInfo;
      raw
        .u32(76, recSize)
        .pointer(80, bytes)
        .u32(88, bytes.length / recSize);
    }
    if (attr.lineInfo !== undefined) {
      const { recSize, bytes } = attr.lineInfo;
      raw
        .u32(92, recSize)
        .pointer(96, bytes)
        .u32(104, bytes.length / recSize);
    }
    if (attr.fdArray !== undefined) raw.pointer(120, new Uint8Array(Int32Array.from(attr.fdArray).buffer));
    const fd = this.#call(BPF_PROG_LOAD, raw, log);
    return { fd, log: log === undefined ? "" : cString(log) };
  }

  progTestRun(fd: number, attr: TestRunAttr = {}): TestRunResult {
    const { dataIn, ctxIn } = attr;
    const dataOut = new Uint8Array(dataIn === undefined ? 0 : (attr.dataSizeOut ?? dataIn.length + DATA_OUT_ROOM));
    // Raw tracepoints take a context and refuse room for one to come back.
    const hasCtxOut = ctxIn !== undefined && progTypeOf(fd) !== BPF_PROG_TYPE_RAW_TRACEPOINT;
    const ctxOut = new Uint8Array(hasCtxOut ? ctxIn.length : 0);
    const raw = this.#attr()
      .u32(0, fd)
      .u32(8, dataIn?.length ?? 0)
      .u32(12, dataOut.length)
      .pointer(16, dataIn)
      .pointer(24, dataOut)
      .u32(32, attr.repeat ?? 0)
      .u32(40, ctxIn?.length ?? 0)
      .u32(44, ctxOut.length)
      .pointer(48, ctxIn)
      .pointer(56, ctxOut)
      .u32(64, attr.flags ?? 0)
      .u32(68, attr.cpu ?? 0);
    this.#call(BPF_PROG_TEST_RUN, raw);
    return {
      retval: raw.getU32(4),
      dataOut: dataOut.subarray(0, raw.getU32(12)),
      ctxOut: ctxOut.subarray(0, raw.getU32(44)),
      durationNs: raw.getU32(36),
    };
  }

  btfLoad(data: Uint8Array, options: { logLevel?: number } = {}): { fd: number; log: string } {
    const logLevel = options.logLevel ?? 0;
    const log = logLevel === 0 ? undefined : new Uint8Array(LOG_SIZE);
    const raw = this.#attr()
      .pointer(0, data)
      .pointer(8, log)
      .u32(16, data.length)
      .u32(20, log?.length ?? 0)
      .u32(24, logLevel);
    return { fd: this.#call(BPF_BTF_LOAD, raw, log), log: log === undefined ? "" : cString(log) };
  }

  getNextId(kind: BpfObjectKind, startId: number): number | undefined {
    const raw = this.#attr().u32(0, startId);
    try {
      this.#call(NEXT_ID[kind], raw);
    } catch (error) {
      if (error instanceof LinuxError && error.errno === ENOENT) return undefined;
      throw error;
    }
    return raw.getU32(4);
  }

  getFdById(kind: BpfObjectKind, id: number): number {
    return this.#call(FD_BY_ID[kind], this.#attr().u32(0, id));
  }

  /** Maps only. @throws UnsupportedError for others */
  objGetInfo(fd: number): BpfObjectInfo {
    const kind = kindOf(fd);
    if (kind !== "map") throw new UnsupportedError(`info of a ${kind} of the running kernel`);
    const info = new Uint8Array(MAP_INFO_SIZE);
    this.#call(BPF_OBJ_GET_INFO_BY_FD, this.#attr().u32(0, fd).u32(4, info.length).pointer(8, info));
    return decodeMapInfo(info, /^frozen:\t1$/m.test(fdinfo(fd)));
  }

  close(fd: number): void {
    const result = this.#syscalls.close(fd);
    if (result < 0) throw new LinuxError(-result, `close(${fd})`);
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

  perfEventOpen(_attr: PerfEventAttr): number {
    throw attaching();
  }

  read(_fd: number, _buffer: Uint8Array): number {
    throw attaching();
  }

  mmap(_fd: number, _length: number, _offset?: number, _writable?: boolean): MappedMemory {
    throw new UnsupportedError("mapping memory of the running kernel");
  }

  poll(_fds: readonly number[]): readonly number[] {
    throw new UnsupportedError("polling fds of the running kernel");
  }
}

function attaching(): UnsupportedError {
  return new UnsupportedError("attaching programs to the running kernel");
}

function cString(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
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

function fdinfo(fd: number): string {
  try {
    return readFileSync(`/proc/self/fdinfo/${fd}`, "utf8");
  } catch {
    throw new LinuxError(EINVAL, `fd ${fd} is not open`);
  }
}

/** The program type behind an fd, -1 if there is none. */
function progTypeOf(fd: number): number {
  return Number(/^prog_type:\t(\d+)$/m.exec(fdinfo(fd))?.[1] ?? -1);
}

function kindOf(fd: number): string {
  const text = fdinfo(fd);
  for (const kind of ["map", "prog", "link", "btf"])
    if (text.includes(`\n${kind}_`) || text.startsWith(`${kind}_`)) return kind;
  return "file";
}
