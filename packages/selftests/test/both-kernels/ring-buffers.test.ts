/** Ring buffers of a loaded object, read and written as libbpf-ts does it, on both kernels. */
import { E2BIG, EBADF, EINVAL, ENOSPC } from "@bpf-ts/uapi/errno";
import type { BpfObject, RingBuffer } from "libbpf-ts";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openProg } from "../../src/objects.ts";
import { caught } from "../caught.ts";
import { kernels, type OpenKernel } from "./kernels.ts";

interface Event {
  sequence: bigint;
  length: number;
  kind: string;
}

interface Line {
  sequence: number;
  text: string;
}

interface Order {
  id: number;
  amount: number;
}

/** What a socket filter sees of it has `length` bytes. */
const packet = (length: number): { data: Uint8Array } => ({ data: new Uint8Array(14 + length) });
const NO_WAKEUP = 1n;
const FORCE_WAKEUP = 2n;

for (const { name, open, skip } of kernels()) {
  describe.skipIf(skip)(name, () => {
    let kernel: OpenKernel;
    let object: BpfObject;
    beforeEach(() => {
      kernel = open();
      object = openProg("ring_buffers").load(kernel.bpf);
    });
    afterEach(() => {
      object.close();
      expect(kernel.describeLive()).toEqual([]);
    });

    const run = (program: string, length = 50): number => object.program(program).run(packet(length)).retval;
    const emit = (length: number): number => run("emit", length);
    const events = (): RingBuffer<Event> => object.map("events").ringBuffer<Event>({ type: "event" });
    const event = (sequence: bigint, length: number): Event => ({ sequence, length, kind: "KIND_PACKET" });

    describe("a ring buffer", () => {
      test("records come in order, by their type; what was read is gone", () => {
        using ring = events();
        expect([ring.read(), ring.isReady, ring.available, ring.size]).toEqual([undefined, false, 0, 4096]);
        for (const length of [50, 60, 70]) expect(emit(length)).toBe(0);
        expect([ring.isReady, ring.available, ring.producerPosition]).toEqual([true, 72, 72n]);
        expect(ring.read()).toEqual(event(1n, 50));
        const seen: Event[] = [];
        expect(ring.consume((record) => seen.push(record))).toBe(2);
        expect(seen).toEqual([event(2n, 60), event(3n, 70)]);
        expect([ring.read(), ring.isReady, ring.available, ring.consumerPosition]).toEqual([undefined, false, 0, 72n]);
        run("output", 80);
        expect(ring.read()).toEqual(event(4n, 80));
      });

      test("without a type records are bytes", () => {
        using ring = object.map("events").ringBuffer();
        emit(50);
        expect([...ring.read()!]).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 50, 0, 0, 0, 1, 0, 0, 0]);
      });

      test("discarded records are skipped and counted", () => {
        object.variable("discard_every").set(2);
        using ring = events();
        for (const length of [50, 60, 70, 80, 90]) emit(length);
        const seen: bigint[] = [];
        ring.consume(({ sequence }) => seen.push(sequence));
        expect([seen, ring.discarded]).toEqual([[1n, 3n, 5n], 2]);
        expect(ring.available).toBe(0);
      });

      test("`false` and a limit stop; what is thrown stops, the record is gone", () => {
        using ring = events();
        for (let i = 1; i <= 6; i++) emit(i);
        const seen: bigint[] = [];
        expect(ring.consume(({ sequence }) => seen.push(sequence), 2)).toBe(2);
        expect(ring.consume(({ sequence }) => seen.push(sequence) < 3)).toBe(1);
        expect(() =>
          ring.consume(() => {
            throw new RangeError("enough");
          }),
        ).toThrow("enough");
        expect(ring.consume(({ sequence }) => seen.push(sequence))).toBe(2);
        expect(seen).toEqual([1n, 2n, 3n, 5n, 6n]);
      });

      test("a full ring takes nothing; reading makes room; records go around the end", () => {
        using ring = events();
        let emitted = 0;
        while (emit(50) === 0) emitted++;
        // 24 bytes each, and one byte less than the ring.
        expect([emitted, object.variable("no_room").get()]).toEqual([170, 1n]);
        for (let i = 1; i <= 170; i++) expect(ring.read()?.sequence).toBe(BigInt(i));
        for (let i = 171; i <= 400; i++) {
          emit(i);
          expect(ring.read()).toEqual(event(BigInt(i), i));
        }
        expect(ring.producerPosition).toBe(9600n);
      });

      test("records of any length: dynptrs, flexible arrays, records around the end", () => {
        using ring = object.map("events").ringBuffer<Line>({ type: "line" });
        for (let i = 0; i < 1000; i++) {
          expect(run("emit_line", i)).toBe(0);
          expect(ring.read()).toEqual({ sequence: i + 1, text: "0123456789abcdef".slice(0, i & 15) });
        }
      });

      test("a record that is shorter than its type is an error, and consumed", () => {
        using ring = events();
        run("emit_line", 3);
        emit(50);
        expect(caught(() => ring.read()).message).toBe("ring buffer events: needs 16 bytes at offset 0, there are 7");
        expect(ring.read()).toEqual(event(2n, 50));
      });

      test("two readers share the records", () => {
        using first = events();
        using second = events();
        for (const length of [1, 2, 3]) emit(length);
        expect([first.read(), second.read(), first.read(), second.read()]).toEqual([
          event(1n, 1),
          event(2n, 2),
          event(3n, 3),
          undefined,
        ]);
      });

      test("what programs are told of it", () => {
        using ring = events();
        for (const length of [1, 2, 3]) emit(length);
        ring.read();
        run("query");
        expect(object.variable("state").get()).toEqual([48n, 4096n, 24n, 72n]);
      });

      test("for await: records that are there, and those that come", async () => {
        using ring = events();
        emit(1);
        const seen: bigint[] = [];
        for await (const { sequence } of ring) {
          seen.push(sequence);
          if (sequence === 4n) break;
          // The next ones come when the loop is waiting already.
          if (sequence === 2n) void Promise.resolve().then(() => [emit(3), emit(4), emit(5)]);
          if (sequence === 1n) void Promise.resolve().then(() => emit(2));
        }
        expect(seen).toEqual([1n, 2n, 3n, 4n]);
        expect(ring.read()?.sequence).toBe(5n);
      });

      test("for await: BPF_RB_NO_WAKEUP leaves it waiting, the next wakeup brings all", async () => {
        using ring = events();
        const seen: bigint[] = [];
        const done = (async () => {
          for await (const { sequence } of ring) if (seen.push(sequence) === 3) break;
        })();
        await Promise.resolve();
        object.variable("flags").set(NO_WAKEUP);
        emit(1);
        emit(2);
        expect(seen).toEqual([]);
        object.variable("flags").set(FORCE_WAKEUP);
        emit(3);
        await done;
        expect(seen).toEqual([1n, 2n, 3n]);
      });

      test("closing ends what waits", async () => {
        const ring = events();
        const seen: Event[] = [];
        const iteration = (async () => {
          for await (const record of ring) seen.push(record);
          return "over";
        })();
        const polled = ring.poll(() => {});
        await Promise.resolve();
        ring.close();
        ring.close();
        expect(await Promise.all([iteration, polled])).toEqual(["over", 0]);
        expect(seen).toEqual([]);
        expect(caught(() => ring.read()).code).toBe("STATE");
        expect(caught(() => ring.available).code).toBe("STATE");
        await expect(ring.poll(() => {})).rejects.toThrow("the reader of ring buffer events is closed");
      });

      test("poll waits for something, and shows what there is", async () => {
        using ring = events();
        emit(1);
        const seen: bigint[] = [];
        const show = ({ sequence }: Event): unknown => seen.push(sequence);
        expect(await ring.poll(show)).toBe(1);
        const later = ring.poll(show);
        await Promise.resolve();
        emit(2);
        expect(await later).toBe(1);
        expect(seen).toEqual([1n, 2n]);
      });
    });

    describe("a user ring buffer", () => {
      const drained = (): unknown[] => {
        run("drain");
        return ["drained", "counted", "total"].map((variable) => object.variable(variable).get());
      };

      test("samples by their type, drained in order", () => {
        using ring = object.map("orders").userRingBuffer<Order>({ type: "order" });
        expect(drained()).toEqual([0n, 0, 0n]);
        ring.output({ id: 1, amount: 30 });
        ring.output({ id: 2, amount: -5 });
        expect(ring.used).toBe(32);
        expect(drained()).toEqual([2n, 2, 25n]);
        expect(object.variable("last_order").get()).toEqual({ id: 2, amount: -5 });
        expect(ring.used).toBe(0);
        // The id 0 ends a drain; what is behind it comes with the next one.
        for (const id of [3, 0, 4]) ring.output({ id, amount: 1 });
        expect(drained()).toEqual([2n, 2, 27n]);
        expect(drained()).toEqual([1n, 1, 28n]);
      });

      test("reserved, filled, submitted or discarded: programs wait for what is reserved", () => {
        using ring = object.map("orders").userRingBuffer<Order>({ type: "order" });
        const first = ring.reserve(8);
        const second = ring.reserve(8);
        second.write({ id: 7, amount: 70 }).submit();
        expect(drained()).toEqual([0n, 0, 0n]);
        first.bytes.set([6, 0, 0, 0], 0);
        first.write(Uint8Array.of(60, 0, 0, 0), 4);
        first.submit();
        expect(drained()).toEqual([2n, 2, 130n]);
        ring.reserve(8).discard();
        ring.output({ id: 8, amount: 1 });
        expect(drained()).toEqual([1n, 1, 131n]);
      });

      test("samples of other sizes, also none", () => {
        using ring = object.map("orders").userRingBuffer();
        for (const size of [0, 1, 7, 9, 100]) ring.output(new Uint8Array(size).fill(1));
        // Two hold an order; three are too short.
        expect(drained()).toEqual([5n, 2, 2n * 0x01010101n]);
        expect(object.variable("odd_sizes").get()).toBe(3n);
      });

      test("around the end, many times", () => {
        using ring = object.map("orders").userRingBuffer<Order>({ type: "order" });
        using bytes = object.map("orders").userRingBuffer();
        let total = 0n;
        for (let i = 1; i <= 2000; i++) {
          ring.output({ id: i, amount: i });
          bytes.output(new Uint8Array(i % 5));
          total += BigInt(i);
          expect(drained()).toEqual([2n, 1, total]);
        }
      });

      test("ENOSPC until a program makes room, E2BIG for what never fits, EINVAL for what is no size", () => {
        using ring = object.map("orders").userRingBuffer();
        expect(caught(() => ring.reserve(4089)).errno).toBe(E2BIG);
        expect(caught(() => ring.reserve(2 ** 30)).errno).toBe(E2BIG);
        for (const size of [-1, 0.5, Number.NaN]) expect(caught(() => ring.reserve(size)).errno).toBe(EINVAL);
        // A sample may fill the ring.
        ring.output(new Uint8Array(4088).fill(1));
        expect(ring.isReady).toBe(false);
        const full = caught(() => ring.reserve(0));
        expect([full.errno, full.code, full.message]).toEqual([
          ENOSPC,
          "NO_ROOM",
          "user ring buffer orders: a sample of 0 bytes takes 8, there are 0",
        ]);
        expect(drained()).toEqual([1n, 1, 0x01010101n]);
        expect(ring.isReady).toBe(true);
        ring.reserve(0).submit();
      });

      test("a sample is committed once", () => {
        using ring = object.map("orders").userRingBuffer();
        const sample = ring.reserve(8);
        expect(caught(() => sample.write(new Uint8Array(9))).errno).toBe(EINVAL);
        expect(caught(() => sample.write(new Uint8Array(8), 1)).errno).toBe(EINVAL);
        sample.submit();
        for (const again of [() => sample.submit(), () => sample.discard(), () => sample.bytes])
          expect(caught(again)).toMatchObject({ code: "STATE", errno: EINVAL });
        ring.close();
        expect(caught(() => ring.reserve(8)).code).toBe("STATE");
      });

      test("waiting for room", async () => {
        using ring = object.map("orders").userRingBuffer();
        ring.output(new Uint8Array(4088).fill(1));
        const waiting = ring.reserveAsync(8);
        await Promise.resolve();
        run("drain");
        (await waiting).discard();
        await expect(ring.reserveAsync(5000)).rejects.toThrow("takes 5008, the ring has 4096");
        ring.output(new Uint8Array(4000));
        const closed = ring.reserveAsync(4000);
        await Promise.resolve();
        ring.close();
        await expect(closed).rejects.toThrow("is closed");
      });

      test("out of one ring, into the other", () => {
        using orders = object.map("orders").userRingBuffer<Order>({ type: "order" });
        using ring = events();
        for (const id of [5, 6]) orders.output({ id, amount: 10 * id });
        expect(run("forward")).toBe(2);
        const seen: Event[] = [];
        ring.consume((record) => seen.push(record));
        expect(seen).toEqual([
          { sequence: 5n, length: 50, kind: "KIND_ORDER" },
          { sequence: 6n, length: 60, kind: "KIND_ORDER" },
        ]);
      });
    });

    test("a closed map, and a map that is closed before its reader", () => {
      using ring = events();
      emit(1);
      object.close();
      // What is mapped stays.
      expect(ring.read()).toEqual(event(1n, 1));
      expect(caught(() => object.map("events").ringBuffer())).toMatchObject({ code: "STATE", errno: EBADF });
      expect(caught(() => object.map("events").get())).toMatchObject({ code: "STATE", errno: EBADF });
      expect(caught(() => ring.isReady).errno).toBe(EBADF);
      ring.close();
      expect(caught(() => ring.read())).toMatchObject({ code: "STATE", errno: EBADF });
    });

    test("what is no ring buffer, and types that are not there", () => {
      expect(caught(() => object.map("orders").ringBuffer())).toMatchObject({
        code: "MAP_INVALID",
        message: "map orders is of type user_ringbuf, expected ringbuf",
      });
      expect(caught(() => object.map(".bss").userRingBuffer()).code).toBe("MAP_INVALID");
      expect(caught(() => object.map("events").ringBuffer({ type: "evnet" }))).toMatchObject({
        code: "NOT_FOUND",
        message: `ring buffer events: its object's BTF has no type "evnet"`,
      });
      using untyped = object.map("orders").userRingBuffer<Order>();
      expect(caught(() => untyped.output({ id: 1, amount: 1 }))).toMatchObject({ code: "VALUE" });
      expect(untyped.used).toBe(0);
    });
  });
}
