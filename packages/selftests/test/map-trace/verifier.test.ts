/** The two verifier tests of the RFC series, by their upstream names, and what tracers may read. */
import { assembleKernel, encode } from "@bpf-ts/isa";
import { createKernel, VerifierRejection } from "@bpf-ts/kernel";
import type { Bpf } from "@bpf-ts/uapi";
import { EACCES } from "@bpf-ts/uapi/errno";
import { BPF_TRACE_MAP } from "@bpf-ts/uapi/map-trace";
import {
  BPF_MAP_TYPE_HASH,
  BPF_MAP_TYPE_LRU_PERCPU_HASH,
  BPF_MAP_TYPE_PERCPU_ARRAY,
  BPF_MAP_TYPE_PERCPU_HASH,
} from "@bpf-ts/uapi/map-types";
import { BPF_PROG_TYPE_CGROUP_SKB } from "@bpf-ts/uapi/prog-types";
import { describe, expect, test } from "vitest";
import { errnoOf } from "./bytes.ts";
import { attach, closeAll, funcId, hashMap, tracer } from "./programs.ts";

/** The lines that a refused load logged. */
function refusal(load: () => unknown): { errno: number; message: string; log: string } {
  try {
    load();
  } catch (error) {
    if (error instanceof VerifierRejection) return { errno: error.errno, message: error.message, log: error.log };
    throw error;
  }
  throw new Error("the program was accepted");
}

/** A cgroup_skb program that puts a word at the given depth of its stack, and updates a map with it as key and value. */
function stackUser(bpf: Bpf, depth: number): number {
  const map = bpf.mapCreate({
    type: BPF_MAP_TYPE_HASH,
    name: "",
    keySize: 8,
    valueSize: 8,
    maxEntries: 1,
    mapFlags: 0,
  });
  const text = `
    *(u64 *)(r10 -${depth}) = 0
    r2 = r10
    r2 += -${depth}
    r1 = map[fd:${map}]
    r3 = r2
    r4 = 0
    call bpf_map_update_elem
    r0 = 0
    exit`;
  const attr = { progType: BPF_PROG_TYPE_CGROUP_SKB, insns: encode(assembleKernel(text)), license: "GPL" };
  return bpf.progLoad({ ...attr, logLevel: 1 }).fd;
}

describe("map tracing: full stack is accepted", () => {
  test("a program that uses all 512 bytes loads and runs, although the rewrite needs more", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const prog = stackUser(bpf, 512);
    expect(bpf.progTestRun(prog, { dataIn: new Uint8Array(64) }).retval).toBe(0);
    // The map is the only other fd, and holds what was written.
    const value = new Uint8Array(8).fill(1);
    bpf.mapLookupElem(3, new Uint8Array(8), value);
    expect(value).toEqual(new Uint8Array(8));
    closeAll(kernel);
  });
});

describe("map tracing: overfull stack is not accepted", () => {
  test("520 bytes are refused as ever", () => {
    const kernel = createKernel();
    const { errno, log } = refusal(() => stackUser(kernel.bpf, 520));
    expect(errno).toBe(EACCES);
    expect(log).toContain("invalid write to stack R10 off=-520 size=8\n");
    closeAll(kernel);
  });
});

