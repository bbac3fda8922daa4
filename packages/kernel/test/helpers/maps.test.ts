import {
  BPF_MAP_TYPE_ARRAY,
  BPF_MAP_TYPE_HASH,
  BPF_MAP_TYPE_PERCPU_ARRAY,
  BPF_MAP_TYPE_QUEUE,
} from "@bpf-ts/uapi/map-types";
import { describe, expect, test } from "vitest";
import { EXIT, type HelperMachine, ldImm64, type Slot, withHelpers } from "./machine.ts";

const LOOKUP = 1;
const UPDATE = 2;
const DELETE = 3;
const PUSH = 87;
const POP = 88;
const PEEK = 89;
const FOR_EACH = 164;
const LOOP = 181;
const LOOKUP_PERCPU = 195;

/** Addresses of a u32 key and of a u64 value. */
function pair(machine: HelperMachine, key: number, value: bigint): [number, number] {
  const block = machine.block(16);
  machine.memory.setU32(block, key);
  machine.memory.setU64(block + 8, value);
  return [block, block + 8];
}

describe("element operations", () => {
  test(
    "update, look up, delete",
    withHelpers((machine) => {
      const map = machine.map({ type: BPF_MAP_TYPE_HASH });
      const [key, value] = pair(machine, 5, 0xdeadbeefn);
      expect(machine.call(LOOKUP, map.handle, key)).toBe(0n);
      expect(machine.call(UPDATE, map.handle, key, value, 0)).toBe(0n);
      const found = machine.call(LOOKUP, map.handle, key);
      expect(machine.memory.getU64(Number(found))).toBe(0xdeadbeefn);
      expect(machine.call(UPDATE, map.handle, key, value, 1)).toBe(-17n);
      expect(machine.call(DELETE, map.handle, key)).toBe(0n);
      expect(machine.call(DELETE, map.handle, key)).toBe(-2n);
      expect(machine.call(UPDATE, map.handle, key, value, 2)).toBe(-2n);
    }),
  );

  test(
    "flags beyond 32 bits are unknown flags",
    withHelpers((machine) => {
      const map = machine.map({ type: BPF_MAP_TYPE_HASH });
      const queue = machine.map({ type: BPF_MAP_TYPE_QUEUE, keySize: 0 });
      const [key, value] = pair(machine, 5, 1n);
      expect(machine.call(UPDATE, map.handle, key, value, 1n << 32n)).toBe(-22n);
      expect(machine.call(UPDATE, map.handle, key, value, 1n << 63n)).toBe(-22n);
      expect(map.elementCount).toBe(0);
      expect(machine.call(PUSH, queue.handle, value, 1n << 32n)).toBe(-22n);
    }),
  );

  test(
    "go through the kernel's writes, with flags and CPU",
    (() => {
      const seen: unknown[] = [];
      return withHelpers(
        (machine) => {
          const map = machine.map({ type: BPF_MAP_TYPE_HASH });
          const [key, value] = pair(machine, 5, 1n);
          expect(BigInt.asIntN(64, machine.callOn(3, UPDATE, map.handle, key, value, 2))).toBe(-7n);
          expect(BigInt.asIntN(64, machine.callOn(2, DELETE, map.handle, key))).toBe(-8n);
          expect(seen).toEqual([
            [map.handle, key, value, 2, 3],
            [map.handle, key, 2],
          ]);
        },
        {
          mapWrites: {
            update: ({ map }, ...rest) => -7 * Math.min(1, seen.push([map.handle, ...rest])),
            delete: ({ map }, ...rest) => -8 * Math.min(1, seen.push([map.handle, ...rest])),
          },
        },
      );
    })(),
  );

  test(
    "a per-CPU value is the running CPU's, or that of the CPU asked for",
    withHelpers((machine) => {
      const map = machine.map({ type: BPF_MAP_TYPE_PERCPU_ARRAY });
      const [key] = pair(machine, 1, 0n);
      for (const cpu of [0, 1, 2, 3]) {
        machine.memory.setU64(Number(machine.callOn(cpu, LOOKUP, map.handle, key)), BigInt(cpu + 10));
      }
      const at = (cpu: number | bigint): bigint =>
        machine.memory.getU64(Number(machine.callOn(0, LOOKUP_PERCPU, map.handle, key, cpu)));
      expect([at(0), at(3), at((1n << 32n) | 2n)]).toEqual([10n, 13n, 12n]);
      expect(machine.call(LOOKUP_PERCPU, map.handle, key, 4)).toBe(0n);
      expect(machine.call(LOOKUP_PERCPU, map.handle, key, -1)).toBe(0n);
    }),
  );

  test(
    "push, peek, pop",
    withHelpers((machine) => {
      const queue = machine.map({ type: BPF_MAP_TYPE_QUEUE, keySize: 0, maxEntries: 2 });
      const [, value] = pair(machine, 0, 7n);
      expect(machine.call(POP, queue.handle, value)).toBe(-2n);
      expect(machine.memory.getU64(value)).toBe(0n);
      for (const n of [1n, 2n]) {
        machine.memory.setU64(value, n);
        expect(machine.call(PUSH, queue.handle, value, 0)).toBe(0n);
      }
      expect(machine.call(PUSH, queue.handle, value, 0)).toBe(-7n);
      expect(machine.call(PEEK, queue.handle, value)).toBe(0n);
      expect(machine.memory.getU64(value)).toBe(1n);
      expect(machine.call(POP, queue.handle, value)).toBe(0n);
      expect(machine.call(POP, queue.handle, value)).toBe(0n);
      expect(machine.memory.getU64(value)).toBe(2n);
    }),
  );
});

