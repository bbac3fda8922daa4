import { UnsupportedError } from "@bpf-ts/uapi";
import { describe, expect, test } from "vitest";
import type { CallbackLoop, Executable, Linkage, Run } from "../src/index.ts";
import { VmFault } from "../src/index.ts";
import { helpers, NOTHING, type TestMachine, withMachine } from "./machine.ts";
import { bytesOf, call, EXIT, ldImm64, mov, movImm, type Slot } from "./program.ts";

/** r1..r5 = 1..5, with -1 in the high half of r2. */
const ARGS: readonly Slot[] = [
  movImm(1, 1),
  ...ldImm64(2, 0xffffffff_00000002n),
  movImm(3, -3),
  movImm(4, 4),
  movImm(5, 5),
];

/** A reference to the function at distance `to` from the slot behind. */
function ldFunc(dst: number, distance: number): Slot[] {
  return [
    [0x18, dst, 4, 0, distance],
    [0, 0, 0, 0, 0],
  ];
}

describe("helpers", () => {
  test(
    "get the low halves of R1–R5, signed, and leave R1–R9 alone",
    withMachine((machine) => {
      const seen: number[][] = [];
      const link = helpers({ 7: { name: "h", run: (_, ...args) => seen.push(args) } });
      const run = machine.start([...ARGS, movImm(6, 6), movImm(9, 9), call(7), EXIT], link);
      run.step(8);
      expect(seen).toEqual([[1, 2, -3, 4, 5]]);
      expect(run.regs().slice(0, 10)).toEqual([
        1n,
        1n,
        0xffffffff00000002n,
        0xfffffffffffffffdn,
        4n,
        5n,
        6n,
        0n,
        0n,
        9n,
      ]);
      run.abort();
    }),
  );

  test(
    "their result is sign-extended, or zero-extended if they are unsigned",
    withMachine((machine) => {
      const entry = (value: number, unsigned: boolean) => helpers({ 1: { name: "h", run: () => value, unsigned } });
      const call1 = [call(1), EXIT];
      expect(machine.r0(call1, entry(-22, false))).toBe(0xffffffffffffffean);
      expect(machine.r0(call1, entry(-22, true))).toBe(0xffffffean);
      expect(machine.r0(call1, entry(0x80000000, false))).toBe(0xffffffff80000000n);
      expect(machine.r0(call1, entry(0x80000000, true))).toBe(0x80000000n);
      expect(machine.r0(call1, entry(7, false))).toBe(7n);
    }),
  );

  test(
    "wide ones find 64-bit arguments at run.args, and leave their result there",
    withMachine((machine) => {
      let seen: bigint[] = [];
      const link = helpers({
        1: {
          name: "wide",
          wide: true,
          run: (run) => {
            seen = [0, 8, 16, 24, 32].map((off) => run.memory.getU64(run.args + off));
            run.memory.setU64(run.args, 0x8877665544332211n);
            return 5;
          },
        },
      });
      expect(machine.r0([...ARGS, call(1), EXIT], link)).toBe(0x8877665544332211n);
      expect(seen).toEqual([1n, 0xffffffff00000002n, 0xfffffffffffffffdn, 4n, 5n]);
    }),
  );

  test(
    "with wide arguments alone return their result",
    withMachine((machine) => {
      const link = (unsigned: boolean) =>
        helpers({
          1: { name: "h", wide: "args", unsigned, run: (run, r1) => run.memory.getI32(run.args + 12) * r1 },
        });
      expect(machine.r0([...ARGS, call(1), EXIT], link(false))).toBe(0xffffffffffffffffn);
      expect(machine.r0([...ARGS, call(1), EXIT], link(true))).toBe(0xffffffffn);
    }),
  );

  test(
    "may grow the memory",
    withMachine((machine) => {
      const blocks: number[] = [];
      const grow = () => {
        blocks.push(machine.memory.alloc(1 << 20));
        return blocks[0]!;
      };
      const link = helpers({ 1: { name: "grow", run: grow } });
      const slots: Slot[] = [
        [0x7a, 10, 0, -8, 9],
        call(1),
        [0x7a, 0, 0, 0, 4],
        [0x79, 1, 0, 0, 0],
        [0x79, 0, 10, -8, 0],
        [0x0f, 0, 1, 0, 0],
        EXIT,
      ];
      expect(machine.r0(slots, link)).toBe(13n);
      for (const block of blocks) machine.memory.free(block);
    }),
  );

  test(
    "see where they were called",
    withMachine((machine) => {
      const seen: unknown[] = [];
      const look = (run: Run) => seen.push(run.pc, run.executable.text(run.pc), run.cpu, run.depth);
      machine.r0([movImm(1, 1), call(1), EXIT], helpers({ 1: { name: "look", run: look } }));
      expect(seen).toEqual([1, "call bpf_map_lookup_elem#1", 0, 0]);
    }),
  );

  test(
    "that throw end the run; a VmFault becomes its fault",
    withMachine((machine) => {
      const bug = helpers({
        1: {
          name: "bug",
          run: () => {
            throw new RangeError("a bug");
          },
        },
      });
      const run = machine.start([call(1), EXIT], bug);
      expect(() => run.step()).toThrow(new RangeError("a bug"));
      expect(run.status).toBe("fault");
      expect(machine.vm.runs(0)).toEqual([]);
      const give = helpers({
        1: {
          name: "give up",
          run: (r) => {
            throw new VmFault("no more", { code: "HELPER", insn: r.pc });
          },
        },
      });
      expect(machine.fault([movImm(0, 0), call(1), EXIT], give)).toMatchObject({ message: "no more", insn: 1 });
      expect(machine.r0([movImm(0, 3), EXIT])).toBe(3n);
    }),
  );

  test(
    "that nobody knows are refused at load",
    withMachine((machine) => {
      expect(() => machine.start([call(999), EXIT])).toThrow(new UnsupportedError("helper #999"));
      expect(() => machine.start([[0x85, 0, 2, 0, 77], EXIT])).toThrow(new UnsupportedError("kernel function #77"));
      expect(() => machine.start([call(12), EXIT])).toThrow(new UnsupportedError("helper bpf_tail_call"));
    }),
  );

  test(
    "kernel functions and internal functions are called alike",
    withMachine((machine) => {
      const link: Linkage = {
        helper: () => undefined,
        kfunc: (id, off) => ({ name: "k", run: (_, a) => a + id + off }),
        internal: (name) => (name === "bpf_trace_map_delete_elem" ? { name, run: (_, a) => a * 2 } : undefined),
      };
      expect(machine.r0([movImm(1, 1), [0x85, 0, 2, 3, 40], EXIT], link)).toBe(44n);
      const program = {
        xlated: bytesOf([movImm(1, 21), [0x85, 0, 15, 0, 1], EXIT]),
        subprogs: [{ start: 0, stackDepth: 0 }],
        internalCalls: ["bpf_trace_map_update_elem", "bpf_trace_map_delete_elem"],
        origin: new Uint32Array(3),
        usedMaps: [],
        maxCtxBufferAccess: [],
        maxPktOffset: 0,
        helpers: new Set<number>(),
        hasTailCall: false,
        sleepable: false,
        verifiedInsns: 3,
      };
      expect(machine.vm.run(machine.vm.load(program, link), 0)).toMatchObject({ r0: 42n });
      const unknown = { ...program, internalCalls: ["x", "bpf_trace_map_update_elem"] };
      expect(() => machine.vm.load(unknown, link)).toThrow("insn 1: no internal function bpf_trace_map_update_elem");
      expect(() => machine.start([[0x85, 0, 15, 0, 0], EXIT], link)).toThrow("insn 0: no such call");
    }),
  );
});

