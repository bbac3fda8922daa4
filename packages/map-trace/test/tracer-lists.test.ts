import { expect, test } from "vitest";
import { TargetRegistry, TracerLists, UPDATE_ELEM_TARGET } from "../src/index.ts";
import { entryOf, FakeProgram } from "./fakes.ts";

test("order of attachment, a list for each trace type", () => {
  const lists = new TracerLists();
  const entries = [0, 1, 0, 1, 0].map((type, i) => entryOf(new FakeProgram(i), type));
  for (const entry of entries) lists.add(entry);
  expect(lists.of(0).map(({ program }) => program.id)).toEqual([0, 2, 4]);
  expect(lists.of(1).map(({ program }) => program.id)).toEqual([1, 3]);
  expect(lists.of(2)).toEqual([]);
  expect([...lists].length).toBe(5);
});

test("removes the entry, not its program's other one", () => {
  const lists = new TracerLists();
  const program = new FakeProgram(1);
  const [first, second] = [entryOf(program), entryOf(program)];
  lists.add(first);
  lists.add(second);
  lists.remove(first);
  expect(lists.of(0)).toEqual([second]);
  expect(lists.of(0)[0]).toBe(second);
  lists.remove(first);
  expect(lists.of(0)[0]).toBe(second);
  lists.remove(second);
  expect(lists.isEmpty).toBe(true);
});

test("a walk sees the list as it was, whatever comes and goes", () => {
  const lists = new TracerLists();
  const entries = [1, 2, 3].map((id) => entryOf(new FakeProgram(id)));
  for (const entry of entries) lists.add(entry);
  const seen: number[] = [];
  for (const entry of lists.of(0)) {
    seen.push(entry.program.id);
    if (entry === entries[0]) {
      lists.remove(entries[1]!);
      lists.add(entryOf(new FakeProgram(4)));
    }
  }
  expect(seen).toEqual([1, 2, 3]);
  expect(lists.of(0).map(({ program }) => program.id)).toEqual([1, 3, 4]);
});

test("16 fit; adding one more is a defect", () => {
  const lists = new TracerLists();
  for (let i = 0; i < 16; i++) {
    expect(lists.isFull(0)).toBe(false);
    lists.add(entryOf(new FakeProgram(i)));
  }
  expect(lists.isFull(0)).toBe(true);
  expect(lists.isFull(1)).toBe(false);
  expect(() => lists.add(entryOf(new FakeProgram(16)))).toThrow("tracer list is full");
  expect(lists.of(0).length).toBe(16);
});

test("targets: found by the id of their hook, until they are taken out", () => {
  const registry = new TargetRegistry();
  const names = new Map([
    [7, UPDATE_ELEM_TARGET.hookFunc],
    [8, "something_else"],
  ]);
  const asked: number[] = [];
  const name = (id: number): string | undefined => {
    asked.push(id);
    return names.get(id);
  };
  expect(registry.byBtfId(7, name)).toBe(UPDATE_ELEM_TARGET);
  expect(registry.byBtfId(7, name)).toBe(UPDATE_ELEM_TARGET);
  expect(asked).toEqual([7]);
  expect(registry.byBtfId(8, name)).toBeUndefined();
  expect(registry.byBtfId(9, name)).toBeUndefined();
  expect(() => registry.register({ ...UPDATE_ELEM_TARGET, hookFunc: "another" })).toThrow("already registered");
  expect(() => registry.register({ ...UPDATE_ELEM_TARGET, traceType: 9 })).toThrow("already registered");
  registry.unregister(UPDATE_ELEM_TARGET);
  expect(registry.isRegistered(UPDATE_ELEM_TARGET)).toBe(false);
  expect(registry.byBtfId(7, name)).toBeUndefined();
  expect([...registry].map(({ operation }) => operation)).toEqual(["DELETE_ELEM"]);
  registry.register(UPDATE_ELEM_TARGET);
  expect(registry.byTraceType(0)).toBe(UPDATE_ELEM_TARGET);
  expect(registry.byTraceType(2)).toBeUndefined();
});
