import type { MapDef } from "@bpf-ts/uapi";
import * as T from "@bpf-ts/uapi/map-types";
import { lockBtf, randomDefinition, SPIN_LOCK, tooBig } from "./definitions.ts";
import type { Random } from "./random.ts";
import {
  bloomOperations,
  concat,
  keyValueOperations,
  littleEndian,
  objectOperations,
  queueOperations,
} from "./sequences.ts";
import type { Session } from "./session.ts";

/** One family of random questions. */
export interface Comparison {
  readonly name: string;
  /** What the kernel must be able to give: lines of the oracle. */
  readonly needs?: readonly string[];
  /** Questions in a bounded run, where they are dear for the kernel. */
  readonly most?: number;
  /** Adds questions about one map, or a few. The first call of a session prepares it. */
  add(session: Session, random: Random): void;
}

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

/** A map of keys and values, `many` keys in play. */
function keyValue(session: Session, random: Random, def: MapDef, many: number): void {
  const map = session.create(def);
  session.info(map);
  const key = keysOf(random, def.keySize, many);
  keyValueOperations({ session, random, map, def, key, programs: true, batches: true, operations: 250 });
  session.keys(map, 2 * Math.min(1000, def.maxEntries));
  session.close(map);
}

function hash(name: string, type: number): Comparison {
  return {
    name,
    add(session, random) {
      const maxEntries = random.pick([1, 2, 3, 7, 16, 50, 200]);
      const keySize = random.pick([1, 2, 3, 4, 4, 8, 8, 12, 13, 16, 40]);
      const flags = F_ZERO_SEED | random.pick([0, F_NO_PREALLOC]);
      const def = define(type, keySize, random.pick([1, 4, 8, 8, 11, 24, 100]), maxEntries, flags);
      keyValue(session, random, def, Math.ceil(maxEntries * random.pick([1, 1.2, 2, 5])));
    },
  };
}

function lru(name: string, type: number): Comparison {
  return {
    name,
    add(session, random) {
      const maxEntries = random.pick([1, 2, 3, 5, 8, 16, 33, 100, 300, 1000]);
      const flags = F_ZERO_SEED | random.pick([0, F_NO_COMMON_LRU]);
      const def = define(type, random.pick([4, 8, 12]), random.pick([4, 8, 20]), maxEntries, flags);
      keyValue(session, random, def, Math.ceil(maxEntries * random.pick([0.5, 1, 1.2, 2, 5])));
    },
  };
}

function array(name: string, type: number): Comparison {
  return {
    name,
    add(session, random) {
      const maxEntries = random.pick([1, 2, 3, 7, 16, 50]);
      const def = define(type, 4, random.pick([1, 4, 8, 8, 11, 24, 100]), maxEntries, 0);
      keyValue(session, random, def, maxEntries + 2);
    },
  };
}

const lpmTrie: Comparison = {
  name: "LPM_TRIE",
  add(session, random) {
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
    keyValueOperations({ session, random, map, def, key, programs: true, batches: true, operations: 250 });
    session.keys(map, 1000);
    session.close(map);
  },
};

function queue(name: string, type: number): Comparison {
  return {
    name,
    add(session, random) {
      const def = define(type, 0, random.pick([1, 4, 8, 13]), random.pick([1, 2, 3, 10, 30]), 0);
      const map = session.create(def);
      queueOperations({ session, random, map, def, programs: true, operations: 200 });
      session.close(map);
    },
  };
}

const bloomFilter: Comparison = {
  name: "BLOOM_FILTER",
  add(session, random) {
    const size = random.pick([1, 3, 4, 8, 13, 24]);
    const maxEntries = random.pick([1, 3, 10, 100, 1000]);
    const plain = define(T.BPF_MAP_TYPE_BLOOM_FILTER, 0, size, maxEntries, F_ZERO_SEED);
    const def = { ...plain, mapExtra: BigInt(random.below(16)) };
    const map = session.create(def);
    const key = keysOf(random, size, 200);
    bloomOperations({ session, random, map, def, key, programs: true, operations: 200 });
    session.close(map);
  },
};

const fdArrays: Comparison = {
  name: "PROG_ARRAY, PERF_EVENT_ARRAY, CGROUP_ARRAY",
  add(session, random) {
    if (session.length === 0) for (let i = 0; i < 3; i++) session.program();
    const types = [T.BPF_MAP_TYPE_PROG_ARRAY, T.BPF_MAP_TYPE_PERF_EVENT_ARRAY, T.BPF_MAP_TYPE_CGROUP_ARRAY];
    const type = random.pick(types);
    const maxEntries = random.pick([1, 2, 5, 20]);
    const def = define(type, 4, 4, maxEntries, 0);
    const map = session.create(def);
    const key = keysOf(random, 4, maxEntries + 2);
    const isProgs = type === T.BPF_MAP_TYPE_PROG_ARRAY;
    const objects = isProgs ? ["p0", "p1", "p2", "1000000", "-1", `m${map}`] : ["1000000", "-1"];
    objectOperations({ session, random, map, def, key, batches: true, operations: 150 }, objects, isProgs);
    session.close(map);
  },
};