describe("calls of functions of the program", () => {
  test(
    "save R6–R9, give each activation a frame of its own",
    withMachine((machine) => {
      const main: Slot[] = [
        movImm(6, 60),
        movImm(9, 90),
        [0x7a, 10, 0, -8, 5],
        movImm(1, 3),
        [0x85, 0, 1, 0, 5],
        [0x0f, 0, 6, 0, 0],
        [0x0f, 0, 9, 0, 0],
        [0x79, 1, 10, -8, 0],
        [0x0f, 0, 1, 0, 0],
        EXIT,
      ];
      const callee: Slot[] = [movImm(6, 1000), movImm(9, 1000), [0x7a, 10, 0, -8, 777], mov(0, 1), EXIT];
      expect(machine.r0([...main, ...callee])).toBe(158n);
    }),
  );

  test(
    "recursion ends with the stack: 32 frames of 512 bytes in 16 KiB",
    withMachine((machine) => {
      const recursive: Slot[] = [[0x07, 1, 0, 0, 1], [0x85, 0, 1, 0, -2], EXIT];
      const run = machine.start([movImm(1, 0), ...recursive]);
      // The first slot is a function too: the target of the call is the second.
      expect(run.step()).toBe("fault");
      expect(run.fault!.message).toBe(
        "a frame of 512 bytes does not fit: 0 of 16384 bytes are left of the stack of cpu 0 (insn 2: call pc-2)",
      );
      expect(run.fault!.code).toBe("STACK_OVERFLOW");
      expect(run.regs()[1]).toBe(32n);
    }),
  );

  test(
    "recursion without stack ends at 512 frames",
    withMachine((machine) => {
      const exe = machine.vm.load(
        { insns: bytesOf([[0x07, 1, 0, 0, 1], [0x85, 0, 1, 0, -2], EXIT]), stackDepth: 0 },
        NOTHING,
      );
      const result = machine.vm.run(exe, 0);
      expect(result).toMatchObject({ status: "fault", fault: { code: "CALL_DEPTH" } });
    }),
  );

  test(
    "a callee reaches its caller's frame by pointer, not below its own",
    withMachine((machine) => {
      const main: Slot[] = [mov(1, 10), [0x07, 1, 0, 0, -8], [0x85, 0, 1, 0, 2], [0x79, 0, 10, -8, 0], EXIT];
      expect(machine.r0([...main, [0x7a, 1, 0, 0, 41], EXIT])).toBe(41n);
      // What the callee left on its stack can't be reached after its return.
      const keep: Slot[] = [
        [0x85, 0, 1, 0, 2],
        [0x79, 0, 0, 0, 0],
        EXIT,
        mov(0, 10),
        [0x07, 0, 0, 0, -8],
        [0x7a, 0, 0, 0, 1],
        EXIT,
      ];
      expect(machine.fault(keep).message).toMatch(/below the stack of the running function/);
    }),
  );

  test(
    "stack depths are those of the verifier's record",
    withMachine((machine) => {
      const slots: Slot[] = [
        mov(6, 10),
        [0x85, 0, 1, 0, 2],
        [0x1f, 6, 0, 0, 0],
        [0x05, 0, 0, 1, 0],
        [0x05, 0, 0, 2, 0],
        mov(0, 6),
        EXIT,
        mov(0, 10),
        EXIT,
      ];
      slots[1] = [0x85, 0, 1, 0, 5];
      const program = {
        xlated: bytesOf(slots),
        subprogs: [
          { start: 0, stackDepth: 536 },
          { start: 7, stackDepth: 0 },
        ],
        internalCalls: [],
        origin: new Uint32Array(slots.length),
        usedMaps: [],
        maxCtxBufferAccess: [],
        maxPktOffset: 0,
        helpers: new Set<number>(),
        hasTailCall: false,
        sleepable: false,
        verifiedInsns: 9,
      };
      expect(machine.vm.run(machine.vm.load(program, NOTHING), 0)).toMatchObject({ r0: 536n });
    }),
  );
});