describe("a tracer's context", () => {
  const load = (text: string, operation: "UPDATE_ELEM" | "DELETE_ELEM" = "UPDATE_ELEM"): (() => void) => {
    return () => {
      const kernel = createKernel();
      try {
        tracer(kernel.bpf, operation, `${text}\nr0 = 0\nexit`);
      } finally {
        closeAll(kernel);
      }
    };
  };

  test.each([
    ["key, read directly: it is never null", "r2 = *(u64 *)(r1 +0)\nr2 = *(u8 *)(r2 +0)"],
    ["value, read directly", "r2 = *(u64 *)(r1 +8)\nr2 = *(u64 *)(r2 +0)"],
    ["flags, 8 bytes", "r2 = *(u64 *)(r1 +16)"],
    ["flags, 4 bytes", "r2 = *(u32 *)(r1 +16)"],
    ["flags, 2 bytes", "r2 = *(u16 *)(r1 +16)"],
    ["flags, 1 byte", "r2 = *(u8 *)(r1 +16)"],
    ["ret", "r2 = *(u64 *)(r1 +24)"],
  ])("accepted: %s", (_name, text) => {
    expect(load(text)).not.toThrow();
  });

  const HOOK = "func 'bpf_map_trace__BPF_MAP_TRACE_UPDATE_ELEM'";
  const KEY = "r2 = *(u64 *)(r1 +0)";
  const VALUE = "r2 = *(u64 *)(r1 +8)";
  const VARIABLE = "r3 = *(u8 *)(r1 +16)";
  test.each([
    ["half of the key pointer", "r2 = *(u32 *)(r1 +0)", `${HOOK} size 4 must be 8`],
    ["half of the value pointer", "r2 = *(u32 *)(r1 +8)", `${HOOK} size 4 must be 8`],
    ["behind the context", "r2 = *(u64 *)(r1 +32)", "invalid bpf_context access off=32 size=8"],
    ["writing to the context", "r2 = 0\n*(u64 *)(r1 +0) = r2", "invalid bpf_context access off=0 size=8"],
    ["writing to the key", `${KEY}\n*(u8 *)(r2 +0) = 1`, "R2 cannot write into rdonly_buf"],
    ["writing to the value", `${VALUE}\n*(u8 *)(r2 +0) = 1`, "R2 cannot write into rdonly_buf"],
    ["an atomic on the value", `${VALUE}\nr3 = 1\nlock *(u64 *)(r2 +0) += r3`, "R2 cannot write into rdonly_buf"],
    ["a negative offset", `${KEY}\nr2 = *(u8 *)(r2 -1)`, "R2 invalid rdonly buffer access: off=-1, size=1"],
    [
      "a negative offset by arithmetic",
      `${VALUE}\nr2 += -8\nr2 = *(u32 *)(r2 +4)`,
      "R2 invalid rdonly buffer access: off=-4, size=4",
    ],
    [
      "a variable offset",
      `${VARIABLE}\n${KEY}\nr2 += r3\nr2 = *(u8 *)(r2 +0)`,
      "R2 invalid variable buffer offset: off=0, var_off=(0x0; 0xff)",
    ],
    [
      "a variable offset of a helper's argument",
      `${VARIABLE}\n${VALUE}\nr2 += r3\nr1 = r10\nr1 += -8\nr3 = r2\nr2 = 8\n*(u64 *)(r10 -8) = 0\nr1 = r3\nr2 = 4\nr3 = r10\nr3 += -8\ncall bpf_strncmp`,
      "R1 invalid variable buffer offset: off=0, var_off=(0x0; 0xff)",
    ],
    [
      "as another map's key: helpers take writable memory for keys",
      `${KEY}\nr1 = map[fd:3]\ncall bpf_map_lookup_elem`,
      "R2 type=rdonly_buf expected=fp, pkt, pkt_meta, map_key, map_value, mem, ringbuf_mem, buf, trusted_ptr_",
    ],
    [
      "a helper that writes to it",
      `${KEY}\nr1 = r2\nr2 = 4\nr3 = 0\ncall bpf_probe_read_kernel`,
      "R1 type=rdonly_buf expected=fp, pkt, pkt_meta, map_key, map_value, mem, ringbuf_mem, buf, trusted_ptr_",
    ],
  ])("refused: %s", (_name, text, message) => {
    const kernel = createKernel();
    expect(hashMap(kernel.bpf)).toBe(3);
    const insns = encode(assembleKernel(`${text}\nr0 = 0\nexit`));
    const attachBtfId = funcId("bpf_map_trace__BPF_MAP_TRACE_UPDATE_ELEM");
    const attr = { progType: 26, expectedAttachType: BPF_TRACE_MAP, attachBtfId, insns, license: "GPL", logLevel: 1 };
    const { errno, log } = refusal(() => kernel.bpf.progLoad(attr));
    expect(errno).toBe(EACCES);
    expect(log).toContain(message);
    closeAll(kernel);
  });

  test("a DELETE tracer has no value and no flags", () => {
    expect(load("r2 = *(u64 *)(r1 +8)", "DELETE_ELEM")).not.toThrow();
    expect(load("r2 = *(u64 *)(r1 +16)", "DELETE_ELEM")).toThrow(VerifierRejection);
    expect(load("r2 = *(u64 *)(r1 +8)\nr2 = *(u8 *)(r2 +0)", "DELETE_ELEM")).toThrow(VerifierRejection);
  });

  test("R0 must be readable at exit, any value will do", () => {
    const kernel = createKernel();
    expect(refusal(() => tracer(kernel.bpf, "UPDATE_ELEM", "exit")).message).toContain("R0 !read_ok");
    tracer(kernel.bpf, "UPDATE_ELEM", "r0 = -1234567\nexit");
    closeAll(kernel);
  });
});

