import { Memory, MemoryError } from "@bpf-ts/memory";
import { describe, expect, test } from "vitest";
import { type Run, Vm, VmError } from "../src/index.ts";
import { helpers, NOTHING, TestMachine, withMachine } from "./machine.ts";
import { bytesOf, call, EXIT, mov, movImm, type Slot } from "./program.ts";

const FOREVER: readonly Slot[] = [
  [0x07, 1, 0, 0, 1],
  [0x05, 0, 0, -2, 0],
];

describe("fuel", () => {
  test(
    "running out is a fault, and the machine goes on",
    withMachine((machine) => {
      const exe = machine.vm.load({ insns: bytesOf(FOREVER) }, NOTHING);
      const result = machine.vm.run(exe, 0, { fuel: 1001 });
      expect(result).toMatchObject({ status: "fault", fault: { code: "OUT_OF_FUEL", insn: 1 } });
      expect(result.status === "fault" && result.fault.message).toBe(
        "out of fuel after 1001 instructions (insn 1: goto pc-2)",
      );
      expect(machine.r0([movImm(0, 4), EXIT])).toBe(4n);
    }),
  );

  test(
    "exactly enough is enough; an ld_imm64 counts once, a callback's instructions too",
    withMachine((machine) => {
      const exe = machine.vm.load({ insns: bytesOf([[0x18, 0, 0, 0, 1], [0, 0, 0, 0, 0], EXIT]) }, NOTHING);
      expect(machine.vm.run(exe, 0, { fuel: 2 }).status).toBe("done");
      expect(machine.vm.run(exe, 0, { fuel: 1 }).status).toBe("fault");
      expect(machine.vm.run(exe, 0, { fuel: 0 }).status).toBe("fault");
    }),
  );

  test("of the machine holds where a run says nothing", () => {
    const memory = new Memory();
    const vm = new Vm({ memory, fuel: 10 });
    const exe = vm.load({ insns: bytesOf(FOREVER) }, NOTHING);
    const run = vm.start(exe, 0);
    expect(run.step()).toBe("fault");
    expect(run.instructions).toBe(10);
    const longer = vm.start(exe, 0, { fuel: 20 });
    expect(longer.step()).toBe("fault");
    expect(longer.instructions).toBe(20);
    vm[Symbol.dispose]();
  });
});

describe("stepping", () => {
  test(
    "stops between instructions and resumes",
    withMachine((machine) => {
      const run = machine.start([movImm(0, 1), [0x07, 0, 0, 0, 2], [0x07, 0, 0, 0, 4], EXIT]);
      expect([run.status, run.pc, run.instructions]).toEqual(["running", 0, 0]);
      expect(run.step(0)).toBe("running");
      expect(run.step(1)).toBe("running");
      expect([run.pc, run.regs()[0]]).toEqual([1, 1n]);
      expect(run.step(2)).toBe("running");
      expect([run.pc, run.regs()[0], run.instructions]).toEqual([3, 7n, 3]);
      expect(() => run.result).toThrow(VmError);
      expect(run.step(1)).toBe("done");
      expect(run.result).toEqual({ r0Lo: 7, r0Hi: 0, r0: 7n });
      expect(run.step(1)).toBe("done");
      expect(() => run.regs()).toThrow("the run is done");
    }),
  );

  test(
    "a run begins with R1 = context, R10 = top of its frame, all else 0",
    withMachine((machine) => {
      machine.r0([movImm(0, -1), ...[2, 3, 4, 5, 6, 7, 8, 9].map((n) => mov(n, 0)), EXIT]);
      const regs = machine.start([EXIT]).regs();
      expect(regs.slice(0, 10)).toEqual([0n, BigInt(machine.ctx), 0n, 0n, 0n, 0n, 0n, 0n, 0n, 0n]);
      expect(machine.memory.regionAt(Number(regs[10]) - 1)!.label).toBe("stack of cpu 0");
    }),
  );

  test(
    "may begin at another function, with more arguments",
    withMachine((machine) => {
      const slots: Slot[] = [[0x85, 0, 1, 0, 1], EXIT, mov(0, 1), [0x0f, 0, 2, 0, 0], [0x0f, 0, 3, 0, 0], EXIT];
      const exe = machine.vm.load({ insns: bytesOf(slots) }, NOTHING);
      const options = { subprog: 1, moreArgs: [1n << 40n, -3] };
      expect(machine.vm.run(exe, 5, options)).toMatchObject({ r0: (1n << 40n) + 2n });
      expect(() => machine.vm.start(exe, 5, { subprog: 2 })).toThrow("start at function 2: the program has 2");
      expect(machine.vm.runs(0)).toEqual([]);
    }),
  );

  test(
    "the hook sees each instruction before it runs",
    withMachine((machine) => {
      const seen: string[] = [];
      const exe = machine.vm.load(
        { insns: bytesOf([movImm(0, 1), [0x15, 0, 0, 1, 1], EXIT, movImm(0, 2), EXIT]) },
        NOTHING,
      );
      const hook = (run: Run) =>
        seen.push(`${run.pc} ${run.executable.text(run.pc)} r0=${run.regs()[0]} n=${run.instructions}`);
      expect(machine.vm.run(exe, 0, { onStep: hook })).toMatchObject({ r0: 2n });
      expect(seen).toEqual([
        "0 r0 = 1 r0=0 n=0",
        "1 if r0 == 0x1 goto pc+1 r0=1 n=1",
        "3 r0 = 2 r0=1 n=2",
        "4 exit r0=2 n=3",
      ]);
    }),
  );

  test(
    "a hook that throws ends the run",
    withMachine((machine) => {
      const exe = machine.vm.load({ insns: bytesOf([EXIT]) }, NOTHING);
      const hook = () => {
        throw new Error("stop");
      };
      expect(() => machine.vm.run(exe, 0, { onStep: hook })).toThrow("stop");
      expect(machine.vm.runs(0)).toEqual([]);
    }),
  );
});