describe("callbacks", () => {
  /** bpf_loop in small: r1 times, function r2, context r3. */
  class Repeat implements CallbackLoop {
    result = 0;
    readonly times: number;
    readonly func: number;
    readonly ctx: number;
    constructor(times: number, func: number, ctx: number) {
      this.times = times;
      this.func = func;
      this.ctx = ctx;
    }
    next(run: Run, previousR0: number | undefined): number {
      if (previousR0 !== undefined) {
        this.result++;
        if (previousR0 !== 0) return 0;
      }
      if (this.result >= this.times) return 0;
      run.memory.setU64(run.args, BigInt(this.result) | (7n << 32n));
      run.memory.setU64(run.args + 8, BigInt(this.ctx >>> 0));
      return this.func;
    }
  }
  const LOOP = helpers({ 181: { name: "bpf_loop", callback: (_, r1, r2, r3) => new Repeat(r1, r2, r3) } });
  /** u64 *sum (r10 - 8); loop(times, f, sum); r0 = (r0 << 32) | *sum.  f: *r2 += (u32) r1; r6 is spoilt; returns r1 == stop. */
  const program = (times: number, stop: number): Slot[] => [
    movImm(6, 1),
    [0x7a, 10, 0, -8, 0],
    movImm(1, times),
    ...ldFunc(2, 8),
    mov(3, 10),
    [0x07, 3, 0, 0, -8],
    call(181),
    [0x67, 0, 0, 0, 32],
    [0x79, 1, 10, -8, 0],
    [0x4f, 0, 1, 0, 0],
    EXIT,
    // slot 12
    [0xbc, 6, 1, 0, 0],
    [0x79, 3, 2, 0, 0],
    [0x0f, 3, 6, 0, 0],
    [0x7b, 2, 3, 0, 0],
    movImm(0, 0),
    [0x55, 6, 0, 1, stop],
    movImm(0, 1),
    EXIT,
  ];

  test(
    "run until the helper has enough",
    withMachine((machine) => {
      expect(machine.r0(program(10, -1), LOOP)).toBe((10n << 32n) | 45n);
      expect(machine.r0(program(10, 3), LOOP)).toBe((4n << 32n) | 6n);
      expect(machine.r0(program(0, -1), LOOP)).toBe(0n);
    }),
  );

  test(
    "can be stopped and resumed between any two instructions",
    withMachine((machine) => {
      const run = machine.start(program(10, -1), LOOP);
      const depths = new Set<number>();
      let steps = 0;
      while (run.step(1) === "running") {
        depths.add(run.depth);
        steps++;
      }
      expect(run.result.r0).toBe((10n << 32n) | 45n);
      expect([...depths]).toEqual([0, 1]);
      expect(run.instructions).toBe(steps + 1);
      expect(run.instructions).toBe(11 + 10 * 7);
    }),
  );

  test(
    "nest",
    withMachine((machine) => {
      // loop(3, outer); outer: loop(4, inner); return 0. inner: ctx counts.
      const slots: Slot[] = [
        [0x7a, 10, 0, -8, 0],
        movImm(1, 3),
        ...ldFunc(2, 6),
        mov(3, 10),
        [0x07, 3, 0, 0, -8],
        call(181),
        [0x79, 0, 10, -8, 0],
        EXIT,
        // slot 9: outer
        mov(3, 2),
        movImm(1, 4),
        ...ldFunc(2, 4),
        call(181),
        movImm(0, 0),
        EXIT,
        // slot 16: inner
        [0x79, 1, 2, 0, 0],
        [0x07, 1, 0, 0, 1],
        [0x7b, 2, 1, 0, 0],
        movImm(0, 0),
        EXIT,
      ];
      slots[2] = [0x18, 2, 4, 0, 6];
      slots[11] = [0x18, 2, 4, 0, 4];
      expect(machine.r0(slots, LOOP)).toBe(12n);
    }),
  );

  test(
    "a callback that is no function of the program is a fault",
    withMachine((machine) => {
      for (const func of [2, 99, -1]) {
        const fault = machine.fault([movImm(1, 3), movImm(2, func), call(181), EXIT], LOOP);
        expect(fault.message).toBe(`callback ${func} is none of the program's 1 functions (insn 2: call bpf_loop#181)`);
      }
    }),
  );

  test(
    "find their whole arguments at run.args",
    withMachine((machine) => {
      const link = helpers({
        181: {
          name: "bpf_loop",
          callback: (run) => ({ result: run.memory.getI32(run.args + 12), next: () => 0 }),
        },
      });
      expect(machine.r0([...ARGS, call(181), EXIT], link)).toBe(0xffffffffffffffffn);
    }),
  );

  test(
    "a loop is closed where the run ends before it has finished, and only there",
    withMachine((machine) => {
      let closed = 0;
      const link = (func: (r2: number) => number) =>
        helpers({
          181: {
            name: "bpf_loop",
            callback: (_, r1, r2, r3) => {
              const loop = new Repeat(r1, func(r2), r3);
              return Object.assign(loop, {
                close: () => {
                  closed++;
                },
              });
            },
          },
        });
      machine.r0(
        program(10, -1),
        link((r2) => r2),
      );
      expect(closed).toBe(0);
      const stopped = machine.start(
        program(10, -1),
        link((r2) => r2),
      );
      stopped.step(20);
      expect(stopped.depth).toBe(1);
      stopped.abort();
      expect(closed).toBe(1);
      const faulty = program(10, -1);
      faulty[13] = [0x79, 3, 6, 0, 0];
      machine.fault(
        faulty,
        link((r2) => r2),
      );
      expect(closed).toBe(2);
      machine.fault(
        program(10, -1),
        link(() => 77),
      );
      expect(closed).toBe(3);
    }),
  );

  test(
    "a fault inside a callback ends the run",
    withMachine((machine) => {
      const slots = program(10, -1);
      slots[13] = [0x79, 3, 6, 0, 0];
      const fault = machine.fault(slots, LOOP);
      expect(fault).toMatchObject({ code: "MEMORY", insn: 13, address: 0n });
      expect(machine.vm.runs(0)).toEqual([]);
    }),
  );
});

