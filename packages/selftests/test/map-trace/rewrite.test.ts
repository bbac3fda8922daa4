/** The rewrite of map operations: every call, wherever it stands, and nothing that the program could notice. */
import { createKernel } from "@bpf-ts/kernel";
import type { Bpf } from "@bpf-ts/uapi";
import { describe, expect, test } from "vitest";
import { openProg } from "../../src/objects.ts";
import {
  attach,
  closeAll,
  contents,
  copyText,
  deleteText,
  hashMap,
  linkInfo,
  progInfo,
  program,
  run,
  tracer,
  updateText,
} from "./programs.ts";

const UPDATE = 0;
const DELETE = 1;

describe("the program can't tell", () => {
  test("registers that it may use and its stack are as without the rewrite", () => {
    const text = (map: number): string => `
      r6 = 6
      r7 = 7
      r8 = 8
      r9 = 9
      *(u64 *)(r10 -512) = 512
      *(u32 *)(r10 -4) = 1
      *(u32 *)(r10 -8) = 2
      r1 = map[fd:${map}]
      r2 = r10
      r2 += -4
      r3 = r10
      r3 += -8
      r4 = 0
      call bpf_map_update_elem
      r6 += r7
      r6 += r8
      r6 += r9
      r1 = *(u64 *)(r10 -512)
      r6 += r1
      r6 += r0
      r0 = r6
      exit`;
    for (const mapTrace of [true, false]) {
      const kernel = createKernel({ mapTrace });
      const { bpf } = kernel;
      const map = hashMap(bpf);
      if (mapTrace) attach(bpf, tracer(bpf, "UPDATE_ELEM", copyText(hashMap(bpf))), { mapFd: map, traceType: UPDATE });
      expect(run(bpf, program(bpf, text(map)))).toBe(6 + 7 + 8 + 9 + 512);
      closeAll(kernel);
    }
  });

  test("in a subprogram the slots lie below its own frame, not the main program's", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const map = hashMap(bpf);
    const copy = hashMap(bpf);
    attach(bpf, tracer(bpf, "UPDATE_ELEM", copyText(copy)), { mapFd: map, traceType: UPDATE });
    // The main program uses little stack, the subprogram more: with the main program's depth the slots would hit the subprogram's data.
    const prog = program(
      bpf,
      `*(u64 *)(r10 -8) = 1000
       call subprog
       r1 = *(u64 *)(r10 -8)
       r0 += r1
       exit
     subprog:
       *(u64 *)(r10 -16) = 16
       *(u64 *)(r10 -24) = 24
       *(u64 *)(r10 -32) = 32
       *(u64 *)(r10 -40) = 40
       *(u64 *)(r10 -48) = 48
       *(u32 *)(r10 -4) = 1
       *(u32 *)(r10 -8) = 2
       r1 = map[fd:${map}]
       r2 = r10
       r2 += -4
       r3 = r10
       r3 += -8
       r4 = 0
       call bpf_map_update_elem
       r1 = *(u64 *)(r10 -16)
       r0 += r1
       r1 = *(u64 *)(r10 -24)
       r0 += r1
       r1 = *(u64 *)(r10 -32)
       r0 += r1
       r1 = *(u64 *)(r10 -40)
       r0 += r1
       r1 = *(u64 *)(r10 -48)
       r0 += r1
       exit`,
    );
    expect(run(bpf, prog)).toBe(1000 + 16 + 24 + 32 + 40 + 48);
    expect(contents(bpf, copy)).toEqual([[1, 2]]);
    closeAll(kernel);
  });

  test("the rewrite is visible in the dumped program, by the inserted function's name", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const map = hashMap(bpf);
    const info = progInfo(bpf, program(bpf, updateText(map, 1, 2)));
    expect(info.internalCalls).toEqual(["bpf_trace_map_update_elem"]);
    const deletes = progInfo(bpf, program(bpf, deleteText(map, 1)));
    expect(deletes.internalCalls).toEqual(["bpf_trace_map_delete_elem"]);
    const plain = createKernel({ mapTrace: false });
    const before = progInfo(plain.bpf, program(plain.bpf, updateText(hashMap(plain.bpf), 1, 2)));
    expect(before.internalCalls).toEqual([]);
    // 4 saves, 4 reloads, R0 saved, loaded as fifth argument and restored, the call: 12 more.
    expect(info.xlated.length / 8 - before.xlated.length / 8).toBe(12);
    closeAll(kernel);
    closeAll(plain);
  });

  test("programs can't call the inserted functions themselves", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const call = new Uint8Array([0x85, 0xf0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0]);
    expect(() => bpf.progLoad({ progType: 17, insns: call, license: "GPL" })).toThrow();
    closeAll(kernel);
  });
});

