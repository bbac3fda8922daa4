import * as T from "@bpf-ts/uapi/map-types";
import { describe, expect, test } from "vitest";
import type {
  ArenaMap,
  BpfMap,
  CgroupStorageMap,
  FdArrayMap,
  FdValue,
  LocalStorageMap,
  MapHooks,
  PerfEventArrayMap,
  RingbufMap,
  SockMap,
  StackTraceMap,
  StructOpsMap,
  UserRingbufMap,
} from "../src/index.ts";
import { World } from "./map-world.ts";

/** Objects by fd, and how often each is held. */
class Objects implements MapHooks {
  readonly held: Map<number, number> = new Map();
  readonly handles: Map<number, number> = new Map();

  getValue(_map: BpfMap, fd: number): FdValue | number {
    if (fd < 100) return -9;
    this.held.set(fd, (this.held.get(fd) ?? 0) + 1);
    return { id: fd + 1000, handle: this.handles.get(fd) ?? fd, object: fd, owner: `file ${fd % 2}` };
  }

  putValue(_map: BpfMap, value: FdValue): void {
    const fd = value.object as number;
    this.held.set(fd, this.held.get(fd)! - 1);
  }

  getProgram(map: BpfMap, fd: number): FdValue | number {
    return this.getValue(map, fd);
  }

  hasDevice(ifindex: number): boolean {
    return ifindex < 5;
  }

  /** References held in all. */
  get total(): number {
    return [...this.held.values()].reduce((sum, n) => sum + n, 0);
  }
}

describe("ARRAY", () => {
  test("all elements are there, updated in place, never deleted", () => {
    const world = new World();
    const map = world.create(T.BPF_MAP_TYPE_ARRAY, { maxEntries: 3, valueSize: 12 });
    expect([0, 1, 2].map((i) => world.get(map, i))).toEqual([0n, 0n, 0n]);
    expect(map.lookup(world.key(3), 0)).toBe(0);
    const before = map.lookup(world.key(1), 0);
    expect(world.update(map, 1, 5)).toBe(0);
    expect(map.lookup(world.key(1), 0)).toBe(before);
    expect(world.memory.getU64(before)).toBe(5n);
    expect(world.update(map, 1, 5, 1)).toBe(-17);
    expect(world.update(map, 3, 5)).toBe(-7);
    expect(world.update(map, 3, 5, 1)).toBe(-7);
    expect(world.update(map, 3, 5, 3)).toBe(-22);
    expect(map.delete(world.key(1))).toBe(-22);
    expect([map.elementCount, world.keys(map)]).toEqual([3, [0, 1, 2]]);
    expect(world.memory.isLive(before, 12, true)).toBe(true);
    expect(world.memory.isLive(before, 13)).toBe(false);
  });

  test("one-element arrays have a direct address; mmapable ones begin and end with a page", () => {
    const world = new World();
    const globals = world.create(T.BPF_MAP_TYPE_ARRAY, { maxEntries: 1, valueSize: 100, mapFlags: 1024 });
    const address = globals.directValue(0);
    expect(globals.lookup(world.key(0), 0)).toBe(address);
    expect(globals.directValue(99)).toBe(address + 99);
    expect(globals.directValue(100)).toBe(-22);
    expect(globals.mappable()).toEqual({ address, size: 4096 });
    expect(address % 4096).toBe(0);
    expect(world.memory.isLive(address, 101)).toBe(false);
    const two = world.create(T.BPF_MAP_TYPE_ARRAY, { maxEntries: 2 });
    expect(two.directValue(0)).toBe(-524);
    expect(two.mappable()).toBeUndefined();
  });

  test("a walk's key is a word of its own, freed with the walk", () => {
    const world = new World();
    const map = world.create(T.BPF_MAP_TYPE_ARRAY, { maxEntries: 2 });
    world.update(map, 1, 7);
    const bytes = world.memory.liveBytes;
    const walk = map.iterate()!;
    const seen: [number, bigint][] = [];
    while (walk.next()) seen.push([world.memory.getU32(walk.key), world.memory.getU64(walk.value)]);
    expect(seen).toEqual([
      [0, 0n],
      [1, 7n],
    ]);
    expect(world.memory.isLive(walk.key, 4, true)).toBe(false);
    walk.close();
    walk.close();
    expect(walk.next()).toBe(false);
    expect(world.memory.liveBytes).toBe(bytes);
  });
});