describe("tail calls", () => {
  /** Programs by index of a program array. */
  function array(machine: TestMachine, programs: (readonly Slot[])[]): Linkage {
    const link: Linkage = {
      helper: () => undefined,
      tailCall: (_, ctx, map, index) => {
        expect(ctx).toBe(machine.ctx);
        expect(map).toBe(0x1234);
        return executables[index];
      },
    };
    const executables: Executable[] = programs.map((slots) => machine.vm.load({ insns: bytesOf(slots) }, link));
    return link;
  }
  const jump = (index: number): Slot[] => [movImm(2, 0x1234), movImm(3, index), call(12)];

  test(
    "go into the other program, with its own constants, and do not come back",
    withMachine((machine) => {
      const link = array(machine, [[[0x07, 6, 0, 0, 1000], [0x7a, 10, 0, -8, 1], mov(0, 6), EXIT]]);
      expect(machine.r0([movImm(6, 5), ...jump(0), movImm(0, 1), EXIT], link)).toBe(1005n);
    }),
  );

  test(
    "go on behind the call where there is no program",
    withMachine((machine) => {
      const link = array(machine, []);
      for (const index of [0, 7, -1]) expect(machine.r0([...jump(index), movImm(0, 1), EXIT], link)).toBe(1n);
    }),
  );

  test(
    "take the low 32 bits of the index",
    withMachine((machine) => {
      const link = array(machine, [[movImm(0, 8), EXIT]]);
      expect(machine.r0([movImm(2, 0x1234), ...ldImm64(3, 5n << 32n), call(12), movImm(0, 1), EXIT], link)).toBe(8n);
    }),
  );

  test(
    "33 are made, the 34th is not",
    withMachine((machine) => {
      // Each pass counts in the context, and calls itself.
      const self: Slot[] = [
        [0x79, 0, 1, 0, 0],
        [0x07, 0, 0, 0, 1],
        [0x7b, 1, 0, 0, 0],
        ...jump(0),
        [0x79, 0, 1, 0, 0],
        EXIT,
      ];
      const link = array(machine, [self]);
      expect(machine.r0(self, link)).toBe(34n);
    }),
  );

  test(
    "from a function: the other program returns to that function's caller",
    withMachine((machine) => {
      const link = array(machine, [[movImm(6, 0), movImm(0, 30), EXIT]]);
      const slots: Slot[] = [
        movImm(6, 12),
        [0x7a, 10, 0, -8, 100],
        [0x85, 0, 1, 0, 4],
        [0x0f, 0, 6, 0, 0],
        [0x79, 1, 10, -8, 0],
        [0x0f, 0, 1, 0, 0],
        EXIT,
        ...jump(0),
        EXIT,
      ];
      expect(machine.r0(slots, link)).toBe(142n);
    }),
  );

  test(
    "the other program's frame takes the place of the caller's",
    withMachine((machine) => {
      const link = array(machine, [[mov(0, 10), EXIT]]);
      expect(machine.r0([...jump(0), EXIT], link)).toBe(machine.r0([mov(0, 10), EXIT]));
    }),
  );
});

