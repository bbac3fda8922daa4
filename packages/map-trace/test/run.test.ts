import { expect, test } from "vitest";
import {
  BPF_MAP_TRACE_MAX_NESTING,
  DELETE_ELEM_TARGET,
  runTracers,
  type TracerArg,
  TracerDepth,
  TracerLists,
  type TracerProgram,
  type TracerRunner,
  UPDATE_ELEM_TARGET,
} from "../src/index.ts";
import { entryOf, FakeMap, FakeProgram } from "./fakes.ts";

const ARGS: readonly TracerArg[] = [{ lo: 1, hi: 2 }];

/** Notes who runs, and answers what `result` says. */
function recorder(result: (program: TracerProgram) => number | undefined = () => 0): {
  ran: number[];
  runner: TracerRunner;
} {
  const ran: number[] = [];
  return {
    ran,
    runner: {
      runTracer(program, cpu, args) {
        expect(cpu).toBe(1);
        expect(args).toBe(ARGS);
        ran.push(program.id);
        return result(program);
      },
    },
  };
}

function mapWith(...entries: ReturnType<typeof entryOf>[]): FakeMap {
  const map = new FakeMap(1);
  map.tracers = new TracerLists();
  for (const entry of entries) map.tracers.add(entry);
  return map;
}

test("in order of attachment, those of the target alone", () => {
  const entries = [entryOf(new FakeProgram(3)), entryOf(new FakeProgram(1), 1), entryOf(new FakeProgram(2))];
  const { ran, runner } = recorder();
  runTracers(runner, new TracerDepth(2), UPDATE_ELEM_TARGET, mapWith(...entries), 1, ARGS, 0);
  expect(ran).toEqual([3, 2]);
  runTracers(runner, new TracerDepth(2), DELETE_ELEM_TARGET, mapWith(...entries), 1, ARGS, 0);
  expect(ran).toEqual([3, 2, 1]);
  expect(entries.map(({ counts }) => counts.runs)).toEqual([1n, 1n, 1n]);
});

test("a map without tracers runs nothing", () => {
  const { ran, runner } = recorder();
  runTracers(runner, new TracerDepth(2), UPDATE_ELEM_TARGET, new FakeMap(1), 1, ARGS, 0);
  runTracers(runner, new TracerDepth(2), UPDATE_ELEM_TARGET, mapWith(), 1, ARGS, 0);
  expect(ran).toEqual([]);
});

test("success-only tracers do not run after a failure, and do not count it as missed", () => {
  const [always, onSuccess] = [entryOf(new FakeProgram(1)), entryOf(new FakeProgram(2), 0, true)];
  const { ran, runner } = recorder();
  const map = mapWith(always, onSuccess);
  runTracers(runner, new TracerDepth(2), UPDATE_ELEM_TARGET, map, 1, ARGS, -2);
  expect(ran).toEqual([1]);
  runTracers(runner, new TracerDepth(2), UPDATE_ELEM_TARGET, map, 1, ARGS, 0);
  expect(ran).toEqual([1, 1, 2]);
  expect(onSuccess.counts).toEqual({ runs: 1n, misses: 0n, failures: 0n });
});

test("counts runs, failures and misses", () => {
  const entry = entryOf(new FakeProgram(1));
  const results = [0, -17, undefined, 1];
  const { runner } = recorder(() => results.shift());
  const map = mapWith(entry);
  for (let i = 0; i < 4; i++) runTracers(runner, new TracerDepth(2), UPDATE_ELEM_TARGET, map, 1, ARGS, 0);
  expect(entry.counts).toEqual({ runs: 3n, failures: 2n, misses: 1n });
});

test("eight levels deep on one CPU; the ninth is missed", () => {
  const entry = entryOf(new FakeProgram(1));
  const skipped = entryOf(new FakeProgram(2), 0, true);
  const map = mapWith(entry, skipped);
  const depth = new TracerDepth(2);
  let deepest = 0;
  const runner: TracerRunner = {
    runTracer(program) {
      deepest = Math.max(deepest, depth.at(1));
      if (program.id === 1) runTracers(runner, depth, UPDATE_ELEM_TARGET, map, 1, ARGS, -1);
      return 0;
    },
  };
  runTracers(runner, depth, UPDATE_ELEM_TARGET, map, 1, ARGS, -1);
  expect(BPF_MAP_TRACE_MAX_NESTING).toBe(8);
  expect(deepest).toBe(8);
  expect(entry.counts).toEqual({ runs: 8n, misses: 1n, failures: 0n });
  expect(skipped.counts).toEqual({ runs: 0n, misses: 0n, failures: 0n });
  expect([depth.at(0), depth.at(1)]).toEqual([0, 0]);
});

test("a runner that throws leaves the depth as it was; that run has failed, those behind it are missed", () => {
  const depth = new TracerDepth(2);
  const entries = [1, 2, 3, 4].map((id) => entryOf(new FakeProgram(id), 0, id === 4));
  const runner: TracerRunner = {
    runTracer(program) {
      if (program.id === 2) throw new Error("out of fuel");
      return 0;
    },
  };
  expect(() => runTracers(runner, depth, UPDATE_ELEM_TARGET, mapWith(...entries), 1, ARGS, -1)).toThrow("out of fuel");
  expect(depth.at(1)).toBe(0);
  expect(entries.map(({ counts }) => counts)).toEqual([
    { runs: 1n, misses: 0n, failures: 0n },
    { runs: 0n, misses: 0n, failures: 1n },
    { runs: 0n, misses: 1n, failures: 0n },
    // Not due: the operation failed.
    { runs: 0n, misses: 0n, failures: 0n },
  ]);
});

test("a tracer that is removed meanwhile still runs this once", () => {
  const [first, second] = [entryOf(new FakeProgram(1)), entryOf(new FakeProgram(2))];
  const map = mapWith(first, second);
  const { ran, runner } = recorder(() => {
    map.tracers?.remove(second);
    return 0;
  });
  runTracers(runner, new TracerDepth(2), UPDATE_ELEM_TARGET, map, 1, ARGS, 0);
  runTracers(runner, new TracerDepth(2), UPDATE_ELEM_TARGET, map, 1, ARGS, 0);
  expect(ran).toEqual([1, 2, 1]);
});

test("a tracer that is replaced meanwhile still runs this once, the new one from the next operation on", () => {
  const map = mapWith(entryOf(new FakeProgram(1)));
  const link = entryOf(new FakeProgram(2));
  map.tracers?.add(link);
  const { ran, runner } = recorder((program) => {
    if (program.id === 1) map.tracers?.replace(link, { ...link, program: new FakeProgram(3) });
    return 0;
  });
  runTracers(runner, new TracerDepth(2), UPDATE_ELEM_TARGET, map, 1, ARGS, 0);
  expect(ran).toEqual([1, 2]);
  runTracers(runner, new TracerDepth(2), UPDATE_ELEM_TARGET, map, 1, ARGS, 0);
  expect(ran).toEqual([1, 2, 1, 3]);
  expect(link.counts.runs).toBe(2n);
});
