/** When tracers run, in which order, with which arguments, and what they can't do. */
import { createKernel } from "@bpf-ts/kernel";
import type { Bpf } from "@bpf-ts/uapi";
import { E2BIG, EEXIST, EINVAL, ENOENT } from "@bpf-ts/uapi/errno";
import { BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_HASH } from "@bpf-ts/uapi/map-types";
import { describe, expect, test } from "vitest";
import { u32 } from "./bytes.ts";
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

/** An array whose first value holds four u64: what a tracer saw. */
function record(bpf: Bpf): { fd: number; read(): bigint[] } {
  const fd = bpf.mapCreate({
    type: BPF_MAP_TYPE_ARRAY,
    name: "seen",
    keySize: 4,
    valueSize: 32,
    maxEntries: 1,
    mapFlags: 0,
  });
  return {
    fd,
    read() {
      const value = new Uint8Array(32);
      bpf.mapLookupElem(fd, u32(0), value);
      const view = new DataView(value.buffer);
      return [0, 8, 16, 24].map((at) => view.getBigInt64(at, true));
    },
  };
}

/** A tracer that writes [first u32 of the key, first u32 of the value, flags, ret] into the record. */
function recorder(bpf: Bpf, map: number, operation: "UPDATE_ELEM" | "DELETE_ELEM"): number {
  const rest =
    operation === "UPDATE_ELEM"
      ? `r2 = *(u64 *)(r6 +8)
         r2 = *(u32 *)(r2 +0)
         *(u64 *)(r0 +8) = r2
         r2 = *(u64 *)(r6 +16)
         *(u64 *)(r0 +16) = r2
         r2 = *(u64 *)(r6 +24)
         *(u64 *)(r0 +24) = r2`
      : `r2 = *(u64 *)(r6 +8)
         *(u64 *)(r0 +24) = r2`;
  return tracer(
    bpf,
    operation,
    `r6 = r1
     *(u32 *)(r10 -4) = 0
     r1 = map[fd:${map}]
     r2 = r10
     r2 += -4
     call bpf_map_lookup_elem
     if r0 == 0 goto out
     r2 = *(u64 *)(r6 +0)
     r2 = *(u32 *)(r2 +0)
     *(u64 *)(r0 +0) = r2
     ${rest}
   out:
     r0 = 0
     exit`,
  );
}

describe("the context", () => {
  test.each([
    ["BPF_ANY", 0, 0],
    ["BPF_NOEXIST on a key that is there", 1, -EEXIST],
    ["BPF_EXIST", 2, 0],
    ["flags that no map knows", 8, -EINVAL],
  ])("update with %s: key, value, the caller's flags unfiltered, and the result", (_name, flags, ret) => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const map = hashMap(bpf);
    bpf.mapUpdateElem(map, u32(7), u32(1), 0n);
    const seen = record(bpf);
    attach(bpf, recorder(bpf, seen.fd, "UPDATE_ELEM"), { mapFd: map, traceType: UPDATE });
    expect(run(bpf, program(bpf, updateText(map, 7, 42, flags)))).toBe(ret);
    expect(seen.read()).toEqual([7n, 42n, BigInt(flags), BigInt(ret)]);
    closeAll(kernel);
  });

  test("64-bit flags arrive whole", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const map = hashMap(bpf);
    const seen = record(bpf);
    attach(bpf, recorder(bpf, seen.fd, "UPDATE_ELEM"), { mapFd: map, traceType: UPDATE });
    const text = updateText(map, 7, 42).replace("r4 = 0", "r4 = 0x100000000 ll");
    expect(run(bpf, program(bpf, text))).toBe(-EINVAL);
    expect(seen.read()).toEqual([7n, 42n, 0x100000000n, BigInt(-EINVAL)]);
    closeAll(kernel);
  });

  test("delete: the key, and the result, whether or not there was something", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const map = hashMap(bpf);
    const seen = record(bpf);
    attach(bpf, recorder(bpf, seen.fd, "DELETE_ELEM"), { mapFd: map, traceType: DELETE });
    const prog = program(bpf, deleteText(map, 5));
    expect(run(bpf, prog)).toBe(-ENOENT);
    expect(seen.read()).toEqual([5n, 0n, 0n, BigInt(-ENOENT)]);
    bpf.mapUpdateElem(map, u32(5), u32(1), 0n);
    expect(run(bpf, prog)).toBe(0);
    expect(seen.read()).toEqual([5n, 0n, 0n, 0n]);
    closeAll(kernel);
  });

  test("key and value may lie in the element that the operation frees", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const map = hashMap(bpf);
    bpf.mapUpdateElem(map, u32(5), u32(5), 0n);
    const seen = record(bpf);
    attach(bpf, recorder(bpf, seen.fd, "DELETE_ELEM"), { mapFd: map, traceType: DELETE });
    // delete(&m, v) with v inside m; another update right behind it must not get the freed element while tracers look at it.
    const text = `
      *(u32 *)(r10 -4) = 5
      r1 = map[fd:${map}]
      r2 = r10
      r2 += -4
      call bpf_map_lookup_elem
      if r0 == 0 goto out
      r1 = map[fd:${map}]
      r2 = r0
      call bpf_map_delete_elem
    out:
      exit`;
    expect(run(bpf, program(bpf, text))).toBe(0);
    expect(seen.read()[0]).toBe(5n);
    closeAll(kernel);
  });

  test("reads by bpf_probe_read_kernel go on to work, as in the RFC", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const map = hashMap(bpf);
    const copy = hashMap(bpf);
    const text = `
      r6 = r1
      r1 = r10
      r1 += -4
      r2 = 4
      r3 = *(u64 *)(r6 +0)
      call bpf_probe_read_kernel
      *(u32 *)(r10 -8) = 1
      r1 = map[fd:${copy}]
      r2 = r10
      r2 += -4
      r3 = r10
      r3 += -8
      r4 = 0
      call bpf_map_update_elem
      exit`;
    attach(bpf, tracer(bpf, "UPDATE_ELEM", text), { mapFd: map, traceType: UPDATE });
    run(bpf, program(bpf, updateText(map, 77, 1)));
    expect(contents(bpf, copy)).toEqual([[77, 1]]);
    closeAll(kernel);
  });
});

