import { EBADF, EINVAL, ESRCH } from "@bpf-ts/uapi/errno";
import { BPF_MAP_TYPE_ARRAY } from "@bpf-ts/uapi/map-types";
import { describe, expect, test } from "vitest";
import { createKernel, DeterministicClock } from "../../src/index.ts";
import {
  arrayMap,
  closeAll,
  errnoOf,
  hashMap,
  iterator,
  load,
  rawTracepoint,
  trace,
  u32,
  update,
} from "../programs.ts";

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
