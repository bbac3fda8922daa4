/** Iterators over maps: what the program is shown, and how what it prints is read. */

import type { Bpf } from "@bpf-ts/uapi";
import { BPF_TRACE_ITER } from "@bpf-ts/uapi/attach-types";
import { E2BIG, EACCES, EAGAIN, EBADF, EINVAL, EPERM } from "@bpf-ts/uapi/errno";
import { BPF_MAP_TYPE_PERCPU_ARRAY, BPF_MAP_TYPE_PERCPU_HASH, BPF_MAP_TYPE_QUEUE } from "@bpf-ts/uapi/map-types";
import { BPF_F_REPLACE } from "@bpf-ts/uapi/prog-flags";
import { BPF_PROG_TYPE_TRACING } from "@bpf-ts/uapi/prog-types";
import { expect, test } from "vitest";
import { createKernel } from "../../src/index.ts";
import { arrayMap, closeAll, errnoOf, funcId, hashMap, iterator, load, u32 } from "../programs.ts";

/** Writes `size` bytes of the pointer at `offset` of the context: 16 the key, 24 the value. At the end "$". */
function copying(offset: number, size: number): string {
  return `r6 = *(u64 *)(r1 +0)
    r7 = *(u64 *)(r1 +${offset})
    r1 = *(u64 *)(r6 +0)
    if r7 == 0 goto end
    r2 = r7
    r3 = ${size}
    call bpf_seq_write
    r0 = 0
    exit
    end:
    *(u32 *)(r10 -8) = 0x24
    r2 = r10
    r2 += -8
    r3 = 1
    call bpf_seq_write
    r0 = 0
    exit`;
}

function readAll(bpf: Bpf, fd: number, size = 1 << 16): { bytes: number[]; reads: number[] } {
  const bytes: number[] = [];
  const reads: number[] = [];
  const buffer = new Uint8Array(size);
  for (;;) {
    const n = bpf.read(fd, buffer);
    if (n === 0) return { bytes, reads };
    reads.push(n);
    bytes.push(...buffer.subarray(0, n));
  }
}

test("an array: each element in order, then the call without one", () => {
  const kernel = createKernel();
  const { bpf } = kernel;
  const map = arrayMap(bpf, 3, 4);
  for (const i of [0, 1, 2]) bpf.mapUpdateElem(map, u32(i), u32(10 + i));
  const { iter } = iterator(bpf, map, copying(24, 4));
  expect(readAll(bpf, iter)).toEqual({ bytes: [10, 0, 0, 0, 11, 0, 0, 0, 12, 0, 0, 0, 0x24], reads: [13] });
  expect(bpf.read(iter, new Uint8Array(10))).toBe(0);
  closeAll(kernel);
});

test("a short buffer: the rest waits, the walk goes on only when it is needed", () => {
  const kernel = createKernel();
  const { bpf } = kernel;
  const map = arrayMap(bpf, 3, 4);
  const { iter, prog } = iterator(bpf, map, copying(16, 4));
  expect(bpf.poll([iter])).toEqual([iter]);
  expect(bpf.read(iter, new Uint8Array(3))).toBe(3);
  const info = bpf.objGetInfo(prog);
  expect(info.kind === "prog" && info.runCnt).toBe(1n);
  expect(readAll(bpf, iter, 5)).toEqual({ bytes: [0, 1, 0, 0, 0, 2, 0, 0, 0, 0x24], reads: [1, 5, 3, 1] });
  closeAll(kernel);
});

test("a hash map while it changes: what is there from beginning to end is shown once", () => {
  const kernel = createKernel();
  const { bpf } = kernel;
  const map = hashMap(bpf, 64);
  for (let i = 0; i < 20; i++) bpf.mapUpdateElem(map, u32(i), u32(i));
  const { iter } = iterator(bpf, map, copying(16, 4));
  const seen: number[] = [];
  const buffer = new Uint8Array(4);
  for (let step = 0; bpf.read(iter, buffer) === 4; step++) {
    seen.push(new DataView(buffer.buffer).getUint32(0, true));
    if (step < 10) bpf.mapDeleteElem(map, u32(step));
    bpf.mapUpdateElem(map, u32(100 + step), u32(0));
  }
  const lasting = seen.filter((key) => key >= 10 && key < 20).sort((a, b) => a - b);
  expect(lasting).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
  expect(new Set(seen).size).toBe(seen.length);
  closeAll(kernel);
});