describe("whether and when", () => {
  test("in order of attachment", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const map = hashMap(bpf);
    const log = hashMap(bpf);
    // Each tracer appends: the value of key 0 becomes value * 10 + n.
    const appender = (n: number): number =>
      tracer(
        bpf,
        "UPDATE_ELEM",
        `*(u32 *)(r10 -4) = 0
         r1 = map[fd:${log}]
         r2 = r10
         r2 += -4
         call bpf_map_lookup_elem
         if r0 == 0 goto out
         r1 = *(u32 *)(r0 +0)
         r1 *= 10
         r1 += ${n}
         *(u32 *)(r0 +0) = r1
       out:
         r0 = 0
         exit`,
      );
    bpf.mapUpdateElem(log, u32(0), u32(0), 0n);
    for (const n of [1, 2, 3]) attach(bpf, appender(n), { mapFd: map, traceType: UPDATE });
    run(bpf, program(bpf, updateText(map, 1, 1)));
    expect(contents(bpf, log)).toEqual([[0, 123]]);
    closeAll(kernel);
  });

  test("after the operation: a tracer's look-up of the traced map's neighbour sees what was written", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const map = hashMap(bpf, 1);
    const copy = hashMap(bpf);
    bpf.mapUpdateElem(map, u32(1), u32(1), 0n);
    attach(bpf, tracer(bpf, "UPDATE_ELEM", copyText(copy)), { mapFd: map, traceType: UPDATE });
    // The map is full: the operation fails, the tracer runs all the same.
    expect(run(bpf, program(bpf, updateText(map, 2, 2)))).toBe(-E2BIG);
    expect(contents(bpf, copy)).toEqual([[2, 2]]);
    closeAll(kernel);
  });

  test("with the success-only flag, not after a failure", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const map = hashMap(bpf, 1);
    const copy = hashMap(bpf);
    const link = attach(bpf, tracer(bpf, "UPDATE_ELEM", copyText(copy)), { mapFd: map, traceType: UPDATE, flags: 1 });
    expect(run(bpf, program(bpf, updateText(map, 1, 1)))).toBe(0);
    expect(run(bpf, program(bpf, updateText(map, 2, 2)))).toBe(-E2BIG);
    expect(contents(bpf, copy)).toEqual([[1, 1]]);
    expect(linkInfo(bpf, link).mapTrace).toMatchObject({ runs: 1n, misses: 0n });
    closeAll(kernel);
  });

  test("bpf(2) does not fire map tracers", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const map = hashMap(bpf);
    const copy = hashMap(bpf);
    attach(bpf, tracer(bpf, "UPDATE_ELEM", copyText(copy)), { mapFd: map, traceType: UPDATE });
    bpf.mapUpdateElem(map, u32(1), u32(1), 0n);
    bpf.mapDeleteElem(map, u32(1));
    expect(contents(bpf, copy)).toEqual([]);
    closeAll(kernel);
  });

  test("the tracer's return value changes nothing for the program; non-zero ones are counted", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const map = hashMap(bpf);
    const link = attach(bpf, tracer(bpf, "UPDATE_ELEM", "r0 = -5\nexit"), { mapFd: map, traceType: UPDATE });
    expect(run(bpf, program(bpf, updateText(map, 1, 1)))).toBe(0);
    expect(contents(bpf, map)).toEqual([[1, 1]]);
    expect(linkInfo(bpf, link).mapTrace).toMatchObject({ runs: 1n, failures: 1n });
    closeAll(kernel);
  });

  test("a call that more than one map reaches is traced by the map at hand", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const [a, b, copyA, copyB] = [hashMap(bpf), hashMap(bpf), hashMap(bpf), hashMap(bpf)];
    attach(bpf, tracer(bpf, "UPDATE_ELEM", copyText(copyA)), { mapFd: a, traceType: UPDATE });
    attach(bpf, tracer(bpf, "UPDATE_ELEM", copyText(copyB)), { mapFd: b, traceType: UPDATE });
    const prog = program(
      bpf,
      `r6 = *(u64 *)(r1 +0)
       *(u32 *)(r10 -4) = 1
       *(u32 *)(r10 -8) = 2
       r2 = r10
       r2 += -4
       r3 = r10
       r3 += -8
       r4 = 0
       r1 = map[fd:${a}]
       if r6 == 0 goto do
       r1 = map[fd:${b}]
     do:
       call bpf_map_update_elem
       exit`,
    );
    const ctx = (n: bigint): Uint8Array => {
      const bytes = new Uint8Array(8);
      new DataView(bytes.buffer).setBigUint64(0, n, true);
      return bytes;
    };
    bpf.progTestRun(prog, { ctxIn: ctx(0n) });
    expect([contents(bpf, copyA), contents(bpf, copyB)]).toEqual([[[1, 2]], []]);
    bpf.progTestRun(prog, { ctxIn: ctx(1n) });
    expect([contents(bpf, copyA), contents(bpf, copyB)]).toEqual([[[1, 2]], [[1, 2]]]);
    closeAll(kernel);
  });
});