describe("kernel fields of values", () => {
  const timer = { offset: 0, size: 16, kind: "timer" } as const;
  const lock = { offset: 16, size: 4, kind: "spin_lock" } as const;

  test("copies go around them, user space sees zeros, replaced and deleted elements release them", () => {
    const released: number[] = [];
    const world = new World({ hooks: { freeFields: (_map, value) => released.push(value) } });
    const map = world.create(T.BPF_MAP_TYPE_HASH, { valueSize: 32 }, { record: [timer, lock] });
    const { memory } = world;
    memory.fill(world.out, 0xee, 32);
    expect(map.sysUpdate(world.key(1), world.out, 0, 0)).toBe(0);
    const value = map.lookup(world.key(1), 0);
    expect(memory.read(value, 20)).toEqual(new Uint8Array(20));
    expect(memory.getU32(value + 20)).toBe(0xeeeeeeee);
    memory.setU64(value, 77n);
    expect(map.sysLookup(world.key(1), world.out, 0)).toBe(0);
    expect(memory.read(world.out, 20)).toEqual(new Uint8Array(20));
    expect(memory.getU32(world.out + 20)).toBe(0xeeeeeeee);
    // With the lock: in place, the timer goes on.
    memory.fill(world.out, 0x11, 32);
    expect(map.sysUpdate(world.key(1), world.out, 4, 0)).toBe(0);
    expect(map.lookup(world.key(1), 0)).toBe(value);
    expect([memory.getU64(value), memory.getU32(value + 24)]).toEqual([77n, 0x11111111]);
    expect(released).toEqual([]);
    // Without: another element, whose timer is none.
    map.sysUpdate(world.key(1), world.out, 0, 0);
    expect(released).toEqual([value]);
    const replaced = map.lookup(world.key(1), 0);
    expect(memory.getU64(replaced)).toBe(0n);
    map.delete(world.key(1));
    expect(released).toEqual([value, replaced]);
  });

  test("when the last fd goes, and when the map goes", () => {
    const released: number[] = [];
    const world = new World({ hooks: { freeFields: (_map, value) => released.push(value) } });
    for (const type of [T.BPF_MAP_TYPE_HASH, T.BPF_MAP_TYPE_LRU_HASH, T.BPF_MAP_TYPE_ARRAY]) {
      const map = world.create(type, { valueSize: 32 }, { record: [timer] });
      for (let i = 0; i < 4; i++) map.sysUpdate(world.key(i), world.out, 0, 0);
      released.length = 0;
      map.releaseUserRefs();
      expect(released.length).toBe(4);
      map.close();
      expect(released.length).toBe(8);
    }
  });

  test("BPF_F_LOCK without a lock in the value is refused", () => {
    const world = new World();
    const map = world.create(T.BPF_MAP_TYPE_HASH);
    expect(map.sysLookup(world.key(1), world.out, 4)).toBe(-22);
    expect(map.sysUpdate(world.key(1), world.out, 4, 0)).toBe(-22);
  });
});

