import type { RingbufMap, UserRingbufMap } from "@bpf-ts/maps";
import { BPF_MAP_TYPE_RINGBUF, BPF_MAP_TYPE_USER_RINGBUF } from "@bpf-ts/uapi/map-types";
import { BPF_PROG_TYPE_SOCKET_FILTER } from "@bpf-ts/uapi/prog-types";
import { describe, expect, test } from "vitest";
import { createKernel, ProgramFault } from "../../src/index.ts";
import { RingRecords } from "../../src/run/ring-records.ts";
import { load } from "../programs.ts";
import { EXIT, type HelperMachine, ldImm64, type Slot, withHelpers } from "./machine.ts";

/** Ring buffers and dynptrs, by literal numbers. The running kernel is asked the same in `test/linux/ring-sequences.ts`. */

const [OUTPUT, RESERVE_DYNPTR, SUBMIT_DYNPTR, DISCARD_DYNPTR, DRAIN] = [130, 198, 199, 200, 209];
const [FROM_MEM, READ, WRITE, DATA] = [197, 201, 202, 203];
const SIZES = { keySize: 0, valueSize: 0, maxEntries: 4096 };

const ringOf = (machine: HelperMachine): RingbufMap =>
  machine.map({ type: BPF_MAP_TYPE_RINGBUF, ...SIZES }) as RingbufMap;

describe("dynptrs", () => {
  test(
    "of a ring buffer's record: written, read, submitted",
    withHelpers(
      (machine) => {
        const { memory } = machine;
        const ring = ringOf(machine);
        const dynptr = machine.block(16);
        expect(machine.call(RESERVE_DYNPTR, ring.handle, 20, 0, dynptr)).toBe(0n);
        expect(memory.getU32(ring.data)).toBe(0x80000014);
        const text = machine.text("ring buffer");
        expect(machine.call(WRITE, dynptr, 9, text, 11, 0)).toBe(0n);
        expect(new TextDecoder().decode(machine.bytes(ring.data + 8 + 9, 11))).toBe("ring buffer");
        expect(machine.call(WRITE, dynptr, 10, text, 11, 0)).toBe(-7n);
        expect(machine.call(WRITE, dynptr, 0, text, 11, 1)).toBe(-22n);
        const copy = machine.block(11);
        expect(machine.call(READ, copy, 6, dynptr, 14, 0)).toBe(0n);
        expect(machine.textAt(copy)).toBe("buffer");
        expect(machine.call(READ, copy, 6, dynptr, 15, 0)).toBe(-7n);
        expect(machine.call(READ, copy, 6, dynptr, 14, 1)).toBe(-22n);
        expect(machine.call(DATA, dynptr, 14, 6)).toBe(BigInt(ring.data + 8 + 14));
        expect(machine.call(DATA, dynptr, 14, 7)).toBe(0n);
        expect(memory.isLive(ring.data + 8, 20, true)).toBe(true);
        machine.call(SUBMIT_DYNPTR, dynptr, 0);
        expect(memory.getU32(ring.data)).toBe(20);
        expect(memory.isLive(ring.data + 8, 1)).toBe(false);
        // Null from now on.
        expect(machine.call(READ, copy, 0, dynptr, 0, 0)).toBe(-22n);
        expect(machine.call(WRITE, dynptr, 0, text, 0, 0)).toBe(-22n);
        expect(machine.call(DATA, dynptr, 0, 0)).toBe(0n);
      },
      { ringRecords: new RingRecords() },
    ),
  );

  test(
    "where there is no room, and for what is too large, the dynptr is null and can be discarded",
    withHelpers(
      (machine) => {
        const ring = ringOf(machine);
        const dynptr = machine.block(new Uint8Array(16).fill(0xff));
        expect(machine.call(RESERVE_DYNPTR, ring.handle, 4089, 0, dynptr)).toBe(-22n);
        expect(machine.bytes(dynptr, 16)).toEqual(new Uint8Array(16));
        expect(machine.call(RESERVE_DYNPTR, ring.handle, 0x1000000, 0, dynptr)).toBe(-7n);
        expect(machine.call(RESERVE_DYNPTR, ring.handle, 8, 1, dynptr)).toBe(-22n);
        expect(machine.call(RESERVE_DYNPTR, ring.handle, 8, 1n << 32n, dynptr)).toBe(-22n);
        expect(machine.call(DISCARD_DYNPTR, dynptr, 0)).toBe(0n);
        expect(ring.query(3)).toBe(0n);
        expect(machine.call(RESERVE_DYNPTR, ring.handle, 8, 0, dynptr)).toBe(0n);
        machine.call(DISCARD_DYNPTR, dynptr, 0);
        expect(machine.memory.getU32(ring.data)).toBe(0x40000008);
      },
      { ringRecords: new RingRecords() },
    ),
  );

  test(
    "of memory",
    withHelpers((machine) => {
      const dynptr = machine.block(16);
      const value = machine.text("map value");
      expect(machine.call(FROM_MEM, value, 9, 0, dynptr)).toBe(0n);
      expect(machine.call(DATA, dynptr, 4, 5)).toBe(BigInt(value + 4));
      // Source and destination may overlap.
      expect(machine.call(WRITE, dynptr, 2, value, 7, 0)).toBe(0n);
      expect(machine.textAt(value)).toBe("mamap val");
      expect(machine.call(FROM_MEM, value, 9, 1, dynptr)).toBe(-22n);
      expect(machine.call(DATA, dynptr, 0, 0)).toBe(0n);
      expect(machine.call(FROM_MEM, value, 0x1000000, 0, dynptr)).toBe(-7n);
    }),
  );
});

