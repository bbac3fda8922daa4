/// <reference types="node" />
/** Things that go away while they are used, what is left after failures, and the end of kernels and processes. */
import { BPF_TRACE_ITER } from "@bpf-ts/uapi/attach-types";
import { EBADF, EBUSY, EINVAL, EMFILE, ENOMEM, ESRCH } from "@bpf-ts/uapi/errno";
import { BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_ARRAY_OF_MAPS, BPF_MAP_TYPE_HASH } from "@bpf-ts/uapi/map-types";
import { describe, expect, test } from "vitest";
import { createKernel, DeterministicClock, type Kernel, ProgramFault } from "../../src/index.ts";
import {
  arrayMap,
  closeAll,
  errnoOf,
  hashMap,
  iterator,
  keep,
  kept,
  load,
  progInfo,
  rawTracepoint,
  say,
  saying,
  trace,
  u32,
  update,
} from "../programs.ts";

/** Does `body` once, as soon as a program prints: while it runs. */
function whileRunning(kernel: Kernel, body: () => void): void {
  const stop = kernel.traceLog.listen(() => {
    stop();
    body();
  });
}

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
      () => bpf.btfLoad(bpf.kernelBtf()),
    ]) {
      expect(errnoOf(make)).toBe(EMFILE);
      expect([kernel.liveBytes, kernel.describeLive()]).toEqual([live, objects]);
    }
    expect(kernel.init.openat("/f")).toBe(-EMFILE);
    closeAll(kernel);
  });
});

describe("sizes", () => {
  test("values and writes of a megabyte", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const size = 1 << 20;
    const map = bpf.mapCreate({
      type: BPF_MAP_TYPE_ARRAY,
      name: "big",
      keySize: 4,
      valueSize: size,
      maxEntries: 1,
      mapFlags: 0,
    });
    const before = kernel.liveBytes;
    const value = Uint8Array.from({ length: size }, (_, i) => i % 251);
    bpf.mapUpdateElem(map, u32(0), value);
    const back = new Uint8Array(size);
    bpf.mapLookupElem(map, u32(0), back);
    expect(Buffer.compare(back, value)).toBe(0);
    const fd = kernel.init.openat("/f");
    expect(kernel.init.write(fd, value)).toBe(size);
    expect(kernel.liveBytes).toBe(before);
    closeAll(kernel);
  });
});

describe("processes", () => {
  test("a task_struct for each, read through its pointer", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const seen = arrayMap(bpf, 1, 32);
    const links: number[] = [];
    links.push(
      trace(
        bpf,
        "fentry",
        "__x64_sys_write",
        `call bpf_get_current_task_btf
         r6 = r0
         *(u32 *)(r10 -12) = 0
         r1 = map[fd:${seen}]
         r2 = r10
         r2 += -12
         call bpf_map_lookup_elem
         if r0 == 0 goto out
         r1 = *(u32 *)(r6 +0)
         *(u32 *)(r0 +0) = r1
         r1 = *(u32 *)(r6 +4)
         *(u32 *)(r0 +4) = r1
         r1 = *(u64 *)(r6 +8)
         *(u64 *)(r0 +8) = r1
         r1 = *(u64 *)(r6 +16)
         *(u64 *)(r0 +16) = r1
         out:
         r0 = 0
         exit`,
      ).link,
    );
    for (const comm of ["a", "exactly-fifteen", "sixteen-letters!", "fourteen-letteré"]) {
      const process = kernel.spawn({ comm });
      process.write(process.openat("/f"), new Uint8Array(1));
      const value = new Uint8Array(32);
      bpf.mapLookupElem(seen, u32(0), value);
      const view = new DataView(value.buffer);
      expect([view.getInt32(0, true), view.getInt32(4, true)]).toEqual([process.pid, process.pid]);
      const text = new TextDecoder().decode(value.subarray(8, 24)).replace(/\0+$/, "");
      expect([text, process.comm]).toEqual([process.comm, [...comm].filter((_, i) => i < 15).join("")]);
    }
    closeAll(kernel);
  });

  test("after its end a process does nothing; ending twice is no error", () => {
    const kernel = createKernel();
    const before = kernel.liveBytes;
    const process = kernel.spawn({ comm: "short" });
    arrayMap(process.bpf);
    process.openat("/f");
    process.exit();
    process.exit();
    expect(kernel.liveBytes).toBe(before);
    expect([process.hasEnded, kernel.describeLive()]).toEqual([true, []]);
    expect(errnoOf(() => process.openat("/f"))).toBe(ESRCH);
    expect(errnoOf(() => arrayMap(process.bpf))).toBe(ESRCH);
  });

  test("a process on a CPU that there is not", () => {
    const kernel = createKernel({ cpus: 2 });
    const before = kernel.liveBytes;
    expect(errnoOf(() => kernel.spawn({ cpu: 2 }))).toBe(EINVAL);
    expect(kernel.liveBytes).toBe(before);
  });

  test("each has fds of its own, from 3, the lowest free one first", () => {
    const kernel = createKernel();
    const process = kernel.spawn();
    expect([arrayMap(process.bpf), arrayMap(process.bpf), process.openat("/f")]).toEqual([3, 4, 5]);
    expect(arrayMap(kernel.bpf)).toBe(3);
    process.bpf.close(4);
    expect(process.openat("/g")).toBe(4);
    expect(process.close(99)).toBe(-EBADF);
    closeAll(kernel);
  });
});

