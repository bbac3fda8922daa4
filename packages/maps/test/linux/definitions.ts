import type { MapDef } from "@bpf-ts/uapi";
import * as T from "@bpf-ts/uapi/map-types";
import type { Random } from "./random.ts";
import { concat, littleEndian } from "./sequences.ts";

/** Where the lock of {@link lockBtf}'s value is. */
export const SPIN_LOCK = { offset: 8, size: 4, kind: "spin_lock" } as const;

/** BTF with: 1 u32; 2 struct bpf_spin_lock; 3 u64; 4 struct { u64 a; struct bpf_spin_lock lock; u32 b; u64 c }. */
export function lockBtf(): Uint8Array {
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

/** All types that there are, and one too few and too many. */
const TYPES = [...Array(T.MAX_BPF_MAP_TYPE + 1).keys()];
const HASH_TYPES: readonly number[] = [
  T.BPF_MAP_TYPE_HASH,
  T.BPF_MAP_TYPE_PERCPU_HASH,
  T.BPF_MAP_TYPE_LRU_HASH,
  T.BPF_MAP_TYPE_LRU_PERCPU_HASH,
  T.BPF_MAP_TYPE_HASH_OF_MAPS,
];
const KEY_SIZES = [0, 1, 4, 4, 4, 4, 5, 8, 16, 20, 260, 261, 512, 513, 4194239, 4194240, 0xffff_ffff];
const VALUE_SIZES = [
  0, 1, 3, 4, 4, 4, 4, 8, 8, 8, 16, 24, 100, 1016, 1024, 32767, 32768, 32769, 65407, 65408, 4194008, 4194024, 4194025,
  4194239, 4194240, 4194304, 4194305, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff,
];
const ENTRIES = [
  0,
  0,
  1,
  1,
  2,
  3,
  5,
  8,
  64,
  100,
  256,
  257,
  4096,
  4097,
  8192,
  2 ** 20,
  2 ** 20 + 1,
  2 ** 27,
  2 ** 27 + 1,
  2 ** 31,
  2 ** 31 + 1,
  2 ** 32 - 1,
];
const FLAGS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 0x2_0000, 0x4_0000, 0x8_0000];
const EXTRAS = [0n, 0n, 0n, 0n, 0n, 1n, 5n, 15n, 16n, 4096n, 0xffff_f000n, 0x1_0000_0000n, 0xffff_ffff_ffff_f000n];

/** A definition of any type, wrong more often than not. */
export function randomDefinition(random: Random): MapDef {
  let mapFlags = random.oneIn(3) ? 0 : random.pick([0, 1, 1, 4, 64, 512, 1024]);
  while (random.oneIn(3)) mapFlags |= random.pick(FLAGS);
  return {
    type: random.pick(TYPES),
    name: random.oneIn(10) ? random.pick(["a_map", "has-dash", "fifteen_letters", "a.b"]) : "",
    keySize: random.pick(KEY_SIZES),
    valueSize: random.pick(VALUE_SIZES),
    maxEntries: random.pick(ENTRIES),
    mapFlags: mapFlags >>> 0,
    mapExtra: random.pick(EXTRAS),
    numaNode: random.pick([0, 0, 0, 1, 0xffff_ffff]),
  };
}

/** Maps that would take the machine's memory to make, or to find out that they can't be made. */
export function tooBig(def: MapDef, cpus: number): boolean {
  const bytes = def.maxEntries * (def.keySize + cpus * def.valueSize + 64);
  if (bytes <= 1024 * 1024) return false;
  // Refused by number before anything is allocated, or not allocated by number.
  if (HASH_TYPES.includes(def.type)) return def.maxEntries <= 2 ** 27;
  if (def.type === T.BPF_MAP_TYPE_LPM_TRIE || def.type === T.BPF_MAP_TYPE_CPUMAP) return false;
  // The kernel gives an arena its address space at once, and we the memory.
  if (def.type === T.BPF_MAP_TYPE_ARENA) return def.maxEntries > 8192 && def.maxEntries <= 2 ** 20;
  // In one piece that no machine has; but piece by piece for per-CPU arrays.
  return def.type === T.BPF_MAP_TYPE_PERCPU_ARRAY || bytes < 2 ** 44;
}
