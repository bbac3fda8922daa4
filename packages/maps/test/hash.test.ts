import * as T from "@bpf-ts/uapi/map-types";
import { describe, expect, test } from "vitest";
import { UNKNOWN_FLAG } from "../src/index.ts";
import { World } from "./map-world.ts";

const ANY = 0;
const NOEXIST = 1;
const EXIST = 2;
const HASH_TYPES = [
  ["HASH", T.BPF_MAP_TYPE_HASH, 0],
  ["HASH, not preallocated", T.BPF_MAP_TYPE_HASH, 1],
  ["PERCPU_HASH", T.BPF_MAP_TYPE_PERCPU_HASH, 0],
  ["PERCPU_HASH, not preallocated", T.BPF_MAP_TYPE_PERCPU_HASH, 1],
  ["LRU_HASH", T.BPF_MAP_TYPE_LRU_HASH, 0],
  ["LRU_HASH, lists for each CPU", T.BPF_MAP_TYPE_LRU_HASH, 2],
  ["LRU_PERCPU_HASH", T.BPF_MAP_TYPE_LRU_PERCPU_HASH, 0],
] as const;

describe.each(HASH_TYPES)("%s", (_name, type, mapFlags) => {
  test("update flags", () => {
    // With lists for each of several CPUs, a map of 4 would have one entry a CPU.
    const world = new World({ cpus: 1 });
    const map = world.create(type, { mapFlags });
    expect(world.update(map, 1, 10, EXIST)).toBe(-2);
    expect(world.update(map, 1, 10, NOEXIST)).toBe(0);
    expect(world.update(map, 1, 11, NOEXIST)).toBe(-17);
    expect(world.get(map, 1)).toBe(10n);
    expect(world.update(map, 1, 12, EXIST)).toBe(0);
    expect(world.update(map, 1, 13, ANY)).toBe(0);
    expect(world.get(map, 1)).toBe(13n);
    for (const flags of [3, 4, 8, -1, UNKNOWN_FLAG]) expect(world.update(map, 1, 14, flags)).toBe(-22);
    expect(map.elementCount).toBe(1);
    expect(map.delete(world.key(2))).toBe(-2);
    expect(map.delete(world.key(1))).toBe(0);
    expect(world.get(map, 1)).toBeUndefined();
    expect(map.elementCount).toBe(0);
  });

  test("keys are read-only for programs, values writable, neighbours and words out of reach", () => {
    const world = new World({ cpus: 2 });
    const { memory } = world;
    const map = world.create(type, { mapFlags, keySize: 4, valueSize: 12 });
    world.update(map, 1, 10);
    world.update(map, 2, 20);
    const value = map.lookup(world.key(1), 0);
    expect(value % 8).toBe(0);
    expect(memory.isLive(value, 12, true)).toBe(true);
    expect(memory.isLive(value, 13)).toBe(false);
    expect(memory.isLive(value - 1, 1)).toBe(false);
    const walk = map.iterate()!;
    expect(walk.next()).toBe(true);
    expect(memory.isLive(walk.key, 4)).toBe(true);
    expect(memory.isLive(walk.key, 4, true)).toBe(false);
    expect(memory.isLive(walk.key - 4, 4)).toBe(false);
    expect(memory.isLive(walk.key, 5)).toBe(false);
    walk.close();
  });

  test("flags about programs: read-only and write-only values", () => {
    const world = new World();
    const readonly = world.create(type, { mapFlags: mapFlags | 128 });
    world.update(readonly, 1, 10);
    const value = readonly.lookup(world.key(1), 0);
    expect([world.memory.isLive(value, 8), world.memory.isLive(value, 8, true)]).toEqual([true, false]);
    const writeonly = world.create(type, { mapFlags: mapFlags | 256 });
    world.update(writeonly, 1, 10);
    expect(world.memory.isLive(writeonly.lookup(world.key(1), 0), 1)).toBe(false);
  });

  test("what a running program deletes stays where it is until it ends", () => {
    const world = new World();
    const map = world.create(type, { mapFlags, maxEntries: 8 });
    for (let i = 0; i < 4; i++) world.update(map, i, 100 + i);
    world.asProgram(() => {
      const held = map.lookup(world.key(2), 0);
      expect(map.delete(world.key(2))).toBe(0);
      // As many inserts and deletes as there are elements, twice over.
      for (let i = 0; i < 16; i++) {
        expect(world.update(map, 1000 + i, 7)).toBe(0);
        expect(map.delete(world.key(1000 + i))).toBe(0);
      }
      expect(world.memory.getU64(held)).toBe(102n);
      expect(world.memory.isLive(held, 8)).toBe(true);
      // Nested runs do not end it.
      world.asProgram(() => map.delete(world.key(3)));
      for (let i = 0; i < 16; i++) world.update(map, 2000, i);
      expect(world.memory.getU64(held)).toBe(102n);
    });
    // Afterwards memory is used again: no run takes more than the one before.
    const steady = (): number => {
      world.asProgram(() => {
        for (let i = 0; i < 8; i++) {
          world.update(map, 3000, i);
          map.delete(world.key(3000));
        }
      });
      return world.memory.liveBytes;
    };
    const first = steady();
    for (let i = 0; i < 50; i++) expect(steady()).toBe(first);
    map.close();
    expect(world.leak).toBe(0);
  });

  test("a program that never ends is held to a bound", () => {
    const world = new World();
    const map = world.create(type, { mapFlags, maxEntries: 4, valueSize: 4096 });
    world.asProgram(() => {
      for (let i = 0; i < 20_000; i++) {
        world.update(map, 1, i);
        map.delete(world.key(1));
      }
    });
    // 20,000 values of 4 KiB and more went through; 16 MiB of them wait at most, times the rounding of chunks.
    expect(world.leak).toBeLessThan(40 * 1024 * 1024);
    map.close();
    expect(world.leak).toBe(0);
  });

  test("while somebody reads what was deleted it is not used again, not even where there is no other memory", () => {
    const world = new World({ cpus: 1, maxBytes: 1024 * 1024 });
    const map = world.create(type, { mapFlags, maxEntries: 1, valueSize: 4096 });
    const { memory, table } = world;
    /** Inserts and deletes until that fails, or a thousand times. */
    const churn = (): number => {
      for (let i = 0; i < 1000; i++) {
        const result = world.update(map, 2, i) || map.delete(world.key(2));
        if (result !== 0) return result;
      }
      return 0;
    };
    world.asProgram(() => {
      world.update(map, 1, 77);
      const held = map.lookup(world.key(1), 0);
      map.delete(world.key(1));
      table.keepDeleted(() => {
        table.keepDeleted(() => {});
        expect(table.keepsDeleted).toBe(true);
        expect(churn()).toBe(-12);
        expect(memory.getU64(held)).toBe(77n);
        expect([map.elementCount, world.keys(map)]).toEqual([0, []]);
      });
      expect(table.keepsDeleted).toBe(false);
      expect(churn()).toBe(0);
    });
    map.close();
    expect(world.leak).toBe(0);
  });

  test("key and value may lie in the element that goes", () => {
    const world = new World();
    const map = world.create(type, { mapFlags, keySize: 8, valueSize: 8 });
    world.asProgram(() => {
      // The value of 5 is the key 6 with its value.
      world.memory.setU64(world.key(5) + 4, 0n);
      world.memory.setU64(world.key(5), 5n);
      map.update(world.key(5), world.value(6), ANY, 0);
      const inside = map.lookup(world.key(5), 0);
      expect(map.update(inside, inside, ANY, 0)).toBe(0);
      expect(map.delete(inside)).toBe(0);
      expect(world.memory.getU64(inside)).toBe(6n);
      expect(map.update(world.key(5), inside, ANY, 0)).toBe(0);
      expect(world.get(map, 5)).toBe(6n);
    });
  });
});

