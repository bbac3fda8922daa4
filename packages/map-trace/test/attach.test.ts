import { encodeMapTraceLinkInfo } from "@bpf-ts/uapi/map-trace";
import { BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_LPM_TRIE, BPF_MAP_TYPE_QUEUE } from "@bpf-ts/uapi/map-types";
import { describe, expect, test } from "vitest";
import {
  type AttachHost,
  attachMapTrace,
  DELETE_ELEM_TARGET,
  type MapTraceAttachRequest,
  MapTraceError,
  type MapTraceLink,
  TargetRegistry,
  TRACEABLE_MAP_TYPES,
  TracerLists,
  UPDATE_ELEM_TARGET,
} from "../src/index.ts";
import { entryOf, FakeMap, FakeProgram } from "./fakes.ts";

const EPERM = 1;
const ENOENT = 2;
const E2BIG = 7;
const EBADF = 9;
const EACCES = 13;
const EFAULT = 14;
const EINVAL = 22;

/** Everything that an attach looks at, all of it right. */
class Scene {
  readonly registry = new TargetRegistry();
  map = new FakeMap(1);
  readonly program = new FakeProgram(9);
  found: ReturnType<AttachHost["mapByFd"]> | undefined;
  readable = true;
  request: Partial<MapTraceAttachRequest> = {};
  info = { mapFd: 5, traceType: 0, flags: 0 };
  install: (link: MapTraceLink) => MapTraceLink = (link) => link;

  attach(): MapTraceLink {
    const bytes = encodeMapTraceLinkInfo(this.info);
    return attachMapTrace(
      this.registry,
      { mapByFd: (fd) => (fd === 5 ? (this.found ?? { map: this.map, readable: this.readable }) : EBADF) },
      { program: this.program, targetFd: 0, flags: 0, info: bytes, infoLength: bytes.length, ...this.request },
      (link) => this.install(link),
    );
  }
}

/** What can be wrong, in the order in which it is noticed. */
const FAULTS: readonly [name: string, check: string, errno: number, spoil: (scene: Scene) => void][] = [
  ["target_fd", "attr", EINVAL, (s) => (s.request = { ...s.request, targetFd: 3 })],
  ["null info", "info", EINVAL, (s) => (s.request = { ...s.request, info: null })],
  ["map_fd 0", "map_fd", EBADF, (s) => (s.info.mapFd = 0)],
  ["hook not registered", "hook", ENOENT, (s) => s.registry.unregister(UPDATE_ELEM_TARGET)],
  ["map_fd closed", "map_fd", EBADF, (s) => (s.info.mapFd ||= 0) && (s.found = EBADF)],
  ["not readable", "map_fd", EPERM, (s) => (s.readable = false)],
  ["trace_type", "trace_type", EINVAL, (s) => (s.info.traceType = 1)],
  ["unknown flag", "flags", EINVAL, (s) => (s.info.flags = 2)],
  ["map type", "map_type", EINVAL, (s) => (s.map = new FakeMap(1, { type: BPF_MAP_TYPE_QUEUE }))],
  ["reads past the value", "bounds", EACCES, (s) => (s.program.maxCtxBufferAccess = [4, 9])],
  ["loop", "loop", EINVAL, (s) => (s.program.usedMaps = [s.map])],
  [
    "full",
    "full",
    E2BIG,
    (s) => {
      s.map.tracers = new TracerLists();
      for (let i = 0; i < 16; i++) s.map.tracers.add(entryOf(new FakeProgram(i)));
    },
  ],
];

function refusal(scene: Scene): MapTraceError {
  try {
    scene.attach();
  } catch (error) {
    if (error instanceof MapTraceError) return error;
    throw error;
  }
  throw new Error("attached");
}