describe("maps of objects", () => {
  test("PROG_ARRAY: holds what it holds, once", () => {
    const objects = new Objects();
    const world = new World({ hooks: objects });
    const map = world.create(T.BPF_MAP_TYPE_PROG_ARRAY, { valueSize: 4 }) as FdArrayMap;
    const put = (index: number, fd: number, flags = 0): number =>
      map.sysUpdate(world.key(index), world.value(fd), flags, 0);
    expect(put(1, 5)).toBe(-9);
    expect(put(4, 100)).toBe(-7);
    expect(put(1, 100, 1)).toBe(-22);
    expect(objects.total).toBe(0);
    expect(put(1, 100)).toBe(0);
    expect(put(1, 101)).toBe(0);
    expect([...objects.held]).toEqual([
      [100, 0],
      [101, 1],
    ]);
    expect(map.entry(1)?.object).toBe(101);
    expect(map.entry(0)).toBeUndefined();
    expect(map.sysLookup(world.key(1), world.out, 0)).toBe(0);
    expect(world.memory.getU32(world.out)).toBe(1101);
    expect(map.sysDelete(world.key(1))).toBe(0);
    expect(map.sysDelete(world.key(1))).toBe(-2);
    expect(objects.total).toBe(0);
    put(0, 100);
    put(3, 100);
    map.releaseUserRefs();
    expect([objects.total, map.elementCount]).toEqual([0, 0]);
    put(2, 100);
    map.close();
    expect(objects.total).toBe(0);
  });

  test("PERF_EVENT_ARRAY: elements go with the open file that stored them", () => {
    for (const [mapFlags, left] of [
      [0, [101]],
      [2048, [100, 101, 102]],
    ] as const) {
      const objects = new Objects();
      const world = new World({ hooks: objects });
      const map = world.create(T.BPF_MAP_TYPE_PERF_EVENT_ARRAY, { valueSize: 4, mapFlags }) as PerfEventArrayMap;
      for (let i = 0; i < 3; i++) map.sysUpdate(world.key(i), world.value(100 + i), 0, 0);
      map.releaseFile("file 0");
      const held = [0, 1, 2].map((i) => map.entry(i)?.object).filter((fd) => fd !== undefined);
      expect(held).toEqual(left);
      expect(map.sysLookup(world.key(1), world.out, 0)).toBe(-524);
      map.close();
      expect(objects.total).toBe(0);
    }
  });

  test("maps of maps: a program gets the inner map's handle, user space its id", () => {
    for (const type of [T.BPF_MAP_TYPE_ARRAY_OF_MAPS, T.BPF_MAP_TYPE_HASH_OF_MAPS]) {
      const objects = new Objects();
      const world = new World({ hooks: objects });
      const template = world.create(T.BPF_MAP_TYPE_ARRAY);
      const alike = world.create(T.BPF_MAP_TYPE_ARRAY);
      const longer = world.create(T.BPF_MAP_TYPE_ARRAY, { maxEntries: 5 });
      const outer = world.create(type, { valueSize: 4 }, { inner: () => template });
      for (const [fd, map] of [
        [100, template],
        [101, alike],
        [102, longer],
      ] as const) {
        objects.handles.set(fd, map.handle);
      }
      const put = (key: number, fd: number): number => outer.sysUpdate(world.key(key), world.value(fd), 0, 0);
      expect(put(1, 102)).toBe(-22);
      expect(put(1, 5)).toBe(-9);
      expect(objects.total).toBe(0);
      expect(put(1, 100)).toBe(0);
      expect(outer.lookup(world.key(1), 0)).toBe(template.handle);
      expect(put(1, 101)).toBe(0);
      expect(outer.lookup(world.key(1), 0)).toBe(alike.handle);
      expect(outer.lookup(world.key(2), 0)).toBe(0);
      expect(outer.sysLookup(world.key(1), world.out, 0)).toBe(0);
      expect(world.memory.getU32(world.out)).toBe(1101);
      expect([...objects.held.values()].reduce((a, b) => a + b)).toBe(1);
      outer.close();
      expect(objects.total).toBe(0);
    }
  });

  test("SOCKMAP: programs store sockets by themselves, closed sockets leave", () => {
    const objects = new Objects();
    const world = new World({ hooks: objects });
    const map = world.create(T.BPF_MAP_TYPE_SOCKMAP) as SockMap;
    const socket: FdValue = { id: 9n, handle: 4711, object: "socket" };
    expect(map.store(world.key(1), socket, 2)).toBe(-2);
    expect(map.store(world.key(1), socket, 1)).toBe(0);
    expect(map.lookup(world.key(1), 0)).toBe(4711);
    objects.held.set("socket" as unknown as number, 1);
    map.removeObject("socket");
    expect([map.lookup(world.key(1), 0), objects.total]).toEqual([0, 0]);
  });

  test("DEVMAP, DEVMAP_HASH and CPUMAP: a program's fd goes in, its id comes out, its reference is given back", () => {
    for (const type of [T.BPF_MAP_TYPE_DEVMAP, T.BPF_MAP_TYPE_DEVMAP_HASH, T.BPF_MAP_TYPE_CPUMAP]) {
      const objects = new Objects();
      const world = new World({ hooks: objects });
      const map = world.create(type);
      const put = (number: number, fd: number): number => {
        world.memory.setU32(world.out, number);
        world.memory.setU32(world.out + 4, fd);
        return map.sysUpdate(world.key(1), world.out, 0, 0);
      };
      expect(put(3, 100)).toBe(0);
      const value = map.lookup(world.key(1), 0);
      expect([world.memory.getU32(value), world.memory.getU32(value + 4)]).toEqual([3, 1100]);
      expect(world.memory.isLive(value, 8)).toBe(true);
      expect(world.memory.isLive(value, 1, true)).toBe(false);
      expect(put(4, 0)).toBe(0);
      expect(objects.total).toBe(0);
      expect(put(4, 101)).toBe(0);
      expect(map.sysDelete(world.key(1))).toBe(0);
      expect([objects.total, map.lookup(world.key(1), 0)]).toEqual([0, 0]);
      put(2, 101);
      map.close();
      expect(objects.total).toBe(0);
    }
  });
});