test.each([
  ["per-CPU hash", BPF_MAP_TYPE_PERCPU_HASH],
  ["per-CPU array", BPF_MAP_TYPE_PERCPU_ARRAY],
])("%s: the values of all CPUs, 8 bytes each", (_name, type) => {
  const kernel = createKernel({ cpus: 3 });
  const { bpf } = kernel;
  const map = bpf.mapCreate({ type, name: "p", keySize: 4, valueSize: 4, maxEntries: 1, mapFlags: 0 });
  bpf.mapUpdateElem(map, u32(0), u32(1, 0, 2, 0, 3, 0));
  const { iter } = iterator(bpf, map, copying(24, 24));
  expect(readAll(bpf, iter).bytes).toEqual([...u32(1, 0, 2, 0, 3, 0), 0x24]);
  expect(errnoOf(() => iterator(bpf, map, copying(24, 25)))).toBe(EACCES);
  closeAll(kernel);
});

test("numbers of the session and of the element, by seq_printf", () => {
  const kernel = createKernel();
  const { bpf } = kernel;
  const map = arrayMap(bpf, 2, 4);
  // "%d:%d " in read-only memory.
  const format = bpf.mapCreate({ type: 2, name: "f", keySize: 4, valueSize: 8, maxEntries: 1, mapFlags: 0x80 });
  bpf.mapUpdateElem(format, u32(0), new TextEncoder().encode("%d:%d \0\0"));
  bpf.mapFreeze(format);
  const text = `r6 = *(u64 *)(r1 +0)
    r1 = *(u64 *)(r6 +8)
    *(u64 *)(r10 -16) = r1
    r1 = *(u64 *)(r6 +16)
    *(u64 *)(r10 -8) = r1
    r1 = *(u64 *)(r6 +0)
    r2 = map[fd:${format}][0]+0
    r3 = 7
    r4 = r10
    r4 += -16
    r5 = 16
    call bpf_seq_printf
    r0 = 0
    exit`;
  const { iter, link } = iterator(bpf, map, text);
  const second = bpf.iterCreate(link);
  const textOf = (fd: number): string => new TextDecoder().decode(Uint8Array.from(readAll(bpf, fd).bytes));
  expect(textOf(iter)).toBe("1:0 1:1 1:2 ");
  expect(textOf(second)).toBe("2:0 2:1 2:2 ");
  closeAll(kernel);
});

/** Writes a value of 20,000 bytes `times` times. */
const bulky = (times: number): string => `r6 = *(u64 *)(r1 +0)
  r7 = *(u64 *)(r1 +24)
  if r7 == 0 goto end
  ${"r1 = *(u64 *)(r6 +0)\nr2 = r7\nr3 = 20000\ncall bpf_seq_write\n".repeat(times)}
  end:
  r0 = 0
  exit`;

test("an element that prints too much: E2BIG, each time it is tried", () => {
  const kernel = createKernel();
  const { bpf } = kernel;
  const map = arrayMap(bpf, 2, 20_000);
  const { iter } = iterator(bpf, map, bulky(2));
  for (let i = 0; i < 3; i++) expect(errnoOf(() => bpf.read(iter, new Uint8Array(1 << 16)))).toBe(E2BIG);
  closeAll(kernel);
});

test("elements that do not fit together are read one after the other", () => {
  const kernel = createKernel();
  const { bpf } = kernel;
  const map = arrayMap(bpf, 3, 20_000);
  const { iter, prog } = iterator(bpf, map, bulky(1));
  expect(readAll(bpf, iter).reads).toEqual([20_000, 20_000, 20_000]);
  // Each of the later two was shown twice, and there is the call at the end.
  const info = bpf.objGetInfo(prog);
  expect(info.kind === "prog" && info.runCnt).toBe(6n);
  closeAll(kernel);
});

test("by steps: what does not fit is taken back, and shown again once there is room", () => {
  const kernel = createKernel();
  const { bpf } = kernel;
  const map = arrayMap(bpf, 2, 20_000);
  const { iter } = iterator(bpf, map, bulky(1));
  expect(kernel.stepIterator(iter)).toBe(true);
  expect(errnoOf(() => kernel.stepIterator(iter))).toBe(E2BIG);
  expect(bpf.read(iter, new Uint8Array(1 << 16))).toBe(20_000);
  expect(kernel.stepIterator(iter)).toBe(true);
  expect(kernel.stepIterator(iter)).toBe(false);
  expect(kernel.stepIterator(iter)).toBe(false);
  expect(bpf.read(iter, new Uint8Array(1 << 16))).toBe(20_000);
  expect(errnoOf(() => kernel.stepIterator(map))).toBe(EINVAL);
  expect(errnoOf(() => kernel.stepIterator(99))).toBe(EBADF);
  closeAll(kernel);
});