/** `call helper(r1, callback, &log, flags)`: R0 of the helper. The callback adds its arguments to the log and returns what `body` leaves. */
function withCallback(
  before: readonly Slot[],
  id: number,
  log: number | bigint,
  flags: number | bigint,
  callback: readonly Slot[],
): Slot[] {
  const tail: Slot[] = [...ldImm64(3, log), ...ldImm64(4, flags), [0x85, 0, 0, 0, id], EXIT];
  return [...before, [0x18, 2, 4, 0, tail.length + 1], [0, 0, 0, 0, 0], ...tail, ...callback];
}

describe("bpf_loop", () => {
  /** Counts in `*ctx` (R2), returns 1 at pass `stop` (R1). */
  const counting = (stop: number): Slot[] => [
    [0x79, 0, 2, 0, 0],
    [0x0f, 0, 1, 0, 0],
    [0x7b, 2, 0, 0, 0],
    [0xb7, 0, 0, 0, 0],
    [0x55, 1, 0, 1, stop],
    [0xb7, 0, 0, 0, 1],
    EXIT,
  ];

  test(
    "calls with the pass and the context; answers the passes made",
    withHelpers((machine) => {
      const sum = machine.block(8);
      const run = (times: number | bigint, stop: number, flags: number | bigint = 0): bigint => {
        machine.memory.setU64(sum, 0n);
        return BigInt.asIntN(64, machine.run(withCallback(ldImm64(1, times), LOOP, sum, flags, counting(stop))));
      };
      expect([run(5, -1), machine.memory.getU64(sum)]).toEqual([5n, 10n]);
      expect([run(5, 2), machine.memory.getU64(sum)]).toEqual([3n, 3n]);
      expect([run(0, -1), machine.memory.getU64(sum)]).toEqual([0n, 0n]);
      expect([run((7n << 32n) | 2n, -1), machine.memory.getU64(sum)]).toEqual([2n, 1n]);
      expect(run(5, -1, 1)).toBe(-22n);
      expect(run(5, -1, 1n << 40n)).toBe(-22n);
      expect(run(8 * 1024 * 1024 + 1, -1)).toBe(-7n);
      expect(run(-1, -1)).toBe(-7n);
      expect(machine.memory.getU64(sum)).toBe(0n);
    }),
  );

  test(
    "passes all 64 bits of the context",
    withHelpers((machine) => {
      // r0 = r2 >> 60 in the callback: not zero, so that it stops.
      const callback: Slot[] = [[0xbf, 0, 2, 0, 0], [0x77, 0, 0, 0, 60], EXIT];
      expect(machine.run(withCallback(ldImm64(1, 9), LOOP, 1n << 63n, 0, callback))).toBe(1n);
      expect(machine.run(withCallback(ldImm64(1, 9), LOOP, 5n, 0, callback))).toBe(9n);
    }),
  );
});