describe("bpf_user_ringbuf_drain", () => {
  /** Drains with a callback that stores the first byte of each sample at the log's cursor; returns 1 at a byte of 9. */
  const program = (handle: number, log: number, flags: number | bigint): Slot[] => {
    const tail: Slot[] = [...ldImm64(3, log), ...ldImm64(4, flags), [0x85, 0, 0, 0, DRAIN], EXIT];
    return [
      ...ldImm64(1, handle),
      [0x18, 2, 4, 0, tail.length + 1],
      [0, 0, 0, 0, 0],
      ...tail,
      // r6 = log; r0 = bpf_dynptr_data(sample, 0, 1)
      [0xbf, 6, 2, 0, 0],
      [0xb7, 2, 0, 0, 0],
      [0xb7, 3, 0, 0, 1],
      [0x85, 0, 0, 0, DATA],
      // r1 = r0 == 0 ? 0 : *r0
      [0xb7, 1, 0, 0, 0],
      [0x15, 0, 0, 1, 0],
      [0x71, 1, 0, 0, 0],
      // *(u8 *)(log + 1 + log[0]++) = r1
      [0x71, 2, 6, 0, 0],
      [0xbf, 3, 6, 0, 0],
      [0x0f, 3, 2, 0, 0],
      [0x73, 3, 1, 1, 0],
      [0x07, 2, 0, 0, 1],
      [0x73, 6, 2, 0, 0],
      [0xb7, 0, 0, 0, 0],
      [0x55, 1, 0, 1, 9],
      [0xb7, 0, 0, 0, 1],
      EXIT,
    ];
  };

  /** Puts samples of the given first bytes (`-`: discarded, `b`: busy) into the ring. */
  function produce(machine: HelperMachine, ring: UserRingbufMap, samples: readonly (number | "-" | "b")[]): void {
    const { memory } = machine;
    for (const sample of samples) {
      const at = Number(memory.getU64(ring.producer));
      memory.setU32(ring.data + at, sample === "-" ? 0x40000001 : sample === "b" ? 0x80000001 : 1);
      if (typeof sample === "number") memory.setU8(ring.data + at + 8, sample);
      memory.setU64(ring.producer, BigInt(at + 16));
    }
  }

  const ringFor = (machine: HelperMachine): UserRingbufMap =>
    machine.map({ type: BPF_MAP_TYPE_USER_RINGBUF, ...SIZES }) as UserRingbufMap;

  test(
    "shows samples in order, skips discarded ones, waits for busy ones, stops where the callback says so",
    withHelpers((machine) => {
      const ring = ringFor(machine);
      const log = machine.block(64);
      const drain = (flags: number | bigint = 0): [bigint, number[], bigint] => {
        machine.memory.fill(log, 0, 64);
        const r0 = BigInt.asIntN(64, machine.run(program(ring.handle, log, flags)));
        const shown = [...machine.bytes(log + 1, machine.memory.getU8(log))];
        return [r0, shown, machine.memory.getU64(ring.consumer)];
      };
      let wakeups = 0;
      ring.onWakeup = () => wakeups++;
      expect([drain(), wakeups]).toEqual([[0n, [], 0n], 0]);
      produce(machine, ring, [3, "-", 9, 4, "b", 5]);
      expect([drain(), wakeups]).toEqual([[2n, [3, 9], 48n], 1]);
      expect([drain(1), wakeups]).toEqual([[1n, [4], 64n], 1]);
      expect([drain(2), wakeups]).toEqual([[0n, [], 64n], 2]);
      expect([drain(4), drain(1n << 32n)]).toEqual([
        [-22n, [], 64n],
        [-22n, [], 64n],
      ]);
      ring.busy = true;
      expect(drain()[0]).toBe(-16n);
      ring.busy = false;
      machine.memory.setU64(ring.producer, 97n);
      expect(drain()[0]).toBe(-22n);
    }),
  );

  test(
    "gives everything back when the run is given up, and leaves the sample where it is",
    withHelpers((machine) => {
      const ring = ringFor(machine);
      const log = machine.block(64);
      produce(machine, ring, [3]);
      const before = machine.memory.liveBlocks;
      const run = machine.start(program(ring.handle, log, 0));
      while (run.depth === 0) run.step(1);
      expect([ring.busy, machine.memory.isLive(ring.data + 8, 1, true)]).toEqual([true, true]);
      run.abort();
      expect([ring.busy, machine.memory.isLive(ring.data + 8, 1)]).toEqual([false, false]);
      expect(machine.memory.liveBlocks).toBe(before);
      expect(machine.memory.getU64(ring.consumer)).toBe(0n);
    }),
  );
});

