import type { VerifiedProgram } from "@bpf-ts/uapi";
import { describe, expect, test } from "vitest";
import { VmFault } from "../src/index.ts";
import { NOTHING, type TestMachine, withMachine } from "./machine.ts";
import { bytesOf, EXIT, ldImm64, mov, movImm, type Slot } from "./program.ts";

/** The context holds 01 82 03 84 05 86 07 88, then zeros. */
function fill(machine: TestMachine): void {
  machine.memory.setU64(machine.ctx, 0x8807860584038201n);
}

/** A program as a verifier would hand it over. */
function verified(slots: readonly Slot[], stackDepth = 0): VerifiedProgram {
  return {
    xlated: bytesOf(slots),
    subprogs: [{ start: 0, stackDepth }],
    internalCalls: [],
    origin: Uint32Array.from(slots.keys()),
    usedMaps: [],
    maxCtxBufferAccess: [],
    maxPktOffset: 0,
    helpers: new Set(),
    hasTailCall: false,
    sleepable: false,
    verifiedInsns: slots.length,
  };
}

function freeBlock(machine: TestMachine, block: number): number {
  machine.memory.free(block);
  return 0;
}

describe("loads", () => {
  test.each([
    ["r0 = *(u8 *)(r1 +1)", 0x71, 1, 0x82n],
    ["r0 = *(u16 *)(r1 +1)", 0x69, 1, 0x0382n],
    ["r0 = *(u32 *)(r1 +1)", 0x61, 1, 0x05840382n],
    ["r0 = *(u32 *)(r1 +4)", 0x61, 4, 0x88078605n],
    ["r0 = *(u64 *)(r1 +0)", 0x79, 0, 0x8807860584038201n],
    ["r0 = *(u64 *)(r1 +1)", 0x79, 1, 0x0088078605840382n],
    ["r0 = *(s8 *)(r1 +1)", 0x91, 1, 0xffffffffffffff82n],
    ["r0 = *(s8 *)(r1 +0)", 0x91, 0, 1n],
    ["r0 = *(s16 *)(r1 +0)", 0x89, 0, 0xffffffffffff8201n],
    ["r0 = *(s16 *)(r1 +1)", 0x89, 1, 0x382n],
    ["r0 = *(s32 *)(r1 +4)", 0x81, 4, 0xffffffff88078605n],
    ["r0 = *(s32 *)(r1 +1)", 0x81, 1, 0x5840382n],
  ] as const)("%s", (_, code, off, want) => {
    withMachine((machine) => {
      fill(machine);
      expect(machine.r0([[code, 0, 1, off, 0], EXIT])).toBe(want);
    })();
  });

  test(
    "negative offsets",
    withMachine((machine) => {
      fill(machine);
      expect(machine.r0([[0x07, 1, 0, 0, 100], [0x71, 0, 1, -98, 0], EXIT])).toBe(3n);
    }),
  );
});

describe("stores", () => {
  test.each([
    ["*(u8 *)(r1 +1) = r2", 0x73, 0x8807860584_03_ef_01n],
    ["*(u16 *)(r1 +1) = r2", 0x6b, 0x8807860584cdef01n],
    ["*(u32 *)(r1 +1) = r2", 0x63, 0x88078689abcdef01n],
    ["*(u64 *)(r1 +1) = r2", 0x7b, 0x23456789abcdef01n],
  ] as const)("%s", (_, code, want) => {
    withMachine((machine) => {
      fill(machine);
      machine.r0([...ldImm64(2, 0x0123456789abcdefn), [code, 1, 2, 1, 0], movImm(0, 0), EXIT]);
      expect(machine.memory.getU64(machine.ctx)).toBe(want);
    })();
  });

  test.each([
    ["*(u8 *)(r1 +1) = -2", 0x72, 0x880786058403fe01n],
    ["*(u16 *)(r1 +1) = -2", 0x6a, 0x8807860584fffe01n],
    ["*(u32 *)(r1 +1) = -2", 0x62, 0x880786fffffffe01n],
    ["*(u64 *)(r1 +1) = -2", 0x7a, 0xfffffffffffffe01n],
  ] as const)("%s", (_, code, want) => {
    withMachine((machine) => {
      fill(machine);
      machine.r0([[code, 1, 0, 1, -2], movImm(0, 0), EXIT]);
      expect(machine.memory.getU64(machine.ctx)).toBe(want);
    })();
  });

  test(
    "the stack of a frame, first and last byte",
    withMachine((machine) => {
      const slots: Slot[] = [
        [0x7a, 10, 0, -512, 5],
        [0x7a, 10, 0, -8, 6],
        [0x79, 0, 10, -512, 0],
        [0x79, 1, 10, -8, 0],
        [0x0f, 0, 1, 0, 0],
        EXIT,
      ];
      expect(machine.r0(slots)).toBe(11n);
    }),
  );
});

