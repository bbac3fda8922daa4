import { Memory } from "@bpf-ts/memory";
import { BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_LRU_HASH } from "@bpf-ts/uapi/map-types";
import { type BpfMap, createMap } from "../src/index.ts";

/** One measured thing: run it `n` times; the answer depends on all the work, so that none can be dropped. */
export interface Bench {
  name: string;
  run(n: number): number;
  /** Closes its map, which it may share with others: after the last run of all. */
  close(): void;
}

/** A map with 8-byte keys 0 … entries - 1 and 8-byte values, and a key buffer. */
function filled(type: number, entries: number): { map: BpfMap; memory: Memory; key: number } {
  const memory = new Memory();
  const keySize = type === BPF_MAP_TYPE_ARRAY ? 4 : 8;
  const map = createMap(memory, { type, name: "bench", keySize, valueSize: 8, maxEntries: entries, mapFlags: 0 });
  const key = memory.alloc(16);
  for (let i = 0; i < entries; i++) {
    memory.setU32(key, i);
    map.update(key, key + 8, 0, 0);
  }
  return { map, memory, key };
}

/** What map operations cost from JS, on maps of these sizes. */
export function mapBenches(sizes: readonly number[] = [1000, 1_000_000]): Bench[] {
  const types = [
    ["hash", BPF_MAP_TYPE_HASH],
    ["lru_hash", BPF_MAP_TYPE_LRU_HASH],
    ["array", BPF_MAP_TYPE_ARRAY],
  ] as const;
  const benches: Bench[] = [];
  for (const [name, type] of types) {
    for (const size of sizes) {
      const { map, memory, key } = filled(type, size);
      const each = (what: string, one: () => number): void => {
        benches.push({
          name: `${name}, ${size} entries: ${what}`,
          run(n) {
            let sum = 0;
            for (let i = 0; i < n; i++) {
              memory.setU32(key, (i * 7) % size);
              sum += one();
            }
            return sum;
          },
          close: () => map.close(),
        });
      };
      each("hit", () => map.lookup(key, 0));
      each("update", () => map.update(key, key + 8, 0, 0));
      if (type !== BPF_MAP_TYPE_ARRAY)
        each("delete and insert", () => map.delete(key) + map.update(key, key + 8, 0, 0));
    }
  }
  return benches;
}

/** Fills a hash of so many entries from empty; ms. */
export function fillHash(entries: number): number {
  const memory = new Memory();
  const def = { type: BPF_MAP_TYPE_HASH, name: "", keySize: 8, valueSize: 8, maxEntries: entries, mapFlags: 0 };
  const map = createMap(memory, def);
  const key = memory.alloc(16);
  const started = performance.now();
  for (let i = 0; i < entries; i++) {
    memory.setU32(key, i);
    map.update(key, key + 8, 0, 0);
  }
  const elapsed = performance.now() - started;
  map.close();
  return elapsed;
}