describe("storage", () => {
  test("of objects: by the object for programs, by fd for user space", () => {
    const objects = new Objects();
    const world = new World({ hooks: objects });
    const options = { btf: { keyTypeId: 1, valueTypeId: 2 } };
    const map = world.create(T.BPF_MAP_TYPE_TASK_STORAGE, { maxEntries: 0, mapFlags: 1 }, options) as LocalStorageMap;
    expect(map.get(100)).toBe(0);
    expect(map.put(100, 0, 1)).toBe(0);
    const value = map.get(100);
    expect(world.memory.getU64(value)).toBe(0n);
    expect(world.memory.isLive(value, 8, true)).toBe(true);
    world.memory.setU64(value, 5n);
    expect(map.sysLookup(world.key(100), world.out, 0)).toBe(0);
    expect(world.memory.getU64(world.out)).toBe(5n);
    expect(map.sysLookup(world.key(101), world.out, 0)).toBe(-2);
    expect(map.sysLookup(world.key(5), world.out, 0)).toBe(-9);
    expect(objects.total).toBe(0);
    expect(map.put(100, world.value(6), 1)).toBe(-17);
    expect(map.put(101, world.value(6), 2)).toBe(-2);
    expect(map.owners()).toEqual([100]);
    expect([map.remove(100), map.remove(100)]).toEqual([0, -2]);
    map.put(102, world.value(1), 0);
    map.close();
    expect(world.leak).toBe(0);
  });

  test("of cgroups: comes with attachment, newest key first", () => {
    const world = new World({ cpus: 2 });
    for (const [type, keySize, size] of [
      [T.BPF_MAP_TYPE_CGROUP_STORAGE, 8, 8],
      [T.BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE, 16, 16],
    ] as const) {
      const map = world.create(type, { keySize, maxEntries: 0 }) as CgroupStorageMap;
      expect(map.sysValueSize).toBe(size);
      for (const cgroup of [7n, 8n]) expect(map.attach(cgroup, 3)).toBe(0);
      expect(map.attach(7n, 3)).toBe(0);
      expect(map.elementCount).toBe(2);
      const value = map.storageOf(7n, 3, 1);
      expect(world.memory.isLive(value, 8, true)).toBe(true);
      expect(map.storageOf(9n, 3, 0)).toBe(0);
      const key = world.out + 1024;
      expect(map.getNextKey(0, key)).toBe(0);
      expect(world.memory.getU64(key)).toBe(8n);
      world.memory.setU64(world.out, 55n);
      expect(map.sysUpdate(key, world.out, 1, 0)).toBe(-22);
      expect(map.sysUpdate(key, world.out, 2, 0)).toBe(0);
      expect(world.memory.getU64(map.storageOf(8n, 3, 0))).toBe(55n);
      map.detach(8n, 3);
      expect(map.sysLookup(key, world.out, 0)).toBe(-2);
      expect(map.getNextKey(0, key)).toBe(0);
      expect(map.getNextKey(key, key)).toBe(-2);
      map.close();
    }
    expect(world.leak).toBe(0);
  });
});

