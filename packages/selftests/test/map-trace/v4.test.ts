/** The v4 form: fentry, fexit and fmod_ret on the functions that every successful map operation calls. */
import { assembleKernel, encode } from "@bpf-ts/isa";
import { createKernel } from "@bpf-ts/kernel";
import type { Bpf } from "@bpf-ts/uapi";
import { BPF_MODIFY_RETURN, BPF_TRACE_FENTRY, BPF_TRACE_FEXIT } from "@bpf-ts/uapi/attach-types";
import { E2BIG, EEXIST, EINVAL, ENOENT, ENOTSUPP } from "@bpf-ts/uapi/errno";
import { BPF_EXIST, BPF_NOEXIST } from "@bpf-ts/uapi/map-flags";
import {
  BPF_MAP_TYPE_ARRAY,
  BPF_MAP_TYPE_HASH,
  BPF_MAP_TYPE_LRU_HASH,
  BPF_MAP_TYPE_LRU_PERCPU_HASH,
  BPF_MAP_TYPE_PERCPU_ARRAY,
  BPF_MAP_TYPE_PERCPU_HASH,
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
  linkInfo,
  progInfo,
  program,
  record,
  recorder,
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

/** {@link updateText} with a value of 8 bytes. */
function updateText64(map: number, key: number, flags: number): string {
  return updateText(map, key, 0, flags)
    .replace("*(u32 *)(r10 -8) = 0", "*(u64 *)(r10 -16) = 77")
    .replace("r3 += -8", "r3 += -16");
}

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
  const TYPES = [
    ["ARRAY", BPF_MAP_TYPE_ARRAY],
    ["PERCPU_ARRAY", BPF_MAP_TYPE_PERCPU_ARRAY],
    ["HASH", BPF_MAP_TYPE_HASH],
    ["PERCPU_HASH", BPF_MAP_TYPE_PERCPU_HASH],
    ["LRU_HASH", BPF_MAP_TYPE_LRU_HASH],
    ["LRU_PERCPU_HASH", BPF_MAP_TYPE_LRU_PERCPU_HASH],
  ] as const;

  test.each(TYPES)("%s", (name, type) => {
    const kernel = createKernel({ cpus: 1 });
    const { bpf } = kernel;
    const isArray = name.endsWith("ARRAY");
    const isPercpuArray = name === "PERCPU_ARRAY";
    const isLru = name.startsWith("LRU");
    const map = bpf.mapCreate({ type, name: "", keySize: 4, valueSize: 8, maxEntries: 4, mapFlags: 0 });
    const [up, down] = [counterMap(bpf), counterMap(bpf)];
    hook(bpf, "update", BPF_TRACE_FENTRY, count(up.fd));
    hook(bpf, "delete", BPF_TRACE_FENTRY, count(down.fd));
    /** Runs something, and answers its errno and how often each function was called meanwhile. */
    const calls = (act: () => unknown): [errno: number, updates: number, deletes: number] => {
      const before = [up.read(), down.read()];
      const errno = errnoOf(act);
      return [errno, up.read() - before[0]!, down.read() - before[1]!];
    };
    const byHelper = (text: string): (() => void) => {
      const prog = program(bpf, text);
      return () => {
        const ret = run(bpf, prog);
        if (ret < 0) throw Object.assign(new Error(), { errno: -ret });
      };
    };
    const value = new Uint8Array(8);

    // Updates: of a new key, of one that is there; each once (v4 itself fired twice on LRU_HASH).
    expect(calls(byHelper(updateText64(map, 1, 0)))).toEqual([0, 1, 0]);
    expect(calls(byHelper(updateText64(map, 1, BPF_EXIST)))).toEqual([0, 1, 0]);
    expect(calls(() => bpf.mapUpdateElem(map, u32(2), value))).toEqual([0, isPercpuArray ? 0 : 1, 0]);
    // PERCPU_ARRAY's batches take the way of its bpf(2) update.
    const [keys, values] = [u32(1, 2), new Uint8Array(16)];
    expect(calls(() => bpf.mapUpdateBatch(map, 2, keys, values))).toEqual([0, isPercpuArray ? 0 : 2, 0]);
    // Updates that fail.
    expect(calls(byHelper(updateText64(map, 1, BPF_NOEXIST)))).toEqual([EEXIST, 0, 0]);
    expect(calls(() => bpf.mapUpdateElem(map, u32(1), value, BigInt(BPF_NOEXIST)))).toEqual([EEXIST, 0, 0]);
    expect(calls(() => bpf.mapUpdateElem(map, u32(1), value, 8n))).toEqual([EINVAL, 0, 0]);
    // Deletes.
    expect(calls(byHelper(deleteText(map, 1)))).toEqual(isArray ? [EINVAL, 0, 0] : [0, 0, 1]);
    expect(calls(byHelper(deleteText(map, 1)))).toEqual([isArray ? EINVAL : ENOENT, 0, 0]);
    expect(calls(() => bpf.mapDeleteElem(map, u32(2)))).toEqual(isArray ? [EINVAL, 0, 0] : [0, 0, 1]);
    expect(calls(() => bpf.mapDeleteElem(map, u32(2)))).toEqual([isArray ? EINVAL : ENOENT, 0, 0]);
    bpf.mapUpdateElem(map, u32(2), value);
    expect(calls(() => bpf.mapDeleteBatch(map, 2, u32(2, 1)))).toEqual(isArray ? [ENOTSUPP, 0, 0] : [ENOENT, 0, 1]);
    // Not: look-ups that delete, singly and in batches.
    bpf.mapUpdateElem(map, u32(2), value);
    expect(calls(() => bpf.mapLookupAndDeleteElem(map, u32(2), value))).toEqual([isArray ? ENOTSUPP : 0, 0, 0]);
    bpf.mapUpdateElem(map, u32(2), value);
    const room = {
      inBatch: null,
      outBatch: new Uint8Array(4),
      count: 4,
      keys: u32(0, 0, 0, 0),
      values: new Uint8Array(32),
    };
    expect(calls(() => bpf.mapLookupAndDeleteBatch(map, room))).toEqual([isArray ? ENOTSUPP : 0, 0, 0]);
    // Not: evictions.
    const fill = (): void => {
      for (let key = 0; key < 40; key++) bpf.mapUpdateElem(map, u32(key), value);
    };
    expect(calls(fill)).toEqual(isLru ? [0, 40, 0] : [E2BIG, isPercpuArray ? 0 : 4, 0]);
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

  test("of a delete alike; tracers of the map see that result, and success-only ones do not run", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const map = hashMap(bpf);
    const seen = record(bpf);
    hook(bpf, "delete", BPF_MODIFY_RETURN, "r0 = -5\nexit");
    attach(bpf, recorder(bpf, seen.fd, "DELETE_ELEM"), { mapFd: map, traceType: 1 });
    const onSuccess = attach(bpf, tracer(bpf, "DELETE_ELEM"), { mapFd: map, traceType: 1, flags: 1 });
    for (const key of [1, 2]) bpf.mapUpdateElem(map, u32(key), u32(key));
    expect(run(bpf, program(bpf, deleteText(map, 1)))).toBe(-5);
    expect(seen.read()).toEqual([1n, 0n, 0n, -5n]);
    expect(linkInfo(bpf, onSuccess).mapTrace?.runs).toBe(0n);
    expect(errnoOf(() => bpf.mapDeleteElem(map, u32(2)))).toBe(5);
    expect(errnoOf(() => bpf.mapDeleteBatch(map, 1, u32(2)))).toBe(ENOENT);
    expect(contents(bpf, map)).toEqual([]);
    closeAll(kernel);
  });

  test("a failed operation's result is its own: the function is not called", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const map = hashMap(bpf);
    hook(bpf, "update", BPF_MODIFY_RETURN, "r0 = -77\nexit");
    expect(run(bpf, program(bpf, updateText(map, 1, 1, BPF_EXIST)))).toBe(-ENOENT);
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

test("`map == &m`: a pointer from the function's types against a constant one, true for the map at hand alone", () => {
  const kernel = createKernel();
  const { bpf } = kernel;
  const [one, two] = [hashMap(bpf), hashMap(bpf)];
  const [isOne, isNotOne] = [counterMap(bpf), counterMap(bpf)];
  // Counts in the one map or in the other.
  hook(
    bpf,
    "update",
    BPF_TRACE_FENTRY,
    `r6 = *(u64 *)(r1 +0)
     r7 = map[fd:${one}]
     *(u32 *)(r10 -4) = 0
     r1 = map[fd:${isOne.fd}]
     if r6 == r7 goto found
     r1 = map[fd:${isNotOne.fd}]
   found:
     r2 = r10
     r2 += -4
     call bpf_map_lookup_elem
     if r0 == 0 goto out
     r1 = *(u32 *)(r0 +0)
     r1 += 1
     *(u32 *)(r0 +0) = r1
   out:
     r0 = 0
     exit`,
  );
  for (const map of [one, two, two]) run(bpf, program(bpf, updateText(map, 1, 1)));
  expect([isOne.read(), isNotOne.read()]).toEqual([1, 2]);
  bpf.mapUpdateElem(one, u32(2), u32(2));
  expect([isOne.read(), isNotOne.read()]).toEqual([2, 2]);
  closeAll(kernel);
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