describe("checks", () => {
  test.each(FAULTS)("%s", (_name, check, errno, spoil) => {
    const scene = new Scene();
    spoil(scene);
    const before = scene.map.tracers === null ? null : [...scene.map.tracers];
    const error = refusal(scene);
    expect([error.details?.["check"], error.errno]).toEqual([check, errno]);
    expect([scene.map.userRefs, scene.program.refs, scene.map.changes]).toEqual([0, 0, 0]);
    expect(scene.map.tracers === null ? null : [...scene.map.tracers]).toEqual(before);
  });

  test("each comes before all that follow", () => {
    for (let i = 0; i < FAULTS.length; i++) {
      for (let j = i + 1; j < FAULTS.length; j++) {
        const scene = new Scene();
        // The later one first: some of them replace the map that others change.
        FAULTS[j]![3](scene);
        FAULTS[i]![3](scene);
        const error = refusal(scene);
        expect([FAULTS[i]![0], FAULTS[j]![0], error.details?.["check"], error.errno]).toEqual([
          FAULTS[i]![0],
          FAULTS[j]![0],
          FAULTS[i]![1],
          FAULTS[i]![2],
        ]);
      }
    }
  });

  test.each<[string, number, (s: Scene) => void]>([
    ["flags", EINVAL, (s) => (s.request = { flags: 1 })],
    ["length 0", EINVAL, (s) => (s.request = { infoLength: 0 })],
    ["over a page", E2BIG, (s) => (s.request = { infoLength: 4097 })],
    ["more than readable", EFAULT, (s) => (s.request = { infoLength: 13 })],
    ["a program that is no tracer", ENOENT, (s) => (s.program.mapTraceTarget = undefined)],
    ["another fd", EBADF, (s) => (s.info.mapFd = 6)],
    ["no map", EINVAL, (s) => (s.found = EINVAL)],
    ["reads past the key", EACCES, (s) => (s.program.maxCtxBufferAccess = [5])],
    ["LPM_TRIE", EINVAL, (s) => (s.map = new FakeMap(1, { type: BPF_MAP_TYPE_LPM_TRIE }))],
    [
      "a hook of the same name, but not the one registered",
      ENOENT,
      (s) => (s.program.mapTraceTarget = { ...UPDATE_ELEM_TARGET }),
    ],
  ])("%s", (_name, errno, spoil) => {
    const scene = new Scene();
    spoil(scene);
    expect(refusal(scene).errno).toBe(errno);
  });

  test("what is just within bounds", () => {
    const scene = new Scene();
    scene.program.maxCtxBufferAccess = [4, 8];
    expect(scene.attach().map).toBe(scene.map);
  });

  test.each(TRACEABLE_MAP_TYPES.map((type) => [type]))("map type %i", (type) => {
    const scene = new Scene();
    scene.map = new FakeMap(1, { type });
    expect(scene.attach().map).toBe(scene.map);
  });

  test("hash, array, their per-CPU and LRU forms, and no others", () => {
    expect([...TRACEABLE_MAP_TYPES].sort((a, b) => a - b)).toEqual([1, 2, 5, 6, 9, 10]);
    expect(BPF_MAP_TYPE_ARRAY).toBe(2);
  });

  test("a delete tracer has no value to read past", () => {
    const scene = new Scene();
    scene.program.mapTraceTarget = DELETE_ELEM_TARGET;
    scene.info.traceType = 1;
    // The second argument of its context is `ret`, a number.
    scene.program.maxCtxBufferAccess = [4, 100];
    expect(scene.attach().target).toBe(DELETE_ELEM_TARGET);
  });
});

describe("attached", () => {
  test("one reference each, one entry, the map told", () => {
    const scene = new Scene();
    scene.info.flags = 1;
    const link = scene.attach();
    expect([scene.map.userRefs, scene.program.refs, scene.map.changes]).toEqual([1, 1, 1]);
    expect(scene.map.tracers?.of(0)).toEqual([link.entry]);
    expect(link.entry).toEqual({
      program: scene.program,
      traceType: 0,
      successOnly: true,
      counts: { runs: 0n, misses: 0n, failures: 0n },
    });
    link.release();
    expect([scene.map.userRefs, scene.program.refs, scene.map.changes]).toEqual([0, 0, 2]);
    expect(scene.map.tracers?.isEmpty).toBe(true);
  });

  test("an fd table that is full leaves nothing", () => {
    for (const other of [false, true]) {
      const scene = new Scene();
      const first = other ? scene.attach() : undefined;
      const changes = scene.map.changes;
      scene.install = () => {
        throw new Error("EMFILE");
      };
      expect(() => scene.attach()).toThrow("EMFILE");
      expect([scene.map.userRefs, scene.program.refs]).toEqual(other ? [1, 1] : [0, 0]);
      expect(scene.map.changes).toBe(changes);
      if (first === undefined) expect(scene.map.tracers).toBeNull();
      else expect(scene.map.tracers?.of(0)).toEqual([first.entry]);
    }
  });

  test("the 16th fits, the 17th does not, and fits again after one has gone", () => {
    const scene = new Scene();
    const links = Array.from({ length: 16 }, () => scene.attach());
    expect(refusal(scene).errno).toBe(E2BIG);
    expect([scene.map.userRefs, scene.program.refs]).toEqual([16, 16]);
    links[3]!.detach();
    const last = scene.attach();
    expect(scene.map.tracers?.of(0).at(-1)).toBe(last.entry);
    for (const link of [...links, last]) link.release();
    expect([scene.map.userRefs, scene.program.refs]).toEqual([0, 0]);
  });
});