describe("RINGBUF", () => {
  test("a record is writable from reservation to commit; the consumer is told when it waits", () => {
    const world = new World();
    const { memory } = world;
    const map = world.create(T.BPF_MAP_TYPE_RINGBUF, { keySize: 0, valueSize: 0, maxEntries: 4096 }) as RingbufMap;
    let wakeups = 0;
    map.onWakeup = () => wakeups++;
    const first = map.reserve(16);
    const second = map.reserve(20);
    expect(second - first).toBe(24);
    expect([memory.isLive(first, 16, true), memory.isLive(first, 17), memory.isLive(first - 8, 8)]).toEqual([
      true,
      false,
      false,
    ]);
    expect([memory.getU32(first - 8), memory.getU32(first - 4)]).toEqual([0x80000010, 3]);
    expect(map.isReserved(second)).toBe(true);
    map.commit(second, 0, false);
    expect([wakeups, memory.isLive(second, 1), map.isReserved(second)]).toEqual([0, false, false]);
    map.commit(first, 0, true);
    expect(wakeups).toBe(1);
    expect(memory.getU32(first - 8)).toBe(0x40000010);
    expect([0, 1, 2, 3, 4].map((what) => map.query(what))).toEqual([56n, 4096n, 0n, 56n, 0n]);
    expect(() => map.commit(first, 0, false)).toThrow("no reserved record");
    map.commit(map.reserve(0), 2, false);
    expect(wakeups).toBe(2);
    expect(map.ready).toBe(true);
  });

  test("full, and around the end: a record is one stretch", () => {
    const world = new World();
    const { memory } = world;
    const map = world.create(T.BPF_MAP_TYPE_RINGBUF, { keySize: 0, valueSize: 0, maxEntries: 4096 }) as RingbufMap;
    expect(map.reserve(4096)).toBe(0);
    expect(map.output(world.out, 4088, 0)).toBe(-11);
    for (let i = 0; i < 4; i++) expect(map.output(world.out, 992, 0)).toBe(0);
    expect(map.output(world.out, 992, 0)).toBe(-11);
    memory.setU64(map.consumer, 2000n);
    const wrapped = map.reserve(992);
    expect(wrapped - map.data).toBe(4008);
    expect(memory.isLive(wrapped, 992, true)).toBe(true);
    memory.fill(wrapped, 0x5a, 992);
    map.commit(wrapped, 0, false);
    expect(memory.getU8(map.data + 4096 + 100)).toBe(0x5a);
    const { address, size } = map.mappable();
    expect([address, size]).toEqual([map.consumer, 2 * 4096 + 2 * 4096]);
    // A reservation that is not committed holds everything behind it up.
    memory.setU64(map.consumer, 5000n);
    const stuck = map.reserve(8);
    for (let i = 0; i < 4; i++) map.output(world.out, 992, 0);
    memory.setU64(map.consumer, memory.getU64(map.producer));
    expect(map.reserve(200)).toBe(0);
    map.commit(stuck, 0, true);
    expect(map.reserve(200)).toBeGreaterThan(0);
    map.close();
    expect(world.leak).toBe(0);
  });

  test("positions are counted modulo 2^64, whatever the consumer writes", () => {
    const world = new World();
    const { memory } = world;
    const map = world.create(T.BPF_MAP_TYPE_RINGBUF, { keySize: 0, valueSize: 0, maxEntries: 4096 }) as RingbufMap;
    const at = (consumer: bigint): [number, bigint] => {
      memory.setU64(map.consumer, BigInt.asUintN(64, consumer));
      return [map.output(world.out, 8, 0), map.query(0)];
    };
    // 8 bytes before 0: as if they were produced. 4095 are room for 4079 and 16.
    expect(at(-8n)).toEqual([0, 24n]);
    expect(at(-4063n)).toEqual([0, 4095n]);
    expect(at(-4064n)).toEqual([-11, 4096n]);
    expect(at(1n << 53n)).toEqual([-11, 18437736874454810656n]);
    expect(at(49n)).toEqual([-11, 18446744073709551599n]);
    expect(at(48n)).toEqual([0, 0n]);
  });

  test("user space writes nothing but its position", () => {
    const world = new World();
    const map = world.create(T.BPF_MAP_TYPE_RINGBUF, { keySize: 0, valueSize: 0, maxEntries: 4096 });
    const { mayWrite } = map.mappable()!;
    expect([mayWrite?.(0, 4096), mayWrite?.(0, 8192), mayWrite?.(4096, 4096)]).toEqual([true, false, false]);
  });
});

