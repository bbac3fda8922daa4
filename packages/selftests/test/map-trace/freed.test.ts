/**
 * Key and value may lie in an element that the operation frees. Until its last tracer has returned that element is neither reused nor cleared,
 * whatever an earlier tracer writes to the same map.
 */
import { assembleKernel, encode } from "@bpf-ts/isa";
import { createKernel } from "@bpf-ts/kernel";
import type { Bpf } from "@bpf-ts/uapi";
import { BPF_TRACE_FENTRY } from "@bpf-ts/uapi/attach-types";
import {
  BPF_MAP_TYPE_HASH,
  BPF_MAP_TYPE_LRU_HASH,
  BPF_MAP_TYPE_LRU_PERCPU_HASH,
  BPF_MAP_TYPE_PERCPU_HASH,
} from "@bpf-ts/uapi/map-types";
import { describe, expect, test } from "vitest";
import { u32 } from "./bytes.ts";
import { attach, closeAll, funcId, program, record, recorder, run, throughOuter, tracer } from "./programs.ts";

const [UPDATE, DELETE] = [0, 1];

const TYPES = [
  ["HASH", BPF_MAP_TYPE_HASH, 0],
  ["HASH, not preallocated", BPF_MAP_TYPE_HASH, 1],
  ["LRU_HASH", BPF_MAP_TYPE_LRU_HASH, 0],
  ["LRU_HASH, lists for each CPU", BPF_MAP_TYPE_LRU_HASH, 2],
  ["PERCPU_HASH", BPF_MAP_TYPE_PERCPU_HASH, 0],
  ["LRU_PERCPU_HASH", BPF_MAP_TYPE_LRU_PERCPU_HASH, 0],
] as const;

/** Loads a program that writes (5, `value`), looks 5 up, and does something with the pointer in R6. */
function withPointer(bpf: Bpf, map: number, value: number, then: string): number {
  return program(
    bpf,
    `*(u32 *)(r10 -4) = 5
     *(u32 *)(r10 -8) = ${value}
     r1 = map[fd:${map}]
     r2 = r10
     r2 += -4
     r3 = r10
     r3 += -8
     r4 = 0
     call bpf_map_update_elem
     r1 = map[fd:${map}]
     r2 = r10
     r2 += -4
     call bpf_map_lookup_elem
     if r0 == 0 goto out
     r6 = r0
     r1 = map[fd:${map}]
     ${then}
     exit
   out:
     r0 = 1
     exit`,
  );
}

const DELETE_BY_VALUE = "r2 = r6\ncall bpf_map_delete_elem";

