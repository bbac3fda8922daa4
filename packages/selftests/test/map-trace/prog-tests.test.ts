/**
 * The five prog_tests of the RFC series, by their upstream names. Each asserts what upstream asserts, and the states between.
 */
import { createKernel } from "@bpf-ts/kernel";
import { EINVAL } from "@bpf-ts/uapi/errno";
import { describe, expect, test } from "vitest";
import { openProg } from "../../src/objects.ts";
import { asU32, collatz, errnoOf, u32 } from "./bytes.ts";

describe("update_elem__basic", () => {
  test("a program's update reaches the tracer's map, converted", () => {
    const kernel = createKernel();
    const object = openProg("bpf_map_trace_update_elem").load(kernel.bpf);
    const traced = object.map("traced_map");
    const tracer = object.map("tracer_map");

    expect([...tracer.keys()]).toEqual([]);
    object.attach();
    // Attaching alone is bpf(2), too: forget what the kprobe did until now.
    object.detach();
    expect(object.links).toEqual([]);
    for (const map of [traced, tracer]) for (const key of [...map.keyBytes()]) map.delete(key);

    object.attach();
    // The look-up itself fires the kprobe on __sys_bpf, before it looks.
    expect(asU32(traced.get(u32(5)))).toBe(0xdeadbeef);
    // Upstream's expectation.
    expect(asU32(tracer.get(u32(5)))).toBe(collatz(0xdeadbeef));
    expect(collatz(0xdeadbeef)).toBe(0x9c093cce);
    expect([...tracer.keyBytes()]).toEqual([u32(5)]);
    const link = object.links[1]!.info();
    expect(link.mapTrace?.mapId).toBe(traced.info().id);
    expect(link.mapTrace?.failures).toBe(0n);
    object.close();
    expect(kernel.describeLive()).toEqual([]);
  });

  test("control: without the tracer nothing arrives", () => {
    const kernel = createKernel();
    const object = openProg("bpf_map_trace_update_elem").load(kernel.bpf);
    object.program("tracer").spec.autoattach = false;
    object.attach();
    expect(asU32(object.map("traced_map").get(u32(5)))).toBe(0xdeadbeef);
    expect(object.map("tracer_map").get(u32(5))).toBeUndefined();
    object.close();
  });
});

describe("delete_elem__basic", () => {
  test("the tracer runs although there was nothing to delete", () => {
    const kernel = createKernel();
    const object = openProg("bpf_map_trace_delete_elem").load(kernel.bpf);
    const traced = object.map("traced_map");
    const tracer = object.map("tracer_map");
    object.attach();
    expect([...traced.keys()]).toEqual([]);
    expect(collatz(5)).toBe(16);
    expect(asU32(tracer.get(u32(16)))).toBe(kernel.init.pid);
    expect([...tracer.keyBytes()]).toEqual([u32(16)]);
    object.close();
  });
});

describe("infinite_loop__direct", () => {
  test("a tracer that updates the map that it traces is not attached", () => {
    const kernel = createKernel();
    const object = openProg("bpf_map_trace_loop0").load(kernel.bpf);
    const live = kernel.describeLive();
    expect(errnoOf(() => object.attach())).toBe(EINVAL);
    expect(() => object.program("tracer").attach()).toThrow("would make a loop");
    expect(kernel.describeLive()).toEqual(live);
    object.close();
  });
});

describe("infinite_loop__indirect", () => {
  test("the tracer that closes the circle is not attached, the first stays", () => {
    const kernel = createKernel();
    const object = openProg("bpf_map_trace_loop1").load(kernel.bpf);
    const first = object.program("tracer0").attach();
    expect(errnoOf(() => object.program("tracer1").attach())).toBe(EINVAL);
    expect(first.info().mapTrace).toMatchObject({ mapId: object.map("map0").info().id, traceType: 0 });
    // Once the first is gone, the second closes no circle.
    first.close();
    const second = object.program("tracer1").attach();
    expect(errnoOf(() => object.program("tracer0").attach())).toBe(EINVAL);
    second.close();
    object.close();
  });
});
