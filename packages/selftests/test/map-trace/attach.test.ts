/** Attaching a tracer: a case for each check, in their order, with the raw bytes of map_trace_info. */
import { createKernel } from "@bpf-ts/kernel";
import { E2BIG, EACCES, EBADF, EFAULT, EINVAL, EMFILE, ENOTSUPP, EPERM } from "@bpf-ts/uapi/errno";
import { BPF_F_WRONLY } from "@bpf-ts/uapi/map-flags";
import { BPF_TRACE_MAP, encodeMapTraceLinkInfo } from "@bpf-ts/uapi/map-trace";
import {
  BPF_MAP_TYPE_ARRAY,
  BPF_MAP_TYPE_HASH,
  BPF_MAP_TYPE_LRU_HASH,
  BPF_MAP_TYPE_LRU_PERCPU_HASH,
  BPF_MAP_TYPE_PERCPU_ARRAY,
  BPF_MAP_TYPE_PERCPU_HASH,
  BPF_MAP_TYPE_QUEUE,
  BPF_MAP_TYPE_STACK,
} from "@bpf-ts/uapi/map-types";
import { describe, expect, test } from "vitest";
import { errnoOf, u32 } from "./bytes.ts";
import { attach, closeAll, copyText, funcId, hashMap, linkInfo, program, tracer, updateText } from "./programs.ts";

const UPDATE = 0;
const DELETE = 1;

describe("link_create's own checks come first", () => {
  test.each([
    ["no such fd", 99, EBADF],
    ["a map", "map", EINVAL],
  ] as const)("prog_fd: %s", (_name, which, errno) => {
    const kernel = createKernel();
    const map = hashMap(kernel.bpf);
    const progFd = which === "map" ? map : which;
    expect(errnoOf(() => attach(kernel.bpf, progFd, { mapFd: map, traceType: UPDATE }))).toBe(errno);
    closeAll(kernel);
  });

  test("a program of another type, and attach types that are not the program's", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const map = hashMap(bpf);
    expect(errnoOf(() => attach(bpf, program(bpf, "r0 = 0\nexit"), { mapFd: map, traceType: UPDATE }))).toBe(EINVAL);
    const progFd = tracer(bpf, "UPDATE_ELEM");
    const mapTraceInfo = u32(map, UPDATE);
    // fentry, the end of Linux's own, and the neighbours of ours.
    for (const attachType of [24, 58, 1023, 1025, 0xffff_ffff])
      expect(errnoOf(() => bpf.linkCreate({ progFd, attachType, mapTraceInfo }))).toBe(EINVAL);
    const fentry = bpf.progLoad({
      progType: 26,
      expectedAttachType: 24,
      attachBtfId: funcId("bpf_map_trace_update_elem"),
      insns: new Uint8Array([0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0]),
      license: "GPL",
    }).fd;
    expect(errnoOf(() => attach(bpf, fentry, { mapFd: map, traceType: UPDATE }))).toBe(EINVAL);
    // BPF_RAW_TRACEPOINT_OPEN makes no such links.
    expect(errnoOf(() => bpf.rawTracepointOpen(null, progFd))).toBe(EINVAL);
    closeAll(kernel);
  });
});