test("a program that returns 1 is shown the element again: EAGAIN, and what it printed is gone", () => {
  const kernel = createKernel();
  const { bpf } = kernel;
  const map = arrayMap(bpf, 2, 4);
  bpf.mapUpdateElem(map, u32(0), u32(7));
  // Asks again while element 1 holds 0, and writes the value that it saw.
  const text = copying(24, 4).replace(
    "r0 = 0\n    exit",
    "r0 = 1\n    r1 = *(u32 *)(r7 +0)\n    if r1 == 0 goto pc+1\n    r0 = 0\n    exit",
  );
  const { iter } = iterator(bpf, map, text);
  const buffer = new Uint8Array(64);
  expect(bpf.read(iter, buffer)).toBe(4);
  expect(errnoOf(() => bpf.read(iter, buffer))).toBe(EAGAIN);
  expect(errnoOf(() => kernel.stepIterator(iter))).toBe(EAGAIN);
  bpf.mapUpdateElem(map, u32(1), u32(8));
  expect([bpf.read(iter, buffer), [...buffer.subarray(0, 5)]]).toEqual([5, [8, 0, 0, 0, 0x24]]);
  closeAll(kernel);
});

test("links: what is checked, and that a new program is for the next iterator", () => {
  const kernel = createKernel();
  const { bpf } = kernel;
  const map = arrayMap(bpf, 1, 4);
  const { iter, link, prog } = iterator(bpf, map, copying(16, 4));
  const other = iterator(bpf, map, copying(24, 4));
  bpf.mapUpdateElem(map, u32(0), u32(9));
  expect(
    errnoOf(() => bpf.linkUpdate(link, { newProgFd: other.prog, oldProgFd: other.prog, flags: BPF_F_REPLACE })),
  ).toBe(EPERM);
  expect(errnoOf(() => bpf.linkUpdate(link, { newProgFd: other.prog, oldProgFd: prog }))).toBe(EINVAL);
  expect(errnoOf(() => bpf.linkUpdate(link, { newProgFd: other.prog, flags: 1 }))).toBe(EINVAL);
  bpf.linkUpdate(link, { newProgFd: other.prog, oldProgFd: prog, flags: BPF_F_REPLACE });
  expect(readAll(bpf, iter).bytes).toEqual([0, 0, 0, 0, 0x24]);
  expect(readAll(bpf, bpf.iterCreate(link)).bytes).toEqual([9, 0, 0, 0, 0x24]);
  expect(bpf.objGetInfo(link)).toMatchObject({ type: 4, iter: { targetName: "bpf_map_elem" } });

  const create = (more: object): number =>
    errnoOf(() => bpf.linkCreate({ progFd: prog, attachType: BPF_TRACE_ITER, ...more }));
  expect(create({})).toBe(EBADF);
  expect(create({ iterInfo: new Uint8Array(0) })).toBe(EINVAL);
  expect(create({ iterInfo: u32(0) })).toBe(EBADF);
  expect(create({ iterInfo: u32(99) })).toBe(EBADF);
  expect(create({ iterInfo: u32(prog) })).toBe(EINVAL);
  expect(create({ iterInfo: u32(map, 0, 0, 0, 1) })).toBe(E2BIG);
  expect(create({ iterInfo: u32(map), flags: 1 })).toBe(EINVAL);
  expect(create({ iterInfo: u32(map), targetFd: 3 })).toBe(EINVAL);
  const queue = bpf.mapCreate({
    type: BPF_MAP_TYPE_QUEUE,
    name: "q",
    keySize: 0,
    valueSize: 4,
    maxEntries: 1,
    mapFlags: 0,
  });
  expect(create({ iterInfo: u32(queue) })).toBe(EINVAL);
  expect(errnoOf(() => iterator(bpf, map, copying(16, 5)))).toBe(EACCES);
  expect(errnoOf(() => bpf.linkDetach(link))).toBe(95);
  const fentry = load(bpf, "r0 = 0\nexit", {
    progType: BPF_PROG_TYPE_TRACING,
    expectedAttachType: 24,
    attachBtfId: funcId(bpf, "__sys_bpf"),
  });
  expect(errnoOf(() => bpf.linkUpdate(link, { newProgFd: fentry }))).toBe(EINVAL);
  // Opened by its program alone an iterator has nowhere to go.
  expect(errnoOf(() => bpf.rawTracepointOpen(null, prog))).toBe(EINVAL);
  closeAll(kernel);
});
