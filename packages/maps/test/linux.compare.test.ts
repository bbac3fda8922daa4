/// <reference types="node" />
/**
 * Our maps against the running kernel's: the same random operations, every answer compared. Skipped, and said so, where the kernel can't be
 * asked. BPF_TS_FUZZ_RUNS sets the number of operations a type.
 */
import type { MapDef } from "@bpf-ts/uapi";
import * as T from "@bpf-ts/uapi/map-types";
import { describe, expect, test } from "vitest";
import { kernelCpus, whyNoKernel } from "./linux/oracle.ts";
import { Random } from "./linux/random.ts";
import { keyValueOperations, littleEndian } from "./linux/sequences.ts";
import { Session } from "./linux/session.ts";

const OPERATIONS = Number(process.env["BPF_TS_FUZZ_RUNS"] ?? 2500);
const SEED = Number(process.env["BPF_TS_FUZZ_SEED"] ?? 1);
const reason = whyNoKernel();
if (reason !== undefined) console.warn(`maps are not compared with a kernel here: ${reason}`);
const cpus = reason === undefined ? kernelCpus() : 1;

const F_NO_PREALLOC = 1;
const F_NO_COMMON_LRU = 2;
const F_ZERO_SEED = 64;

function define(type: number, keySize: number, valueSize: number, maxEntries: number, mapFlags: number): MapDef {
  return { type, name: "", keySize, valueSize, maxEntries, mapFlags };
}

/** Keys of `size` bytes, of which there are about `many`. */
function keysOf(random: Random, size: number, many: number): () => Uint8Array {
  const known = Array.from({ length: many }, (_, i) => {
    const key = size < 4 ? new Uint8Array(size) : random.bytes(size);
    key.set(littleEndian(i).subarray(0, Math.min(4, size)));
    return key;
  });
  return () => random.pick(known);
}

function expectSame(session: Session): void {
  const difference = session.firstDifference();
  if (difference !== undefined) throw new Error(difference);
  expect(session.leak()).toBe(0);
}

/** Several maps of a type, one after the other, until `OPERATIONS` operations were done. */
function compareKeyValue(seed: number, maps: (random: Random) => { def: MapDef; keys: number }): void {
  const random = new Random(seed + SEED * 1000);
  for (let done = 0; done < OPERATIONS; ) {
    const session = new Session(cpus);
    const chunk = Math.min(OPERATIONS - done, 20_000);
    while (session.length < chunk) {
      const { def, keys } = maps(random);
      const map = session.create(def);
      session.info(map);
      const programs = (def.mapFlags & 0x180) === 0;
      const key = keysOf(random, def.keySize, keys);
      keyValueOperations({ session, random, map, def, cpus, key, programs, batches: true, operations: 250 });
      session.keys(map, 2 * Math.min(1000, def.maxEntries));
      session.close(map);
    }
    done += session.length;
    expectSame(session);
  }
}

describe.skipIf(reason !== undefined)("like the running kernel", () => {
  for (const [name, type] of [
    ["HASH", T.BPF_MAP_TYPE_HASH],
    ["PERCPU_HASH", T.BPF_MAP_TYPE_PERCPU_HASH],
  ] as const) {
    test(name, () => {
      compareKeyValue(type, (random) => {
        const maxEntries = random.pick([1, 2, 3, 7, 16, 50, 200]);
        const flags = F_ZERO_SEED | random.pick([0, F_NO_PREALLOC]);
        return {
          def: define(
            type,
            random.pick([1, 2, 3, 4, 4, 8, 8, 12, 13, 16, 40]),
            random.pick([1, 4, 8, 8, 11, 24, 100]),
            maxEntries,
            flags,
          ),
          keys: Math.ceil(maxEntries * random.pick([1, 1.2, 2, 5])),
        };
      });
    });
  }

  for (const [name, type] of [
    ["LRU_HASH", T.BPF_MAP_TYPE_LRU_HASH],
    ["LRU_PERCPU_HASH", T.BPF_MAP_TYPE_LRU_PERCPU_HASH],
  ] as const) {
    test(name, () => {
      compareKeyValue(type, (random) => {
        const maxEntries = random.pick([1, 2, 3, 5, 8, 16, 33, 100, 300, 1000]);
        const flags = F_ZERO_SEED | random.pick([0, F_NO_COMMON_LRU]);
        return {
          def: define(type, random.pick([4, 8, 12]), random.pick([4, 8, 20]), maxEntries, flags),
          keys: Math.ceil(maxEntries * random.pick([0.5, 1, 1.2, 2, 5])),
        };
      });
    });
  }

  for (const [name, type] of [
    ["ARRAY", T.BPF_MAP_TYPE_ARRAY],
    ["PERCPU_ARRAY", T.BPF_MAP_TYPE_PERCPU_ARRAY],
  ] as const) {
    test(name, () => {
      compareKeyValue(type, (random) => {
        const maxEntries = random.pick([1, 2, 3, 7, 16, 50]);
        const def = define(type, 4, random.pick([1, 4, 8, 8, 11, 24, 100]), maxEntries, 0);
        return { def, keys: maxEntries + 2 };
      });
    });
  }
});
