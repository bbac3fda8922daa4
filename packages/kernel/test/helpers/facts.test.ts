import { MapTable } from "@bpf-ts/maps";
import { UnsupportedError } from "@bpf-ts/uapi";
import { HELPER_PROTOS } from "@bpf-ts/uapi/helpers";
import {
  BPF_MAP_TYPE_HASH,
  BPF_MAP_TYPE_PERF_EVENT_ARRAY,
  BPF_MAP_TYPE_PROG_ARRAY,
  BPF_MAP_TYPE_RINGBUF,
} from "@bpf-ts/uapi/map-types";
import type { Executable } from "@bpf-ts/vm";
import { describe, expect, test } from "vitest";
import type { HelperEnv } from "../../src/helpers/env.ts";
import { HELPERS, helperEntry } from "../../src/helpers/table.ts";
import { RingRecords } from "../../src/run/ring-records.ts";
import { bytesOf, EXIT, HelperMachine, ldImm64, type Slot, withHelpers } from "./machine.ts";

describe("time", () => {
  test(
    "nanoseconds, whole, coarse, TAI; jiffies",
    withHelpers((machine) => {
      expect(machine.call(5)).toBe(5_000_000_123n);
      expect(machine.call(125)).toBe(5_000_000_123n);
      expect(machine.call(160)).toBe(5_000_000_000n);
      expect(machine.call(208)).toBe(1_700_000_000_000_000_007n);
      // 250 a second, from five minutes before 2^32.
      expect(machine.call(118)).toBe(4294967296n - 75000n + 1250n);
    }),
  );
});

describe("CPU, random numbers, task", () => {
  test(
    "the CPU is the run's",
    withHelpers((machine) => {
      expect([0, 3].map((cpu) => machine.callOn(cpu, 8))).toEqual([0n, 3n]);
      expect(machine.callOn(3, 42)).toBe(0n);
      // u32, zero-extended
      expect(machine.callOn(0, 7)).toBe(0xfedcba98n);
    }),
  );

  test(
    "NUMA node",
    withHelpers((machine) => expect([1, 3].map((cpu) => machine.callOn(cpu, 42))).toEqual([0n, 1n]), {
      numaNode: (cpu) => cpu >> 1,
    }),
  );

  test(
    "pid, uid",
    withHelpers((machine) => {
      expect(machine.callOn(0, 14)).toBe((4000n << 32n) | 4242n);
      expect(machine.callOn(0, 15)).toBe((0xffffffffn << 32n) | 1000n);
    }),
  );

  test(
    "comm: 15 bytes, cut to the buffer, padded with zeros",
    withHelpers((machine) => {
      const buffer = machine.block(24);
      machine.memory.u8.fill(0x55, buffer, buffer + 24);
      expect(machine.call(16, buffer, 16)).toBe(0n);
      expect(machine.textAt(buffer)).toBe("a-long-process-");
      expect(machine.memory.getU8(buffer + 16)).toBe(0x55);
      expect(machine.call(16, buffer, 5)).toBe(0n);
      expect(machine.textAt(buffer)).toBe("a-lo");
      expect(machine.call(16, buffer, 24)).toBe(0n);
      expect([...machine.bytes(buffer + 15, 9)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0]);
      expect(machine.call(16, buffer, 1)).toBe(0n);
      expect(machine.textAt(buffer)).toBe("");
    }),
  );

  test(
    "the task's structure and per-CPU variables, where the kernel has them",
    withHelpers(
      (machine) => {
        expect([35, 158].map((id) => machine.callOn(0, id))).toEqual([0x90000n, 0x90000n]);
        expect(machine.callOn(0, 153, 0x100, 2)).toBe(0x2100n);
        expect(machine.callOn(0, 153, 0x100, 4)).toBe(0n);
        expect(machine.callOn(3, 154, 0x100)).toBe(0x3100n);
      },
      { taskStruct: () => 0x90000, perCpuAddress: (address, cpu) => address + 0x1000 * cpu },
    ),
  );
});

