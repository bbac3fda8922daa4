/// <reference types="node" />
/** Whatever is made and closed in whatever order: nothing is left, and nothing that is used goes. */

import { BpfError } from "@bpf-ts/uapi";
import { BPF_PERF_EVENT, BPF_TRACE_ITER } from "@bpf-ts/uapi/attach-types";
import { BPF_TRACE_MAP, encodeMapTraceLinkInfo } from "@bpf-ts/uapi/map-trace";
import { BPF_PROG_TYPE_KPROBE, BPF_PROG_TYPE_TRACING } from "@bpf-ts/uapi/prog-types";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createKernel, type Kernel } from "../../src/index.ts";
import { ATTACH, arrayMap, closeAll, funcId, hashMap, load, rawTracepoint, u32, update } from "../programs.ts";

type Step = (kernel: Kernel, pick: (n: number) => number) => void;

const some = (kernel: Kernel, kind: string, pick: (n: number) => number): number => {
  const fds = kernel.init.fds.entries().filter(([, file]) => file.kind === kind);
  return fds.length === 0 ? 99 : fds[pick(fds.length)]![0];
};

const STEPS: Readonly<Record<string, Step>> = {
  hash: ({ bpf }) => hashMap(bpf, 4),
  array: ({ bpf }) => arrayMap(bpf, 2),
  outer: (kernel, pick) =>
    kernel.bpf.mapCreate({
      type: pick(2) === 0 ? 12 : 13,
      name: "o",
      keySize: 4,
      valueSize: 4,
      maxEntries: 2,
      mapFlags: 0,
      innerMapFd: some(kernel, "map", pick),
    }),
  progArray: ({ bpf }) => bpf.mapCreate({ type: 3, name: "pa", keySize: 4, valueSize: 4, maxEntries: 2, mapFlags: 0 }),
  store: (kernel, pick) =>
    kernel.bpf.mapUpdateElem(
      some(kernel, "map", pick),
      u32(pick(2)),
      u32(some(kernel, pick(2) === 0 ? "map" : "prog", pick)),
    ),
  remove: (kernel, pick) => kernel.bpf.mapDeleteElem(some(kernel, "map", pick), u32(pick(2))),
  writer: (kernel, pick) => rawTracepoint(kernel.bpf, `${update(some(kernel, "map", pick), pick(3), 1)}\nexit`),
  run: (kernel, pick) => kernel.bpf.progTestRun(some(kernel, "prog", pick)),
  tracepoint: (kernel, pick) => kernel.bpf.rawTracepointOpen("sys_enter", some(kernel, "prog", pick)),
  kprobe: (kernel) => {
    const { bpf } = kernel;
    const prog = load(bpf, "r0 = 0\nexit", { progType: BPF_PROG_TYPE_KPROBE });
    const event = bpf.perfEventOpen({ kind: "kprobe", func: "__sys_bpf", retprobe: true });
    bpf.linkCreate({ progFd: prog, targetFd: event, attachType: BPF_PERF_EVENT });
  },
  fentry: (kernel, pick) => {
    const { bpf } = kernel;
    const text = `${update(some(kernel, "map", pick), 1, 1)}\nr0 = 0\nexit`;
    const attachBtfId = funcId(bpf, pick(2) === 0 ? "__sys_bpf" : "bpf_map_trace_update_elem");
    const progFd = load(bpf, text, { progType: BPF_PROG_TYPE_TRACING, expectedAttachType: ATTACH.fentry, attachBtfId });
    bpf.linkCreate({ progFd, attachType: ATTACH.fentry });
  },
  tracer: (kernel, pick) => {
    const { bpf } = kernel;
    const progFd = load(bpf, `${update(some(kernel, "map", pick), 0, 1)}\nexit`, {
      progType: BPF_PROG_TYPE_TRACING,
      expectedAttachType: BPF_TRACE_MAP,
      attachBtfId: funcId(bpf, "bpf_map_trace__BPF_MAP_TRACE_UPDATE_ELEM"),
    });
    const mapTraceInfo = encodeMapTraceLinkInfo({ mapFd: some(kernel, "map", pick), traceType: 0 });
    bpf.linkCreate({ progFd, attachType: BPF_TRACE_MAP, mapTraceInfo });
  },
  detach: (kernel, pick) => kernel.bpf.linkDetach(some(kernel, "link", pick)),
  replace: (kernel, pick) =>
    kernel.bpf.linkUpdate(some(kernel, "link", pick), { newProgFd: some(kernel, "prog", pick) }),
  iterLink: (kernel, pick) => {
    const { bpf } = kernel;
    const progFd = load(bpf, "r0 = 0\nexit", {
      progType: BPF_PROG_TYPE_TRACING,
      expectedAttachType: BPF_TRACE_ITER,
      attachBtfId: funcId(bpf, "bpf_iter_bpf_map_elem"),
    });
    const link = bpf.linkCreate({ progFd, attachType: BPF_TRACE_ITER, iterInfo: u32(some(kernel, "map", pick)) });
    bpf.iterCreate(link);
  },
  step: (kernel, pick) => kernel.stepIterator(some(kernel, "iter", pick)),
  reopen: ({ bpf }, pick) => bpf.getFdById((["map", "prog", "link"] as const)[pick(3)]!, 1 + pick(12)),
  freeze: (kernel, pick) => kernel.bpf.mapFreeze(some(kernel, "map", pick)),
  close: (kernel, pick) =>
    kernel.bpf.close(some(kernel, ["map", "prog", "link", "iter", "perf_event"][pick(5)]!, pick)),
  closeToo: (kernel, pick) => kernel.bpf.close(some(kernel, "prog", pick)),
};