describe("the attributes", () => {
  const info = (mapFd: number, ...rest: number[]): Uint8Array => u32(mapFd, ...rest);

  test.each([
    ["target_fd is not 0", (fd: number) => ({ targetFd: 1, mapTraceInfo: info(fd, 0, 0) }), EINVAL],
    ["flags are not 0", (fd: number) => ({ flags: 1, mapTraceInfo: info(fd, 0, 0) }), EINVAL],
    ["no info", () => ({}), EINVAL],
    ["null info", () => ({ mapTraceInfo: null, mapTraceInfoLen: 12 }), EINVAL],
    ["length 0", (fd: number) => ({ mapTraceInfo: info(fd, 0, 0), mapTraceInfoLen: 0 }), EINVAL],
    ["over a page", (fd: number) => ({ mapTraceInfo: info(fd, 0, 0), mapTraceInfoLen: 4097 }), E2BIG],
    ["non-zero bytes beyond the known size", (fd: number) => ({ mapTraceInfo: info(fd, 0, 0, 1) }), E2BIG],
    ["unreadable", (fd: number) => ({ mapTraceInfo: info(fd), mapTraceInfoLen: 12 }), EFAULT],
    ["map_fd 0", () => ({ mapTraceInfo: info(0, 0, 0) }), EBADF],
    ["map_fd closed", () => ({ mapTraceInfo: info(99, 0, 0) }), EBADF],
    ["map_fd is a program", (_fd: number, prog: number) => ({ mapTraceInfo: info(prog, 0, 0) }), EINVAL],
    ["trace_type is the other one", (fd: number) => ({ mapTraceInfo: info(fd, DELETE, 0) }), EINVAL],
    ["trace_type is unknown", (fd: number) => ({ mapTraceInfo: info(fd, 2, 0) }), EINVAL],
    ["flags of the info are unknown", (fd: number) => ({ mapTraceInfo: info(fd, UPDATE, 2) }), EINVAL],
  ] as const)("%s", (_name, attr, errno) => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const map = hashMap(bpf);
    const prog = tracer(bpf, "UPDATE_ELEM");
    const before = kernel.describeLive();
    expect(errnoOf(() => bpf.linkCreate({ progFd: prog, attachType: BPF_TRACE_MAP, ...attr(map, prog) }))).toBe(errno);
    expect(kernel.describeLive()).toEqual(before);
    closeAll(kernel);
  });

  test.each([
    ["8 bytes, as the RFC has it", 8],
    ["4 bytes: the trace type is 0", 4],
    ["16 bytes, the last four zero", 16],
    ["a page", 4096],
  ])("shorter and longer structures are taken: %s", (_name, length) => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const map = hashMap(bpf);
    const bytes = new Uint8Array(length);
    bytes.set(u32(map));
    const link = bpf.linkCreate({ progFd: tracer(bpf, "UPDATE_ELEM"), attachType: BPF_TRACE_MAP, mapTraceInfo: bytes });
    expect(linkInfo(bpf, link).mapTrace).toMatchObject({ traceType: UPDATE });
    closeAll(kernel);
  });

  test("a map that cannot be read", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const map = bpf.mapCreate({
      type: BPF_MAP_TYPE_HASH,
      name: "",
      keySize: 4,
      valueSize: 4,
      maxEntries: 1,
      mapFlags: BPF_F_WRONLY,
    });
    expect(errnoOf(() => attach(bpf, tracer(bpf, "UPDATE_ELEM"), { mapFd: map, traceType: UPDATE }))).toBe(EPERM);
    closeAll(kernel);
  });

  test("checks come in order: of two faults the earlier one is reported", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const prog = tracer(bpf, "UPDATE_ELEM");
    const attr = { progFd: prog, attachType: BPF_TRACE_MAP };
    // Too long and unreadable and a closed map: E2BIG.
    expect(errnoOf(() => bpf.linkCreate({ ...attr, mapTraceInfo: u32(99), mapTraceInfoLen: 5000 }))).toBe(E2BIG);
    // Unreadable and a closed map: EFAULT.
    expect(errnoOf(() => bpf.linkCreate({ ...attr, mapTraceInfo: u32(99), mapTraceInfoLen: 12 }))).toBe(EFAULT);
    // A closed map and a wrong trace type: EBADF.
    expect(errnoOf(() => bpf.linkCreate({ ...attr, mapTraceInfo: u32(99, DELETE) }))).toBe(EBADF);
    closeAll(kernel);
  });
});