test("records of a program that ran out of fuel are discarded: those behind them can be consumed", () => {
  const kernel = createKernel({ fuel: 2000 });
  const { bpf } = kernel;
  const ring = bpf.mapCreate({ type: BPF_MAP_TYPE_RINGBUF, name: "ring", mapFlags: 0, ...SIZES });
  const stuck = load(
    bpf,
    `r1 = map[fd:${ring}]
     r2 = 8
     r3 = 0
     call bpf_ringbuf_reserve
     if r0 == 0 goto out
     r6 = r0
     r7 = 0
     again:
     r7 += 1
     if r7 < 3000 goto again
     r1 = r6
     r2 = 0
     call bpf_ringbuf_submit
     out:
     r0 = 0
     exit`,
    { progType: BPF_PROG_TYPE_SOCKET_FILTER },
  );
  expect(() => bpf.progTestRun(stuck, { dataIn: new Uint8Array(64) })).toThrow(ProgramFault);
  const pages = bpf.mmap(ring, 8192, 4096);
  expect([...pages.bytes.subarray(0, 8)]).toEqual([16, 0, 0, 0, 0, 0, 0, 0]);
  expect([...pages.bytes.subarray(4096, 4100)]).toEqual([8, 0, 0, 0x40]);
  pages[Symbol.dispose]();
  bpf.close(stuck);
  bpf.close(ring);
  expect(kernel.describeLive()).toEqual([]);
  kernel[Symbol.dispose]();
});

test(
  "output of nothing",
  withHelpers((machine) => {
    const ring = ringOf(machine);
    expect(machine.call(OUTPUT, ring.handle, machine.block(8), 0, 0)).toBe(0n);
    expect([ring.query(0), machine.memory.getU32(ring.data)]).toEqual([8n, 0]);
  }),
);