function mapOfMaps(name: string, type: number, most: number): Comparison {
  const isHash = type === T.BPF_MAP_TYPE_HASH_OF_MAPS;
  return {
    name,
    most,
    add(session, random) {
      if (session.length === 0) {
        session.program();
        for (const maxEntries of [4, 4, 5]) session.create(define(T.BPF_MAP_TYPE_ARRAY, 4, 8, maxEntries, 0));
        for (const maxEntries of [4, 5]) session.create(define(T.BPF_MAP_TYPE_HASH, 4, 8, maxEntries, 0));
        for (const maxEntries of [4, 5]) session.create(define(T.BPF_MAP_TYPE_ARRAY, 4, 8, maxEntries, F_INNER_MAP));
        session.create(define(T.BPF_MAP_TYPE_HASH, 4, 8, 4, F_NO_PREALLOC));
        session.create(define(T.BPF_MAP_TYPE_LRU_HASH, 4, 8, 4, 0));
      }
      const maxEntries = random.pick([1, 2, 5, 20]);
      const keySize = isHash ? random.pick([1, 4, 8]) : 4;
      const flags = isHash ? F_ZERO_SEED | random.pick([0, F_NO_PREALLOC]) : 0;
      const def = define(type, keySize, 4, maxEntries, flags);
      const map = session.create(def, { inner: random.below(9) });
      const key = keysOf(random, keySize, maxEntries + 2);
      const objects = ["m0", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "p0", "1000000", "-1", `m${map}`];
      objectOperations({ session, random, map, def, key, batches: isHash, operations: 150 }, objects, true);
      session.close(map);
    },
  };
}

const ringbuf: Comparison = {
  name: "RINGBUF",
  add(session, random) {
    const map = session.create(define(T.BPF_MAP_TYPE_RINGBUF, 0, 0, random.pick([4096, 4096, 8192]), 0));
    for (let i = 0; i < 150; i++) {
      const kind = random.below(10);
      const length = random.pick([0, 1, 7, 8, 9, 100, 500, 1000, 4000]);
      if (kind < 6) session.ringOut(map, random.bytes(length), random.pick([0n, 0n, 1n, 2n, 3n, 4n]));
      else if (kind === 6) session.ringQuery(map);
      else if (kind === 7) session.ringData(map);
      else session.ringEat(map, random.below(6));
    }
    session.close(map);
  },
};

function redirect(name: string, type: number, numbers: readonly number[], most?: number): Comparison {
  return {
    name,
    ...(most === undefined ? {} : { most }),
    add(session, random) {
      const maxEntries = random.pick([1, 2, 4, 9]);
      const def = define(type, 4, random.pick([4, 8]), maxEntries, 0);
      const map = session.create(def);
      const key = keysOf(random, 4, maxEntries + 2);
      const value = (): Uint8Array => {
        const fd = random.pick([0, 0, 0, 2 ** 32 - 1, 1_000_000]);
        return concat([littleEndian(random.pick(numbers)), littleEndian(fd)]).subarray(0, def.valueSize);
      };
      keyValueOperations({ session, random, map, def, key, value, programs: false, batches: true, operations: 100 });
      session.keys(map, 30);
      session.close(map);
    },
  };
}

function sockets(name: string, type: number): Comparison {
  return {
    name,
    needs: ["socket xdp"],
    add(session, random) {
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
    },
  };
}

const storage: Comparison = {
  name: "SK_STORAGE, TASK_STORAGE, CGRP_STORAGE",
  needs: ["cgroupfd"],
  add(session, random) {
    const files = ["f0", "f1", "f2", "f3", "f4"];
    if (session.length === 0) {
      session.btf(lockBtf());
      for (const kind of ["udp", "listen", "pidfd", "cgroupfd", "inode"] as const) session.file(kind);
    }
    const type = random.pick([T.BPF_MAP_TYPE_SK_STORAGE, T.BPF_MAP_TYPE_TASK_STORAGE, T.BPF_MAP_TYPE_CGRP_STORAGE]);
    const locked = random.oneIn(2);
    const def = define(type, 4, locked ? 24 : 8, 0, F_NO_PREALLOC);
    const record = locked ? [SPIN_LOCK] : [];
    const map = session.create(def, { btf: 0, keyTypeId: 1, valueTypeId: locked ? 4 : 3, record });
    for (let i = 0; i < 60; i++) {
      const what = random.pick(["lookup", "update", "update", "delete"] as const);
      const object = random.pick([...files, "1000000", "-1"]);
      const value = what === "update" ? random.bytes(def.valueSize) : new Uint8Array(0);
      session.fdKey(map, what, object, value, random.pick([0n, 0n, 0n, 1n, 2n, 3n, 4n, 5n, 6n, 8n]));
    }
    session.next(map, null);
    session.close(map);
  },
};