describe("atomics", () => {
  const OLD = 0x00000001_fffffff0n;
  const SRC = 0x00000002_00000013n;
  const EQ = OLD;
  /** imm, then for 64 and for 32 bits: memory, source register, R0 (which holds EQ before). */
  test.each([
    ["add", 0x00, 0x4_00000003n, SRC, EQ, 0x1_00000003n, SRC, EQ],
    ["or", 0x40, 0x3_fffffff3n, SRC, EQ, 0x1_fffffff3n, SRC, EQ],
    ["and", 0x50, 0x10n, SRC, EQ, 0x1_00000010n, SRC, EQ],
    ["xor", 0xa0, 0x3_ffffffe3n, SRC, EQ, 0x1_ffffffe3n, SRC, EQ],
    ["fetch add", 0x01, 0x4_00000003n, OLD, EQ, 0x1_00000003n, 0xfffffff0n, EQ],
    ["fetch or", 0x41, 0x3_fffffff3n, OLD, EQ, 0x1_fffffff3n, 0xfffffff0n, EQ],
    ["fetch and", 0x51, 0x10n, OLD, EQ, 0x1_00000010n, 0xfffffff0n, EQ],
    ["fetch xor", 0xa1, 0x3_ffffffe3n, OLD, EQ, 0x1_ffffffe3n, 0xfffffff0n, EQ],
    ["xchg", 0xe1, SRC, OLD, EQ, 0x1_00000013n, 0xfffffff0n, EQ],
    ["cmpxchg, equal", 0xf1, SRC, SRC, OLD, 0x1_00000013n, SRC, 0xfffffff0n],
  ] as const)("%s", (_, imm, mem64, src64, r064, mem32, src32, r032) => {
    withMachine((machine) => {
      for (const [code, mem, src, r0] of [
        [0xdb, mem64, src64, r064],
        [0xc3, mem32, src32, r032],
      ] as const) {
        machine.memory.setU64(machine.ctx + 8, OLD);
        const slots: Slot[] = [...ldImm64(2, SRC), ...ldImm64(0, EQ), [code, 1, 2, 8, imm], EXIT];
        expect(machine.r0(slots)).toBe(r0);
        expect(machine.memory.getU64(machine.ctx + 8)).toBe(mem);
        machine.memory.setU64(machine.ctx + 8, OLD);
        expect(machine.r0([...slots.slice(0, -1), mov(0, 2), EXIT])).toBe(src);
      }
    })();
  });

  test(
    "cmpxchg that finds another value",
    withMachine((machine) => {
      const program = (code: number, expected: bigint): Slot[] => [
        ...ldImm64(2, SRC),
        ...ldImm64(0, expected),
        [code, 1, 2, 0, 0xf1],
        EXIT,
      ];
      machine.memory.setU64(machine.ctx, OLD);
      // The upper half alone differs: 64 bits see it, 32 bits do not.
      expect(machine.r0(program(0xdb, 0xfffffff0n))).toBe(OLD);
      expect(machine.memory.getU64(machine.ctx)).toBe(OLD);
      expect(machine.r0(program(0xc3, 0x7_00000000n))).toBe(0xfffffff0n);
      expect(machine.memory.getU64(machine.ctx)).toBe(OLD);
      expect(machine.r0(program(0xc3, 0x7_fffffff0n))).toBe(0xfffffff0n);
      expect(machine.memory.getU64(machine.ctx)).toBe(0x1_00000013n);
    }),
  );

  test(
    "load-acquire and store-release of each size",
    withMachine((machine) => {
      fill(machine);
      const load = (code: number) => machine.r0([[code, 0, 1, 1, 0x100], EXIT]);
      expect([0xd3, 0xcb, 0xc3, 0xdb].map(load)).toEqual([0x82n, 0x382n, 0x5840382n, 0x88078605840382n]);
      const store = (code: number) => {
        machine.memory.setU64(machine.ctx, 0n);
        machine.r0([...ldImm64(2, 0x1122334455667788n), [code, 1, 2, 0, 0x110], movImm(0, 0), EXIT]);
        return machine.memory.getU64(machine.ctx);
      };
      expect([0xd3, 0xcb, 0xc3, 0xdb].map(store)).toEqual([0x88n, 0x7788n, 0x55667788n, 0x1122334455667788n]);
    }),
  );

  test(
    "fetch into the base register",
    withMachine((machine) => {
      machine.memory.setU64(machine.ctx, 3n);
      expect(machine.r0([[0xdb, 1, 1, 0, 0x01], mov(0, 1), EXIT])).toBe(3n);
      expect(machine.memory.getU64(machine.ctx)).toBe(3n + BigInt(machine.ctx));
    }),
  );
});