describe("HASH", () => {
  test("full: new keys are refused, old ones are still updated", () => {
    for (const mapFlags of [0, 1]) {
      const world = new World({ cpus: 2 });
      const map = world.create(T.BPF_MAP_TYPE_HASH, { maxEntries: 3, mapFlags });
      for (let i = 0; i < 3; i++) expect(world.update(map, i, i)).toBe(0);
      expect(world.update(map, 3, 3)).toBe(-7);
      for (let i = 0; i < 10; i++) expect(world.update(map, 1, 50 + i)).toBe(0);
      expect(world.update(map, 3, 3, EXIST)).toBe(-2);
      expect(map.delete(world.key(0))).toBe(0);
      expect(world.update(map, 3, 3)).toBe(0);
      expect(world.keys(map).sort()).toEqual([1, 2, 3]);
    }
  });

  test("an update puts a new element in place; the old value keeps its content for who holds it", () => {
    const world = new World();
    const map = world.create(T.BPF_MAP_TYPE_HASH);
    world.update(map, 1, 10);
    world.asProgram(() => {
      const old = map.lookup(world.key(1), 0);
      world.update(map, 1, 11);
      expect(map.lookup(world.key(1), 0)).not.toBe(old);
      expect(world.memory.getU64(old)).toBe(10n);
      expect(world.get(map, 1)).toBe(11n);
    });
  });

  test("the order of keys is Linux's where the seed is zero", () => {
    const world = new World();
    const map = world.create(T.BPF_MAP_TYPE_HASH, { maxEntries: 8, mapFlags: 64 });
    for (let i = 0; i < 8; i++) world.update(map, i, i);
    // Recorded from Linux 6.18.
    expect(world.keys(map)).toEqual([0, 4, 7, 2, 1, 6, 5, 3]);
  });

  test("values outlive growth of the memory", () => {
    const world = new World();
    const map = world.create(T.BPF_MAP_TYPE_HASH, { maxEntries: 100_000, mapFlags: 1 });
    const before = world.memory.generation;
    for (let i = 0; i < 100_000; i++) expect(world.update(map, i, i * 3)).toBe(0);
    expect(world.memory.generation).toBeGreaterThan(before);
    for (let i = 0; i < 100_000; i += 997) expect(world.get(map, i)).toBe(BigInt(i * 3));
    expect(new Set(world.keys(map)).size).toBe(100_000);
  });

  test("out of memory: -ENOMEM, and the map is as it was", () => {
    const world = new World({ maxBytes: 1024 * 1024 });
    const map = world.create(T.BPF_MAP_TYPE_HASH, { maxEntries: 1000, mapFlags: 1, valueSize: 4096 });
    let inserted = 0;
    let error = 0;
    for (; error === 0; inserted++) error = world.update(map, inserted, inserted);
    inserted--;
    expect(error).toBe(-12);
    expect(map.elementCount).toBe(inserted);
    expect(world.keys(map).length).toBe(inserted);
    expect(world.get(map, inserted - 1)).toBe(BigInt(inserted - 1));
    expect(map.delete(world.key(0))).toBe(0);
    expect(world.update(map, 9999, 1)).toBe(0);
  });
});