const spinLocks: Comparison = {
  name: "values with a spin lock",
  add(session, random) {
    if (session.length === 0) session.btf(lockBtf());
    const type = random.pick([T.BPF_MAP_TYPE_HASH, T.BPF_MAP_TYPE_ARRAY]);
    const maxEntries = random.pick([1, 3, 10]);
    const flags = type === T.BPF_MAP_TYPE_HASH ? F_ZERO_SEED | random.pick([0, F_NO_PREALLOC]) : 0;
    const def = define(type, 4, 24, maxEntries, flags);
    const map = session.create(def, { btf: 0, keyTypeId: 1, valueTypeId: 4, record: [SPIN_LOCK] });
    const key = keysOf(random, 4, maxEntries + 2);
    keyValueOperations({ session, random, map, def, key, programs: false, batches: true, operations: 200 });
    session.close(map);
  },
};

const STORAGES: readonly number[] = [
  T.BPF_MAP_TYPE_SK_STORAGE,
  T.BPF_MAP_TYPE_TASK_STORAGE,
  T.BPF_MAP_TYPE_CGRP_STORAGE,
];

const creation: Comparison = {
  name: "creation: every type, any sizes and flags",
  add(session, random) {
    if (session.length === 0) {
      session.create(define(T.BPF_MAP_TYPE_ARRAY, 4, 8, 4, 0));
      session.create(define(T.BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 4, 0));
      session.create(define(T.BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4, 4, 0), { inner: 0 });
      session.btf(lockBtf());
    }
    const def = randomDefinition(random);
    if (tooBig(def, session.table.facts.cpus)) return;
    // Only storage needs types; whether others' agree with their sizes is not asked here.
    const typed = STORAGES.includes(def.type) && !random.oneIn(4);
    const types = typed ? { btf: 0, keyTypeId: 1, valueTypeId: 3 } : {};
    const sized = typed ? { ...def, valueSize: random.pick([0, 8, 8, 8, 65407 + 1, 2 ** 32 - 1]) } : def;
    if (typed && random.oneIn(2)) Object.assign(sized, { keySize: 4, maxEntries: 0 });
    session.tryCreate(sized, { inner: random.pick([-2, -1, 0, 0, 0, 1, 2]), ...types });
  },
};

/** All comparisons. */
export const COMPARISONS: readonly Comparison[] = [
  hash("HASH", T.BPF_MAP_TYPE_HASH),
  hash("PERCPU_HASH", T.BPF_MAP_TYPE_PERCPU_HASH),
  lru("LRU_HASH", T.BPF_MAP_TYPE_LRU_HASH),
  lru("LRU_PERCPU_HASH", T.BPF_MAP_TYPE_LRU_PERCPU_HASH),
  array("ARRAY", T.BPF_MAP_TYPE_ARRAY),
  array("PERCPU_ARRAY", T.BPF_MAP_TYPE_PERCPU_ARRAY),
  lpmTrie,
  queue("QUEUE", T.BPF_MAP_TYPE_QUEUE),
  queue("STACK", T.BPF_MAP_TYPE_STACK),
  bloomFilter,
  fdArrays,
  mapOfMaps("ARRAY_OF_MAPS", T.BPF_MAP_TYPE_ARRAY_OF_MAPS, 2000),
  mapOfMaps("HASH_OF_MAPS", T.BPF_MAP_TYPE_HASH_OF_MAPS, 600),
  ringbuf,
  redirect("DEVMAP", T.BPF_MAP_TYPE_DEVMAP, [0, 1, 1, 1, 99_999]),
  redirect("DEVMAP_HASH", T.BPF_MAP_TYPE_DEVMAP_HASH, [0, 1, 1, 1, 99_999]),
  // Every queue of a CPU map is a thread of the kernel.
  redirect("CPUMAP", T.BPF_MAP_TYPE_CPUMAP, [0, 1, 64, 16384, 16385, 2 ** 32 - 1], 1000),
  sockets("SOCKMAP", T.BPF_MAP_TYPE_SOCKMAP),
  sockets("SOCKHASH", T.BPF_MAP_TYPE_SOCKHASH),
  sockets("XSKMAP", T.BPF_MAP_TYPE_XSKMAP),
  sockets("REUSEPORT_SOCKARRAY", T.BPF_MAP_TYPE_REUSEPORT_SOCKARRAY),
  storage,
  spinLocks,
  creation,
];