describe.each(TYPES)("%s", (_name, type, mapFlags) => {
  const create = (bpf: Bpf, maxEntries: number): number =>
    bpf.mapCreate({ type, name: "m", keySize: 4, valueSize: 4, maxEntries, mapFlags });
  const holds = (bpf: Bpf, map: number, key: number): boolean => {
    const value = new Uint8Array(type >= 5 && type !== BPF_MAP_TYPE_LRU_HASH ? 8 * bpf.possibleCpus : 4);
    try {
      bpf.mapLookupElem(map, u32(key), value);
      return true;
    } catch {
      return false;
    }
  };

  test("delete(&m, v) with v inside m, while a tracer before fills the map again", () => {
    const kernel = createKernel({ cpus: 1 });
    const { bpf } = kernel;
    const map = create(bpf, 1);
    const seen = record(bpf);
    const filler = tracer(bpf, "DELETE_ELEM", throughOuter(bpf, map, create(bpf, 1), 99));
    attach(bpf, filler, { mapFd: map, traceType: DELETE });
    attach(bpf, recorder(bpf, seen.fd, "DELETE_ELEM"), { mapFd: map, traceType: DELETE });
    expect(run(bpf, withPointer(bpf, map, 5, DELETE_BY_VALUE))).toBe(0);
    expect([holds(bpf, map, 5), holds(bpf, map, 99)]).toEqual([false, true]);
    expect(seen.read()).toEqual([5n, 0n, 0n, 0n]);
    closeAll(kernel);
  });

  test("update(&m, v, v) of the key that v lies under, while a tracer before inserts another", () => {
    const kernel = createKernel({ cpus: 1 });
    const { bpf } = kernel;
    const map = create(bpf, 2);
    const seen = record(bpf);
    const update = withPointer(bpf, map, 5, "r2 = r6\nr3 = r6\nr4 = 0\ncall bpf_map_update_elem");
    attach(bpf, tracer(bpf, "UPDATE_ELEM", throughOuter(bpf, map, create(bpf, 2), 99)), {
      mapFd: map,
      traceType: UPDATE,
    });
    attach(bpf, recorder(bpf, seen.fd, "UPDATE_ELEM"), { mapFd: map, traceType: UPDATE });
    expect(run(bpf, update)).toBe(0);
    expect([holds(bpf, map, 5), holds(bpf, map, 99)]).toEqual([true, true]);
    expect(seen.read()).toEqual([5n, 5n, 0n, 0n]);
    closeAll(kernel);
  });

  test("update(&m, v, …) that evicts what v lies in, or finds the map full", () => {
    const kernel = createKernel({ cpus: 1 });
    const { bpf } = kernel;
    const map = create(bpf, 1);
    const seen = record(bpf);
    attach(bpf, recorder(bpf, seen.fd, "UPDATE_ELEM"), { mapFd: map, traceType: UPDATE });
    // The key is 7: what lies under 5. The value is 1234, which would come to lie where the key is read.
    const prog = withPointer(
      bpf,
      map,
      7,
      "*(u32 *)(r10 -12) = 1234\nr2 = r6\nr3 = r10\nr3 += -12\nr4 = 0\ncall bpf_map_update_elem",
    );
    const evicts = type === BPF_MAP_TYPE_LRU_HASH || type === BPF_MAP_TYPE_LRU_PERCPU_HASH;
    const ret = evicts ? 0 : -7;
    expect(run(bpf, prog)).toBe(ret);
    expect([holds(bpf, map, 5), holds(bpf, map, 7)]).toEqual([!evicts, evicts]);
    expect(seen.read()).toEqual([7n, 1234n, 0n, BigInt(ret)]);
    closeAll(kernel);
  });

  test("the v4 form alike: fentry programs of one delete, the first of which fills the map again", () => {
    const kernel = createKernel({ cpus: 1 });
    const { bpf } = kernel;
    const map = create(bpf, 1);
    const seen = record(bpf);
    const hook = (text: string): void => {
      const progFd = bpf.progLoad({
        progType: 26,
        expectedAttachType: BPF_TRACE_FENTRY,
        attachBtfId: funcId("bpf_map_trace_delete_elem"),
        insns: encode(assembleKernel(text)),
        license: "GPL",
      }).fd;
      bpf.linkCreate({ progFd, attachType: BPF_TRACE_FENTRY });
    };
    const read = `
      r3 = *(u64 *)(r1 +8)
      *(u64 *)(r10 -8) = 0
      r1 = r10
      r1 += -8
      r2 = 4
      call bpf_probe_read_kernel
      *(u32 *)(r10 -12) = 0
      r1 = map[fd:${seen.fd}]
      r2 = r10
      r2 += -12
      call bpf_map_lookup_elem
      if r0 == 0 goto out
      r1 = *(u64 *)(r10 -8)
      *(u64 *)(r0 +0) = r1
    out:
      r0 = 0
      exit`;
    // What is attached last runs first.
    hook(read);
    hook(throughOuter(bpf, map, create(bpf, 1), 99));
    expect(run(bpf, withPointer(bpf, map, 5, DELETE_BY_VALUE))).toBe(0);
    expect([holds(bpf, map, 5), holds(bpf, map, 99)]).toEqual([false, true]);
    expect(seen.read()[0]).toBe(5n);
    closeAll(kernel);
  });
});
