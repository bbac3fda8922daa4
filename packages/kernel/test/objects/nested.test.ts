/** Programs inside programs: which CPU they see, what a tracer's own writes set off, and ring buffers. */
import { BPF_TRACE_MAP, encodeMapTraceLinkInfo } from "@bpf-ts/uapi/map-trace";
import { BPF_MAP_TYPE_PERCPU_ARRAY, BPF_MAP_TYPE_RINGBUF } from "@bpf-ts/uapi/map-types";
import { BPF_PROG_TYPE_TRACING } from "@bpf-ts/uapi/prog-types";
import { expect, test } from "vitest";
import { createKernel } from "../../src/index.ts";
import {
  arrayMap,
  closeAll,
  funcId,
  hashMap,
  keep,
  kept,
  load,
  rawTracepoint,
  say,
  saying,
  trace,
  u32,
  update,
} from "../programs.ts";

test("a program set off by another runs on its CPU, and the outer one goes on there", () => {
  const kernel = createKernel({ cpus: 4 });
  const { bpf } = kernel;
  const map = hashMap(bpf);
  const percpu = bpf.mapCreate({
    type: BPF_MAP_TYPE_PERCPU_ARRAY,
    name: "p",
    keySize: 4,
    valueSize: 8,
    maxEntries: 1,
    mapFlags: 0,
  });
  const inner = arrayMap(bpf);
  trace(
    bpf,
    "fentry",
    "bpf_map_trace_update_elem",
    `call bpf_get_smp_processor_id\nr0 += 100\n${keep(inner)}\nr0 = 0\nexit`,
  );
  const outer = rawTracepoint(
    bpf,
    `${update(map, 1, 1)}\ncall bpf_get_smp_processor_id\nr0 += 200\n${keep(percpu)}\nr0 = r9\nexit`,
  );
  for (const cpu of [3, 1]) {
    expect(bpf.progTestRun(outer, { cpu, flags: 1 }).retval).toBe(200 + cpu);
    expect(kept(bpf, inner)).toBe(BigInt(100 + cpu));
  }
  const values = new Uint8Array(32);
  bpf.mapLookupElem(percpu, u32(0), values);
  const view = new DataView(values.buffer);
  expect([0, 8, 16, 24].map((at) => view.getBigUint64(at, true))).toEqual([0n, 201n, 0n, 203n]);
  closeAll(kernel);
});

test("the hook function is called for a tracer's own write, and before the tracers of that map", () => {
  const kernel = createKernel();
  const { bpf } = kernel;
  const [first, second] = [hashMap(bpf), hashMap(bpf)];
  const tracer = (text: string, mapFd: number): void => {
    const progFd = load(bpf, text, {
      progType: BPF_PROG_TYPE_TRACING,
      expectedAttachType: BPF_TRACE_MAP,
      attachBtfId: funcId(bpf, "bpf_map_trace__BPF_MAP_TRACE_UPDATE_ELEM"),
    });
    bpf.linkCreate({
      progFd,
      attachType: BPF_TRACE_MAP,
      mapTraceInfo: encodeMapTraceLinkInfo({ mapFd, traceType: 0 }),
    });
  };
  tracer(saying("second"), second);
  tracer(`${say("first")}\n${update(second, 7, 7)}\nexit`, first);
  trace(bpf, "fentry", "bpf_map_trace_update_elem", saying("hook"));
  const prog = rawTracepoint(bpf, `${update(first, 1, 1)}\nexit`);
  expect(bpf.progTestRun(prog).retval).toBe(0);
  expect(kernel.traceLog.lines).toEqual(["hook", "first", "hook", "second"]);
  closeAll(kernel);
});

test("a ring buffer: readable while something waits in it, read through its mapping", () => {
  const kernel = createKernel();
  const { bpf } = kernel;
  const ring = bpf.mapCreate({
    type: BPF_MAP_TYPE_RINGBUF,
    name: "r",
    keySize: 0,
    valueSize: 0,
    maxEntries: 4096,
    mapFlags: 0,
  });
  const prog = rawTracepoint(
    bpf,
    `r1 = map[fd:${ring}]
     r2 = 8
     r3 = 0
     call bpf_ringbuf_reserve
     if r0 == 0 goto out
     *(u64 *)(r0 +0) = 77
     r1 = r0
     r2 = 0
     call bpf_ringbuf_submit
     out:
     r0 = 0
     exit`,
  );
  expect(bpf.poll([ring])).toEqual([]);
  bpf.progTestRun(prog);
  expect(bpf.poll([ring])).toEqual([ring]);
  const position = bpf.mmap(ring, 4096, 0, true);
  const records = bpf.mmap(ring, 3 * 4096, 4096);
  const view = new DataView(records.bytes.buffer, records.bytes.byteOffset);
  // The producer's position, then the first record: its length, then the sample.
  expect([view.getUint32(0, true), view.getUint32(4096, true), view.getUint32(4096 + 8, true)]).toEqual([16, 8, 77]);
  position.bytes.set(u32(16), 0);
  expect(bpf.poll([ring])).toEqual([]);
  position[Symbol.dispose]();
  position[Symbol.dispose]();
  records[Symbol.dispose]();
  expect(() => position.bytes).toThrow("not mapped any more");
  closeAll(kernel);
});