describe("probing loads, which only a verifier may have put there", () => {
  const at = (machine: TestMachine, slots: readonly Slot[]) =>
    machine.vm.run(machine.vm.load(verified(slots), NOTHING), machine.ctx);
  test.each([
    ["u8", 0x31, 0x82n],
    ["u16", 0x29, 0x382n],
    ["u32", 0x21, 0x5840382n],
    ["u64", 0x39, 0x0088078605840382n],
    ["s8", 0x51, 0xffffffffffffff82n],
    ["s16", 0x49, 0x382n],
    ["s32", 0x41, 0x5840382n],
  ] as const)("%s: what is there, and 0 where nothing is", (_, code, want) => {
    withMachine((machine) => {
      fill(machine);
      expect(at(machine, [[code, 0, 1, 1, 0], EXIT])).toMatchObject({ status: "done", r0: want });
      for (const bad of [0n, 16n, 0xffffffffn, 0xffff888000000000n, 0xffffffffffffffffn]) {
        expect(at(machine, [...ldImm64(0, bad), [code, 0, 0, 1, 0], EXIT])).toMatchObject({ status: "done", r0: 0n });
      }
    })();
  });

  test(
    "are refused elsewhere",
    withMachine((machine) => {
      for (const code of [0x21, 0x41]) {
        expect(() => machine.start([[code, 0, 1, 0, 0], EXIT])).toThrow("insn 0: no such load");
      }
    }),
  );
});

