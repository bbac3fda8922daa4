/// <reference types="node" />
/** What is left after failures: nothing. */
import { BPF_TRACE_ITER } from "@bpf-ts/uapi/attach-types";
import { EMFILE, ENOMEM } from "@bpf-ts/uapi/errno";
import { BPF_MAP_TYPE_HASH } from "@bpf-ts/uapi/map-types";
import { describe, expect, test } from "vitest";
import { createKernel, ProgramFault } from "../../src/index.ts";
import {
  arrayMap,
  closeAll,
  errnoOf,
  hashMap,
  iterator,
  load,
  progInfo,
  rawTracepoint,
  saying,
  trace,
  u32,
  update,
  whileRunning,
} from "../programs.ts";

describe("failures leave nothing", () => {
  test("a listener that throws inside nested programs", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const map = hashMap(bpf);
    const inner = trace(bpf, "fentry", "bpf_map_trace_update_elem", saying("inner"));
    const prog = rawTracepoint(bpf, `${update(map, 1, 1)}\nexit`);
    whileRunning(kernel, () => {
      throw new Error("from outside");
    });
    expect(() => bpf.progTestRun(prog)).toThrow("from outside");
    // The recursion guards are down again, probes are on, freed elements are reclaimed.
    expect(bpf.progTestRun(prog).retval).toBe(0);
    expect(kernel.traceLog.lines).toHaveLength(2);
    expect(progInfo(bpf, inner.prog).recursionMisses).toBe(0n);
    closeAll(kernel);
  });

  test("a program that runs out of fuel", () => {
    const kernel = createKernel({ fuel: 100 });
    const { bpf } = kernel;
    const slow = `r6 = 0\nagain:\nr6 += 1\nif r6 < 200 goto again\nr0 = 0\nexit`;
    const map = hashMap(bpf);
    const { link } = trace(bpf, "fentry", "bpf_map_trace_update_elem", slow);
    const prog = rawTracepoint(bpf, `${update(map, 1, 1)}\nexit`);
    expect(() => bpf.progTestRun(prog)).toThrow(ProgramFault);
    bpf.close(link);
    expect(bpf.progTestRun(prog).retval).toBe(0);
    closeAll(kernel);
  });

  test("maps until the memory is full, three times", () => {
    const kernel = createKernel({ memoryLimit: 4 << 20 });
    const { bpf } = kernel;
    const counts: number[] = [];
    const empty = kernel.liveBytes;
    for (let round = 0; round < 3; round++) {
      const fds: number[] = [];
      for (;;) {
        const [live, objects] = [kernel.liveBytes, kernel.describeLive()];
        const errno = errnoOf(() =>
          fds.push(
            bpf.mapCreate({
              type: BPF_MAP_TYPE_HASH,
              name: "h",
              keySize: 8,
              valueSize: 100,
              maxEntries: 1000,
              mapFlags: 0,
            }),
          ),
        );
        if (errno === 0) continue;
        expect(errno).toBe(ENOMEM);
        expect([kernel.liveBytes, kernel.describeLive()]).toEqual([live, objects]);
        break;
      }
      counts.push(fds.length);
      // An iterator needs memory too.
      const iter = (): unknown => iterator(bpf, fds[0]!, "r0 = 0\nexit");
      expect([0, ENOMEM]).toContain(errnoOf(iter));
      closeAll(kernel);
      expect(kernel.liveBytes).toBe(empty);
    }
    expect(counts[0]).toBeGreaterThan(5);
    expect(new Set(counts).size).toBe(1);
  });

  test("an iterator for which there is no memory", () => {
    const kernel = createKernel({ memoryLimit: 3 << 20 });
    const { bpf } = kernel;
    const map = bpf.mapCreate({ type: 6, name: "p", keySize: 4, valueSize: 30_000, maxEntries: 1, mapFlags: 0 });
    const prog = iterator(bpf, map, "r0 = 0\nexit");
    bpf.close(prog.iter);
    const fill: number[] = [];
    for (const size of [1 << 16, 1 << 12, 64]) {
      while (errnoOf(() => fill.push(arrayMap(bpf, 1, size))) === 0);
    }
    const [live, objects] = [kernel.liveBytes, kernel.describeLive()];
    expect(errnoOf(() => bpf.iterCreate(prog.link))).toBe(ENOMEM);
    expect([kernel.liveBytes, kernel.describeLive()]).toEqual([live, objects]);
    closeAll(kernel);
  });

  test("no free fd: every command that makes one", () => {
    const kernel = createKernel({ maxFds: 10 });
    const { bpf } = kernel;
    const map = arrayMap(bpf);
    const { link } = iterator(bpf, map, "r0 = 0\nexit");
    const tp = rawTracepoint(bpf, "r0 = 0\nexit");
    const id = bpf.getNextId("map", 0)!;
    while (kernel.init.fds.size < 7) arrayMap(bpf);
    const [live, objects] = [kernel.liveBytes, kernel.describeLive()];
    for (const make of [
      () => arrayMap(bpf),
      () => rawTracepoint(bpf, "r0 = 0\nexit"),
      () => bpf.iterCreate(link),
      () => bpf.rawTracepointOpen("sys_enter", tp),
      () => bpf.linkCreate({ progFd: link - 1, attachType: BPF_TRACE_ITER, iterInfo: u32(map) }),
      () => bpf.getFdById("map", id),
      () => bpf.perfEventOpen({ kind: "kprobe", func: "__sys_bpf", retprobe: false }),
      () => bpf.perfEventOpen({ kind: "bpf-output", cpu: 0 }),
      () => bpf.btfLoad(bpf.kernelBtf()),
    ]) {
      expect(errnoOf(make)).toBe(EMFILE);
      expect([kernel.liveBytes, kernel.describeLive()]).toEqual([live, objects]);
    }
    expect(kernel.init.openat("/f")).toBe(-EMFILE);
    closeAll(kernel);
  });
});

