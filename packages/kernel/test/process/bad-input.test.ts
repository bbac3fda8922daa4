/** What callers get wrong: a typed error with errno that says what, got, allowed; and the kernel is as it was. */

import { type Bpf, BpfError } from "@bpf-ts/uapi";
import { BPF_TRACE_ITER } from "@bpf-ts/uapi/attach-types";
import { E2BIG, EBADF, EBADFD, EINVAL, ENOMEM } from "@bpf-ts/uapi/errno";
import { BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_HASH } from "@bpf-ts/uapi/map-types";
import { BPF_PROG_TYPE_SOCKET_FILTER } from "@bpf-ts/uapi/prog-types";
import { afterAll, describe, expect, test } from "vitest";
import { createKernel } from "../../src/index.ts";
import { arrayMap, closeAll, iterator, rawTracepoint, u32 } from "../programs.ts";

const kernel = createKernel();
const { bpf } = kernel;
const hash = bpf.mapCreate({
  type: BPF_MAP_TYPE_HASH,
  name: "h",
  keySize: 4,
  valueSize: 8,
  maxEntries: 2,
  mapFlags: 0,
});
bpf.mapUpdateElem(hash, u32(1), u32(2, 3));
const prog = rawTracepoint(bpf, "r0 = 0\nexit");
const { link } = iterator(bpf, arrayMap(bpf), "r0 = 0\nexit");
afterAll(() => closeAll(kernel));

/** The error's errno and message, which must have changed nothing. */
function refusal(act: () => unknown): { errno: number | undefined; message: string } {
  const state = (): unknown => {
    const value = new Uint8Array(8);
    bpf.mapLookupElem(hash, u32(1), value);
    return [kernel.liveBytes, kernel.describeLive(), [...value], bpf.objGetInfo(hash), bpf.objGetInfo(link)];
  };
  const before = state();
  let caught: unknown;
  try {
    act();
  } catch (error) {
    caught = error;
  }
  expect(state()).toEqual(before);
  expect(caught).toBeInstanceOf(BpfError);
  const { errno, message } = caught as BpfError;
  return { errno, message };
}

const [KEY, VALUE] = [u32(1), u32(0, 0)];

/** Every command that takes an fd, and what that must be. */
const COMMANDS: readonly (readonly [name: keyof Bpf, expects: "map" | "program" | "link", (fd: number) => unknown])[] =
  [
    ["mapLookupElem", "map", (fd) => bpf.mapLookupElem(fd, KEY, new Uint8Array(8))],
    ["mapUpdateElem", "map", (fd) => bpf.mapUpdateElem(fd, KEY, VALUE)],
    ["mapDeleteElem", "map", (fd) => bpf.mapDeleteElem(fd, KEY)],
    ["mapGetNextKey", "map", (fd) => bpf.mapGetNextKey(fd, null, new Uint8Array(4))],
    ["mapLookupAndDeleteElem", "map", (fd) => bpf.mapLookupAndDeleteElem(fd, KEY, new Uint8Array(8))],
    ["mapUpdateBatch", "map", (fd) => bpf.mapUpdateBatch(fd, 1, KEY, VALUE)],
    ["mapDeleteBatch", "map", (fd) => bpf.mapDeleteBatch(fd, 1, KEY)],
    ["mapFreeze", "map", (fd) => bpf.mapFreeze(fd)],
    ["mmap", "map", (fd) => bpf.mmap(fd, 4096)],
    ["progTestRun", "program", (fd) => bpf.progTestRun(fd)],
    ["linkCreate", "program", (fd) => bpf.linkCreate({ progFd: fd, attachType: BPF_TRACE_ITER })],
    ["rawTracepointOpen", "program", (fd) => bpf.rawTracepointOpen("sys_enter", fd)],
    ["linkUpdate", "program", (fd) => bpf.linkUpdate(link, { newProgFd: fd })],
    ["linkUpdate", "link", (fd) => bpf.linkUpdate(fd, { newProgFd: prog })],
    ["linkDetach", "link", (fd) => bpf.linkDetach(fd)],
    ["iterCreate", "link", (fd) => bpf.iterCreate(fd)],
  ];

