/// <reference types="node" />
/**
 * Our maps against the running kernel's: the same random operations, every answer compared. Skipped, and said so, where the kernel can't be
 * asked. BPF_TS_FUZZ_RUNS sets the number of operations a type.
 */
import type { MapDef } from "@bpf-ts/uapi";
import * as T from "@bpf-ts/uapi/map-types";
import { describe, expect, test } from "vitest";
import { kernelCpus, kernelHas, whyNoKernel } from "./linux/oracle.ts";
import { Random } from "./linux/random.ts";
import {
  bloomOperations,
  concat,
  keyValueOperations,
  littleEndian,
  objectOperations,
  queueOperations,
} from "./linux/sequences.ts";
import { Session } from "./linux/session.ts";

const OPERATIONS = Number(process.env["BPF_TS_FUZZ_RUNS"] ?? 2500);
const SEED = Number(process.env["BPF_TS_FUZZ_SEED"] ?? 1);
const reason = whyNoKernel();
const cpus = reason === undefined ? kernelCpus() : 1;

const F_NO_PREALLOC = 1;
const F_NO_COMMON_LRU = 2;
const F_ZERO_SEED = 64;
const F_INNER_MAP = 4096;

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
      keyValueOperations({
        session,
        random,
        map,
        def,
        cpus,
        key,
        programs,
        batches: true,
        operations: Math.min(250, OPERATIONS),
      });
      session.keys(map, 2 * Math.min(1000, def.maxEntries));
      session.close(map);
    }
    done += session.length;
    expectSame(session);
  }
}

/** Maps of one kind, one after the other, until `OPERATIONS` operations were done. */
function compareMaps(seed: number, one: (session: Session, random: Random) => void, operations = OPERATIONS): void {
  const random = new Random(seed + SEED * 1000);
  for (let done = 0; done < operations; ) {
    const session = new Session(cpus);
    const chunk = Math.min(operations - done, 20_000);
    while (session.length < chunk) one(session, random);
    done += session.length;
    expectSame(session);
  }
}

/** All that there are, and one too few and too many. */
const TYPES = [...Array(35).keys()];
/** Where the lock of {@link lockBtf}'s value is. */
const LOCK = { offset: 8, size: 4, kind: "spin_lock" } as const;

/** BTF with: 1 u32; 2 struct bpf_spin_lock; 3 u64; 4 struct { u64 a; struct bpf_spin_lock lock; u32 b; u64 c }. */
function lockBtf(): Uint8Array {
  const names = "\0u32\0bpf_spin_lock\0u64\0v\0a\0lock\0b\0c\0";
  const at = (name: string): number => names.indexOf(`\0${name}\0`) + 1;
  const INT = 1 << 24;
  const STRUCT = 4 << 24;
  const types = [
    [at("u32"), INT, 4, 32],
    [at("bpf_spin_lock"), STRUCT | 1, 4, at("a"), 1, 0],
    [at("u64"), INT, 8, 64],
    [at("v"), STRUCT | 4, 24, at("a"), 3, 0, at("lock"), 2, 64, at("b"), 1, 96, at("c"), 3, 128],
  ].flat();
  const strings = new TextEncoder().encode(names);
  const header = [0x0001_eb9f, 24, 0, types.length * 4, types.length * 4, strings.length];
  return concat([...header, ...types].map(littleEndian).concat(strings));
}

const VALUE_SIZES = [
  0, 1, 3, 4, 4, 4, 4, 8, 8, 8, 16, 24, 100, 1016, 1024, 32767, 32768, 32769, 65487, 65488, 4194008, 4194009, 4194240,
  4194251, 4194252, 4194304, 4194305, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff,
];
const CREATE_FLAGS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 0x2_0000, 0x4_0000, 0x8_0000];

function randomFlags(random: Random): number {
  let flags = random.oneIn(3) ? 0 : random.pick([0, 1, 1, 4, 64, 512, 1024]);
  while (random.oneIn(3)) flags |= random.pick(CREATE_FLAGS);
  return flags >>> 0;
}

/** Maps that would take the machine's memory to make, or to find out that they can't be made. */
function tooBig(def: MapDef): boolean {
  const bytes = def.maxEntries * (def.keySize + cpus * def.valueSize + 64);
  if (bytes <= 1024 * 1024) return false;
  // Refused by number before anything is allocated, or not allocated by number.
  if (HASHES.includes(def.type)) return def.maxEntries <= 2 ** 27;
  if (def.type === T.BPF_MAP_TYPE_LPM_TRIE || def.type === T.BPF_MAP_TYPE_CPUMAP) return false;
  // In one piece that no machine has; but piece by piece for per-CPU arrays.
  return def.type === T.BPF_MAP_TYPE_PERCPU_ARRAY || bytes < 2 ** 44;
}