/** A map, traced for both operations: updates go to `copy`, deletes are counted by `deletes`. */
function traced(bpf: Bpf): { map: number; copy: number; updates: () => number; deletes: () => number } {
  const [map, copy] = [hashMap(bpf), hashMap(bpf)];
  const update = attach(bpf, tracer(bpf, "UPDATE_ELEM", copyText(copy)), { mapFd: map, traceType: UPDATE });
  const remove = attach(bpf, tracer(bpf, "DELETE_ELEM"), { mapFd: map, traceType: DELETE });
  const runs = (link: number): number => Number(linkInfo(bpf, link).mapTrace?.runs);
  return { map, copy, updates: () => runs(update), deletes: () => runs(remove) };
}

/** `bpf_map_update_elem(map, &key, &key, 0)` with the key in a register; uses 8 bytes of stack below `below`. */
function updateFrom(map: number, reg: string, below = 0): string {
  return `
    *(u32 *)(r10 -${below + 8}) = ${reg}
    r1 = map[fd:${map}]
    r2 = r10
    r2 += -${below + 8}
    r3 = r2
    r4 = 0
    call bpf_map_update_elem`;
}

describe("every call", () => {
  test("straight ones, in a loop, in a branch that is taken, but none that is never reached", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const { map, copy, updates } = traced(bpf);
    const prog = program(
      bpf,
      `r6 = 0
     again:
       ${updateFrom(map, "r6")}
       r6 += 1
       if r6 < 5 goto again
       r7 = 1
       if r7 == 1 goto taken
       ${updateFrom(map, "r6")}
     taken:
       r6 = 100
       ${updateFrom(map, "r6")}
       r0 = 0
       exit`,
    );
    run(bpf, prog);
    expect(contents(bpf, copy).map(([key]) => key)).toEqual([0, 1, 2, 3, 4, 100]);
    expect(updates()).toBe(6);
    expect(progInfo(bpf, prog).internalCalls).toEqual(["bpf_trace_map_update_elem"]);
    closeAll(kernel);
  });

  describe("in C", () => {
    /** Runs a program of the object with a packet of so many bytes behind the Ethernet header; its result, and what the two tracers saw. */
    const runC = (name: string, length = 50): { retval: number; updates: unknown[]; deletes: unknown[] } => {
      const kernel = createKernel();
      using object = openProg("bpf_map_trace_calls").load(kernel.bpf);
      object.attach();
      const { retval } = object.program(name).run({ data: new Uint8Array(14 + length) });
      const all = (map: string): unknown[] => [...object.map(map)].sort(([a], [b]) => Number(a) - Number(b));
      return { retval, updates: all("update_log"), deletes: all("delete_log") };
    };

    test("callbacks of bpf_loop and bpf_for_each_map_elem, whose key lies in the element that they delete", () => {
      expect(runC("callbacks")).toEqual({
        retval: 606,
        updates: [
          [0, 0],
          [1, 10],
          [2, 20],
          [3, 30],
          [4, 40],
          [5, 50],
        ],
        deletes: [
          [1, 0],
          [3, 0],
          [5, 0],
        ],
      });
    });

    test("static and global subprograms, whose own stack stays as it is", () => {
      expect(runC("subprograms")).toEqual({
        // in_global(20): in_static(21) = 21, and 1000; in_static(30) = 30; and 5000.
        retval: 6051,
        updates: [
          [21, 22],
          [30, 31],
        ],
        // ENOENT.
        deletes: [[20, 2]],
      });
    });

    test("one call that reaches either of two maps", () => {
      expect(runC("either", 51)).toEqual({ retval: 0, updates: [[51, 1]], deletes: [] });
      expect(runC("either", 50)).toEqual({ retval: 0, updates: [], deletes: [] });
    });
  });

  test("in programs that are tail-called", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const { map, copy } = traced(bpf);
    const jumps = bpf.mapCreate({ type: 3, name: "", keySize: 4, valueSize: 4, maxEntries: 1, mapFlags: 0 });
    bpf.mapUpdateElem(jumps, new Uint8Array(4), Uint8Array.of(program(bpf, updateText(map, 2, 3)), 0, 0, 0));
    const first = program(
      bpf,
      `r6 = r1
       r7 = 1
       ${updateFrom(map, "r7")}
       r1 = r6
       r2 = map[fd:${jumps}]
       r3 = 0
       call bpf_tail_call
       r0 = 9
       exit`,
    );
    expect(run(bpf, first)).toBe(0);
    expect(contents(bpf, copy)).toEqual([
      [1, 1],
      [2, 3],
    ]);
    closeAll(kernel);
  });

  test("with may_goto around them", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const { map, updates } = traced(bpf);
    const prog = program(
      bpf,
      `r6 = 0
       *(u64 *)(r10 -512) = 77
     again:
       may_goto done
       ${updateFrom(map, "r6", 16)}
       r6 += 1
       if r6 != 100 goto again
     done:
       r0 = *(u64 *)(r10 -512)
       exit`,
    );
    expect(run(bpf, prog)).toBe(77);
    expect(updates()).toBe(100);
    closeAll(kernel);
  });

  test("so many that jumps over them do not reach any more", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const { map, updates } = traced(bpf);
    const count = 1700;
    // 8 slots each before the rewrite, 20 after it: the jump to the end goes over 34,000.
    const prog = program(
      bpf,
      `r6 = *(u64 *)(r1 +0)
       if r6 == 0 goto end
       ${Array.from({ length: count }, () => updateFrom(map, "r6")).join("\n")}
       r0 = 7
       exit
     end:
       r0 = 8
       exit`,
    );
    expect(progInfo(bpf, prog).xlated.length / 8).toBeGreaterThan(34_000);
    expect(bpf.progTestRun(prog, { ctxIn: new Uint8Array(8) }).retval).toBe(8);
    expect(updates()).toBe(0);
    expect(bpf.progTestRun(prog, { ctxIn: Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0) }).retval).toBe(7);
    expect(updates()).toBe(count);
    closeAll(kernel);
  });
});

