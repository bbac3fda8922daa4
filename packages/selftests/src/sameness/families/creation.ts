import * as F from "@bpf-ts/uapi/map-flags";
import * as T from "@bpf-ts/uapi/map-types";
import fc from "fast-check";
import { OPS } from "../arbitraries.ts";
import type { Family, ObjectName } from "../family.ts";
import type { MapSpec, TypeUse } from "../spec.ts";
import { type BtfName, NAMED_BTF } from "../types.ts";

/** All types that there are, none, and one too many. */
const TYPES = [...Array(T.MAX_BPF_MAP_TYPE + 1).keys()];
const HASH_TYPES: readonly number[] = [
  T.BPF_MAP_TYPE_HASH,
  T.BPF_MAP_TYPE_PERCPU_HASH,
  T.BPF_MAP_TYPE_LRU_HASH,
  T.BPF_MAP_TYPE_LRU_PERCPU_HASH,
  T.BPF_MAP_TYPE_HASH_OF_MAPS,
];
const STORAGES: readonly number[] = [
  T.BPF_MAP_TYPE_SK_STORAGE,
  T.BPF_MAP_TYPE_TASK_STORAGE,
  T.BPF_MAP_TYPE_INODE_STORAGE,
  T.BPF_MAP_TYPE_CGRP_STORAGE,
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
const FLAGS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 0x2_0000, 0x4_0000, 0x8_0000, 1 << 30];
const EXTRAS = [0n, 0n, 0n, 0n, 0n, 1n, 5n, 15n, 16n, 4096n, 0xffff_f000n, 0x1_0000_0000n, 0xffff_ffff_ffff_f000n];
const INNER: readonly ObjectName[] = ["closed", "p:filter", "m:array4", "m:hash4", "m:progs", "m:outer", "m:locked"];

/** Mostly none, or one that is common; seldom any of them. */
const anyFlags = fc
  .tuple(
    fc.constantFrom(0, 1, 4, 64, 512, 1024),
    fc.oneof(
      { weight: 2, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.array(fc.constantFrom(...FLAGS), { maxLength: 3 }) },
    ),
  )
  .map(([base, more]) => more.reduce((all, flag) => (all | flag) >>> 0, base));

/** Maps that would take the machine's memory to make, or to find out that they can't be made, are made smaller. */
function affordable(spec: MapSpec): MapSpec {
  const bytes = spec.maxEntries * (spec.keySize + 8 * spec.valueSize + 64);
  if (bytes <= 1024 * 1024 || isRefusedByNumber(spec, bytes)) return spec;
  return { ...spec, maxEntries: 1, valueSize: Math.min(spec.valueSize, 65408) };
}

/** Refused, or not allocated, by number: nothing of that size is ever asked for. */
function isRefusedByNumber({ type, maxEntries }: MapSpec, bytes: number): boolean {
  if (HASH_TYPES.includes(type)) return maxEntries > 2 ** 27;
  if (type === T.BPF_MAP_TYPE_LPM_TRIE || type === T.BPF_MAP_TYPE_CPUMAP) return true;
  // The kernel gives an arena its address space at once, and we the memory.
  if (type === T.BPF_MAP_TYPE_ARENA) return maxEntries <= 8192 || maxEntries > 2 ** 20;
  // In one piece that no machine has; but piece by piece for per-CPU arrays.
  return type !== T.BPF_MAP_TYPE_PERCPU_ARRAY && bytes >= 2 ** 44;
}

/** Sizes that suit the type, so that what is wrong, if anything, is the types of key and value. */
function suitable(type: number, valueSize: number): Pick<MapSpec, "keySize" | "valueSize" | "maxEntries" | "flags"> {
  const plain = { keySize: 4, valueSize, maxEntries: 4, flags: 0 };
  if (STORAGES.includes(type)) return { ...plain, maxEntries: 0, flags: F.BPF_F_NO_PREALLOC };
  switch (type) {
    case T.BPF_MAP_TYPE_CGROUP_STORAGE:
    case T.BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE:
      return { ...plain, keySize: 8, maxEntries: 0 };
    case T.BPF_MAP_TYPE_LPM_TRIE:
      return { ...plain, keySize: 8, flags: F.BPF_F_NO_PREALLOC };
    case T.BPF_MAP_TYPE_QUEUE:
    case T.BPF_MAP_TYPE_STACK:
    case T.BPF_MAP_TYPE_BLOOM_FILTER:
      return { ...plain, keySize: 0 };
    case T.BPF_MAP_TYPE_RINGBUF:
    case T.BPF_MAP_TYPE_USER_RINGBUF:
      return { keySize: 0, valueSize: 0, maxEntries: 4096, flags: 0 };
    case T.BPF_MAP_TYPE_ARENA:
      return { keySize: 0, valueSize: 0, maxEntries: 1, flags: F.BPF_F_MMAPABLE };
    case T.BPF_MAP_TYPE_STACK_TRACE:
    case T.BPF_MAP_TYPE_ARRAY:
    case T.BPF_MAP_TYPE_PERCPU_ARRAY:
    case T.BPF_MAP_TYPE_HASH:
    case T.BPF_MAP_TYPE_PERCPU_HASH:
    case T.BPF_MAP_TYPE_LRU_HASH:
    case T.BPF_MAP_TYPE_LRU_PERCPU_HASH:
      return plain;
    default:
      return { ...plain, valueSize: 4 };
  }
}