describe("bpf_for_each_map_elem", () => {
  /** Writes map, key and value at the log's cursor; returns 1 once the key is `stop`. */
  const logging = (stop: number): Slot[] => [
    [0x79, 5, 4, 0, 0],
    [0x7b, 5, 1, 0, 0],
    [0x61, 0, 2, 0, 0],
    [0x7b, 5, 0, 8, 0],
    [0x79, 3, 3, 0, 0],
    [0x7b, 5, 3, 16, 0],
    [0x07, 5, 0, 0, 24],
    [0x7b, 4, 5, 0, 0],
    [0xbf, 1, 0, 0, 0],
    [0xb7, 0, 0, 0, 0],
    [0x55, 1, 0, 1, stop],
    [0xb7, 0, 0, 0, 1],
    EXIT,
  ];

  /** R0, and [key, value] of each element shown. */
  function show(machine: HelperMachine, handle: number, stop: number, flags = 0): [bigint, [bigint, bigint][]] {
    const log = machine.block(8 + 24 * 16);
    machine.memory.setU64(log, BigInt(log + 8));
    const r0 = machine.run(withCallback(ldImm64(1, handle), FOR_EACH, log, flags, logging(stop)), { cpu: 2 });
    const shown: [bigint, bigint][] = [];
    for (let at = log + 8; at < Number(machine.memory.getU64(log)); at += 24) {
      expect(machine.memory.getU64(at)).toBe(BigInt(handle));
      shown.push([machine.memory.getU64(at + 8), machine.memory.getU64(at + 16)]);
    }
    return [BigInt.asIntN(64, r0), shown];
  }

  test(
    "shows every element of an array, in order",
    withHelpers((machine) => {
      const map = machine.map({ type: BPF_MAP_TYPE_ARRAY, maxEntries: 3 });
      for (const n of [0, 1, 2]) {
        const [key, value] = pair(machine, n, BigInt(n * 11));
        machine.call(UPDATE, map.handle, key, value, 0);
      }
      expect(show(machine, map.handle, -1)).toEqual([
        3n,
        [
          [0n, 0n],
          [1n, 11n],
          [2n, 22n],
        ],
      ]);
      expect(show(machine, map.handle, 1)).toEqual([
        2n,
        [
          [0n, 0n],
          [1n, 11n],
        ],
      ]);
      expect(show(machine, map.handle, -1, 1)).toEqual([-22n, []]);
    }),
  );

  test(
    "shows every element of a hash, and this CPU's values of a per-CPU array",
    withHelpers((machine) => {
      const hash = machine.map({ type: BPF_MAP_TYPE_HASH });
      for (const n of [3, 1, 2]) {
        const [key, value] = pair(machine, n, BigInt(n * 100));
        machine.call(UPDATE, hash.handle, key, value, 0);
      }
      const [count, shown] = show(machine, hash.handle, -1);
      expect(count).toBe(3n);
      expect(new Map(shown)).toEqual(
        new Map([
          [1n, 100n],
          [2n, 200n],
          [3n, 300n],
        ]),
      );
      expect(show(machine, machine.map({ type: BPF_MAP_TYPE_HASH }).handle, -1)).toEqual([0n, []]);
      const percpu = machine.map({ type: BPF_MAP_TYPE_PERCPU_ARRAY, maxEntries: 2 });
      const [key] = pair(machine, 1, 0n);
      machine.memory.setU64(Number(machine.callOn(2, LOOKUP, percpu.handle, key)), 5n);
      expect(show(machine, percpu.handle, -1)).toEqual([
        2n,
        [
          [0n, 0n],
          [1n, 5n],
        ],
      ]);
    }),
  );

  test(
    "a callback may delete what it is shown",
    withHelpers((machine) => {
      const map = machine.map({ type: BPF_MAP_TYPE_HASH, maxEntries: 8 });
      for (let n = 0; n < 8; n++) {
        const [key, value] = pair(machine, n, 1n);
        machine.call(UPDATE, map.handle, key, value, 0);
      }
      const callback: Slot[] = [[0x85, 0, 0, 0, DELETE], [0xb7, 0, 0, 0, 0], EXIT];
      machine.maps.enter();
      expect(machine.run(withCallback(ldImm64(1, map.handle), FOR_EACH, 0, 0, callback))).toBe(8n);
      machine.maps.leave();
      expect(map.elementCount).toBe(0);
    }),
  );

  test(
    "gives the walk back when the run is given up",
    withHelpers((machine) => {
      const map = machine.map({ type: BPF_MAP_TYPE_ARRAY });
      const before = machine.memory.liveBlocks;
      const run = machine.start(withCallback(ldImm64(1, map.handle), FOR_EACH, 0, 0, [[0xb7, 0, 0, 0, 0], EXIT]));
      while (run.depth === 0) run.step(1);
      run.abort();
      expect(machine.memory.liveBlocks).toBe(before);
    }),
  );
});