describe("legacy packet loads", () => {
  const packet = [0x11, 0x22, 0x33, 0x44, 0x55];
  const link: Linkage = {
    helper: () => undefined,
    loadPacket: (_, ctx, offset, size) => {
      expect(ctx).toBe(77);
      if (offset < 0 || offset + size > packet.length) return -1;
      return packet.slice(offset, offset + size).reduce((value, byte) => value * 256 + byte, 0);
    },
  };
  const ctx = movImm(6, 77);

  test.each([
    ["byte", 0x30, 4, 0x55n],
    ["half", 0x28, 1, 0x2233n],
    ["word", 0x20, 1, 0x22334455n],
  ] as const)("absolute %s", (_, code, offset, want) => {
    withMachine((machine) => {
      expect(machine.r0([ctx, [code, 0, 0, 0, offset], EXIT], link)).toBe(want);
    })();
  });

  test(
    "indirect: register plus constant, 32 bits",
    withMachine((machine) => {
      expect(machine.r0([ctx, ...ldImm64(2, 0x7_0000_0003n), [0x50, 0, 2, 0, -1], EXIT], link)).toBe(0x33n);
    }),
  );

  test(
    "beyond the packet: the function ends with 0",
    withMachine((machine) => {
      expect(machine.r0([ctx, movImm(0, 5), [0x20, 0, 0, 0, 2], movImm(0, 9), EXIT], link)).toBe(0n);
    }),
  );

  test(
    "without packet access they are a fault by name",
    withMachine((machine) => {
      expect(machine.fault([ctx, [0x30, 0, 0, 0, 4], EXIT]).message).toBe(
        "packet load without packet access: the linkage has no loadPacket (insn 1: r0 = *(u8 *)skb[4])",
      );
    }),
  );
});
