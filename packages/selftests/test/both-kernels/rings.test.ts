/** Ring buffers through the `Bpf` interface: mapped, polled and waited for, in the in-process kernel and in the running one. */
import { assembleKernel, encode } from "@bpf-ts/isa";
import type { Bpf, MappedMemory } from "@bpf-ts/uapi";
import { EACCES, EBADF, EINVAL, EPERM } from "@bpf-ts/uapi/errno";
import { BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_RINGBUF, BPF_MAP_TYPE_USER_RINGBUF } from "@bpf-ts/uapi/map-types";
import { BPF_PROG_TYPE_SOCKET_FILTER } from "@bpf-ts/uapi/prog-types";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { errnoOf } from "../map-trace/bytes.ts";
import { kernels } from "./kernels.ts";

const PAGE = 4096;
const SIZES = { keySize: 0, valueSize: 0, maxEntries: PAGE, mapFlags: 0 };

for (const { name, open, skip } of kernels()) {
  describe.skipIf(skip)(name, () => {
    let bpf: Bpf;
    const opened: number[] = [];
    const mapped: MappedMemory[] = [];
    const keep = (fd: number): number => {
      opened.push(fd);
      return fd;
    };
    const mmap = (fd: number, length: number, offset: number, writable: boolean): MappedMemory => {
      const memory = bpf.mmap(fd, length, offset, writable);
      mapped.push(memory);
      return memory;
    };
    beforeEach(() => {
      bpf = open().bpf;
    });
    afterEach(() => {
      for (const memory of mapped.splice(0)) memory[Symbol.dispose]();
      for (const fd of opened.splice(0)) bpf.close(fd);
    });

    const ringMap = (type: number = BPF_MAP_TYPE_RINGBUF): number =>
      keep(bpf.mapCreate({ type, name: "ring", ...SIZES }));
    /** Outputs the eight bytes 1 to 8. */
    const producer = (ring: number, flags = 0): (() => number) => {
      const text = `r0 = 0x0807060504030201 ll
        *(u64 *)(r10 -8) = r0
        r1 = map[fd:${ring}]
        r2 = r10
        r2 += -8
        r3 = 8
        r4 = ${flags}
        call bpf_ringbuf_output
        exit`;
      const insns = encode(assembleKernel(text));
      const prog = keep(
        bpf.progLoad({ progType: BPF_PROG_TYPE_SOCKET_FILTER, insns, license: "GPL", name: "ring" }).fd,
      );
      return () => bpf.progTestRun(prog, { dataIn: new Uint8Array(64) }).retval;
    };

    test("a record in its pages: positions, header, data; consumed", () => {
      const ring = ringMap();
      const consumer = mmap(ring, PAGE, 0, true);
      const producerAndData = mmap(ring, PAGE + 2 * PAGE, PAGE, false);
      expect(bpf.poll([ring])).toEqual([]);
      expect(producer(ring)()).toBe(0);
      expect(bpf.poll([ring])).toEqual([ring]);
      expect(producerAndData.loadU64(0)).toBe(16n);
      expect([producerAndData.loadU32(PAGE), producerAndData.loadU32(PAGE + 4)]).toEqual([8, 3]);
      expect([...producerAndData.read(PAGE + 8, 8)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      expect(consumer.loadU64(0)).toBe(0n);
      consumer.storeU64(0, 16n);
      expect(bpf.poll([ring])).toEqual([]);
      expect(errnoOf(() => producerAndData.storeU32(0, 1))).toBe(EACCES);
      expect(errnoOf(() => producerAndData.read(3 * PAGE, 1))).toBe(EINVAL);
      expect(errnoOf(() => mmap(ring, PAGE, PAGE, true))).toBe(EPERM);
      consumer[Symbol.dispose]();
      expect(errnoOf(() => consumer.loadU64(0))).toBe(EINVAL);
    });

    test("a user ring buffer is ready while it has room", () => {
      const ring = ringMap(BPF_MAP_TYPE_USER_RINGBUF);
      expect(bpf.poll([ring])).toEqual([ring]);
      const pages = mmap(ring, 3 * PAGE, PAGE, true);
      pages.storeU64(0, 4096n);
      expect(bpf.poll([ring])).toEqual([]);
      expect(errnoOf(() => mmap(ring, PAGE, 0, true))).toBe(EPERM);
    });

    test("who waits is woken, as often as there is something new", async () => {
      const ring = ringMap();
      const other = ringMap();
      const consumer = mmap(ring, PAGE, 0, true);
      const produce = producer(ring);
      for (const position of [16n, 32n, 48n]) {
        await new Promise<void>((resolve) => {
          const watch = bpf.watch([ring, other], () => {
            watch[Symbol.dispose]();
            resolve();
          });
          produce();
        });
        expect(bpf.poll([ring, other])).toEqual([ring]);
        consumer.storeU64(0, position);
      }
    });

    test("two who wait for one ring are both woken", async () => {
      const ring = ringMap();
      const produce = producer(ring, 2);
      const watches: Disposable[] = [];
      const woken = [1, 2].map(() => new Promise<void>((resolve) => watches.push(bpf.watch([ring], () => resolve()))));
      produce();
      await Promise.all(woken);
      for (const watch of watches) watch[Symbol.dispose]();
    });

    test("what nobody can wait for", () => {
      const array = keep(bpf.mapCreate({ type: BPF_MAP_TYPE_ARRAY, name: "", ...SIZES, keySize: 4, valueSize: 4 }));
      expect(errnoOf(() => bpf.watch([array], () => {}))).toBe(EPERM);
      expect(errnoOf(() => bpf.watch([987_654], () => {}))).toBe(EBADF);
    });
  });
}
