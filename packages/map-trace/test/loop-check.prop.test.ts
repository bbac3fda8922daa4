import fc from "fast-check";
import { expect, test } from "vitest";
import { TracerLists, wouldLoop } from "../src/index.ts";
import { entryOf, FakeMap, FakeProgram } from "./fakes.ts";

const MAPS = 6;

/** Which maps can be reached from which, by multiplying the adjacency matrix until nothing is new. */
function closure(edges: readonly (readonly [number, number])[]): boolean[][] {
  const reach = Array.from({ length: MAPS }, () => new Array<boolean>(MAPS).fill(false));
  for (const [from, to] of edges) reach[from]![to] = true;
  for (let k = 0; k < MAPS; k++) {
    for (let i = 0; i < MAPS; i++) {
      for (let j = 0; j < MAPS; j++) if (reach[i]![k]! && reach[k]![j]!) reach[i]![j] = true;
    }
  }
  return reach;
}

test("agrees with plain reachability", () => {
  const map = fc.nat(MAPS - 1);
  fc.assert(
    fc.property(
      fc.array(fc.record({ map, uses: fc.uniqueArray(map, { maxLength: 3 }), traceType: fc.nat(1) }), {
        maxLength: 10,
      }),
      fc.uniqueArray(map, { maxLength: 3 }),
      map,
      (attached, uses, target) => {
        const maps = Array.from({ length: MAPS }, (_, i) => new FakeMap(i));
        attached.forEach((one, i) => {
          const traced = maps[one.map]!;
          traced.tracers ??= new TracerLists();
          const program = new FakeProgram(
            i,
            one.uses.map((n) => maps[n]!),
          );
          traced.tracers.add(entryOf(program, one.traceType));
        });
        const reach = closure(attached.flatMap((one) => one.uses.map((to) => [one.map, to] as const)));
        const expected = uses.some((used) => used === target || reach[used]![target]!);
        const program = new FakeProgram(
          99,
          uses.map((n) => maps[n]!),
        );
        expect(wouldLoop(program, maps[target]!)).toBe(expected);
      },
    ),
    { numRuns: 2000 },
  );
});