describe("programs that cannot be loaded hold nothing", () => {
  test("a helper that this kernel does not have", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const stacks = bpf.mapCreate({ type: 7, name: "s", keySize: 4, valueSize: 64, maxEntries: 4, mapFlags: 0 });
    const objects = [kernel.describeLive(), kernel.liveBytes];
    const text = `r2 = map[fd:${stacks}]
      r3 = 0
      call bpf_get_stackid
      r0 = 0
      exit`;
    expect(() => rawTracepoint(bpf, text)).toThrow("unsupported: helper bpf_get_stackid");
    expect([kernel.describeLive(), kernel.liveBytes]).toEqual(objects);
    closeAll(kernel);
  });

  test("a program array of another type, a verdict, a wrong fd", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const progs = bpf.mapCreate({ type: 3, name: "p", keySize: 4, valueSize: 4, maxEntries: 1, mapFlags: 0 });
    const first = rawTracepoint(bpf, "r0 = 0\nexit");
    bpf.mapUpdateElem(progs, u32(0), u32(first));
    const objects = [kernel.describeLive(), kernel.liveBytes];
    const tailCall = `r2 = map[fd:${progs}]\nr3 = 0\ncall bpf_tail_call\nr0 = 0\nexit`;
    expect(errnoOf(() => load(bpf, tailCall, { progType: 6 }))).toBe(22);
    expect(errnoOf(() => load(bpf, `r1 = map[fd:${progs}]\nr0 = *(u32 *)(r9 +0)\nexit`, { progType: 6 }))).toBe(13);
    expect(errnoOf(() => load(bpf, `r1 = map[fd:${first}]\nr0 = 0\nexit`, { progType: 6 }))).toBe(22);
    expect([kernel.describeLive(), kernel.liveBytes]).toEqual(objects);
    closeAll(kernel);
  });
});