describe("faults", () => {
  test(
    "name the instruction, the address and the size",
    withMachine((machine) => {
      const fault = machine.fault([movImm(2, 0x10), movImm(0, 0), [0x79, 1, 2, 0, 0], EXIT]);
      expect(fault).toBeInstanceOf(VmFault);
      expect(fault.message).toBe("read of 8 bytes at 0x10 (insn 2: r1 = *(u64 *)(r2 +0)): not mapped");
      expect(fault).toMatchObject({ name: "VmFault", code: "MEMORY", insn: 2, address: 16n, size: 8, access: "read" });
    }),
  );

  test.each([
    ["null", ldImm64(2, 0n), 4, "0x4"],
    ["a small integer", ldImm64(2, 0xfff8n), 4, "0xfffc"],
    ["a kernel address", ldImm64(2, 0xffff888000000000n), -4, "0xffff887ffffffffc"],
    ["an address that wraps to 0", ldImm64(2, 0xffffffffffffffffn), 1, "0x0"],
    ["an address with high bits", [mov(2, 1), ...ldImm64(3, 1n << 32n), [0x0f, 2, 3, 0, 0] as Slot], 0, undefined],
  ])("write through %s", (_, setup, off, address) => {
    withMachine((machine) => {
      const fault = machine.fault([...(setup as Slot[]), [0x63, 2, 1, off as number, 0], EXIT]);
      const sign = (off as number) < 0 ? `${off}` : `+${off}`;
      const want = address ?? `0x${(0x1_0000_0000 + machine.ctx).toString(16)}`;
      const insn = (setup as Slot[]).length;
      expect(fault.message).toBe(`write of 4 bytes at ${want} (insn ${insn}: *(u32 *)(r2 ${sign}) = r1): not mapped`);
      expect(fault.access).toBe("write");
    })();
  });

  test(
    "past the end of a block, and before it",
    withMachine((machine) => {
      expect(machine.r0([[0x71, 0, 1, 255, 0], EXIT])).toBe(0n);
      expect(machine.fault([[0x71, 0, 1, 256, 0], EXIT]).message).toMatch(/: not mapped$/);
      expect(machine.fault([[0x71, 0, 1, -1, 0], EXIT]).message).toMatch(/: not mapped$/);
      expect(machine.fault([[0x79, 0, 1, 249, 0], EXIT]).message).toMatch(
        /: runs past the end of context \(256 bytes\)$/,
      );
    }),
  );

  test(
    "a write to a read-only block, which can be read",
    withMachine((machine) => {
      const block = machine.memory.alloc(8, { writable: false, label: "rodata" });
      expect(machine.r0([...ldImm64(2, BigInt(block)), [0x79, 0, 2, 0, 0], EXIT])).toBe(0n);
      const fault = machine.fault([...ldImm64(2, BigInt(block)), [0x79, 0, 2, 0, 0], [0x7b, 2, 0, 0, 0], EXIT]);
      expect(fault.message).toMatch(
        /^write of 8 bytes at 0x[0-9a-f]+ \(insn 3: \*\(u64 \*\)\(r2 \+0\) = r0\): rodata is read-only$/,
      );
      machine.memory.free(block);
    }),
  );

  test(
    "freed memory, though it was accessible a moment ago",
    withMachine((machine) => {
      const block = machine.memory.alloc(8);
      const free = { helper: () => ({ name: "free", run: () => freeBlock(machine, block) }) };
      const slots: Slot[] = [
        ...ldImm64(6, BigInt(block)),
        [0x79, 0, 6, 0, 0],
        [0x85, 0, 0, 0, 1],
        [0x79, 0, 6, 0, 0],
        EXIT,
      ];
      expect(machine.fault(slots, free).insn).toBe(4);
      const other = machine.memory.alloc(8);
      const freeOther = { helper: () => ({ name: "free", run: () => freeBlock(machine, other) }) };
      const write: Slot[] = [
        ...ldImm64(6, BigInt(other)),
        [0x7a, 6, 0, 0, 1],
        [0x85, 0, 0, 0, 1],
        [0x7a, 6, 0, 0, 1],
        EXIT,
      ];
      expect(machine.fault(write, freeOther).insn).toBe(4);
    }),
  );

  test(
    "outside of the running frame",
    withMachine((machine) => {
      expect(machine.fault([[0x7a, 10, 0, -520, 0], EXIT]).message).toMatch(
        /: below the stack of the running function, which begins at 0x/,
      );
      expect(machine.fault([[0x7a, 10, 0, 0, 0], EXIT]).message).toMatch(/: not mapped$/);
      expect(machine.fault([[0x7a, 10, 0, -4, 0], EXIT]).message).toMatch(/: runs past the end of stack of cpu 0/);
    }),
  );

  test(
    "an atomic on read-only memory changes nothing",
    withMachine((machine) => {
      const block = machine.memory.alloc(8, { writable: false, label: "rodata" });
      const fault = machine.fault([...ldImm64(2, BigInt(block)), movImm(0, 1), [0xdb, 2, 0, 0, 0], EXIT]);
      expect(fault).toMatchObject({ code: "MEMORY", access: "write", size: 8, insn: 3 });
      expect(machine.memory.getU64(block)).toBe(0n);
      machine.memory.free(block);
    }),
  );

  test(
    "execution that leaves the program",
    withMachine((machine) => {
      expect(machine.fault([movImm(0, 0)])).toMatchObject({ code: "FELL_OFF", insn: 1 });
    }),
  );

  test(
    "leave the registers as they were",
    withMachine((machine) => {
      const run = machine.start([movImm(3, -7), [0x79, 1, 3, 0, 0], EXIT]);
      expect(run.step()).toBe("fault");
      expect(run.pc).toBe(1);
      expect(run.regs()[3]).toBe(0xfffffffffffffff9n);
      expect(run.regs()).toHaveLength(11);
      // The machine's next run does not reach into them.
      machine.r0([movImm(3, 1), movImm(0, 1), EXIT]);
      expect(run.regs()[3]).toBe(0xfffffffffffffff9n);
    }),
  );
});
