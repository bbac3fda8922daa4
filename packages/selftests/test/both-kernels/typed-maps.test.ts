/** Maps of a loaded object as JavaScript sees them, on both kernels. */
import { BpfError } from "@bpf-ts/uapi";
import { E2BIG, EBADFD, EEXIST, EINVAL, ENOENT, ENOSPC, ENOTSUPP, EOPNOTSUPP } from "@bpf-ts/uapi/errno";
import { BPF_EXIST, BPF_NOEXIST } from "@bpf-ts/uapi/map-flags";
import { BatchCursor, type BpfObject, openMap } from "libbpf-ts";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openProg } from "../../src/objects.ts";
import { caught } from "../caught.ts";
import { kernels, type OpenKernel } from "./kernels.ts";

interface Flow {
  saddr: number;
  port: number;
  protocol: number;
}

interface Stats {
  packets: bigint;
  bytes: number;
}

const flow = (saddr: number): Flow => ({ saddr, port: 80, protocol: 6 });
const stats = (bytes: number, packets = 1n): Stats => ({ packets, bytes });
const byAddress = (entries: Iterable<readonly [Flow, Stats]>): [number, number][] =>
  [...entries].map(([{ saddr }, { bytes }]): [number, number] => [saddr, bytes]).sort(([a], [b]) => a - b);

