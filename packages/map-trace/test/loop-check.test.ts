import { expect, test } from "vitest";
import { TracerLists, wouldLoop } from "../src/index.ts";
import { entryOf, FakeMap, FakeProgram } from "./fakes.ts";

function traced(map: FakeMap, by: FakeProgram, traceType = 0): void {
  map.tracers ??= new TracerLists();
  map.tracers.add(entryOf(by, traceType));
}

test("a program that uses no map makes no loop", () => {
  expect(wouldLoop(new FakeProgram(1), new FakeMap(1))).toBe(false);
});

test("a program that uses the map itself", () => {
  const map = new FakeMap(1);
  expect(wouldLoop(new FakeProgram(1, [new FakeMap(2), map]), map)).toBe(true);
});

test("over the tracers of another map, of whichever trace type", () => {
  for (const traceType of [0, 1]) {
    const [first, second] = [new FakeMap(1), new FakeMap(2)];
    traced(second, new FakeProgram(2, [first]), traceType);
    expect(wouldLoop(new FakeProgram(1, [second]), first)).toBe(true);
    expect(wouldLoop(new FakeProgram(1, [second]), new FakeMap(3))).toBe(false);
  }
});

test("a loop among other maps, which should not be there, does not hang the check", () => {
  const [a, b] = [new FakeMap(1), new FakeMap(2)];
  traced(a, new FakeProgram(1, [b]));
  traced(b, new FakeProgram(2, [a]));
  expect(wouldLoop(new FakeProgram(3, [a]), new FakeMap(3))).toBe(false);
});

test("a chain of 20,000 maps needs no stack", () => {
  const maps = Array.from({ length: 20_000 }, (_, i) => new FakeMap(i));
  for (let i = 0; i + 1 < maps.length; i++) traced(maps[i]!, new FakeProgram(i, [maps[i + 1]!]));
  expect(wouldLoop(new FakeProgram(-1, [maps[0]!]), maps.at(-1)!)).toBe(true);
});