/** Any type, with sizes and flags that suit it, but for some that are any. */
export const creation: Family = {
  name: "creation with any sizes and flags",
  types: TYPES,
  spec: fc
    .record({
      type: fc.constantFrom(...TYPES),
      valueSize: fc.constantFrom(4, 8, 24),
      inner: fc.constantFrom(...INNER),
      any: fc.record(
        {
          name: fc.constantFrom("a_map", "has-dash", "fifteen_letters", "sixteen_letters_", "a.b"),
          keySize: fc.constantFrom(...KEY_SIZES),
          valueSize: fc.constantFrom(...VALUE_SIZES),
          maxEntries: fc.constantFrom(...ENTRIES),
          flags: anyFlags,
          extra: fc.constantFrom(...EXTRAS),
          numaNode: fc.constantFrom(0, 0, 0, 1, 0xffff_ffff),
        },
        { requiredKeys: [] },
      ),
      first: fc.nat({ max: 6 }),
      howMany: fc.nat({ max: 4 }),
    })
    .map(({ type, valueSize, inner, any, first, howMany }) => {
      const all = Object.entries(any);
      const some = [...all.slice(first % 7), ...all].slice(0, Math.min(howMany, all.length));
      const { flags = 0, ...rest } = Object.fromEntries(some) as typeof any;
      const suits = suitable(type, valueSize);
      return affordable({ type, inner, keys: 1, ...suits, ...rest, flags: (suits.flags | flags) >>> 0 });
    }),
  op: OPS.info,
  objects: INNER,
  longest: 1,
  isOrdered: () => true,
};

/** The key type that suits a map type. */
function suitableKey(type: number): TypeUse["key"] {
  switch (type) {
    case T.BPF_MAP_TYPE_LPM_TRIE:
      return "struct8";
    case T.BPF_MAP_TYPE_CGROUP_STORAGE:
    case T.BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE:
      return "u64";
    case T.BPF_MAP_TYPE_BLOOM_FILTER:
    case T.BPF_MAP_TYPE_ARENA:
      return "none";
    default:
      return "u32";
  }
}

/** Every type with BTF: types that fit and types that do not, special fields where they may be and where not. */
export const typedCreation: Family = {
  name: "creation with BTF",
  types: TYPES,
  spec: fc
    .record({
      type: fc.constantFrom(...TYPES),
      btf: fc.constantFrom(...(Object.keys(NAMED_BTF) as BtfName[])),
      other: fc.record(
        {
          key: fc.constantFrom<TypeUse["key"][]>(
            "u32",
            "u64",
            "struct16",
            "struct8",
            "value",
            "none",
            "void",
            "missing",
          ),
          value: fc.constantFrom<TypeUse["value"][]>("u32", "u64", "section", "none", "void", "missing"),
          fd: fc.constantFrom<TypeUse["fd"][]>("closed", "kernel", "program"),
          valueSize: fc.constantFrom(4, 8, 24),
          keySize: fc.constantFrom(4, 8, 16),
          maxEntries: fc.constant(1),
          flags: fc.constantFrom(F.BPF_F_RDONLY_PROG, F.BPF_F_WRONLY_PROG, F.BPF_F_MMAPABLE, F.BPF_F_NO_PREALLOC),
        },
        { requiredKeys: [] },
      ),
      first: fc.nat({ max: 6 }),
      howMany: fc.constantFrom(0, 0, 1, 1, 2, 3),
      inner: fc.constantFrom<ObjectName[]>("m:array4", "m:locked"),
    })
    .map(({ type, btf, other, first, howMany, inner }) => {
      const all = Object.entries(other);
      const some = [...all.slice(first), ...all].slice(0, Math.min(howMany, all.length));
      const { key, value, fd = "own", flags = 0, ...sizes } = Object.fromEntries(some) as typeof other;
      const suits = suitable(type, NAMED_BTF[btf].valueSize);
      const suited = suits.valueSize === NAMED_BTF[btf].valueSize ? "value" : "u32";
      const types = { key: key ?? suitableKey(type), value: value ?? suited, fd };
      return { type, btf, inner, keys: 1, ...suits, ...sizes, types, flags: suits.flags | flags };
    }),
  op: OPS.info,
  objects: INNER,
  longest: 1,
  isOrdered: () => true,
};