for (const { name, open, skip } of kernels()) {
  describe.skipIf(skip)(name, () => {
    let kernel: OpenKernel;
    let object: BpfObject;
    beforeEach(() => {
      kernel = open();
      object = openProg("typed_maps").load(kernel.bpf);
    });
    afterEach(() => {
      object.close();
      expect(kernel.describeLive()).toEqual([]);
    });

    /** The program counts a packet of so many bytes. */
    const count = (length: number): number => object.program("count").run({ data: new Uint8Array(14 + length) }).retval;

    test("what a program writes is read by type, and the other way round", () => {
      const flows = object.map<Flow, Stats>("flows");
      expect([count(20), count(20), count(30)]).toEqual([1, 1, 1]);
      expect(flows.get(flow(20))).toEqual({ packets: 2n, bytes: 40 });
      flows.set(flow(30), stats(1000, 5n));
      count(30);
      expect(flows.get(flow(30))).toEqual({ packets: 6n, bytes: 1030 });
      expect(object.map("queue").pop()).toEqual(stats(20));
      expect(object.map("stack").pop()).toBe(30);
      expect(object.map("seen").test(20)).toBe(true);
    });

    test("hash: as a Map", () => {
      const flows = object.map<Flow, Stats>("flows");
      expect([flows.get(flow(1)), flows.has(flow(1)), flows.delete(flow(1)), flows.take(flow(1))]).toEqual([
        undefined,
        false,
        false,
        undefined,
      ]);
      for (const n of [1, 2, 3]) flows.set(flow(n), stats(n * 10));
      expect([flows.has(flow(2)), flows.count(), flows.size]).toEqual([true, 3, undefined]);
      expect(byAddress(flows)).toEqual([
        [1, 10],
        [2, 20],
        [3, 30],
      ]);
      expect([...flows.keys()].map(({ saddr }) => saddr).sort()).toEqual([1, 2, 3]);
      expect([...flows.values()].map(({ bytes }) => bytes).sort()).toEqual([10, 20, 30]);
      const shown: [number, number][] = [];
      flows.forEach(({ bytes }, { saddr }, map) => {
        expect(map).toBe(flows);
        shown.push([saddr, bytes]);
      });
      expect(shown.sort()).toEqual(byAddress(flows));
      expect(caught(() => flows.set(flow(1), stats(1), BPF_NOEXIST)).errno).toBe(EEXIST);
      expect(caught(() => flows.set(flow(9), stats(1), BPF_EXIST)).errno).toBe(ENOENT);
      expect(caught(() => flows.set(flow(9), stats(1), 1n << 40n)).errno).toBe(EINVAL);
      expect([flows.take(flow(2)), flows.has(flow(2)), flows.delete(flow(3))]).toEqual([stats(20), false, true]);
      flows.clear();
      expect([...flows]).toEqual([]);
    });

    test("array: its keys are always there", () => {
      const levels = object.map<number, number>("levels");
      levels.set(1, -7);
      expect([...levels]).toEqual([
        [0, 0],
        [1, -7],
        [2, 0],
      ]);
      expect([levels.size, levels.count(), levels.get(3)]).toEqual([3, 3, undefined]);
      expect(caught(() => levels.set(3, 1)).errno).toBe(E2BIG);
      expect(caught(() => levels.delete(1)).errno).toBe(EINVAL);
      expect(caught(() => levels.clear()).errno).toBe(EINVAL);
      expect(caught(() => levels.set(0, 40_000)).message).toContain("levels");
    });

    test("per-CPU values are arrays, one a CPU", () => {
      const byCpu = object.map<number, Stats[]>("by_cpu");
      const cpus = kernel.bpf.possibleCpus;
      byCpu.set(
        1,
        Array.from({ length: cpus }, (_, cpu) => stats(cpu)),
      );
      expect(byCpu.get(1)).toEqual(Array.from({ length: cpus }, (_, cpu) => stats(cpu)));
      count(50);
      expect(byCpu.get(50)?.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(50);
      expect(caught(() => byCpu.set(1, [])).message).toBe(
        `map by_cpu: value: expected an array of ${cpus}, one a possible CPU, or ${16 * cpus} bytes`,
      );
    });

    test("queue and stack", () => {
      const queue = object.map<undefined, Stats>("queue");
      const stack = object.map<undefined, number>("stack");
      expect([queue.peek(), queue.pop(), stack.peek(), stack.pop()]).toEqual([
        undefined,
        undefined,
        undefined,
        undefined,
      ]);
      for (const n of [1, 2, 3]) {
        queue.push(stats(n));
        stack.push(n);
      }
      expect(caught(() => queue.push(stats(4))).errno).toBe(E2BIG);
      stack.push(4, BPF_EXIST);
      expect([queue.peek(), queue.pop(), queue.pop()]).toEqual([stats(1), stats(1), stats(2)]);
      expect([stack.peek(), stack.pop(), stack.pop(), stack.pop(), stack.pop()]).toEqual([4, 4, 3, 2, undefined]);
      expect(caught(() => queue.push(stats(4), BPF_NOEXIST)).errno).toBe(EINVAL);
      expect(caught(() => [...queue.keys()]).errno).toBe(EINVAL);
      expect(caught(() => queue.batches().next()).errno).toBe(ENOTSUPP);
    });

    test("bloom filter: what was added may be there, what was not is not", () => {
      const seen = object.map<undefined, number>("seen");
      const added = Array.from({ length: 50 }, (_, i) => i * 7919);
      for (const n of added) seen.add(n);
      expect(added.every((n) => seen.test(n))).toBe(true);
      const others = Array.from({ length: 1000 }, (_, i) => 1_000_000 + i);
      const wrong = others.filter((n) => seen.test(n)).length;
      expect(wrong).toBeLessThan(500);
      expect(caught(() => [...seen.keys()]).errno).toBe(EOPNOTSUPP);
    });

    test("without types keys and values are bytes, integers where they fit", () => {
      const untyped = object.map<Uint8Array, Uint8Array>("untyped");
      untyped.set(Uint8Array.of(1, 2, 3), Uint8Array.of(1, 2, 3, 4, 5));
      expect([...untyped]).toEqual([[Uint8Array.of(1, 2, 3), Uint8Array.of(1, 2, 3, 4, 5)]]);
      expect(caught(() => untyped.get(Uint8Array.of(1)))).toMatchObject({
        message: "map untyped: key: expected 3 bytes, got 1",
        code: "VALUE",
        errno: EINVAL,
      });
      expect([...untyped.batches()]).toEqual([[[Uint8Array.of(1, 2, 3), Uint8Array.of(1, 2, 3, 4, 5)]]]);
    });

    test("a map by its fd alone: typed by what the kernel knows of it", () => {
      const levels = openMap<number, number>(kernel.bpf, object.map("levels").fd);
      levels.set(2, -3);
      expect([[...levels], levels.name, object.map("levels").get(2)]).toEqual([
        [
          [0, 0],
          [1, 0],
          [2, -3],
        ],
        "levels",
        -3,
      ]);
      levels.close();
      const flows = openMap<Flow, Stats>(kernel.bpf, object.map("flows").fd, { name: "theirs" });
      flows.set(flow(1), stats(10));
      expect([object.map("flows").get(flow(1)), flows.name]).toEqual([stats(10), "theirs"]);
      expect([...openMap(kernel.bpf, object.map("untyped").fd)]).toEqual([]);
      expect(caught(() => openMap(kernel.bpf, object.program("count").fd)).code).toBe("MAP_INVALID");
      expect(caught(() => openMap(kernel.bpf, 987_654)).errno).toBe(EBADFD);
    });

    describe("batches", () => {
      const many = (n: number): [Flow, Stats][] => Array.from({ length: n }, (_, i) => [flow(i), stats(i)]);

      test("written, read by and by, taken", () => {
        const flows = object.map<Flow, Stats>("flows");
        expect(flows.setBatch(many(300))).toBe(300);
        const all = byAddress(many(300));
        expect(byAddress([...flows.batches(64)].flat())).toEqual(all);
        expect([...flows.batches()].map((batch) => batch.length).reduce((a, b) => a + b)).toBe(300);
        const cursor = new BatchCursor();
        const found: [Flow, Stats][] = [];
        while (!cursor.done) found.push(...flows.getBatch(cursor, 100));
        expect(byAddress(found)).toEqual(all);
        expect(flows.getBatch(cursor, 100)).toEqual([]);
        const taking = new BatchCursor();
        const taken: [Flow, Stats][] = [];
        while (!taking.done) taken.push(...flows.takeBatch(taking, 100));
        expect([byAddress(taken), flows.count()]).toEqual([all, 0]);
        expect([...flows.batches()]).toEqual([]);
      });

      test("an error says how many were done", () => {
        const flows = object.map<Flow, Stats>("flows");
        flows.set(flow(2), stats(0));
        const exists = caught(() => flows.setBatch(many(5), BPF_NOEXIST));
        // Only BPF_F_LOCK is a flag of a batch's elements.
        expect([exists.errno, flows.count()]).toEqual([EINVAL, 1]);
        const levels = object.map<number, number>("levels");
        const beyond = caught(() =>
          levels.setBatch([
            [0, 5],
            [1, 6],
            [3, 7],
            [2, 8],
          ]),
        );
        expect([beyond.errno, beyond.details?.["count"], [...levels.values()]]).toEqual([E2BIG, 2, [5, 6, 0]]);
        flows.setBatch(many(4));
        const missing = caught(() => flows.deleteBatch([flow(0), flow(1), flow(7), flow(2)]));
        expect([missing.errno, missing.details?.["count"], byAddress(flows)]).toEqual([
          ENOENT,
          2,
          [
            [2, 2],
            [3, 3],
          ],
        ]);
        expect(flows.deleteBatch([flow(2), flow(3)])).toBe(2);
        expect([flows.setBatch([]), flows.deleteBatch([])]).toEqual([0, 0]);
      });

      test("a batch that is too small for a hash's bucket says so, and can be asked for again", () => {
        const untyped = object.map<Uint8Array, Uint8Array>("untyped");
        // Eight keys in eight buckets: some bucket is likely to hold two, but need not.
        const entries = Array.from({ length: 8 }, (_, i): [Uint8Array, Uint8Array] => [
          Uint8Array.of(i, 0, 0),
          new Uint8Array(5).fill(i),
        ]);
        untyped.setBatch(entries);
        const cursor = new BatchCursor();
        const found: number[] = [];
        let room = 1;
        while (!cursor.done) {
          const before = cursor.state;
          try {
            found.push(...untyped.getBatch(cursor, room).map(([key]) => key[0]!));
          } catch (error) {
            if (!(error instanceof BpfError)) throw error;
            expect([error.errno, cursor.state]).toEqual([ENOSPC, before]);
            room++;
          }
        }
        expect(found.sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
      });

      test("arrays and per-CPU values", () => {
        const levels = object.map<number, number>("levels");
        levels.setBatch([
          [0, 1],
          [2, -1],
        ]);
        expect([...levels.batches(2)]).toEqual([
          [
            [0, 1],
            [1, 0],
          ],
          [[2, -1]],
        ]);
        expect(caught(() => levels.takeBatch(new BatchCursor())).errno).toBe(ENOTSUPP);
        const byCpu = object.map<number, Stats[]>("by_cpu");
        const values = Array.from({ length: kernel.bpf.possibleCpus }, (_, cpu) => stats(cpu + 1));
        byCpu.setBatch([[4, values]]);
        expect([...byCpu.batches()]).toEqual([[[4, values]]]);
        for (const size of [0, -1, 1.5])
          expect(caught(() => levels.getBatch(new BatchCursor(), size)).code).toBe("VALUE");
      });
    });
  });
}
