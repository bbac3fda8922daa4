/** The v4 form: fentry, fexit and fmod_ret on the functions that every successful map operation calls. */
import { assembleKernel, encode } from "@bpf-ts/isa";
import { createKernel } from "@bpf-ts/kernel";
import type { Bpf } from "@bpf-ts/uapi";
import { BPF_MODIFY_RETURN, BPF_TRACE_FENTRY, BPF_TRACE_FEXIT } from "@bpf-ts/uapi/attach-types";
import {
  BPF_MAP_TYPE_ARRAY,
  BPF_MAP_TYPE_HASH,
  BPF_MAP_TYPE_LRU_HASH,
  BPF_MAP_TYPE_PERCPU_ARRAY,
} from "@bpf-ts/uapi/map-types";
import { BPF_PROG_TYPE_TRACING } from "@bpf-ts/uapi/prog-types";
import { describe, expect, test } from "vitest";
import { openProg } from "../../src/objects.ts";
import { errnoOf, u32 } from "./bytes.ts";
import {
  attach,
  closeAll,
  contents,
  copyText,
  deleteText,
  funcId,
  hashMap,
  progInfo,
  program,
  run,
  tracer,
  updateText,
} from "./programs.ts";

/** Who wrote: the keys of access_loc.h. */
const APP = 0;
const TRACE_UPDATE = 1;
const TRACE_DELETE = 2;

const MAPS = [
  "array_map",
  "percpu_array_map",
  "hash_map",
  "percpu_hash_map",
  "lru_hash_map",
  "percpu_lru_hash_map",
] as const;
const ARRAYS: readonly string[] = ["array_map", "percpu_array_map"];

describe("map_trace: fentry over six map types", () => {
  /** Whether an entry says that it was written: arrays have every key, so the value decides. */
  const isSet = (value: unknown): boolean => (Array.isArray(value) ? value.some((one) => one === 1n) : value === 1n);

  test("an update is seen for each, told apart by the map's pointer; the recursion guard ends it", () => {
    const kernel = createKernel();
    const object = openProg("bpf_map_trace").load(kernel.bpf);
    object.attach();
    const app = kernel.spawn();
    // The application program sits on write(2).
    app.write(1, new Uint8Array(1));
    for (const name of MAPS) {
      const map = object.map(name);
      expect([name, isSet(map.get(APP)), isSet(map.get(TRACE_UPDATE)), isSet(map.get(TRACE_DELETE))]).toEqual([
        name,
        true,
        true,
        false,
      ]);
    }
    const info = object.program("on_update").info();
    // One run for each of the six updates; the tracer's own six were not traced again.
    expect([info.runCnt, info.recursionMisses]).toEqual([6n, 6n]);
    object.close();
    app.exit();
  });

  test("a delete is seen where it succeeds: never on arrays", () => {
    const kernel = createKernel();
    const object = openProg("bpf_map_trace").load(kernel.bpf);
    object.attach();
    const app = kernel.spawn();
    app.write(1, new Uint8Array(1));
    const before = object.program("on_delete").info().runCnt;
    app.close(99);
    for (const name of MAPS) {
      const isArray = ARRAYS.includes(name);
      const map = object.map(name);
      expect([name, isSet(map.get(APP)), isSet(map.get(TRACE_DELETE))]).toEqual([name, isArray, !isArray]);
    }
    expect(object.program("on_delete").info().runCnt - before).toBe(4n);
    object.close();
    app.exit();
  });
});

/** A program on one of the hook functions. */
function hook(
  bpf: Bpf,
  operation: "update" | "delete",
  attachType: number,
  text: string,
): { prog: number; link: number } {
  const prog = bpf.progLoad({
    progType: BPF_PROG_TYPE_TRACING,
    expectedAttachType: attachType,
    attachBtfId: funcId(`bpf_map_trace_${operation}_elem`),
    insns: encode(assembleKernel(text)),
    license: "GPL",
  }).fd;
  return { prog, link: bpf.linkCreate({ progFd: prog, attachType }) };
}

/** Adds one to the value of key 0 of `counter`. */
const count = (counter: number): string => `
  *(u32 *)(r10 -4) = 0
  r1 = map[fd:${counter}]
  r2 = r10
  r2 += -4
  call bpf_map_lookup_elem
  if r0 == 0 goto out
  r1 = *(u32 *)(r0 +0)
  r1 += 1
  *(u32 *)(r0 +0) = r1
out:
  r0 = 0
  exit`;

function counterMap(bpf: Bpf): { fd: number; read(): number } {
  const fd = bpf.mapCreate({
    type: BPF_MAP_TYPE_ARRAY,
    name: "count",
    keySize: 4,
    valueSize: 4,
    maxEntries: 1,
    mapFlags: 0,
  });
  return {
    fd,
    read() {
      const value = new Uint8Array(4);
      bpf.mapLookupElem(fd, u32(0), value);
      return new DataView(value.buffer).getUint32(0, true);
    },
  };
}

