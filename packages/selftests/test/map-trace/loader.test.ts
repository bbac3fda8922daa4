/** Map tracers by the loader: sections, maps by name, any map by option. */
import { createKernel, type Kernel } from "@bpf-ts/kernel";
import { BpfError } from "@bpf-ts/uapi";
import { EACCES, EINVAL, ESRCH } from "@bpf-ts/uapi/errno";
import { BPF_TRACE_MAP } from "@bpf-ts/uapi/map-trace";
import { BPF_PROG_TYPE_TRACING } from "@bpf-ts/uapi/prog-types";
import type { BpfObject } from "libbpf-ts";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openProg } from "../../src/objects.ts";
import { u32 } from "./bytes.ts";

const PACKET = { data: new Uint8Array(64) };

let kernel: Kernel;
beforeEach(() => {
  kernel = createKernel();
});
afterEach(() => {
  expect(kernel.describeLive()).toEqual([]);
});

function refusal(act: () => unknown): BpfError {
  try {
    act();
  } catch (error) {
    if (error instanceof BpfError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

const seen = (object: BpfObject): unknown[] => ["updates", "deletes"].map((name) => object.variable(name).get());

describe("sections", () => {
  test("map_trace/<map>/<operation> is a tracer that attaches itself to that map", () => {
    const spec = openProg("bpf_map_trace_sections");
    expect(spec.program("on_delete")).toMatchObject({
      section: "map_trace/plain_map/DELETE_ELEM",
      progType: BPF_PROG_TYPE_TRACING,
      attachType: BPF_TRACE_MAP,
      attachKind: "map-trace",
      attachTarget: "plain_map/DELETE_ELEM",
      autoload: true,
      autoattach: true,
    });
    using object = spec.load(kernel.bpf);
    object.program("writer").run(PACKET);
    expect(seen(object)).toEqual([0n, 0n]);
    object.attach();
    const { id } = object.map("plain_map").info();
    expect(object.links.map((link) => link.info().mapTrace)).toEqual([
      { mapId: id, traceType: 0, runs: 0n, misses: 0n, failures: 0n },
      { mapId: id, traceType: 1, runs: 0n, misses: 0n, failures: 0n },
    ]);
    object.program("writer").run(PACKET);
    // 3 + 40; the first delete finds key 3, the second fails.
    expect(seen(object)).toEqual([43n, 1003n]);
    object.detach();
    object.program("writer").run(PACKET);
    expect(seen(object)).toEqual([43n, 1003n]);
  });

  test("by the name declared in the object, also when the map is another's", () => {
    using owner = openProg("bpf_map_trace_update_elem").load(kernel.bpf);
    const spec = openProg("bpf_map_trace_sections");
    spec.map("plain_map").reuseFd = owner.map("traced_map").fd;
    using object = spec.load(kernel.bpf);
    object.attach();
    expect(object.map("plain_map").info().name).toBe("traced_map");
    expect(object.links.map((link) => link.info().mapTrace?.mapId)).toEqual(
      Array(2).fill(owner.map("traced_map").info().id),
    );
    object.program("writer").run(PACKET);
    expect(seen(object)).toEqual([43n, 1003n]);
  });

  test("a map that the object doesn't have: loads, and EINVAL when it is attached; nothing stays attached", () => {
    const spec = openProg("bpf_map_trace_sections");
    spec.program("of_missing_map").autoload = true;
    using object = spec.load(kernel.bpf);
    const live = kernel.describeLive();
    const error = refusal(() => object.attach());
    expect(error).toMatchObject({ code: "ATTACH", errno: EINVAL });
    expect(error.message).toBe(
      'program of_missing_map: the object has no map "missing_map": there are plain_map, other_map, .bss',
    );
    expect(kernel.describeLive()).toEqual(live);
    // To a map that is given it can be attached.
    using link = object.program("of_missing_map").attachMapTrace({ map: object.map("plain_map") });
    expect(link.info().mapTrace).toMatchObject({ traceType: 0 });
  });

  test.each([
    [
      "of_missing_operation",
      ESRCH,
      "program of_missing_operation: func 'bpf_map_trace__BPF_MAP_TRACE_LOOKUP_ELEM' is not found in the kernel's BTF: not a map operation that can be traced",
    ],
    [
      "of_no_operation",
      undefined,
      'program of_no_operation: section "map_trace/plain_map": expected map_trace/<map name>/<operation>',
    ],
  ])("%s does not load", (name, errno, message) => {
    const spec = openProg("bpf_map_trace_sections");
    spec.program(name).autoload = true;
    const error = refusal(() => spec.load(kernel.bpf));
    expect([error.code, error.errno, error.message]).toEqual(["LOAD", errno, message]);
  });

  test("a kernel without map tracing refuses to load tracers, not the rest", () => {
    const plain = createKernel({ mapTrace: false });
    const spec = openProg("bpf_map_trace_sections");
    expect(refusal(() => spec.load(plain.bpf))).toMatchObject({ code: "LOAD", errno: EINVAL });
    for (const program of spec.programs.values()) if (program.attachKind === "map-trace") program.autoload = false;
    using object = spec.load(plain.bpf);
    expect(object.program("writer").run(PACKET).retval).toBe(0);
  });
});

describe("attachMapTrace", () => {
  test("to any map, as often as asked, success-only if asked", () => {
    using object = openProg("bpf_map_trace_sections").load(kernel.bpf);
    using other = openProg("bpf_map_trace_delete_elem").load(kernel.bpf);
    const onDelete = object.program("on_delete");
    using byMap = onDelete.attachMapTrace({ map: object.map("plain_map"), successOnly: true });
    using byFd = onDelete.attachMapTrace({ map: other.map("traced_map").fd });
    object.program("writer").run(PACKET);
    expect(seen(object)).toEqual([0n, 3n]);
    expect([byMap, byFd].map((link) => link.info().mapTrace)).toEqual([
      { mapId: object.map("plain_map").info().id, traceType: 1, runs: 1n, misses: 0n, failures: 0n },
      { mapId: other.map("traced_map").info().id, traceType: 1, runs: 0n, misses: 0n, failures: 0n },
    ]);
    // The kprobe of the other object deletes key 5 of an empty map on every bpf(2) command.
    using probe = other.program("traced").attach();
    expect(probe.info().kprobe).toMatchObject({ func: "__sys_bpf" });
    expect(Number(object.variable("deletes").get())).toBeGreaterThanOrEqual(1003);
  });

  test("the kernel's refusals pass through, and leave nothing", () => {
    using object = openProg("bpf_map_trace_sections").load(kernel.bpf);
    const onUpdate = object.program("on_update");
    const live = kernel.describeLive();
    const map = object.map("plain_map");
    expect(refusal(() => onUpdate.attachMapTrace({ map, traceType: 1 }))).toMatchObject({ errno: EINVAL });
    expect(refusal(() => onUpdate.attachMapTrace({ map: object.map(".bss") }))).toMatchObject({ errno: EINVAL });
    // A map whose values are too short for what the program reads.
    const short = kernel.bpf.mapCreate({
      type: 1,
      name: "short",
      keySize: 4,
      valueSize: 2,
      maxEntries: 1,
      mapFlags: 0,
    });
    expect(refusal(() => onUpdate.attachMapTrace({ map: short }))).toMatchObject({ errno: EACCES });
    kernel.bpf.close(short);
    expect(kernel.describeLive()).toEqual(live);
  });

  test("links are updated and detached through the loader, too", () => {
    using object = openProg("bpf_map_trace_sections").load(kernel.bpf);
    using other = openProg("bpf_map_trace_sections").load(kernel.bpf);
    using link = object.program("on_update").attachMapTrace({ map: object.map("plain_map") });
    link.update(other.program("on_update"), { expect: object.program("on_update") });
    object.program("writer").run(PACKET);
    expect([seen(object), seen(other)]).toEqual([
      [0n, 0n],
      [43n, 0n],
    ]);
    link.detach();
    object.program("writer").run(PACKET);
    expect(seen(other)).toEqual([43n, 0n]);
    expect(link.info().mapTrace?.mapId).toBe(0);
  });
});

test("the rewrite in the dumped program: the inserted functions by name", () => {
  using object = openProg("bpf_map_trace_sections").load(kernel.bpf);
  const id = object.map("other_map").info().id;
  expect(object.program("other_writer").dumpXlated()).toBe(`\
   0: (18) r1 = 0x100000007
   2: (7b) *(u64 *)(r10 -8) = r1
   3: (b4) w1 = 0
   4: (63) *(u32 *)(r10 -12) = r1
   5: (bf) r2 = r10
   6: (07) r2 += -12
   7: (bf) r3 = r10
   8: (07) r3 += -8
   9: (18) r1 = map[id:${id}]
  11: (b7) r4 = 0
  12: (7b) *(u64 *)(r10 -24) = r1
  13: (7b) *(u64 *)(r10 -32) = r2
  14: (7b) *(u64 *)(r10 -40) = r3
  15: (7b) *(u64 *)(r10 -48) = r4
  16: (85) call bpf_map_update_elem#2
  17: (79) r1 = *(u64 *)(r10 -24)
  18: (79) r2 = *(u64 *)(r10 -32)
  19: (79) r3 = *(u64 *)(r10 -40)
  20: (79) r4 = *(u64 *)(r10 -48)
  21: (7b) *(u64 *)(r10 -56) = r0
  22: (79) r5 = *(u64 *)(r10 -56)
  23: (85) call bpf_trace_map_update_elem#0
  24: (79) r0 = *(u64 *)(r10 -56)
  25: (95) exit
`);
  const writer = object.program("writer").dumpXlated();
  expect(writer.match(/call bpf_trace_map_\w+/g)).toEqual([
    "call bpf_trace_map_update_elem",
    "call bpf_trace_map_delete_elem",
    "call bpf_trace_map_delete_elem",
  ]);
});

test('legacy SEC("maps") and .maps: the same tracers on both', () => {
  using legacy = openProg("bpf_map_trace_update_elem").load(kernel.bpf);
  using typed = openProg("bpf_map_trace_sections").load(kernel.bpf);
  using link = typed.program("on_update").attachMapTrace({ map: legacy.map("traced_map") });
  using probe = legacy.program("traced").attach();
  expect(probe.info().kprobe).toBeDefined();
  expect(legacy.map("traced_map").get(u32(5))).toEqual(u32(0xdeadbeef));
  expect(link.info().mapTrace?.runs).toBeGreaterThan(0n);
});
