import type { Bpf } from "@bpf-ts/uapi";
import { EACCES, EBADF, EINVAL, EPERM } from "@bpf-ts/uapi/errno";
import { BPF_F_MMAPABLE } from "@bpf-ts/uapi/map-flags";
import { BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_RINGBUF, BPF_MAP_TYPE_USER_RINGBUF } from "@bpf-ts/uapi/map-types";
import { BPF_PROG_TYPE_SOCKET_FILTER } from "@bpf-ts/uapi/prog-types";
import { describe, expect, test } from "vitest";
import { createKernel } from "../../src/index.ts";
import { arrayMap, closeAll, errnoOf, load } from "../programs.ts";

const SIZES = { keySize: 0, valueSize: 0, maxEntries: 4096, mapFlags: 0 };

function ringMap(bpf: Bpf, type: number = BPF_MAP_TYPE_RINGBUF): number {
  return bpf.mapCreate({ type, name: "ring", ...SIZES });
}

/** A program that outputs eight bytes. */
function producer(bpf: Bpf, ring: number, flags = 0): { run(): void } {
  const fd = load(
    bpf,
    `*(u64 *)(r10 -8) = 7
     r1 = map[fd:${ring}]
     r2 = r10
     r2 += -8
     r3 = 8
     r4 = ${flags}
     call bpf_ringbuf_output
     exit`,
    { progType: BPF_PROG_TYPE_SOCKET_FILTER },
  );
  return { run: () => void bpf.progTestRun(fd, { dataIn: new Uint8Array(64) }) };
}

/** All jobs that are due have run. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("watching a ring buffer", () => {
  test("the listener is called after the program, once for all wakeups", async () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const ring = ringMap(bpf);
    const program = producer(bpf, ring);
    const calls: string[] = [];
    const watch = bpf.watch([ring, ring], () => calls.push(`called, ready: ${bpf.poll([ring]).length}`));
    program.run();
    const page = bpf.mmap(ring, 4096, 0, true);
    page.storeU64(0, 16n);
    program.run();
    expect(calls).toEqual([]);
    await settled();
    expect(calls).toEqual(["called, ready: 1"]);
    // Its consumer has not come as far as this record: nobody is woken.
    program.run();
    await settled();
    expect(calls.length).toBe(1);
    page.storeU64(0, 48n);
    program.run();
    await settled();
    expect(calls.length).toBe(2);
    page.storeU64(0, 64n);
    program.run();
    watch[Symbol.dispose]();
    watch[Symbol.dispose]();
    await settled();
    expect(calls.length).toBe(2);
    page[Symbol.dispose]();
    closeAll(kernel);
  });

  test("BPF_RB_NO_WAKEUP and BPF_RB_FORCE_WAKEUP", async () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const ring = ringMap(bpf);
    let calls = 0;
    const watch = bpf.watch([ring], () => calls++);
    producer(bpf, ring, 1).run();
    await settled();
    expect([calls, bpf.poll([ring])]).toEqual([0, [ring]]);
    producer(bpf, ring, 2).run();
    await settled();
    expect(calls).toBe(1);
    watch[Symbol.dispose]();
    closeAll(kernel);
  });

  test("what nobody can wait for", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const ring = ringMap(bpf);
    expect(errnoOf(() => bpf.watch([ring, 999], () => {}))).toBe(EBADF);
    expect(errnoOf(() => bpf.watch([ring, arrayMap(bpf)], () => {}))).toBe(EPERM);
    expect(errnoOf(() => bpf.poll([999]))).toBe(EBADF);
    closeAll(kernel);
  });

  test("it keeps nothing alive", async () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const ring = ringMap(bpf);
    const watch = bpf.watch([ring], () => {});
    bpf.close(ring);
    expect(kernel.describeLive()).toEqual([]);
    watch[Symbol.dispose]();
  });
});

test("a user ring buffer is ready while it has room", () => {
  const kernel = createKernel();
  const { bpf } = kernel;
  const ring = ringMap(bpf, BPF_MAP_TYPE_USER_RINGBUF);
  expect(bpf.poll([ring])).toEqual([ring]);
  const pages = bpf.mmap(ring, 8192, 4096, true);
  pages.storeU64(0, 4096n);
  expect(bpf.poll([ring])).toEqual([]);
  pages[Symbol.dispose]();
  closeAll(kernel);
});

describe("mapped memory", () => {
  test("parts and numbers", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const def = { type: BPF_MAP_TYPE_ARRAY, name: "a", keySize: 4, valueSize: 16, maxEntries: 1 };
    const fd = bpf.mapCreate({ ...def, mapFlags: BPF_F_MMAPABLE });
    const memory = bpf.mmap(fd, 16, 0, true);
    memory.storeU32(4, 0x89abcdef);
    memory.storeU64(8, 0xfedcba9876543210n);
    expect([...memory.read(4, 6)]).toEqual([0xef, 0xcd, 0xab, 0x89, 0x10, 0x32]);
    expect([memory.loadU32(4), memory.loadU32(8), memory.loadU64(0)]).toEqual([
      0x89abcdef,
      0x76543210,
      0x89abcdef00000000n,
    ]);
    memory.read(0, 16)[0] = 1;
    expect([memory.bytes.length, memory.bytes[0]]).toEqual([16, 0]);
    const copy = bpf.mmap(fd, 16);
    copy.bytes[0] = 1;
    expect([copy.bytes[0], copy.loadU32(4)]).toEqual([0, 0x89abcdef]);
    expect(errnoOf(() => copy.storeU32(0, 1))).toBe(EACCES);
    expect(errnoOf(() => copy.storeU64(0, 1n))).toBe(EACCES);
    for (const wrong of [
      () => memory.loadU32(16),
      () => memory.loadU32(2),
      () => memory.loadU64(4),
      () => memory.storeU64(12, 1n),
      () => memory.read(0, 17),
      () => memory.read(-1, 1),
      () => memory.read(0.5, 1),
      () => memory.read(8, -1),
    ])
      expect(errnoOf(wrong)).toBe(EINVAL);
    memory[Symbol.dispose]();
    for (const gone of [() => memory.bytes, () => memory.read(0, 1), () => memory.storeU32(0, 1)])
      expect(errnoOf(gone)).toBe(EINVAL);
    copy[Symbol.dispose]();
    closeAll(kernel);
  });
});