describe("nesting", () => {
  test("a tracer that writes to another traced map runs that map's tracers; deeper than 8 levels is counted as missed", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const maps = Array.from({ length: 10 }, () => hashMap(bpf));
    const links = Array.from({ length: 9 }, (_, i) =>
      attach(bpf, tracer(bpf, "UPDATE_ELEM", copyText(maps[i + 1]!)), { mapFd: maps[i]!, traceType: UPDATE }),
    );
    run(bpf, program(bpf, updateText(maps[0]!, 3, 4)));
    // The writer's own update, and eight levels of tracers below it.
    expect(maps.map((map) => contents(bpf, map).length)).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1, 0]);
    expect(links.map((link) => linkInfo(bpf, link).mapTrace?.runs)).toEqual([1n, 1n, 1n, 1n, 1n, 1n, 1n, 1n, 0n]);
    expect(linkInfo(bpf, links[8]!).mapTrace?.misses).toBe(1n);
    closeAll(kernel);
  });

  test("the run-time guard stops a loop that the used-maps check cannot see: through an inner map", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const map = hashMap(bpf);
    const template = hashMap(bpf);
    const outer = bpf.mapCreate({
      type: 12,
      name: "outer",
      keySize: 4,
      valueSize: 4,
      maxEntries: 1,
      mapFlags: 0,
      innerMapFd: template,
    });
    bpf.mapUpdateElem(outer, u32(0), u32(map), 0n);
    const prog = tracer(
      bpf,
      "UPDATE_ELEM",
      `*(u32 *)(r10 -4) = 0
       r1 = map[fd:${outer}]
       r2 = r10
       r2 += -4
       call bpf_map_lookup_elem
       if r0 == 0 goto out
       *(u32 *)(r10 -8) = 99
       r1 = r0
       r2 = r10
       r2 += -8
       r3 = r10
       r3 += -8
       r4 = 0
       call bpf_map_update_elem
     out:
       r0 = 0
       exit`,
    );
    const link = attach(bpf, prog, { mapFd: map, traceType: UPDATE });
    run(bpf, program(bpf, updateText(map, 1, 1)));
    expect(contents(bpf, map)).toEqual([
      [1, 1],
      [99, 99],
    ]);
    expect(progInfo(bpf, prog).recursionMisses).toBe(1n);
    expect(linkInfo(bpf, link).mapTrace).toMatchObject({ runs: 1n, misses: 1n });
    closeAll(kernel);
  });
});

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

describe("fuel", () => {
  test("a program that does not end is stopped by a typed error, and the kernel goes on", () => {
    const kernel = createKernel({ fuel: 1000 });
    const { bpf } = kernel;
    const map = bpf.mapCreate({
      type: BPF_MAP_TYPE_HASH,
      name: "",
      keySize: 4,
      valueSize: 4,
      maxEntries: 4,
      mapFlags: 0,
    });
    const loops = program(bpf, "r0 = 0\nagain:\nr0 += 1\nif r0 < 100000 goto again\nexit");
    expect(() => run(bpf, loops)).toThrow(/fuel/);
    expect(run(bpf, program(bpf, updateText(map, 1, 1)))).toBe(0);
    closeAll(kernel);
  });
});
