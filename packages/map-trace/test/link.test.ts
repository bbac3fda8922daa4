import { encodeMapTraceLinkInfo } from "@bpf-ts/uapi/map-trace";
import { expect, test } from "vitest";
import { attachMapTrace, DELETE_ELEM_TARGET, MapTraceError, type MapTraceLink, TargetRegistry } from "../src/index.ts";
import { FakeMap, FakeProgram } from "./fakes.ts";

function attach(map: FakeMap, program: FakeProgram): MapTraceLink {
  const info = encodeMapTraceLinkInfo({ mapFd: 5, traceType: 0 });
  return attachMapTrace(
    new TargetRegistry(),
    { mapByFd: () => ({ map, readable: true }) },
    { program, targetFd: 0, flags: 0, info, infoLength: info.length },
    (link) => link,
  );
}

function refused(body: () => void): (string | number | undefined)[] {
  try {
    body();
  } catch (error) {
    if (error instanceof MapTraceError) return [String(error.details?.["check"]), error.errno];
    throw error;
  }
  throw new Error("not refused");
}

test("update swaps the program in its place, and the references with it", () => {
  const map = new FakeMap(1);
  const [a, b, c] = [new FakeProgram(1), new FakeProgram(2), new FakeProgram(3)];
  const links = [attach(map, a), attach(map, b)];
  links[0]!.update(c, a);
  expect(map.tracers?.of(0).map(({ program }) => program.id)).toEqual([3, 2]);
  expect([a.refs, b.refs, c.refs, map.userRefs]).toEqual([0, 1, 1, 2]);
  links[0]!.update(c);
  expect(c.refs).toBe(1);
  for (const link of links) link.release();
  expect([a.refs, b.refs, c.refs, map.userRefs]).toEqual([0, 0, 0, 0]);
});

test("a walk that is under way goes on with the old program; the counts are the link's", () => {
  const map = new FakeMap(1);
  const link = attach(map, new FakeProgram(1));
  const walk = map.tracers!.of(0);
  walk[0]!.counts.runs = 7n;
  link.update(new FakeProgram(2));
  expect(walk.map(({ program }) => program.id)).toEqual([1]);
  expect(map.tracers!.of(0).map(({ program }) => program.id)).toEqual([2]);
  expect(link.entry.counts.runs).toBe(7n);
  link.detach();
  expect(map.tracers!.of(0)).toEqual([]);
  link.release();
});

test("update is refused in this order, and nothing changes", () => {
  const map = new FakeMap(1);
  const [current, other] = [new FakeProgram(1), new FakeProgram(2)];
  const link = attach(map, current);
  const wrong = new FakeProgram(3, [map]);
  wrong.maxCtxBufferAccess = [5];
  wrong.mapTraceTarget = DELETE_ELEM_TARGET;
  expect(refused(() => link.update(wrong, other))).toEqual(["old_prog", 1]);
  expect(refused(() => link.update(wrong, current))).toEqual(["new_prog", 22]);
  wrong.mapTraceTarget = current.mapTraceTarget;
  for (const spoil of ["progType", "expectedAttachType"] as const) {
    const good = wrong[spoil];
    wrong[spoil] = 1;
    expect(refused(() => link.update(wrong))).toEqual(["new_prog", 22]);
    wrong[spoil] = good;
  }
  expect(refused(() => link.update(wrong))).toEqual(["bounds", 13]);
  wrong.maxCtxBufferAccess = [4, 9];
  expect(refused(() => link.update(wrong))).toEqual(["bounds", 13]);
  wrong.maxCtxBufferAccess = [];
  expect(refused(() => link.update(wrong))).toEqual(["loop", 22]);
  expect([link.program.id, current.refs, wrong.refs, other.refs, map.userRefs]).toEqual([1, 1, 0, 0, 1]);
  link.detach();
  expect(refused(() => link.update(wrong, other))).toEqual(["detached", 67]);
  link.release();
  expect([current.refs, map.userRefs]).toEqual([0, 0]);
});

test("detach lets go of the map, not of the program; twice is no error", () => {
  const map = new FakeMap(1);
  const program = new FakeProgram(1);
  const [link, second] = [attach(map, program), attach(map, program)];
  link.detach();
  link.detach();
  expect(link.map).toBeNull();
  expect(map.tracers?.of(0)).toEqual([second.entry]);
  expect([program.refs, map.userRefs]).toEqual([2, 1]);
  link.release();
  link.release();
  expect([program.refs, map.userRefs]).toEqual([1, 1]);
  second.release();
  expect([program.refs, map.userRefs]).toEqual([0, 0]);
});