describe("memory", () => {
  test(
    "bpf_probe_write_user: where the program may write",
    withHelpers((machine) => {
      const source = machine.block(Uint8Array.of(1, 2, 3, 4));
      const target = machine.block(4);
      expect(machine.call(36, target, source, 4)).toBe(0n);
      expect([...machine.bytes(target, 4)]).toEqual([1, 2, 3, 4]);
      expect(machine.call(36, target, source, 5)).toBe(-14n);
      expect(machine.call(36, BigInt(target) + (1n << 32n), source, 4)).toBe(-14n);
      expect(machine.call(36, machine.block(4, false), source, 4)).toBe(-14n);
    }),
  );

  test(
    "bpf_copy_from_user: -EFAULT and zeros",
    withHelpers((machine) => {
      const target = machine.block(Uint8Array.of(9, 9, 9, 9));
      expect(machine.call(148, target, 4, machine.block(Uint8Array.of(5, 6, 7, 8)))).toBe(0n);
      expect([...machine.bytes(target, 4)]).toEqual([5, 6, 7, 8]);
      expect(machine.call(148, target, 4, 16)).toBe(-14n);
      expect([...machine.bytes(target, 4)]).toEqual([0, 0, 0, 0]);
    }),
  );

  test(
    "bpf_probe_read_user: what is user memory in Linux is any memory here",
    withHelpers((machine) => {
      const target = machine.block(8);
      const source = machine.text("abc");
      expect(machine.call(112, target, 3, source)).toBe(0n);
      expect(machine.textAt(target)).toBe("abc");
      expect(machine.call(114, target, 3, source)).toBe(3n);
      expect(machine.textAt(target)).toBe("ab");
      expect(machine.call(114, target, 8, source)).toBe(4n);
      // A string that runs out of its block before its NUL.
      const open = machine.block(Uint8Array.of(0x61, 0x62));
      expect(machine.call(115, target, 8, open)).toBe(-14n);
      expect([...machine.bytes(target, 8)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
      expect(machine.call(115, target, 3, open)).toBe(-14n);
      expect(machine.call(115, target, 2, open)).toBe(2n);
    }),
  );

  test(
    "a lock's word shows that it is held",
    withHelpers((machine) => {
      const lock = machine.block(4);
      machine.call(93, lock);
      expect(machine.memory.getU32(lock)).toBe(1);
      machine.call(94, lock);
      expect(machine.memory.getU32(lock)).toBe(0);
    }),
  );
});

describe("the traced function", () => {
  const env: Partial<HelperEnv> = {
    tracedFunction: { argCount: 2, hasReturn: true },
    funcIp: (_run, ctx) => 0xffffffff81000000n + BigInt(ctx),
    attachCookie: () => 0xfeedn,
  };

  test(
    "arguments, return value, address, cookie",
    withHelpers((machine) => {
      const ctx = machine.block(24);
      for (const [i, value] of [11n, 1n << 63n, 33n].entries()) machine.memory.setU64(ctx + 8 * i, value);
      const out = machine.block(8);
      expect(machine.call(185, ctx)).toBe(2n);
      expect([machine.call(183, ctx, 1, out), machine.memory.getU64(out)]).toEqual([0n, 1n << 63n]);
      expect([machine.call(183, ctx, 2, out), machine.memory.getU64(out)]).toEqual([-22n, 1n << 63n]);
      expect([machine.call(184, ctx, out), machine.memory.getU64(out)]).toEqual([0n, 33n]);
      expect(machine.callOn(0, 173, 0x10)).toBe(0xffffffff81000010n);
      expect(machine.callOn(0, 174, 0)).toBe(0xfeedn);
    }, env),
  );

  test(
    "before the function there is no return value",
    withHelpers((machine) => expect(machine.call(184, machine.block(16), machine.block(8))).toBe(-95n), {
      tracedFunction: { argCount: 1, hasReturn: false },
    }),
  );
});

describe("bpf_tail_call", () => {
  const other: Slot[] = [[0xb7, 0, 0, 0, 77], EXIT];

  test("goes to the program in the element", () => {
    const machine = new HelperMachine({ executableOf: (object) => (object === "other" ? executable : undefined) });
    const executable: Executable = machine.vm.load({ insns: bytesOf(other) }, machine.linkage);
    const maps = new MapTable(machine.memory, {
      hooks: { getValue: (_map, fd) => ({ id: fd, handle: 0, object: fd === 9 ? "other" : "gone" }) },
    });
    const map = maps.create({
      type: BPF_MAP_TYPE_PROG_ARRAY,
      name: "p",
      keySize: 4,
      valueSize: 4,
      maxEntries: 3,
      mapFlags: 0,
    });
    const env = { ...machine.env, mapByHandle: () => ({ map }) };
    machine.env.mapByHandle = env.mapByHandle;
    const block = machine.block(8);
    for (const [index, fd] of [
      [1, 9],
      [2, 5],
    ]) {
      machine.memory.setU32(block, index!);
      machine.memory.setU32(block + 4, fd!);
      expect(map.sysUpdate(block, block + 4, 0, 0)).toBe(0);
    }
    const jump = (index: number): bigint =>
      machine.run([...ldImm64(2, map.handle), ...ldImm64(3, index), [0x85, 0, 0, 0, 12], [0xb7, 0, 0, 0, 1], EXIT]);
    expect([0, 1, 2, 3, -1].map(jump)).toEqual([1n, 77n, 1n, 1n, 1n]);
    map.close();
    machine.close();
  });
});

describe("ring buffers", () => {
  test(
    "reserve, submit, discard, output, query",
    withHelpers(
      (machine) => {
        const ring = machine.map({ type: BPF_MAP_TYPE_RINGBUF, keySize: 0, valueSize: 0, maxEntries: 4096 });
        const sample = Number(machine.call(131, ring.handle, 16, 0));
        expect(machine.memory.isLive(sample, 16, true)).toBe(true);
        expect(machine.memory.getU32(sample - 8)).toBe(0x80000010);
        expect(machine.call(132, sample, 0)).toBe(0n);
        expect(machine.memory.getU32(sample - 8)).toBe(16);
        expect(machine.memory.isLive(sample, 16)).toBe(false);
        const dropped = Number(machine.call(131, ring.handle, 5, 0));
        expect(dropped).toBe(sample + 24);
        machine.call(133, dropped, 0);
        expect(machine.memory.getU32(dropped - 8)).toBe(0x40000005);
        expect(machine.call(130, ring.handle, machine.text("hello"), 5, 0)).toBe(0n);
        expect(machine.memory.getU8(dropped + 16)).toBe(0x68);
        // 16 + 8, 8 + 8, 8 + 8; the size of the ring; consumed; produced.
        expect([0, 1, 2, 3, 4].map((what) => machine.call(134, ring.handle, what))).toEqual([56n, 4096n, 0n, 56n, 0n]);
        expect(machine.call(134, ring.handle, 1n << 32n)).toBe(0n);
      },
      { ringRecords: new RingRecords() },
    ),
  );

  test(
    "refuse what does not fit, and unknown flags",
    withHelpers(
      (machine) => {
        const ring = machine.map({ type: BPF_MAP_TYPE_RINGBUF, keySize: 0, valueSize: 0, maxEntries: 4096 });
        expect(machine.call(131, ring.handle, 4096, 0)).toBe(0n);
        expect(machine.call(131, ring.handle, 8, 1)).toBe(0n);
        expect(machine.call(131, ring.handle, 8, 1n << 32n)).toBe(0n);
        expect(machine.call(131, ring.handle, (1n << 32n) | 8n, 0)).toBe(0n);
        expect(machine.call(130, ring.handle, machine.block(8192), 5000, 0)).toBe(-11n);
        expect(machine.call(130, ring.handle, machine.block(8), 8, 4)).toBe(-22n);
        expect(machine.call(130, ring.handle, machine.block(8), 8, 1n << 32n)).toBe(-22n);
        expect(machine.call(134, ring.handle, 3)).toBe(0n);
      },
      { ringRecords: new RingRecords() },
    ),
  );
});

describe("bpf_perf_event_output", () => {
  test("finds the event by index or CPU", () => {
    const seen: unknown[] = [];
    const machine = new HelperMachine({
      perfOutput: (event, cpu, data) => {
        seen.push([event, cpu, [...data]]);
        return event === "busy" ? -95 : 0;
      },
    });
    const maps = new MapTable(machine.memory, {
      hooks: { getValue: (_map, fd) => ({ id: fd, handle: 0, object: ["event", "busy"][fd] }) },
    });
    const map = maps.create({
      type: BPF_MAP_TYPE_PERF_EVENT_ARRAY,
      name: "e",
      keySize: 4,
      valueSize: 4,
      maxEntries: 3,
      mapFlags: 0,
    });
    machine.env.mapByHandle = () => ({ map });
    const block = machine.block(8);
    for (const [index, fd] of [
      [0, 0],
      [1, 1],
    ]) {
      machine.memory.setU32(block, index!);
      machine.memory.setU32(block + 4, fd!);
      expect(map.sysUpdate(block, block + 4, 0, 0)).toBe(0);
    }
    const data = machine.block(Uint8Array.of(7, 8, 9));
    const output = (cpu: number, flags: number | bigint): bigint =>
      BigInt.asIntN(64, machine.callOn(cpu, 25, 0, map.handle, flags, data, 3));
    expect(output(0, 0xffffffffn)).toBe(0n);
    expect(output(1, 0xffffffffn)).toBe(-95n);
    expect(output(2, 0xffffffffn)).toBe(-2n);
    expect(output(3, 0xffffffffn)).toBe(-7n);
    expect(output(3, 0)).toBe(0n);
    expect(output(0, 3)).toBe(-7n);
    expect(output(0, 1n << 32n)).toBe(-22n);
    expect(seen).toEqual([
      ["event", 0, [7, 8, 9]],
      ["busy", 1, [7, 8, 9]],
      ["event", 3, [7, 8, 9]],
    ]);
    map.close();
    machine.close();
  });
});

describe("the table", () => {
  const machine = new HelperMachine();

  test.each([
    [109, "helper bpf_send_signal"],
    [117, "helper bpf_send_signal_thread"],
    [35, "helper bpf_get_current_task"],
    [131, "helper bpf_ringbuf_reserve"],
    [173, "helper bpf_get_func_ip"],
    [183, "helper bpf_get_func_arg"],
    [25, "helper bpf_perf_event_output"],
    [153, "helper bpf_per_cpu_ptr"],
    [4711, "helper #4711"],
    [0, "helper #0"],
  ])("helper %i is refused when a program is loaded: %s", (id, feature) => {
    expect(() => machine.call(id)).toThrow(new UnsupportedError(feature));
  });

  test("every entry carries the name of its id", () => {
    const all: Partial<HelperEnv> = {
      taskStruct: () => 0,
      seqFile: () => undefined,
      ringRecords: new RingRecords(),
      perfOutput: () => 0,
      perCpuAddress: () => 0,
      tracedFunction: { argCount: 0, hasReturn: true },
      funcIp: () => 0n,
      attachCookie: () => 0n,
    };
    for (const id of HELPERS.keys()) {
      expect(helperEntry({ ...machine.env, ...all }, id).name).toBe(`bpf_${HELPER_PROTOS[id]!.name}`);
    }
    expect(HELPERS.size).toBe(73);
  });

  test("a helper that gets a map which is none is our own bug, and says so", () => {
    const map = machine.map({ type: BPF_MAP_TYPE_HASH });
    map.close();
    expect(() => machine.call(1, 0x123456, 0)).toThrow("no map at 0x123456");
  });
});