describe("several runs", () => {
  test(
    "on different CPUs take turns, each on a stack of its own",
    withMachine(
      (machine) => {
        // Counts in its frame.
        const slots: Slot[] = [
          [0x7a, 10, 0, -8, 0],
          movImm(1, 1),
          [0xdb, 10, 1, -8, 0],
          [0x79, 0, 10, -8, 0],
          [0xa5, 0, 0, -3, 10],
          EXIT,
        ];
        const exe = machine.vm.load({ insns: bytesOf(slots) }, NOTHING);
        const runs = [0, 1, 2].map((cpu) => machine.vm.start(exe, 0, { cpu }));
        for (let turn = 0; runs.some((run) => run.status === "running"); turn++) runs[turn % 3]!.step(1 + (turn % 4));
        expect(runs.map((run) => run.result.r0)).toEqual([10n, 10n, 10n]);
        expect(runs.map((run) => run.cpu)).toEqual([0, 1, 2]);
      },
      { cpus: 3 },
    ),
  );

  test(
    "a helper runs another program on the same CPU, and the outer one finds its stack as it was",
    withMachine((machine) => {
      const inner = machine.vm.load(
        { insns: bytesOf([[0x79, 0, 1, 0, 0], [0x7a, 10, 0, -512, 7], [0x7a, 10, 0, -8, 7], EXIT]) },
        NOTHING,
      );
      const nested: (number | bigint)[] = [];
      const link = helpers({
        1: {
          name: "nest",
          wide: true,
          run: (run, r1) => {
            const result = machine.vm.run(inner, r1, { cpu: run.cpu });
            if (result.status === "done") nested.push(result.r0);
            // Our own argument block is untouched by the nested run's.
            run.memory.setU64(run.args, run.memory.getU64(run.args + 8) + 1n);
            return 0;
          },
        },
      });
      const slots: Slot[] = [
        [0x7a, 10, 0, -512, 5],
        [0x7a, 10, 0, -8, 6],
        mov(1, 10),
        [0x07, 1, 0, 0, -512],
        movImm(2, 100),
        call(1),
        [0x79, 1, 10, -512, 0],
        [0x0f, 0, 1, 0, 0],
        [0x79, 1, 10, -8, 0],
        [0x0f, 0, 1, 0, 0],
        EXIT,
      ];
      expect(machine.r0(slots, link)).toBe(101n + 5n + 6n);
      expect(nested).toEqual([5n]);
    }),
  );

  test(
    "a run waits for those that were begun later on its CPU",
    withMachine((machine) => {
      const outer = machine.start([movImm(0, 1), EXIT]);
      outer.step(1);
      const inner = machine.start([movImm(0, 2), EXIT]);
      expect(machine.vm.runs(0)).toEqual([outer, inner]);
      expect(() => outer.step()).toThrow("this run waits for another one on cpu 0");
      expect(() => outer.abort()).toThrow(VmError);
      expect(inner.step()).toBe("done");
      expect(outer.step()).toBe("done");
      expect(outer.result.r0).toBe(1n);
    }),
  );

  test(
    "a run can't be stepped from inside itself",
    withMachine((machine) => {
      const link = helpers({ 1: { name: "again", run: (run) => (run.step() === "done" ? 1 : 0) } });
      const run = machine.start([call(1), EXIT], link);
      expect(() => run.step()).toThrow("this run waits for itself on cpu 0");
      expect(run.status).toBe("fault");
    }),
  );

  test(
    "aborting gives the stack back",
    withMachine((machine) => {
      const top = machine.start([EXIT]);
      const r10 = top.regs()[10];
      top.abort();
      expect(top.fault).toMatchObject({ code: "ABORTED" });
      top.abort();
      const again = machine.start([EXIT]);
      expect(again.regs()[10]).toBe(r10);
      again[Symbol.dispose]();
    }),
  );

  test(
    "a helper that leaves a run behind and throws takes it along",
    withMachine((machine) => {
      let left: Run | undefined;
      const link = helpers({
        1: {
          name: "leave",
          run: () => {
            left = machine.start([EXIT]);
            throw new Error("gone");
          },
        },
      });
      const run = machine.start([call(1), EXIT], link);
      expect(() => run.step()).toThrow("gone");
      expect([run.status, left!.status]).toEqual(["fault", "fault"]);
      expect(machine.vm.runs(0)).toEqual([]);
    }),
  );

  test(
    "at most 64 are alive on one CPU, as far as the stack goes",
    withMachine(
      (machine) => {
        const exe = machine.vm.load({ insns: bytesOf([EXIT]), stackDepth: 0 }, NOTHING);
        const runs = Array.from({ length: 64 }, () => machine.vm.start(exe, 0));
        expect(() => machine.vm.start(exe, 0)).toThrow("64 runs are alive on cpu 0: no more than 64 may be");
        for (const run of runs.reverse()) expect(run.step()).toBe("done");
        const big = machine.vm.load({ insns: bytesOf([EXIT]) }, NOTHING);
        const first = machine.vm.start(big, 0);
        expect(() => machine.vm.start(big, 0)).toThrow(
          "a frame of 512 bytes does not fit: 16 bytes are left of the stack of cpu 0",
        );
        expect(first.step()).toBe("done");
      },
      { stackBytes: 528 },
    ),
  );
});