describe("the map", () => {
  const create = (type: number, keySize: number): { kernel: ReturnType<typeof createKernel>; map: number } => {
    const kernel = createKernel();
    const map = kernel.bpf.mapCreate({ type, name: "", keySize, valueSize: 4, maxEntries: 8, mapFlags: 0 });
    return { kernel, map };
  };

  test.each([
    ["HASH", BPF_MAP_TYPE_HASH],
    ["LRU_HASH", BPF_MAP_TYPE_LRU_HASH],
    ["ARRAY", BPF_MAP_TYPE_ARRAY],
    ["PERCPU_HASH", BPF_MAP_TYPE_PERCPU_HASH],
    ["LRU_PERCPU_HASH", BPF_MAP_TYPE_LRU_PERCPU_HASH],
    ["PERCPU_ARRAY", BPF_MAP_TYPE_PERCPU_ARRAY],
  ])("%s can be traced", (_name, type) => {
    const { kernel, map } = create(type, 4);
    const { bpf } = kernel;
    for (const [operation, traceType] of [
      ["UPDATE_ELEM", UPDATE],
      ["DELETE_ELEM", DELETE],
    ] as const) {
      expect(attach(bpf, tracer(bpf, operation), { mapFd: map, traceType })).toBeGreaterThan(2);
    }
    closeAll(kernel);
  });

  test.each([
    ["QUEUE", BPF_MAP_TYPE_QUEUE],
    ["STACK", BPF_MAP_TYPE_STACK],
  ])("%s can't", (_name, type) => {
    const { kernel, map } = create(type, 0);
    const { bpf } = kernel;
    expect(errnoOf(() => attach(bpf, tracer(bpf, "UPDATE_ELEM"), { mapFd: map, traceType: UPDATE }))).toBe(EINVAL);
    closeAll(kernel);
  });

  test("a frozen map can be traced: freezing stops bpf(2) writes only", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const map = hashMap(bpf);
    const copy = hashMap(bpf);
    bpf.mapFreeze(map);
    attach(bpf, tracer(bpf, "UPDATE_ELEM", copyText(copy)), { mapFd: map, traceType: UPDATE });
    expect([...bpf.progTestRun(program(bpf, updateText(map, 1, 2))).dataOut]).toEqual([]);
    const value = new Uint8Array(4);
    bpf.mapLookupElem(copy, u32(1), value);
    expect(value).toEqual(u32(2));
    closeAll(kernel);
  });
});

describe("what the program reads", () => {
  const readKey = (bytes: number): string => `
    r2 = *(u64 *)(r1 +0)
    r0 = *(u8 *)(r2 +${bytes - 1})
    r0 = 0
    exit`;
  const readValue = (bytes: number): string => `
    r2 = *(u64 *)(r1 +8)
    r0 = *(u8 *)(r2 +${bytes - 1})
    r0 = 0
    exit`;

  test.each([
    ["the whole key", readKey(4), 0],
    ["one byte past the key", readKey(5), EACCES],
    ["the whole value", readValue(4), 0],
    ["one byte past the value", readValue(5), EACCES],
  ])("%s", (_name, text, errno) => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const map = hashMap(bpf);
    const prog = tracer(bpf, "UPDATE_ELEM", text);
    expect(errnoOf(() => attach(bpf, prog, { mapFd: map, traceType: UPDATE }))).toBe(errno);
    closeAll(kernel);
  });

  test("a per-CPU map's value is one CPU's: what lies behind it is out of bounds", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const map = bpf.mapCreate({
      type: BPF_MAP_TYPE_PERCPU_HASH,
      name: "",
      keySize: 4,
      valueSize: 4,
      maxEntries: 8,
      mapFlags: 0,
    });
    const past = tracer(bpf, "UPDATE_ELEM", readValue(5));
    const within = tracer(bpf, "UPDATE_ELEM", readValue(4));
    expect(errnoOf(() => attach(bpf, past, { mapFd: map, traceType: UPDATE }))).toBe(EACCES);
    expect(errnoOf(() => attach(bpf, within, { mapFd: map, traceType: UPDATE }))).toBe(0);
    closeAll(kernel);
  });

  test("key and value are two counters", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const map = bpf.mapCreate({
      type: BPF_MAP_TYPE_HASH,
      name: "",
      keySize: 4,
      valueSize: 16,
      maxEntries: 8,
      mapFlags: 0,
    });
    const prog = tracer(bpf, "UPDATE_ELEM", readValue(16));
    expect(errnoOf(() => attach(bpf, prog, { mapFd: map, traceType: UPDATE }))).toBe(0);
    closeAll(kernel);
  });
});

describe("limits", () => {
  test("sixteen tracers of a type, the seventeenth is E2BIG; the other type has its own list", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const map = hashMap(bpf);
    const prog = tracer(bpf, "UPDATE_ELEM");
    const links = Array.from({ length: 16 }, () => attach(bpf, prog, { mapFd: map, traceType: UPDATE }));
    const before = kernel.describeLive();
    expect(errnoOf(() => attach(bpf, prog, { mapFd: map, traceType: UPDATE }))).toBe(E2BIG);
    expect(kernel.describeLive()).toEqual(before);
    attach(bpf, tracer(bpf, "DELETE_ELEM"), { mapFd: map, traceType: DELETE });
    bpf.close(links[7]!);
    attach(bpf, prog, { mapFd: map, traceType: UPDATE });
    closeAll(kernel);
  });

  test("no free fd: EMFILE, and the map is untraced as before, no id is spent", () => {
    const kernel = createKernel({ maxFds: 6 });
    const { bpf } = kernel;
    const map = hashMap(bpf);
    const prog = tracer(bpf, "UPDATE_ELEM");
    const filler = hashMap(bpf);
    expect([map, prog, filler]).toEqual([3, 4, 5]);
    const before = kernel.describeLive();
    expect(errnoOf(() => attach(bpf, prog, { mapFd: map, traceType: UPDATE }))).toBe(EMFILE);
    expect(kernel.describeLive()).toEqual(before);
    bpf.close(filler);
    const link = attach(bpf, prog, { mapFd: map, traceType: UPDATE });
    expect(linkInfo(bpf, link).id).toBe(1);
    closeAll(kernel);
  });
});