describe("all of the stack", () => {
  test("8 frames, each of which calls, 512 bytes together: every frame gets its slots", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const { map, copy } = traced(bpf);
    // Frame n keeps n at the end of its 64 bytes, updates key n, calls frame n + 1, and adds what it kept.
    const frame = (n: number): string => `
    f${n}:
      r6 = ${n}
      *(u64 *)(r10 -64) = r6
      ${updateFrom(map, "r6", 0)}
      ${n < 7 ? `call f${n + 1}` : "r0 = 0"}
      r1 = *(u64 *)(r10 -64)
      r0 += r1
      exit`;
    const prog = program(bpf, Array.from({ length: 8 }, (_, n) => frame(n)).join("\n"));
    expect(run(bpf, prog)).toBe(28);
    expect(contents(bpf, copy).map(([key]) => key)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    closeAll(kernel);
  });

  test("512 bytes in the program, in its tracer, and in the tracer's tracer", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const full = (text: string): string =>
      `*(u64 *)(r10 -512) = 5\n${text.replace(/exit$/, "r1 = *(u64 *)(r10 -512)\nr0 += r1\nexit")}`;
    const maps = Array.from({ length: 9 }, () => hashMap(bpf));
    const links = maps
      .slice(1)
      .map((map, i) =>
        attach(bpf, tracer(bpf, "UPDATE_ELEM", full(copyText(map))), { mapFd: maps[i]!, traceType: UPDATE }),
      );
    expect(run(bpf, program(bpf, full(updateText(maps[0]!, 3, 4))))).toBe(5);
    expect(maps.map((map) => contents(bpf, map))).toEqual(Array(9).fill([[3, 4]]));
    // Each tracer returned 5.
    expect(links.map((link) => linkInfo(bpf, link).mapTrace?.failures)).toEqual(Array(8).fill(1n));
    closeAll(kernel);
  });
});