describe("which operations call the functions", () => {
  const setup = (
    type: number,
  ): { kernel: ReturnType<typeof createKernel>; map: number; updates: () => number; deletes: () => number } => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const map = bpf.mapCreate({ type, name: "", keySize: 4, valueSize: 4, maxEntries: 4, mapFlags: 0 });
    const [up, down] = [counterMap(bpf), counterMap(bpf)];
    hook(bpf, "update", BPF_TRACE_FENTRY, count(up.fd));
    hook(bpf, "delete", BPF_TRACE_FENTRY, count(down.fd));
    return { kernel, map, updates: up.read, deletes: down.read };
  };

  test.each([
    ["HASH", BPF_MAP_TYPE_HASH],
    ["LRU_HASH, once and not twice", BPF_MAP_TYPE_LRU_HASH],
    ["ARRAY", BPF_MAP_TYPE_ARRAY],
  ])("an update, by helper and by bpf(2), once: %s", (_name, type) => {
    const { kernel, map, updates } = setup(type);
    run(kernel.bpf, program(kernel.bpf, updateText(map, 1, 1)));
    expect(updates()).toBe(1);
    kernel.bpf.mapUpdateElem(map, u32(2), u32(2), 0n);
    expect(updates()).toBe(2);
    closeAll(kernel);
  });

  test("not a failed update, not a failed delete", () => {
    const { kernel, map, updates, deletes } = setup(BPF_MAP_TYPE_HASH);
    run(kernel.bpf, program(kernel.bpf, updateText(map, 1, 1, 2)));
    run(kernel.bpf, program(kernel.bpf, deleteText(map, 1)));
    expect([updates(), deletes()]).toEqual([0, 0]);
    closeAll(kernel);
  });

  test("not a bpf(2) update of PERCPU_ARRAY, but a helper's", () => {
    const { kernel, map, updates } = setup(BPF_MAP_TYPE_PERCPU_ARRAY);
    kernel.bpf.mapUpdateElem(map, u32(1), new Uint8Array(8 * kernel.bpf.possibleCpus), 0n);
    expect(updates()).toBe(0);
    run(kernel.bpf, program(kernel.bpf, updateText(map, 1, 1)));
    expect(updates()).toBe(1);
    closeAll(kernel);
  });

  test("not lookup_and_delete", () => {
    const { kernel, map, deletes } = setup(BPF_MAP_TYPE_HASH);
    kernel.bpf.mapUpdateElem(map, u32(1), u32(1), 0n);
    kernel.bpf.mapLookupAndDeleteElem(map, u32(1), new Uint8Array(4));
    expect(deletes()).toBe(0);
    kernel.bpf.mapUpdateElem(map, u32(1), u32(1), 0n);
    kernel.bpf.mapDeleteElem(map, u32(1));
    expect(deletes()).toBe(1);
    closeAll(kernel);
  });

  test("not an eviction", () => {
    const { kernel, map, deletes } = setup(BPF_MAP_TYPE_LRU_HASH);
    for (let key = 0; key < 50; key++) kernel.bpf.mapUpdateElem(map, u32(key), u32(1), 0n);
    expect(deletes()).toBe(0);
    closeAll(kernel);
  });
});

describe("fmod_ret and fexit", () => {
  test("fmod_ret's non-zero value becomes the operation's result; the change stays", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const map = hashMap(bpf);
    hook(bpf, "update", BPF_MODIFY_RETURN, "r0 = -77\nexit");
    expect(run(bpf, program(bpf, updateText(map, 1, 1)))).toBe(-77);
    expect(errnoOf(() => bpf.mapUpdateElem(map, u32(2), u32(2), 0n))).toBe(77);
    expect(contents(bpf, map)).toEqual([
      [1, 1],
      [2, 2],
    ]);
    closeAll(kernel);
  });

  test("fexit sees what the function returned", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const map = hashMap(bpf);
    const seen = counterMap(bpf);
    hook(bpf, "update", BPF_MODIFY_RETURN, "r0 = -77\nexit");
    hook(
      bpf,
      "update",
      BPF_TRACE_FEXIT,
      `r6 = *(u64 *)(r1 +32)
       *(u32 *)(r10 -4) = 0
       r1 = map[fd:${seen.fd}]
       r2 = r10
       r2 += -4
       call bpf_map_lookup_elem
       if r0 == 0 goto out
       *(u32 *)(r0 +0) = r6
     out:
       r0 = 0
       exit`,
    );
    run(bpf, program(bpf, updateText(map, 1, 1)));
    expect(seen.read() | 0).toBe(-77);
    closeAll(kernel);
  });

  test("v2 tracers of the map run after these", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const map = hashMap(bpf);
    const copy = hashMap(bpf, 1);
    // The v4 program fills the copy's only entry; the v2 tracer, which comes later, finds it full.
    hook(bpf, "update", BPF_TRACE_FENTRY, updateText(copy, 100, 1).replace(/exit$/, "r0 = 0\nexit"));
    attach(bpf, tracer(bpf, "UPDATE_ELEM", copyText(copy)), { mapFd: map, traceType: 0 });
    run(bpf, program(bpf, updateText(map, 1, 1)));
    expect(contents(bpf, copy)).toEqual([[100, 1]]);
    closeAll(kernel);
  });
});

test("a function that is no error-injection point takes no fmod_ret", () => {
  const kernel = createKernel();
  const { bpf } = kernel;
  const load = (): unknown =>
    bpf.progLoad({
      progType: BPF_PROG_TYPE_TRACING,
      expectedAttachType: BPF_MODIFY_RETURN,
      attachBtfId: funcId("__sys_bpf"),
      insns: encode(assembleKernel("r0 = 0\nexit")),
      license: "GPL",
    });
  expect(load).toThrow("__sys_bpf() is not modifiable");
  closeAll(kernel);
});

test("a program already running on the CPU is skipped and counted", () => {
  const kernel = createKernel();
  const { bpf } = kernel;
  const map = hashMap(bpf);
  // Writes to the map whose updates it is called for.
  const { prog } = hook(bpf, "update", BPF_TRACE_FENTRY, updateText(map, 5, 5).replace(/exit$/, "r0 = 0\nexit"));
  run(bpf, program(bpf, updateText(map, 1, 1)));
  expect(contents(bpf, map)).toEqual([
    [1, 1],
    [5, 5],
  ]);
  expect(progInfo(bpf, prog)).toMatchObject({ runCnt: 1n, recursionMisses: 1n });
  closeAll(kernel);
});
