/** When tracers run, in which order, with which arguments, and what they can't do. */
import { createKernel } from "@bpf-ts/kernel";
import { E2BIG, EEXIST, EINVAL, ENOENT } from "@bpf-ts/uapi/errno";
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
  record,
  recorder,
  run,
  throughOuter,
  tracer,
  updateText,
} from "./programs.ts";

const UPDATE = 0;
const DELETE = 1;

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
    const prog = tracer(bpf, "UPDATE_ELEM", throughOuter(bpf, map, hashMap(bpf), 99));
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