describe("kernels", () => {
  test("disposing twice is no error; afterwards nothing is left and nothing starts", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const map = hashMap(bpf);
    trace(bpf, "fentry", "__sys_bpf", `${update(map, 1, 1)}\nr0 = 0\nexit`);
    iterator(bpf, map, "r0 = 0\nexit");
    kernel[Symbol.dispose]();
    kernel[Symbol.dispose]();
    expect([kernel.liveBytes, kernel.describeLive()]).toEqual([0, []]);
    expect(errnoOf(() => kernel.spawn())).toBe(ESRCH);
    expect(errnoOf(() => hashMap(bpf))).toBe(ESRCH);
  });

  test("two made alike give the same", () => {
    const story = (seed: number): string => {
      const kernel = createKernel({ seed, cpus: 3, clock: new DeterministicClock({ startNs: 5n }) });
      const { bpf } = kernel;
      const map = hashMap(bpf, 64);
      const text = `call bpf_get_prandom_u32
        r6 = r0
        call bpf_ktime_get_ns
        r0 ^= r6
        *(u32 *)(r10 -4) = r0
        *(u32 *)(r10 -8) = r6
        r1 = map[fd:${map}]
        r2 = r10
        r2 += -4
        r3 = r10
        r3 += -8
        r4 = 0
        call bpf_map_update_elem
        exit`;
      const prog = rawTracepoint(bpf, text);
      for (let i = 0; i < 40; i++) bpf.progTestRun(prog, { cpu: i % 3, flags: 1 });
      const seen: string[] = [];
      let key: Uint8Array | null = null;
      for (let next = new Uint8Array(4); bpf.mapGetNextKey(map, key, next); next = new Uint8Array(4)) {
        const value = new Uint8Array(4);
        bpf.mapLookupElem(map, next, value);
        seen.push(`${[...next]}=${[...value]}`);
        key = next;
      }
      closeAll(kernel);
      return seen.join(" ");
    };
    expect(story(7)).toBe(story(7));
    expect(story(7)).not.toBe(story(8));
    expect(story(7).split(" ")).toHaveLength(40);
  });

  test("a syscall program's context is read and written", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const prog = load(bpf, "r0 = *(u64 *)(r1 +8)\n*(u64 *)(r1 +0) = r0\nr0 = 3\nexit", {
      progType: 31,
      progFlags: 1 << 4,
    });
    const ctxIn = u32(0, 0, 42, 0);
    expect(bpf.progTestRun(prog, { ctxIn })).toMatchObject({ retval: 3, ctxOut: u32(42, 0, 42, 0) });
    expect(ctxIn).toEqual(u32(0, 0, 42, 0));
    expect(errnoOf(() => bpf.progTestRun(prog, { ctxIn: new Uint8Array(15) }))).toBe(EINVAL);
    expect(errnoOf(() => bpf.progTestRun(prog))).toBe(EINVAL);
    expect(errnoOf(() => bpf.progTestRun(prog, { ctxIn: new Uint8Array(65_536) }))).toBe(EINVAL);
    expect(bpf.progTestRun(prog, { ctxIn: new Uint8Array(65_535) }).retval).toBe(3);
    closeAll(kernel);
  });
});