const HASHES = [
  T.BPF_MAP_TYPE_HASH,
  T.BPF_MAP_TYPE_PERCPU_HASH,
  T.BPF_MAP_TYPE_LRU_HASH,
  T.BPF_MAP_TYPE_LRU_PERCPU_HASH,
  T.BPF_MAP_TYPE_HASH_OF_MAPS,
];

/** Says why, where these tests cannot run. */
const title = `like the running kernel${reason === undefined ? "" : ` (skipped: ${reason})`}`;

describe.skipIf(reason !== undefined)(title, () => {
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

  test("LPM_TRIE", () => {
    compareMaps(T.BPF_MAP_TYPE_LPM_TRIE, (session, random) => {
      const dataSize = random.pick([1, 2, 3, 4, 4, 8, 16]);
      const maxEntries = random.pick([1, 2, 5, 20, 100]);
      const def = define(T.BPF_MAP_TYPE_LPM_TRIE, 4 + dataSize, random.pick([1, 4, 8, 13]), maxEntries, F_NO_PREALLOC);
      const map = session.create(def);
      const near = random.oneIn(2);
      const key = (): Uint8Array => {
        const bits = random.oneIn(30) ? dataSize * 8 + 1 + random.below(3) : random.below(dataSize * 8 + 1);
        // Few different bits, so that prefixes meet; and rubbish beyond the prefix, which must not matter.
        const data = random.bytes(dataSize);
        if (near) for (let i = 0; i < dataSize; i++) data[i]! &= i === 0 ? 0xc0 : 0x11;
        return concat([littleEndian(bits), data]);
      };
      keyValueOperations({ session, random, map, def, cpus, key, programs: true, batches: true, operations: 250 });
      session.keys(map, 1000);
      session.close(map);
    });
  });

  for (const [name, type] of [
    ["QUEUE", T.BPF_MAP_TYPE_QUEUE],
    ["STACK", T.BPF_MAP_TYPE_STACK],
  ] as const) {
    test(name, () => {
      compareMaps(type, (session, random) => {
        const def = define(type, 0, random.pick([1, 4, 8, 13]), random.pick([1, 2, 3, 10, 30]), 0);
        const map = session.create(def);
        queueOperations({ session, random, map, def, programs: true, operations: 200 });
        session.close(map);
      });
    });
  }

  test("BLOOM_FILTER", () => {
    compareMaps(T.BPF_MAP_TYPE_BLOOM_FILTER, (session, random) => {
      const size = random.pick([1, 3, 4, 8, 13, 24]);
      const def = {
        ...define(T.BPF_MAP_TYPE_BLOOM_FILTER, 0, size, random.pick([1, 3, 10, 100, 1000]), F_ZERO_SEED),
        mapExtra: BigInt(random.below(16)),
      };
      const map = session.create(def);
      const key = keysOf(random, size, 200);
      bloomOperations({ session, random, map, def, key, programs: true, operations: 200 });
      session.close(map);
    });
  });

  test("PROG_ARRAY, PERF_EVENT_ARRAY, CGROUP_ARRAY", () => {
    compareMaps(T.BPF_MAP_TYPE_PROG_ARRAY, (session, random) => {
      if (session.length === 0) for (let i = 0; i < 3; i++) session.program();
      const type = random.pick([
        T.BPF_MAP_TYPE_PROG_ARRAY,
        T.BPF_MAP_TYPE_PERF_EVENT_ARRAY,
        T.BPF_MAP_TYPE_CGROUP_ARRAY,
      ]);
      const maxEntries = random.pick([1, 2, 5, 20]);
      const def = define(type, 4, 4, maxEntries, 0);
      const map = session.create(def);
      const key = keysOf(random, 4, maxEntries + 2);
      const isProgs = type === T.BPF_MAP_TYPE_PROG_ARRAY;
      const objects = isProgs ? ["p0", "p1", "p2", "1000000", "-1", `m${map}`] : ["1000000", "-1"];
      objectOperations({ session, random, map, def, key, batches: true, operations: 150 }, objects, isProgs);
      session.close(map);
    });
  });

  for (const [name, type] of [
    ["ARRAY_OF_MAPS", T.BPF_MAP_TYPE_ARRAY_OF_MAPS],
    ["HASH_OF_MAPS", T.BPF_MAP_TYPE_HASH_OF_MAPS],
  ] as const) {
    test(name, () => {
      compareMaps(type, (session, random) => {
        if (session.length === 0) {
          session.program();
          for (const maxEntries of [4, 4, 5]) session.create(define(T.BPF_MAP_TYPE_ARRAY, 4, 8, maxEntries, 0));
          for (const maxEntries of [4, 5]) session.create(define(T.BPF_MAP_TYPE_HASH, 4, 8, maxEntries, 0));
          for (const maxEntries of [4, 5]) session.create(define(T.BPF_MAP_TYPE_ARRAY, 4, 8, maxEntries, F_INNER_MAP));
          session.create(define(T.BPF_MAP_TYPE_HASH, 4, 8, 4, F_NO_PREALLOC));
          session.create(define(T.BPF_MAP_TYPE_LRU_HASH, 4, 8, 4, 0));
        }
        const maxEntries = random.pick([1, 2, 5, 20]);
        const isHash = type === T.BPF_MAP_TYPE_HASH_OF_MAPS;
        const keySize = isHash ? random.pick([1, 4, 8]) : 4;
        const flags = isHash ? F_ZERO_SEED | random.pick([0, F_NO_PREALLOC]) : 0;
        const def = define(type, keySize, 4, maxEntries, flags);
        const map = session.create(def, { inner: random.below(9) });
        const key = keysOf(random, keySize, maxEntries + 2);
        const objects = ["m0", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "p0", "1000000", "-1", `m${map}`];
        objectOperations({ session, random, map, def, key, batches: isHash, operations: 150 }, objects, true);
        session.close(map);
      });
    });
  }

  test("RINGBUF", () => {
    compareMaps(T.BPF_MAP_TYPE_RINGBUF, (session, random) => {
      const size = random.pick([4096, 4096, 8192]);
      const map = session.create(define(T.BPF_MAP_TYPE_RINGBUF, 0, 0, size, 0));
      for (let i = 0; i < 150; i++) {
        const kind = random.below(10);
        const length = random.pick([0, 1, 7, 8, 9, 100, 500, 1000, 4000]);
        if (kind < 6) session.ringOut(map, random.bytes(length), random.pick([0n, 0n, 1n, 2n, 3n, 4n]));
        else if (kind === 6) session.ringQuery(map);
        else if (kind === 7) session.ringData(map);
        else session.ringEat(map, random.below(6));
      }
      session.close(map);
    });
  });

  for (const [name, type, valueSize] of [
    ["DEVMAP", T.BPF_MAP_TYPE_DEVMAP, 4],
    ["DEVMAP_HASH", T.BPF_MAP_TYPE_DEVMAP_HASH, 8],
    ["CPUMAP", T.BPF_MAP_TYPE_CPUMAP, 8],
  ] as const) {
    test(name, () => {
      compareMaps(
        type,
        (session, random) => {
          const maxEntries = random.pick([1, 2, 4, 9]);
          const def = define(type, 4, random.oneIn(2) ? valueSize : 12 - valueSize, maxEntries, 0);
          const map = session.create(def);
          const key = keysOf(random, 4, maxEntries + 2);
          const numbers = type === T.BPF_MAP_TYPE_CPUMAP ? [0, 1, 64, 16384, 16385, 2 ** 32 - 1] : [0, 1, 1, 1, 99_999];
          const value = (): Uint8Array => {
            const fd = random.pick([0, 0, 0, 2 ** 32 - 1, 1_000_000]);
            return concat([littleEndian(random.pick(numbers)), littleEndian(fd)]).subarray(0, def.valueSize);
          };
          keyValueOperations({
            session,
            random,
            map,
            def,
            cpus,
            key,
            value,
            programs: false,
            batches: true,
            operations: 100,
          });
          session.keys(map, 30);
          session.close(map);
        },
        // Every queue of a CPU map is a thread of the kernel.
        type === T.BPF_MAP_TYPE_CPUMAP ? Math.min(1000, OPERATIONS) : OPERATIONS,
      );
    });
  }

  for (const [name, type] of [
    ["SOCKMAP", T.BPF_MAP_TYPE_SOCKMAP],
    ["SOCKHASH", T.BPF_MAP_TYPE_SOCKHASH],
    ["XSKMAP", T.BPF_MAP_TYPE_XSKMAP],
    ["REUSEPORT_SOCKARRAY", T.BPF_MAP_TYPE_REUSEPORT_SOCKARRAY],
  ] as const) {
    test(name, (context) => {
      if (!kernelHas("socket xdp")) context.skip("this kernel makes no AF_XDP sockets");
      compareMaps(type, (session, random) => {
        const files = ["f0", "f1", "f2", "f3"];
        if (session.length === 0) {
          for (const kind of ["udp", "listen", "xdp", "udp"] as const) session.file(kind);
          session.program();
        }
        const maxEntries = random.pick([1, 2, 5, 10]);
        const keySize = type === T.BPF_MAP_TYPE_SOCKHASH ? random.pick([1, 4, 7, 16]) : 4;
        const valueSize = type === T.BPF_MAP_TYPE_XSKMAP ? 4 : random.pick([4, 8, 8, 8]);
        const def = define(type, keySize, valueSize, maxEntries, 0);
        const map = session.create(def);
        const key = keysOf(random, keySize, maxEntries + 2);
        const objects = [...files, ...files, "p0", "1000000", "-1"];
        objectOperations({ session, random, map, def, key, batches: true, operations: 100 }, objects, valueSize === 8);
        session.keys(map, 30);
        // The kernel lets go of the sockets of a closed map only later.
        for (let i = 0; i < maxEntries && keySize === 4; i++) session.delete(map, littleEndian(i));
        session.close(map);
      });
    });
  }

  test("SK_STORAGE, TASK_STORAGE, CGRP_STORAGE", (context) => {
    if (!kernelHas("cgroupfd")) context.skip("this machine has no cgroup file system to open");
    compareMaps(T.BPF_MAP_TYPE_SK_STORAGE, (session, random) => {
      const files = ["f0", "f1", "f2", "f3", "f4"];
      if (session.length === 0) {
        session.btf(lockBtf());
        for (const kind of ["udp", "listen", "pidfd", "cgroupfd", "inode"] as const) session.file(kind);
      }
      const type = random.pick([24, 29, 32]);
      const locked = random.oneIn(2);
      const def = define(type, 4, locked ? 24 : 8, 0, F_NO_PREALLOC);
      const record = locked ? [LOCK] : [];
      const map = session.create(def, { btf: 0, keyTypeId: 1, valueTypeId: locked ? 4 : 3, record });
      for (let i = 0; i < 60; i++) {
        const what = random.pick(["lookup", "update", "update", "delete"] as const);
        const object = random.pick([...files, "1000000", "-1"]);
        const value = what === "update" ? random.bytes(def.valueSize) : new Uint8Array(0);
        session.fdKey(map, what, object, value, random.pick([0n, 0n, 0n, 1n, 2n, 3n, 4n, 5n, 6n, 8n]));
      }
      session.next(map, null);
      session.close(map);
    });
  });

  test("values with a spin lock", () => {
    compareMaps(77, (session, random) => {
      if (session.length === 0) session.btf(lockBtf());
      const type = random.pick([T.BPF_MAP_TYPE_HASH, T.BPF_MAP_TYPE_ARRAY]);
      const maxEntries = random.pick([1, 3, 10]);
      const flags = type === T.BPF_MAP_TYPE_HASH ? F_ZERO_SEED | random.pick([0, F_NO_PREALLOC]) : 0;
      const def = define(type, 4, 24, maxEntries, flags);
      const map = session.create(def, { btf: 0, keyTypeId: 1, valueTypeId: 4, record: [LOCK] });
      const key = keysOf(random, 4, maxEntries + 2);
      keyValueOperations({ session, random, map, def, cpus, key, programs: false, batches: true, operations: 200 });
      session.close(map);
    });
  });

  test("creation: every type, any sizes and flags", () => {
    const random = new Random(4711 + SEED);
    for (let done = 0; done < OPERATIONS; done += 5000) {
      const session = new Session(cpus);
      session.create(define(T.BPF_MAP_TYPE_ARRAY, 4, 8, 4, 0));
      session.create(define(T.BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 4, 0));
      session.create(define(T.BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4, 4, 0), { inner: 0 });
      while (session.length < Math.min(5000, OPERATIONS)) {
        const type = random.pick(TYPES);
        const def: MapDef = {
          type,
          name: random.oneIn(10) ? random.pick(["a_map", "has-dash", "fifteen_letters", "a.b"]) : "",
          keySize: random.pick([0, 1, 4, 4, 4, 4, 5, 8, 16, 20, 260, 261, 512, 513, 4194239, 4194240, 0xffff_ffff]),
          valueSize: random.pick(VALUE_SIZES),
          maxEntries: random.pick([
            0,
            1,
            1,
            2,
            3,
            5,
            8,
            64,
            100,
            257,
            4096,
            4097,
            8192,
            2 ** 27 + 1,
            2 ** 31,
            2 ** 31 + 1,
            2 ** 32 - 1,
          ]),
          mapFlags: randomFlags(random),
          mapExtra: random.pick([0n, 0n, 0n, 0n, 0n, 1n, 5n, 15n, 16n, 4096n, 0x1_0000_0000n]),
          numaNode: random.pick([0, 0, 0, 1, 0xffff_ffff]),
        };
        if (tooBig(def)) continue;
        session.tryCreate(def, { inner: random.pick([-2, -1, 0, 0, 0, 1, 2]) });
      }
      expectSame(session);
    }
  });
});
