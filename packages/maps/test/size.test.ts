/// <reference types="node" />
import * as T from "@bpf-ts/uapi/map-types";
import { expect, test } from "vitest";
import { World } from "./map-world.ts";

const ENTRIES = 1_000_000;

test("a million entries: memory within 1.3 × (key + value + 16) an entry", () => {
  for (const mapFlags of [0, 1]) {
    for (const [keySize, valueSize] of [
      [8, 8],
      [16, 64],
    ] as const) {
      const world = new World({ maxBytes: 1024 * 1024 * 1024 });
      const map = world.create(T.BPF_MAP_TYPE_HASH, { keySize, valueSize, maxEntries: ENTRIES, mapFlags });
      for (let i = 0; i < ENTRIES; i++) if (world.update(map, i, i) !== 0) throw new Error("update failed");
      expect(map.elementCount).toBe(ENTRIES);
      expect(world.memory.committedBytes / ENTRIES).toBeLessThanOrEqual(1.3 * (keySize + valueSize + 16));
      map.close();
      expect(world.leak).toBe(0);
    }
  }
});
