/// <reference types="node" />
import * as T from "@bpf-ts/uapi/map-types";
import fc from "fast-check";
import { expect, test } from "vitest";
import { World } from "./map-world.ts";

const RUNS = Number(process.env["BPF_TS_FUZZ_RUNS"] ?? 400);

const KINDS = [
  { type: T.BPF_MAP_TYPE_HASH, mapFlags: 0 },
  { type: T.BPF_MAP_TYPE_HASH, mapFlags: 1 },
  { type: T.BPF_MAP_TYPE_PERCPU_HASH, mapFlags: 0 },
  { type: T.BPF_MAP_TYPE_LRU_HASH, mapFlags: 0 },
  { type: T.BPF_MAP_TYPE_LRU_HASH, mapFlags: 2 },
  { type: T.BPF_MAP_TYPE_LRU_PERCPU_HASH, mapFlags: 0 },
] as const;

const step = fc.record({
  op: fc.constantFrom("update", "update", "delete", "hold", "enter", "leave"),
  key: fc.integer({ min: 0, max: 11 }),
  cpu: fc.integer({ min: 0, max: 1 }),
});

test("against a JS Map; and values that a running program holds keep what they held when their element went", () => {
  fc.assert(
    fc.property(fc.constantFrom(...KINDS), fc.array(step, { maxLength: 150 }), (kind, steps) => {
      const world = new World({ cpus: 2 });
      const map = world.create(kind.type, { maxEntries: 8, mapFlags: kind.mapFlags });
      const lru = kind.type === T.BPF_MAP_TYPE_LRU_HASH || kind.type === T.BPF_MAP_TYPE_LRU_PERCPU_HASH;
      const inPlace = kind.type === T.BPF_MAP_TYPE_PERCPU_HASH || kind.type === T.BPF_MAP_TYPE_LRU_PERCPU_HASH;
      const model = new Map<number, bigint>();
      /** Values of elements that are gone: address, what it must hold. */
      let ghosts: { address: number; value: bigint }[] = [];
      let depth = 0;
      let counter = 0n;
      /** Where each key's value is. */
      const addresses = (): Map<number, number> => {
        const found = new Map<number, number>();
        const walk = map.iterate({ cpu: 0 })!;
        while (walk.next()) found.set(world.memory.getU32(walk.key), walk.value);
        walk.close();
        return found;
      };
      for (const { op, key, cpu } of steps) {
        const held = [...addresses()].map(([at, address]) => ({ at, address, value: model.get(at)! }));
        if (op === "enter") {
          world.table.enter();
          depth++;
        } else if (op === "leave" && depth > 0) {
          world.table.leave();
          if (--depth === 0) ghosts = [];
        } else if (op === "delete") {
          expect(map.delete(world.key(key))).toBe(model.delete(key) ? 0 : -2);
        } else if (op === "update") {
          counter++;
          // CPU 0's value is the one that the model knows.
          const result = world.update(map, key, counter, 0, inPlace ? 0 : cpu);
          if (result === 0) model.set(key, counter);
          else expect([result, model.size, model.has(key)]).toEqual([-7, 8, false]);
          // An LRU map may have thrown others out.
          if (lru) {
            const left = new Set(world.keys(map));
            for (const known of [...model.keys()]) if (!left.has(known)) model.delete(known);
            expect(left.has(key)).toBe(true);
          }
        } else if (op === "hold") {
          expect(world.get(map, key)).toBe(model.get(key));
        }
        const now = addresses();
        if (depth > 0) ghosts.push(...held.filter(({ at, address }) => now.get(at) !== address));
        for (const { address, value } of ghosts) expect(world.memory.getU64(address)).toBe(value);
        expect(map.elementCount).toBe(model.size);
      }
      expect(new Set(world.keys(map))).toEqual(new Set(model.keys()));
      for (const [key, value] of model) expect(world.get(map, key)).toBe(value);
      while (depth-- > 0) world.table.leave();
      map.close();
      expect(world.leak).toBe(0);
    }),
    { numRuns: RUNS },
  );
});