describe("what is recorded of a tracer's reads, checked when it is attached", () => {
  const hash = (bpf: Bpf, keySize: number, valueSize: number, type = BPF_MAP_TYPE_HASH): number =>
    bpf.mapCreate({ type, name: "", keySize, valueSize, maxEntries: 4, mapFlags: 0 });

  /** Whether the tracer attaches to maps of such sizes. */
  const fits = (
    text: (bpf: Bpf) => string,
    sizes: readonly [key: number, value: number][],
    type?: number,
  ): boolean[] => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const prog = tracer(bpf, "UPDATE_ELEM", text(bpf));
    const result = sizes.map(([keySize, valueSize]) => {
      const errno = errnoOf(() => attach(bpf, prog, { mapFd: hash(bpf, keySize, valueSize, type), traceType: 0 }));
      expect([0, EACCES]).toContain(errno);
      return errno === 0;
    });
    closeAll(kernel);
    return result;
  };
  const readBoth = (keyBytes: number, valueBytes: number): string => `
    r2 = *(u64 *)(r1 +0)
    r3 = *(u64 *)(r1 +8)
    r0 = *(u8 *)(r2 +${keyBytes - 1})
    r0 = *(u8 *)(r3 +${valueBytes - 1})
    r0 = 0
    exit`;

  test("two counters: a long key does not stand for a long value, nor the other way round", () => {
    const sizes: [number, number][] = [
      [16, 4],
      [15, 4],
      [16, 3],
      [4, 16],
    ];
    expect(fits(() => readBoth(16, 4), sizes)).toEqual([true, false, false, false]);
    expect(fits(() => readBoth(4, 16), sizes)).toEqual([false, false, false, true]);
  });

  test("the furthest byte counts, whatever the size and the order of reads", () => {
    const text =
      "r2 = *(u64 *)(r1 +0)\nr0 = *(u64 *)(r2 +8)\nr0 = *(u16 *)(r2 +20)\nr0 = *(u32 *)(r2 +4)\nr0 = 0\nexit";
    const sizes: [number, number][] = [
      [22, 1],
      [21, 1],
    ];
    expect(fits(() => text, sizes)).toEqual([true, false]);
  });

  test("pointers moved by arithmetic, on one path only, in a subprogram", () => {
    const text = `
      r6 = *(u64 *)(r1 +16)
      r1 = *(u64 *)(r1 +8)
      if r6 == 0 goto out
      call read
    out:
      r0 = 0
      exit
    read:
      r1 += 10
      r0 = *(u16 *)(r1 +4)
      exit`;
    const sizes: [number, number][] = [
      [4, 16],
      [4, 15],
    ];
    expect(fits(() => text, sizes)).toEqual([true, false]);
  });

  test("reads by helpers: key and value sent to a ring buffer", () => {
    const text = (bpf: Bpf): string => {
      const ring = bpf.mapCreate({ type: 27, name: "", keySize: 0, valueSize: 0, maxEntries: 4096, mapFlags: 0 });
      const output = (arg: number, size: number): string =>
        `r2 = *(u64 *)(r6 +${arg})\nr1 = map[fd:${ring}]\nr3 = ${size}\nr4 = 0\ncall bpf_ringbuf_output`;
      return `r6 = r1\n${output(0, 8)}\n${output(8, 12)}\nr0 = 0\nexit`;
    };
    const sizes: [number, number][] = [
      [8, 12],
      [7, 12],
      [8, 11],
      [12, 8],
    ];
    expect(fits(text, sizes)).toEqual([true, false, false, false]);
  });

  test("reads by helpers: a buffer and its size, at its largest", () => {
    // bpf_trace_printk's format may be at most 2 + (flags & 7) bytes of the value, from its 4th on.
    const text = `
      r6 = *(u64 *)(r1 +16)
      r6 &= 7
      r6 += 2
      r1 = *(u64 *)(r1 +8)
      r1 += 3
      r2 = r6
      call bpf_trace_printk
      r0 = 0
      exit`;
    const sizes: [number, number][] = [
      [4, 12],
      [4, 11],
    ];
    expect(fits(() => text, sizes)).toEqual([true, false]);
  });

  test("a pointer that is not read through, and bpf_probe_read_kernel, count nothing", () => {
    const text = `
      r3 = *(u64 *)(r1 +8)
      r1 = r10
      r1 += -64
      r2 = 64
      call bpf_probe_read_kernel
      r0 = 0
      exit`;
    expect(fits(() => text, [[1, 1]])).toEqual([true]);
  });

  test.each([
    ["PERCPU_HASH", BPF_MAP_TYPE_PERCPU_HASH],
    ["LRU_PERCPU_HASH", BPF_MAP_TYPE_LRU_PERCPU_HASH],
    ["PERCPU_ARRAY", BPF_MAP_TYPE_PERCPU_ARRAY],
  ])("%s: one CPU's value is the bound, not padded and not times the CPUs", (_name, type) => {
    const sizes: [number, number][] = [
      [4, 5],
      [4, 4],
    ];
    expect(fits(() => readBoth(4, 5), sizes, type)).toEqual([true, false]);
  });
});