describe("walks", () => {
  // Two buckets; what is in which, newest first, is told by the first test.
  const small = (): { world: World; map: ReturnType<World["create"]> } => {
    const world = new World();
    const map = world.create(T.BPF_MAP_TYPE_HASH, { maxEntries: 2, mapFlags: 64 });
    return { world, map };
  };

  test("get_next_key: in the order of buckets; from the beginning for a key that is not there", () => {
    const { world, map } = small();
    const at = world.memory.alloc(8);
    expect(map.getNextKey(0, at)).toBe(-2);
    world.update(map, 1, 1);
    world.update(map, 2, 2);
    const [first, second] = world.keys(map);
    expect([first, second].sort()).toEqual([1, 2]);
    expect(map.getNextKey(world.key(77), at)).toBe(0);
    expect(world.memory.getU32(at)).toBe(first);
    expect(map.getNextKey(world.key(second!), at)).toBe(-2);
  });

  test("deleting what it stands on stops no walk", () => {
    for (const resumable of [false, true]) {
      const world = new World();
      const map = world.create(T.BPF_MAP_TYPE_HASH, { maxEntries: 3, mapFlags: 64 });
      for (let i = 0; i < 3; i++) world.update(map, i, i);
      const order = world.keys(map);
      const seen: number[] = [];
      world.asProgram(() => {
        const walk = map.iterate({ resumable })!;
        while (walk.next()) {
          seen.push(world.memory.getU32(walk.key));
          map.delete(walk.key);
        }
        walk.close();
      });
      expect(seen).toEqual(order);
      expect(map.elementCount).toBe(0);
    }
  });

  test("for_each shows an element that was deleted before its turn if it was next in its bucket; a resumable walk does not", () => {
    const world = new World();
    const map = world.create(T.BPF_MAP_TYPE_HASH, { maxEntries: 64, mapFlags: 64 });
    const fill = (): void => {
      for (let i = 0; i < 64; i++) world.update(map, i, i);
    };
    fill();
    const order = world.keys(map);
    /** Deletes the successor of each element that is shown; how many of those were shown all the same. */
    const ghosts = (resumable: boolean): number => {
      const deleted = new Set<number>();
      let shown = 0;
      world.asProgram(() => {
        const walk = map.iterate({ resumable })!;
        while (walk.next()) {
          const key = world.memory.getU32(walk.key);
          if (deleted.has(key)) shown++;
          const following = order[order.indexOf(key) + 1];
          if (following === undefined) continue;
          map.delete(world.key(following));
          deleted.add(following);
        }
        walk.close();
      });
      fill();
      return shown;
    };
    expect(ghosts(true)).toBe(0);
    expect(ghosts(false)).toBeGreaterThan(0);
  });
});

