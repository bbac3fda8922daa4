/// <reference types="node" />
import { UnsupportedError } from "@bpf-ts/uapi";
import { E2BIG, EBADF, EBADFD, EINVAL, ENOENT, ENOSPC, EPERM } from "@bpf-ts/uapi/errno";
import { BPF_F_MMAPABLE, BPF_F_RDONLY } from "@bpf-ts/uapi/map-flags";
import {
  BPF_MAP_TYPE_ARRAY,
  BPF_MAP_TYPE_ARRAY_OF_MAPS,
  BPF_MAP_TYPE_HASH,
  BPF_MAP_TYPE_PERCPU_HASH,
  BPF_MAP_TYPE_QUEUE,
  BPF_MAP_TYPE_RINGBUF,
} from "@bpf-ts/uapi/map-types";
import { BPF_PROG_TYPE_SOCKET_FILTER } from "@bpf-ts/uapi/prog-types";
import { afterEach, describe, expect, test } from "vitest";
import { LinuxError, LinuxKernel } from "../src/index.ts";
import { loadSyscalls } from "../src/syscall.ts";
import { failure, openBpfFiles, openLinux, u32 } from "./running.ts";

const running = openLinux();
const isAbsent = typeof running === "string";
const bpf = running as LinuxKernel;

test("without koffi it says what is missing", () => {
  const missing = (): never => {
    throw new Error("Cannot find module 'koffi'");
  };
  const error = failure(() => loadSyscalls(missing));
  expect(error).toBeInstanceOf(UnsupportedError);
  expect(error.message).toMatch(
    /^unsupported: bpf\(2\)(: the optional dependency koffi is not installed| on \w+ \w+)$/,
  );
});