/** Steps that later ones need. */
const OFTEN: readonly string[] = ["hash", "hash", "tracer", "tracer", "tracer", "detach", "writer", "run"];

/** More than in the suite are asked for by the environment; those differ from run to run. */
const FUZZ_RUNS = process.env["BPF_TS_FUZZ_RUNS"];

test("random commands, then everything is closed", () => {
  const done = new Map<string, number>();
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(
          fc.constantFrom(...Object.keys(STEPS), ...OFTEN),
          fc.array(fc.nat(11), { minLength: 6, maxLength: 6 }),
        ),
        {
          minLength: 10,
          maxLength: 60,
        },
      ),
      (steps) => {
        const kernel = createKernel({ memoryLimit: 8 << 20, maxFds: 24 });
        const empty = kernel.liveBytes;
        for (const [name, choices] of steps) {
          let used = 0;
          const [objects, live] = [kernel.describeLive(), kernel.liveBytes];
          try {
            STEPS[name]!(kernel, (n) => choices[used++ % choices.length]! % n);
            done.set(name, (done.get(name) ?? 0) + 1);
          } catch (error) {
            if (!(error instanceof BpfError)) throw error;
            // Steps of several commands may have made a program before the one that failed.
            const single = [
              "hash",
              "array",
              "outer",
              "progArray",
              "store",
              "remove",
              "writer",
              "reopen",
              "freeze",
              "detach",
              "replace",
            ];
            const hooked = objects.some((object) => object.startsWith("link"));
            if (single.includes(name) && !hooked)
              expect([kernel.describeLive(), kernel.liveBytes]).toEqual([objects, live]);
          }
        }
        closeAll(kernel);
        expect([kernel.describeLive(), kernel.liveBytes]).toEqual([[], empty]);
        kernel[Symbol.dispose]();
        expect(kernel.liveBytes).toBe(0);
      },
    ),
    FUZZ_RUNS === undefined ? { numRuns: 250, seed: 1 } : { numRuns: Number(FUZZ_RUNS) },
  );
  // Each kind of step has succeeded: otherwise this tests less than it says.
  expect(Object.keys(STEPS).filter((name) => !done.has(name))).toEqual([]);
});