describe("PERCPU_HASH", () => {
  test("a program sets its own CPU's value; user space all of them", () => {
    const world = new World({ cpus: 3 });
    const map = world.create(T.BPF_MAP_TYPE_PERCPU_HASH, { valueSize: 4 });
    expect(map.sysValueSize).toBe(24);
    expect(world.update(map, 1, 0x11, ANY, 1)).toBe(0);
    const each = (): number[] => [0, 1, 2].map((cpu) => world.memory.getU32(map.lookupPercpu(world.key(1), cpu)));
    expect(each()).toEqual([0, 0x11, 0]);
    expect(map.lookupPercpu(world.key(1), 3)).toBe(0);
    expect(map.lookupPercpu(world.key(1), -1)).toBe(0);
    expect(world.update(map, 1, 0x22, ANY, 2)).toBe(0);
    expect(each()).toEqual([0, 0x11, 0x22]);
    for (let cpu = 0; cpu < 3; cpu++) world.memory.setU64(world.out + 8 * cpu, BigInt(100 + cpu));
    expect(map.sysUpdate(world.key(1), world.out, ANY, 0)).toBe(0);
    expect(each()).toEqual([100, 101, 102]);
    world.memory.fill(world.out, 0xff, 24);
    expect(map.sysLookup(world.key(1), world.out, 0)).toBe(0);
    expect([0, 1, 2].map((cpu) => world.memory.getU64(world.out + 8 * cpu))).toEqual([100n, 101n, 102n]);
  });
});

describe("LRU_HASH", () => {
  test("a new key evicts what was not used again", () => {
    const world = new World({ cpus: 1 });
    const map = world.create(T.BPF_MAP_TYPE_LRU_HASH, { maxEntries: 4, mapFlags: 2 });
    for (let i = 0; i < 4; i++) world.update(map, i, i);
    for (const used of [0, 1]) map.lookup(world.key(used), 0);
    world.update(map, 4, 4);
    // Recorded from Linux 6.18: with lists for each CPU, up to four unused ones go at once.
    expect(world.keys(map).sort()).toEqual([0, 1, 4]);
  });

  test("user space's look-ups do not count as use", () => {
    const world = new World({ cpus: 1 });
    const map = world.create(T.BPF_MAP_TYPE_LRU_HASH, { maxEntries: 4, mapFlags: 2 });
    for (let i = 0; i < 4; i++) world.update(map, i, i);
    for (const seen of [0, 1]) map.sysLookup(world.key(seen), world.out, 0);
    world.update(map, 4, 4);
    expect(world.keys(map)).toEqual([4]);
  });

  test("never more than it has room for, on any CPU, and what was evicted is gone", () => {
    for (const mapFlags of [0, 2]) {
      const world = new World({ cpus: 3 });
      const map = world.create(T.BPF_MAP_TYPE_LRU_HASH, { maxEntries: 30, mapFlags });
      for (let i = 0; i < 5000; i++) {
        expect(world.update(map, (i * 7919) % 100, i, ANY, i % 3)).toBe(0);
        expect(map.elementCount).toBeLessThanOrEqual(30);
        expect(world.get(map, (i * 7919) % 100, i % 3)).toBe(BigInt(i));
      }
      expect(world.keys(map).length).toBe(map.elementCount);
      map.close();
      expect(world.leak).toBe(0);
    }
  });
});