describe("a refused attach leaves nothing: no reference, no id, no fd, no entry in the list", () => {
  interface Scene {
    bpf: ReturnType<typeof createKernel>["bpf"];
    map: number;
    other: number;
    prog: number;
  }
  const readAt = (arg: number, byte: number): string =>
    `r2 = *(u64 *)(r1 +${arg})\nr0 = *(u8 *)(r2 +${byte})\nr0 = 0\nexit`;
  const raw = (s: Scene, mapTraceInfo: Uint8Array | null, more: object = {}): unknown =>
    s.bpf.linkCreate({ progFd: s.prog, attachType: BPF_TRACE_MAP, mapTraceInfo, ...more });

  test.each<[string, number, (s: Scene) => unknown]>([
    ["prog_fd closed", EBADF, (s) => attach(s.bpf, 99, { mapFd: s.map, traceType: UPDATE })],
    ["prog_fd a map", EINVAL, (s) => attach(s.bpf, s.map, { mapFd: s.map, traceType: UPDATE })],
    ["attach type", EINVAL, (s) => raw(s, u32(s.map), { attachType: 26 })],
    ["target_fd", EINVAL, (s) => raw(s, u32(s.map), { targetFd: s.map })],
    ["flags", EINVAL, (s) => raw(s, u32(s.map), { flags: 4 })],
    ["no info", EINVAL, (s) => raw(s, null)],
    ["length 0", EINVAL, (s) => raw(s, new Uint8Array(0))],
    ["over a page", E2BIG, (s) => raw(s, new Uint8Array(4097))],
    ["unknown bytes", E2BIG, (s) => raw(s, u32(s.map, 0, 0, 0, 1))],
    ["unreadable", EFAULT, (s) => raw(s, u32(s.map), { mapTraceInfoLen: 8 })],
    ["map_fd 0", EBADF, (s) => raw(s, u32(0))],
    ["map_fd closed", EBADF, (s) => raw(s, u32(99))],
    ["map_fd a program", EINVAL, (s) => raw(s, u32(s.prog))],
    ["map_fd write-only", EPERM, (s) => raw(s, u32(hashMap(s.bpf, 1, "w", BPF_F_WRONLY)))],
    ["trace_type", EINVAL, (s) => raw(s, u32(s.map, DELETE))],
    ["info flags", EINVAL, (s) => raw(s, u32(s.map, UPDATE, 0x8000_0001))],
    [
      "map type",
      EINVAL,
      (s) => raw(s, u32(s.bpf.mapCreate({ type: 22, name: "", keySize: 0, valueSize: 4, maxEntries: 1, mapFlags: 0 }))),
    ],
    [
      "reads past the key",
      EACCES,
      (s) => attach(s.bpf, tracer(s.bpf, "UPDATE_ELEM", readAt(0, 4)), { mapFd: s.map, traceType: UPDATE }),
    ],
    [
      "reads past the value",
      EACCES,
      (s) => attach(s.bpf, tracer(s.bpf, "UPDATE_ELEM", readAt(8, 4)), { mapFd: s.map, traceType: UPDATE }),
    ],
    [
      "a loop",
      EINVAL,
      (s) => attach(s.bpf, tracer(s.bpf, "UPDATE_ELEM", copyText(s.map)), { mapFd: s.map, traceType: UPDATE }),
    ],
  ])("%s", (_name, errno, act) => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const scene = { bpf, map: hashMap(bpf), other: hashMap(bpf), prog: tracer(bpf, "UPDATE_ELEM") };
    // What the case itself makes is made once before, so that only the attach can differ.
    expect(errnoOf(() => act(scene))).toBe(errno);
    for (const [fd] of kernel.init.fds.entries()) if (fd > scene.prog) bpf.close(fd);
    const before = kernel.describeLive();
    const bytes = kernel.liveBytes;
    expect(errnoOf(() => act(scene))).toBe(errno);
    for (const [fd] of kernel.init.fds.entries()) if (fd > scene.prog) bpf.close(fd);
    expect(kernel.describeLive()).toEqual(before);
    expect(kernel.liveBytes).toBe(bytes);
    expect(before.filter((one) => one.startsWith("link"))).toEqual([]);
    expect(before).toEqual([
      "program 1 (tracer), 1 reference(s)",
      "map 1 (m), 1 reference(s)",
      "map 2 (m), 1 reference(s)",
      "fd 3 of process 1000: map",
      "fd 4 of process 1000: map",
      "fd 5 of process 1000: prog",
    ]);
    // Sixteen places are free, and ids and fds go on where they were.
    const links = Array.from({ length: 16 }, () => attach(bpf, scene.prog, { mapFd: scene.map, traceType: UPDATE }));
    expect(links).toEqual(Array.from({ length: 16 }, (_, i) => 6 + i));
    expect(links.map((link) => linkInfo(bpf, link).id)).toEqual(Array.from({ length: 16 }, (_, i) => 1 + i));
    expect(errnoOf(() => attach(bpf, scene.prog, { mapFd: scene.map, traceType: UPDATE }))).toBe(E2BIG);
    closeAll(kernel);
  });
});

