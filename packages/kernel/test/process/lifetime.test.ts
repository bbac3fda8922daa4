import { EBADF, EBUSY } from "@bpf-ts/uapi/errno";
import { BPF_MAP_TYPE_ARRAY_OF_MAPS } from "@bpf-ts/uapi/map-types";
import { describe, expect, test } from "vitest";
import { createKernel } from "../../src/index.ts";
import {
  arrayMap,
  closeAll,
  errnoOf,
  hashMap,
  iterator,
  keep,
  kept,
  rawTracepoint,
  say,
  saying,
  trace,
  u32,
  update,
  whileRunning,
} from "../programs.ts";

describe("gone while a program runs", () => {
  test("the program and its map: the run goes on, the ids are gone, the memory is freed afterwards", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const other = arrayMap(bpf);
    const before = kernel.liveBytes;
    const map = hashMap(bpf);
    const prog = rawTracepoint(bpf, `${say("x")}\n${update(map, 1, 2)}\n${keep(other)}\nr0 = r9\nexit`);
    let during = 0;
    whileRunning(kernel, () => {
      bpf.close(map);
      bpf.close(prog);
      // The program holds its map as long as it runs.
      expect([bpf.getNextId("prog", 0), bpf.getNextId("map", 1)]).toEqual([undefined, 2]);
      during = kernel.liveBytes;
    });
    expect(bpf.progTestRun(prog).retval).toBe(0);
    expect(during).toBeGreaterThan(before);
    expect(kernel.liveBytes).toBe(before);
    expect(bpf.getNextId("map", 1)).toBeUndefined();
    expect(kept(bpf, other)).toBe(0n);
    closeAll(kernel);
  });

  test("its own link, and another's that would be next", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const map = hashMap(bpf);
    const last = trace(bpf, "fexit", "bpf_map_trace_update_elem", saying("last"));
    const first = trace(
      bpf,
      "fexit",
      "bpf_map_trace_update_elem",
      `${say("first")}\n${update(map, 9, 9)}\nr0 = 0\nexit`,
    );
    whileRunning(kernel, () => {
      for (const fd of [first.link, first.prog, last.link, last.prog]) bpf.close(fd);
    });
    bpf.mapUpdateElem(map, u32(1), u32(1));
    // The list is as it was when the walk began.
    expect(kernel.traceLog.lines).toEqual(["first", "last"]);
    expect(kernel.describeLive()).toHaveLength(2);
    bpf.mapUpdateElem(map, u32(2), u32(1));
    expect(kernel.traceLog.lines).toHaveLength(2);
    closeAll(kernel);
  });

  test("the iterator that shows an element, its link, program and map", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const before = kernel.liveBytes;
    const map = arrayMap(bpf, 4);
    const { prog, link, iter } = iterator(
      bpf,
      map,
      `r6 = r1\n${say("x")}\nr2 = *(u64 *)(r6 +24)\nif r2 == 0 goto pc+1\nr3 = *(u64 *)(r2 +0)\nr0 = 0\nexit`,
    );
    whileRunning(kernel, () => {
      for (const fd of [iter, link, prog, map]) bpf.close(fd);
      expect(kernel.describeLive().length).toBeGreaterThan(0);
    });
    expect(bpf.read(iter, new Uint8Array(10))).toBe(0);
    expect(kernel.traceLog.lines).toEqual(["x"]);
    expect(kernel.liveBytes).toBe(before);
    expect(errnoOf(() => bpf.read(iter, new Uint8Array(10)))).toBe(EBADF);
  });

  test("an inner map that the program holds", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const inner = arrayMap(bpf);
    const outer = bpf.mapCreate({
      type: BPF_MAP_TYPE_ARRAY_OF_MAPS,
      name: "o",
      keySize: 4,
      valueSize: 4,
      maxEntries: 1,
      mapFlags: 0,
      innerMapFd: inner,
    });
    bpf.mapUpdateElem(outer, u32(0), u32(inner));
    bpf.mapUpdateElem(inner, u32(0), u32(77, 0));
    const prog = rawTracepoint(
      bpf,
      `*(u32 *)(r10 -4) = 0
       r1 = map[fd:${outer}]
       r2 = r10
       r2 += -4
       call bpf_map_lookup_elem
       if r0 == 0 goto none
       r6 = r0
       ${say("x").replaceAll("r10 -8", "r10 -16").replaceAll("r10 -4", "r10 -12").replace("r1 += -8", "r1 += -16")}
       r1 = r6
       r2 = r10
       r2 += -4
       call bpf_map_lookup_elem
       if r0 == 0 goto none
       r0 = *(u64 *)(r0 +0)
       exit
       none:
       r0 = 1
       exit`,
    );
    bpf.close(inner);
    whileRunning(kernel, () => bpf.mapDeleteElem(outer, u32(0)));
    expect(bpf.progTestRun(prog).retval).toBe(77);
    expect(bpf.progTestRun(prog).retval).toBe(1);
    closeAll(kernel);
  });

  test("the kernel itself stays", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const prog = rawTracepoint(bpf, saying("x"));
    let errno = 0;
    whileRunning(kernel, () => {
      errno = errnoOf(() => kernel[Symbol.dispose]());
    });
    bpf.progTestRun(prog);
    expect(errno).toBe(EBUSY);
    closeAll(kernel);
  });
});
