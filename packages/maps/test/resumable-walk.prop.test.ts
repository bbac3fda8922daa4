import { Memory } from "@bpf-ts/memory";
import { BPF_MAP_TYPE_HASH } from "@bpf-ts/uapi/map-types";
import fc from "fast-check";
import { expect, test } from "vitest";
import { MapTable } from "../src/index.ts";

/** What happens between two steps of the walk. */
const event = fc.record({ key: fc.integer({ min: 0, max: 19 }), kind: fc.constantFrom("set", "delete", "step") });

test("a resumable walk shows what is there throughout exactly once, and nothing that is not there", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 0, max: 19 })),
      fc.array(event, { maxLength: 120 }),
      (initial, events) => {
        const memory = new Memory();
        const table = new MapTable(memory, { cpus: 1 });
        const map = table.create({
          type: BPF_MAP_TYPE_HASH,
          name: "m",
          keySize: 4,
          valueSize: 4,
          maxEntries: 20,
          mapFlags: 0,
        });
        const scratch = memory.alloc(8, { label: "scratch" });
        const present = new Set<number>();
        const set = (key: number): void => {
          memory.setU32(scratch, key);
          memory.setU32(scratch + 4, key + 100);
          expect(map.update(scratch, scratch + 4, 0, 0)).toBe(0);
          present.add(key);
        };
        for (const key of initial) set(key);
        const throughout = new Set(initial);
        const shown: number[] = [];
        const walk = map.iterate({ resumable: true })!;
        const step = (): boolean => {
          if (!walk.next()) return false;
          const key = memory.getU32(walk.key);
          expect(present.has(key)).toBe(true);
          expect(memory.getU32(walk.value)).toBe(key + 100);
          shown.push(key);
          return true;
        };
        for (const { key, kind } of events) {
          if (kind === "step") step();
          else if (kind === "set") set(key);
          else {
            memory.setU32(scratch, key);
            map.delete(scratch);
            present.delete(key);
            throughout.delete(key);
          }
        }
        while (step());
        for (const key of throughout) expect(shown.filter((other) => other === key)).toEqual([key]);
        walk.close();
        map.close();
        memory.free(scratch);
        expect(memory.liveBytes).toBe(0);
      },
    ),
  );
});