describe("access", () => {
  test(
    "run.accessible goes by regions, and by how much of the stacks is in use",
    withMachine((machine) => {
      const run = machine.start([EXIT]);
      const top = Number(run.regs()[10]);
      expect(run.accessible(top - 512, 512, true)).toBe(true);
      expect(run.accessible(top - 513, 1)).toBe(false);
      expect(machine.memory.isLive(top - 513, 1)).toBe(true);
      expect(run.accessible(machine.ctx, 256)).toBe(true);
      expect(run.accessible(machine.ctx, 257)).toBe(false);
      expect(run.accessible(-1, 1)).toBe(false);
      run.abort();
    }),
  );
});

describe("the machine", () => {
  test("gives all its memory back", () => {
    const memory = new Memory();
    const vm = new Vm({ memory, cpus: 4, stackBytes: 4096 });
    expect(memory.liveBytes).toBeGreaterThanOrEqual(4 * 4096);
    const exe = vm.load({ insns: bytesOf([EXIT]) }, NOTHING);
    const run = vm.start(exe, 0, { cpu: 2 });
    const above = vm.start(exe, 0, { cpu: 2 });
    vm[Symbol.dispose]();
    vm[Symbol.dispose]();
    expect(memory.liveBytes).toBe(0);
    expect([run.status, above.status]).toEqual(["fault", "fault"]);
    expect(() => vm.start(exe, 0)).toThrow("the machine is disposed");
  });

  test("takes nothing when its stacks do not fit", () => {
    const memory = new Memory({ maxBytes: 256 * 1024 });
    expect(() => new Vm({ memory, cpus: 8, stackBytes: 32 * 1024 })).toThrow(MemoryError);
    expect(memory.liveBytes).toBe(0);
  });

  test("checks its options", () => {
    const memory = new Memory();
    const make = (options: object) => () => new Vm({ memory, ...options });
    expect(make({ cpus: 0 })).toThrow("cpus is 0: must be a positive integer");
    expect(make({ cpus: 1.5 })).toThrow(VmError);
    expect(make({ stackBytes: 500 })).toThrow("stackBytes is 500: must be a multiple of 16, at least 512");
    expect(make({ fuel: -1 })).toThrow("fuel is -1: must not be negative");
    expect(make({ fuel: Number.NaN })).toThrow(VmError);
    const machine = new TestMachine();
    expect(() => machine.vm.start(machine.vm.load({ insns: bytesOf([EXIT]) }, NOTHING), 0, { cpu: 1 })).toThrow(
      "cpu is 1: the machine has 1",
    );
    machine.close();
  });
});