describe("USER_RINGBUF", () => {
  test("whatever user space writes is checked", () => {
    const world = new World();
    const { memory } = world;
    const def = { keySize: 0, valueSize: 0, maxEntries: 4096 };
    const map = world.create(T.BPF_MAP_TYPE_USER_RINGBUF, def) as UserRingbufMap;
    const state = (consumed: bigint, produced: bigint, word: number): ReturnType<UserRingbufMap["peekSample"]> => {
      memory.setU64(map.consumer, consumed);
      memory.setU64(map.producer, produced);
      memory.setU32(map.data + Number(consumed % 4096n), word);
      return map.peekSample();
    };
    expect(state(0n, 0n, 0)).toBe(-61);
    expect(state(0n, 4n, 0)).toBe(-22);
    expect(state(0n, 16n, 8)).toEqual({ address: map.data + 8, size: 8 });
    expect(state(0n, 16n, 9)).toBe(-22);
    expect(state(0n, 16n, 0x80000008)).toBe(-61);
    expect(state(0n, 16n, 0x40000008)).toBe(-11);
    expect(memory.getU64(map.consumer)).toBe(16n);
    expect(state(0n, 8192n, 5000)).toBe(-7);
    expect(state(4088n, 4104n, 8)).toEqual({ address: map.data, size: 8 });
    map.releaseSample({ address: map.data, size: 8 });
    expect(memory.getU64(map.consumer)).toBe(4104n);
    expect(map.ready).toBe(true);
  });

  test("user space writes everything but the kernel's position; it is told of room", () => {
    const world = new World();
    const def = { keySize: 0, valueSize: 0, maxEntries: 4096 };
    const map = world.create(T.BPF_MAP_TYPE_USER_RINGBUF, def) as UserRingbufMap;
    const { mayWrite } = map.mappable();
    expect([mayWrite?.(0, 4096), mayWrite?.(4096, 12288), mayWrite?.(8192, 4096)]).toEqual([false, true, true]);
    let wakeups = 0;
    map.onWakeup = () => wakeups++;
    for (const [samples, flags] of [
      [0, 0],
      [1, 0],
      [1, 1],
      [0, 2],
      [1, 3],
    ])
      map.drained(samples!, flags!);
    expect(wakeups).toBe(3);
  });
});

test("STACK_TRACE: equal traces have one id, different ones collide or not", () => {
  const world = new World();
  const { memory } = world;
  const map = world.create(T.BPF_MAP_TYPE_STACK_TRACE, { valueSize: 24, maxEntries: 2 }) as StackTraceMap;
  const trace = (...ips: bigint[]): number => {
    for (const [i, ip] of ips.entries()) memory.setU64(world.out + 8 * i, ip);
    return map.storeTrace(world.out, ips.length, { fastCompare: false, reuse: false });
  };
  const id = trace(0x1000n, 0x2000n);
  expect(id).toBeGreaterThanOrEqual(0);
  expect(trace(0x1000n, 0x2000n)).toBe(id);
  expect(map.elementCount).toBe(1);
  let other = id;
  for (let ip = 1n; other === id || other === -17; ip++) other = trace(ip);
  expect([id, other].sort()).toEqual([0, 1]);
  expect(trace(7n, 8n, 9n)).toBe(-17);
  expect(map.storeTrace(world.out, 3, { fastCompare: false, reuse: true })).toBe(-12);
  const key = world.key(id);
  memory.fill(world.out, 0xff, 24);
  expect(map.sysLookup(key, world.out, 0)).toBe(0);
  expect([0, 1, 2].map((i) => memory.getU64(world.out + 8 * i))).toEqual([0x1000n, 0x2000n, 0n]);
  expect(world.keys(map)).toEqual([0, 1]);
  expect([map.delete(key), map.delete(key), map.delete(world.key(2))]).toEqual([0, -2, -7]);
  expect(trace()).toBe(-14);
});