describe("loading a tracer", () => {
  const load = (bpf: ReturnType<typeof createKernel>["bpf"], attr: object): void => {
    bpf.progLoad({
      progType: 26,
      expectedAttachType: BPF_TRACE_MAP,
      attachBtfId: funcId("bpf_map_trace__BPF_MAP_TRACE_UPDATE_ELEM"),
      insns: new Uint8Array([0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0]),
      license: "GPL",
      ...attr,
    });
  };

  test.each([
    ["no attach_btf_id", { attachBtfId: 0 }],
    ["an id of no type", { attachBtfId: 1_000_000 }],
    ["an id that is no function", { attachBtfId: 1 }],
    ["sleepable", { progFlags: 16 }],
    ["attach_prog_fd", { attachProgFd: 3 }],
  ])("refused: %s", (_name, attr) => {
    const kernel = createKernel();
    hashMap(kernel.bpf);
    expect(errnoOf(() => load(kernel.bpf, attr))).toBe(EINVAL);
    closeAll(kernel);
  });

  test("refused: a function that is no target", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    expect(errnoOf(() => load(bpf, { attachBtfId: funcId("__sys_bpf") }))).toBe(EINVAL);
    expect(errnoOf(() => load(bpf, {}))).toBe(0);
    closeAll(kernel);
  });

  test("refused: types of a module or of an object, not the kernel's own", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    // What shares its place with attach_prog_fd is the fd of the BTF that the id belongs to.
    const attachProgFd = bpf.btfLoad(bpf.kernelBtf()).fd;
    expect(errnoOf(() => load(bpf, { attachProgFd }))).toBe(EINVAL);
    closeAll(kernel);
  });

  test("refused: attach types next to ours", () => {
    const kernel = createKernel();
    for (const expectedAttachType of [1023, 1025]) {
      expect(errnoOf(() => load(kernel.bpf, { expectedAttachType }))).toBe(EINVAL);
    }
    closeAll(kernel);
  });

  test("sleepable: 6.18's text", () => {
    const kernel = createKernel();
    expect(() => load(kernel.bpf, { progFlags: 16 })).toThrow(
      "Only fentry/fexit/fmod_ret, lsm, iter, uprobe, and struct_ops programs can be sleepable",
    );
    closeAll(kernel);
  });

  test("a tracer cannot be test-run", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    expect(errnoOf(() => bpf.progTestRun(tracer(bpf, "UPDATE_ELEM")))).toBe(ENOTSUPP);
    closeAll(kernel);
  });

  test("the encoder writes what the structure says", () => {
    expect(encodeMapTraceLinkInfo({ mapFd: 0x01020304, traceType: 1, flags: 1 })).toEqual(
      new Uint8Array([4, 3, 2, 1, 1, 0, 0, 0, 1, 0, 0, 0]),
    );
  });
});