describe.skipIf(isAbsent)(`the running kernel${isAbsent ? ` (skipped: ${running})` : ""}`, () => {
  const opened: number[] = [];
  const keep = (fd: number): number => {
    opened.push(fd);
    return fd;
  };
  afterEach(() => {
    for (const fd of opened.splice(0)) bpf.close(fd);
    expect(openBpfFiles()).toEqual([]);
  });
  const create = (type: number, keySize: number, valueSize: number, maxEntries: number, mapFlags = 0): number =>
    keep(bpf.mapCreate({ type, name: "test", keySize, valueSize, maxEntries, mapFlags }));
  const EXIT = Uint8Array.of(0xb7, 0, 0, 0, 7, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0);
  const program = (insns: Uint8Array, logLevel = 0): { fd: number; log: string } =>
    bpf.progLoad({ progType: BPF_PROG_TYPE_SOCKET_FILTER, insns, license: "GPL", name: "seven", logLevel });

  test("an error has errno, code, message", () => {
    const error = failure(() => bpf.mapCreate({ ...ARRAY, keySize: 3 }));
    expect(error).toBeInstanceOf(LinuxError);
    expect([error.errno, error.code, error.message]).toEqual([EINVAL, "EINVAL", "map_create: EINVAL"]);
    expect(failure(() => new LinuxKernel({ cpu: 1000 })).message).toBe("CPU 1000: EINVAL");
  });

  test("a refused program's error has the log", () => {
    const error = failure(() => program(EXIT.slice(8), 1)) as LinuxError;
    expect([error.errno, error.message]).toEqual([13, "prog_load: EACCES: R0 !read_ok"]);
    expect(error.log.split("\n").slice(0, 3)).toEqual(["0: R1=ctx() R10=fp0", "0: (95) exit", "R0 !read_ok"]);
  });

  test("elements, next keys", () => {
    const fd = create(BPF_MAP_TYPE_HASH, 4, 8, 2);
    const value = new Uint8Array(8).fill(9);
    bpf.mapUpdateElem(fd, u32(1), value, 1n);
    const found = new Uint8Array(8);
    bpf.mapLookupElem(fd, u32(1), found);
    expect(found).toEqual(value);
    const next = new Uint8Array(4);
    expect([bpf.mapGetNextKey(fd, null, next), next]).toEqual([true, u32(1)]);
    expect(bpf.mapGetNextKey(fd, u32(1), next)).toBe(false);
    bpf.mapLookupAndDeleteElem(fd, u32(1), found);
    expect(failure(() => bpf.mapDeleteElem(fd, u32(1))).errno).toBe(ENOENT);
    expect(bpf.mapGetNextKey(fd, null, next)).toBe(false);
    expect(failure(() => bpf.mapGetNextKey(9999, null, next)).errno).toBe(EBADF);
  });

  test("batches, and how far one that failed came", () => {
    const fd = create(BPF_MAP_TYPE_HASH, 4, 4, 3);
    const keys = Uint8Array.of(1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0);
    const error = failure(() => bpf.mapUpdateBatch(fd, 4, keys, keys));
    expect([error.errno, error.details]).toEqual([E2BIG, { count: 3 }]);
    const out = new Uint8Array(4);
    const room = { keys: new Uint8Array(16), values: new Uint8Array(16) };
    const all = bpf.mapLookupBatch(fd, { inBatch: null, outBatch: out, count: 4, ...room });
    expect([all, room.keys]).toEqual([{ count: 3, done: true }, room.values]);
    const tight = { keys: new Uint8Array(0), values: new Uint8Array(0) };
    expect(bpf.mapLookupBatch(fd, { inBatch: null, outBatch: out, count: 0, ...tight }).count).toBe(0);
    expect(bpf.mapDeleteBatch(fd, 2, keys.slice(0, 8))).toBe(2);
    const rest = bpf.mapLookupAndDeleteBatch(fd, { inBatch: null, outBatch: out, count: 4, ...room });
    expect([rest, room.keys.slice(0, 4)]).toEqual([{ count: 1, done: true }, u32(3)]);
  });

  test("a part of a hash that does not fit is ENOSPC", () => {
    // Two buckets for many keys: some bucket holds more than one of them.
    const fd = create(BPF_MAP_TYPE_HASH, 4, 4, 2);
    let errno: number | undefined = 0;
    for (let key = 0; errno === 0 && key < 100; key += 2) {
      bpf.mapUpdateBatch(fd, 2, Uint8Array.of(key, 0, 0, 0, key + 1, 0, 0, 0), new Uint8Array(8));
      const one = { keys: new Uint8Array(4), values: new Uint8Array(4), count: 1 };
      try {
        bpf.mapLookupBatch(fd, { inBatch: null, outBatch: new Uint8Array(4), ...one });
      } catch (error) {
        errno = (error as LinuxError).errno;
      }
      bpf.mapDeleteBatch(fd, 2, Uint8Array.of(key, 0, 0, 0, key + 1, 0, 0, 0));
    }
    expect(errno).toBe(ENOSPC);
  });

  test("buffers of another length than the map's are refused before the kernel sees them", () => {
    const fd = create(BPF_MAP_TYPE_PERCPU_HASH, 4, 4, 2);
    const value = new Uint8Array(8 * bpf.possibleCpus);
    const error = failure(() => bpf.mapUpdateElem(fd, u32(1), new Uint8Array(4)));
    expect([error.errno, error.details]).toEqual([EINVAL, { what: "value", got: 4, expected: value.length }]);
    expect(failure(() => bpf.mapLookupElem(fd, new Uint8Array(3), value)).details).toEqual({
      what: "key",
      got: 3,
      expected: 4,
    });
    expect(failure(() => bpf.mapDeleteElem(fd, new Uint8Array(5))).errno).toBe(EINVAL);
    expect(failure(() => bpf.mapGetNextKey(fd, null, new Uint8Array(2))).errno).toBe(EINVAL);
    expect(failure(() => bpf.mapUpdateBatch(fd, 2, new Uint8Array(8), value)).errno).toBe(EINVAL);
    expect(failure(() => bpf.mapDeleteBatch(fd, 2, new Uint8Array(7))).errno).toBe(EINVAL);
    const room = { keys: new Uint8Array(4), values: value, count: 1, inBatch: null };
    expect(failure(() => bpf.mapLookupBatch(fd, { ...room, outBatch: new Uint8Array(2) })).errno).toBe(EINVAL);
    const queue = create(BPF_MAP_TYPE_QUEUE, 0, 4, 2);
    expect(failure(() => bpf.mapUpdateElem(queue, u32(1), u32(1))).errno).toBe(EINVAL);
    // What is wrong with the fd comes first.
    const readOnly = create(BPF_MAP_TYPE_HASH, 4, 4, 2, BPF_F_RDONLY);
    expect(failure(() => bpf.mapUpdateElem(readOnly, u32(1), new Uint8Array(3))).errno).toBe(EPERM);
    expect(failure(() => bpf.mapUpdateBatch(readOnly, 1, u32(1), new Uint8Array(3))).errno).toBe(EPERM);
    expect(failure(() => bpf.mapUpdateElem(9999, u32(1), new Uint8Array(3))).errno).toBe(EBADF);
  });

  test("maps in maps", () => {
    const inner = create(BPF_MAP_TYPE_ARRAY, 4, 4, 1);
    const outer = keep(bpf.mapCreate({ ...ARRAY, type: BPF_MAP_TYPE_ARRAY_OF_MAPS, innerMapFd: inner }));
    bpf.mapUpdateElem(outer, u32(0), u32(inner));
    const id = new Uint8Array(4);
    bpf.mapLookupElem(outer, u32(0), id);
    expect(bpf.objGetInfo(inner)).toMatchObject({ kind: "map", id: new DataView(id.buffer).getUint32(0, true) });
  });

  test("programs: load, log, test run, info", () => {
    const { fd, log } = program(EXIT, 1);
    keep(fd);
    expect(log).toContain("processed 2 insns (limit 1000000)");
    expect(bpf.progTestRun(fd, { dataIn: new Uint8Array(14), repeat: 3 })).toMatchObject({ retval: 7 });
    const error = failure(() => bpf.progTestRun(fd, { dataIn: new Uint8Array(14), dataSizeOut: 2 }));
    expect(error.errno).toBe(ENOSPC);
    const info = bpf.objGetInfo(fd);
    expect(info).toMatchObject({
      kind: "prog",
      progType: BPF_PROG_TYPE_SOCKET_FILTER,
      name: "seven",
      mapIds: [],
      gplCompatible: true,
      verifiedInsns: 2,
    });
    expect(info.kind === "prog" && info.tag).toMatch(/^[0-9a-f]{16}$/);
    expect(info.kind === "prog" && info.xlated).toEqual(EXIT);
  });

  test("BTF: load, info; ids", () => {
    // One type: a 4-byte integer without a name is refused, one with a name is not.
    const data = new Uint8Array(24 + 16 + 5);
    const view = new DataView(data.buffer);
    for (const [i, word] of [0x0001eb9f, 24, 0, 16, 16, 5, 1, 1 << 24, 4, 32].entries())
      view.setUint32(4 * i, word, true);
    data.set(new TextEncoder().encode("\0int\0"), 40);
    const fd = keep(bpf.btfLoad(data).fd);
    const info = bpf.objGetInfo(fd);
    expect(info).toEqual({ kind: "btf", id: info.id, name: "", kernelBtf: false, data });
    expect(bpf.getNextId("btf", info.id - 1)).toBe(info.id);
    const again = keep(bpf.getFdById("btf", info.id));
    expect(bpf.objGetInfo(again)).toEqual(info);
    expect(bpf.getNextId("map", 0x7ffffffe)).toBeUndefined();
    expect(failure(() => bpf.getNextId("map", -1)).errno).toBe(EINVAL);
    expect(failure(() => bpf.getFdById("prog", 0x7ffffffe)).errno).toBe(ENOENT);
    const error = failure(() => bpf.btfLoad(data.slice(0, 30), { logLevel: 1 })) as LinuxError;
    expect([error.errno, error.log]).toEqual([EINVAL, expect.stringContaining("Total section length too long")]);
  });

  test("info of what is no object", () => {
    expect(failure(() => bpf.objGetInfo(9999)).errno).toBe(EBADFD);
    expect(failure(() => bpf.objGetInfo(0)).errno).toBe(EINVAL);
  });

  test("memory: what is mapped is the map's, and is not reachable any more when it is disposed", () => {
    const fd = create(BPF_MAP_TYPE_ARRAY, 4, 8, 4, BPF_F_MMAPABLE);
    const mapped = bpf.mmap(fd, 4096, 0, true);
    const { bytes } = mapped;
    bytes[8] = 77;
    const value = new Uint8Array(8);
    bpf.mapLookupElem(fd, u32(1), value);
    expect(value[0]).toBe(77);
    bpf.mapUpdateElem(fd, u32(0), new Uint8Array(8).fill(5));
    expect(bytes[0]).toBe(5);
    const readOnly = bpf.mmap(fd, 4096);
    const copy = readOnly.bytes;
    copy[0] = 99;
    expect([copy.length, bytes[0], readOnly.bytes[0]]).toEqual([4096, 5, 5]);
    expect(failure(() => bpf.mapFreeze(fd)).code).toBe("EBUSY");
    mapped[Symbol.dispose]();
    mapped[Symbol.dispose]();
    readOnly[Symbol.dispose]();
    bytes[0] = 1;
    bpf.mapLookupElem(fd, u32(0), value);
    expect([bytes[8], value[0]]).toEqual([0, 5]);
    expect(failure(() => mapped.bytes).errno).toBe(EINVAL);
    bpf.mapFreeze(fd);
    expect(bpf.objGetInfo(fd)).toMatchObject({ frozen: true });
    expect(failure(() => bpf.mmap(create(BPF_MAP_TYPE_ARRAY, 4, 8, 4), 4096)).errno).toBe(EINVAL);
  });

  test("poll: ring buffers are readable while they hold records", () => {
    const ring = create(BPF_MAP_TYPE_RINGBUF, 0, 0, 4096);
    expect(bpf.poll([ring])).toEqual([]);
    expect(failure(() => bpf.poll([ring, 9999])).errno).toBe(EBADF);
  });

  test("attaching is not offered", () => {
    const error = failure(() => bpf.rawTracepointOpen("sys_enter", 0));
    expect([error.code, error.message]).toEqual([
      "UNSUPPORTED",
      "unsupported: attaching programs to the running kernel",
    ]);
  });

  test("a thousand objects made and closed leave no fd behind", () => {
    const count = (): number => openBpfFiles().length;
    for (let i = 0; i < 250; i++) {
      const map = bpf.mapCreate(ARRAY);
      const prog = program(EXIT).fd;
      const info = bpf.objGetInfo(map);
      const again = bpf.getFdById("map", info.id);
      bpf.mmap(keep(bpf.mapCreate({ ...ARRAY, mapFlags: BPF_F_MMAPABLE })), 4096)[Symbol.dispose]();
      expect(() => program(EXIT.slice(8))).toThrow();
      for (const fd of [map, prog, again, opened.pop()!]) bpf.close(fd);
    }
    expect(count()).toBe(0);
    expect(failure(() => bpf.close(9999)).errno).toBe(EBADF);
  });
});

const ARRAY = { type: BPF_MAP_TYPE_ARRAY, name: "", keySize: 4, valueSize: 4, maxEntries: 1, mapFlags: 0 };