test("ARENA: pages that are not allocated are out of reach", () => {
  const world = new World();
  const map = world.create(T.BPF_MAP_TYPE_ARENA, { keySize: 0, valueSize: 0, mapFlags: 1024 }) as ArenaMap;
  expect(map.allocPages(-1, 2)).toBe(0);
  expect(map.allocPages(3, 1)).toBe(3);
  expect([map.allocPages(1, 1), map.allocPages(-1, 2), map.allocPages(3, 2), map.allocPages(-1, 5)]).toEqual([
    -1, -1, -1, -1,
  ]);
  expect(world.memory.isLive(map.base + 4096, 4096, true)).toBe(true);
  expect(world.memory.isLive(map.base + 2 * 4096, 1)).toBe(false);
  world.memory.setU8(map.base, 1);
  map.freePages(0, 4);
  expect([map.elementCount, map.hasPage(0), world.memory.isLive(map.base, 1)]).toEqual([0, false, false]);
  expect(map.allocPages(0, 4)).toBe(0);
  expect(world.memory.getU8(map.base)).toBe(0);
  map.close();
  expect(world.leak).toBe(0);
});

test("STRUCT_OPS: set once, registered, unregistered", () => {
  const calls: string[] = [];
  const type = {
    valueSize: 64,
    dataOffset: 8,
    check: (map: BpfMap, value: number) => (map.table.memory.getU32(value + 60) === 0 ? 0 : -22),
    init: (map: BpfMap, value: number) => {
      calls.push("init");
      const word = map.table.memory.getU32(value + 8);
      return word === 13 ? -22 : Number(word === 14);
    },
    register: () => {
      calls.push("register");
      return 0;
    },
    unregister: () => void calls.push("unregister"),
    release: () => void calls.push("release"),
  };
  const world = new World();
  const options = { btf: { keyTypeId: 0, valueTypeId: 0, vmlinuxValueTypeId: 9 }, structOps: () => type };
  const map = world.create(T.BPF_MAP_TYPE_STRUCT_OPS, { valueSize: 64, maxEntries: 1 }, options) as StructOpsMap;
  const put = (word: number, key = 0, flags = 0, last = 0): number => {
    world.memory.fill(world.out, 0, 64);
    world.memory.setU32(world.out + 8, word);
    world.memory.setU32(world.out + 60, last);
    return map.sysUpdate(world.key(key), world.out, flags, 0);
  };
  expect([put(1, 1), put(1, 0, 1), put(13)]).toEqual([-7, -22, -22]);
  expect(calls).toEqual(["init", "release"]);
  expect(map.delete(world.key(0))).toBe(-2);
  // Stopped without an error: nothing is set.
  expect([put(14), map.elementCount]).toEqual([0, 0]);
  calls.length = 2;
  expect([put(1), put(1), put(1, 0, 0, 1)]).toEqual([0, -16, -22]);
  expect(map.sysLookup(world.key(0), world.out, 0)).toBe(0);
  expect([0, 4, 8].map((at) => world.memory.getU32(world.out + at))).toEqual([1, 1, 1]);
  expect([map.delete(world.key(0)), map.delete(world.key(0))]).toEqual([0, -115]);
  map.close();
  expect(calls).toEqual(["init", "release", "init", "register", "unregister", "release"]);
});