describe("an fd that is not open", () => {
  test.each(COMMANDS)("%s: expected a %s", (_name, expects, call) => {
    for (const fd of [99, -1, 0x7fffffff])
      expect(refusal(() => call(fd))).toEqual({ errno: EBADF, message: `fd ${fd} is not open, expected a ${expects}` });
  });

  test("closed a moment ago", () => {
    const fd = arrayMap(bpf);
    bpf.close(fd);
    expect(refusal(() => bpf.mapFreeze(fd))).toEqual({ errno: EBADF, message: `fd ${fd} is not open, expected a map` });
    expect(refusal(() => bpf.close(fd)).errno).toBe(EBADF);
  });

  test.each<[keyof Bpf, number, () => unknown]>([
    ["read", EBADF, () => bpf.read(99, new Uint8Array(4))],
    ["poll", EBADF, () => bpf.poll([99])],
    // What Linux 6.18 answers here, too.
    ["objGetInfo", EBADFD, () => bpf.objGetInfo(99)],
  ])("%s, which takes several kinds", (_name, errno, call) => {
    expect(refusal(call)).toEqual({ errno, message: "fd 99 is not open" });
  });
});

describe("an fd of another kind", () => {
  test.each(COMMANDS)("%s: expected a %s", (_name, expects, call) => {
    const [fd, kind] = expects === "map" ? [prog, "prog"] : [hash, "map"];
    expect(refusal(() => call(fd))).toEqual({ errno: EINVAL, message: `fd ${fd} is a ${kind}, expected a ${expects}` });
  });

  test("read: a program cannot be", () => {
    expect(refusal(() => bpf.read(prog, new Uint8Array(4)))).toEqual({
      errno: EINVAL,
      message: `fd ${prog} is a prog: it cannot be read`,
    });
  });
});

describe("wrong sizes", () => {
  const program = (bytes: number): unknown =>
    bpf.progLoad({ progType: BPF_PROG_TYPE_SOCKET_FILTER, license: "GPL", insns: new Uint8Array(bytes) });
  const array = (attr: object): unknown =>
    bpf.mapCreate({
      type: BPF_MAP_TYPE_ARRAY,
      name: "a",
      keySize: 4,
      valueSize: 8,
      maxEntries: 1,
      mapFlags: 0,
      ...attr,
    });

  test.each<[string, () => unknown, number, string]>([
    ["a short key", () => bpf.mapUpdateElem(hash, new Uint8Array(3), VALUE), EINVAL, "key of 3 bytes, expected 4"],
    ["a long key", () => bpf.mapDeleteElem(hash, new Uint8Array(5)), EINVAL, "key of 5 bytes, expected 4"],
    ["a short value", () => bpf.mapUpdateElem(hash, KEY, new Uint8Array(7)), EINVAL, "value of 7 bytes, expected 8"],
    ["a long value", () => bpf.mapUpdateElem(hash, KEY, new Uint8Array(9)), EINVAL, "value of 9 bytes, expected 8"],
    ["too little room", () => bpf.mapLookupElem(hash, KEY, u32(0)), EINVAL, "value of 4 bytes, expected 8"],
    ["no room for a key", () => bpf.mapGetNextKey(hash, null, VALUE), EINVAL, "key of 8 bytes, expected 4"],
    ["half an instruction", () => program(9), EINVAL, "program of 9 bytes: no multiple of 8"],
    ["no instructions", () => program(0), E2BIG, "program of 0 instructions: allowed are 1..1000000"],
    ["too many", () => program(8_000_008), E2BIG, "program of 1000001 instructions: allowed are 1..1000000"],
    ["a map beyond memory", () => array({ maxEntries: 0xffffffff }), ENOMEM, "no room for 34359738360 bytes"],
    ["a key that no array has", () => array({ keySize: 8 }), EINVAL, "array map 'a' (key 8, value 8, 1 entries)"],
    ["BTF that ends in its header", () => bpf.btfLoad(new Uint8Array(10)), EINVAL, "BTF refused: "],
  ])("%s", (_name, act, errno, message) => {
    expect(refusal(act)).toEqual({ errno, message: expect.stringContaining(message) });
  });
});

test("a program that runs out of fuel: which, after how many, and where", () => {
  const small = createKernel({ fuel: 100 });
  const slow = rawTracepoint(small.bpf, "r6 = 0\nagain:\nr6 += 1\nif r6 < 200 goto again\nr0 = 0\nexit");
  const before = [small.liveBytes, small.describeLive()];
  for (let time = 0; time < 3; time++) {
    expect(() => small.bpf.progTestRun(slow)).toThrow(
      "program 1 (): out of fuel after 100 instructions (insn 2: if r6 < 0xc8 goto pc-2)",
    );
    expect([small.liveBytes, small.describeLive()]).toEqual(before);
  }
  closeAll(small);
});
