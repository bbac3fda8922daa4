import type { MapDef } from "@bpf-ts/uapi";
import { E2BIG, EINVAL, ENOTSUPP } from "@bpf-ts/uapi/errno";
import {
  BPF_F_NO_COMMON_LRU,
  BPF_F_NO_PREALLOC,
  BPF_F_NUMA_NODE,
  BPF_F_RDONLY,
  BPF_F_RDONLY_PROG,
  BPF_F_WRONLY,
  BPF_F_WRONLY_PROG,
  BPF_F_ZERO_SEED,
} from "@bpf-ts/uapi/map-flags";
import { numaNodeOf } from "../numa.ts";

/** Flags about who may read and write: `BPF_F_ACCESS_MASK`. */
export const ACCESS_FLAGS: number = BPF_F_RDONLY | BPF_F_RDONLY_PROG | BPF_F_WRONLY | BPF_F_WRONLY_PROG;
/** The largest block of the kernel's slab allocator, bytes: `KMALLOC_MAX_SIZE`. */
export const KMALLOC_MAX_SIZE: number = 4 * 1024 * 1024;
/** The largest value of a per-CPU map, bytes: `PCPU_MIN_UNIT_SIZE`. */
export const PCPU_MIN_UNIT_SIZE: number = 32 * 1024;

const HASH_FLAGS = BPF_F_NO_PREALLOC | BPF_F_NO_COMMON_LRU | BPF_F_NUMA_NODE | ACCESS_FLAGS | BPF_F_ZERO_SEED;
/** `sizeof(struct htab_elem)`, bytes. */
const KERNEL_ELEMENT = 48;
/** `U32_MAX / sizeof(struct bucket)`: more buckets are refused. */
const KERNEL_BUCKETS_MAX = 268_435_455;

/** Both sides' `…_PROG` flags exclude each other: `bpf_map_flags_access_ok`. */
export function accessFlagsOk(mapFlags: number): boolean {
  return (mapFlags & BPF_F_RDONLY_PROG) === 0 || (mapFlags & BPF_F_WRONLY_PROG) === 0;
}

/** Rounds up to a multiple of 8. */
export function round8(size: number): number {
  return Math.ceil(size / 8) * 8;
}

/**
 * The checks of all hash types.
 *
 * @see v6.18 kernel/bpf/hashtab.c, htab_map_alloc_check
 */
export function checkHash(def: MapDef, kind: { percpu: boolean; lru: boolean }): number {
  const flags = def.mapFlags;
  const perCpuLru = (flags & BPF_F_NO_COMMON_LRU) !== 0;
  if ((flags & ~HASH_FLAGS) !== 0 || !accessFlagsOk(flags)) return -EINVAL;
  if (!kind.lru && perCpuLru) return -EINVAL;
  if (kind.lru && (flags & BPF_F_NO_PREALLOC) !== 0) return -ENOTSUPP;
  if (numaNodeOf(def) !== -1 && (kind.percpu || perCpuLru)) return -EINVAL;
  if (def.maxEntries === 0 || def.keySize === 0 || def.valueSize === 0) return -EINVAL;
  if (def.keySize + def.valueSize >= KMALLOC_MAX_SIZE - KERNEL_ELEMENT) return -E2BIG;
  if (kind.percpu && round8(def.valueSize) > PCPU_MIN_UNIT_SIZE) return -E2BIG;
  return 0;
}

/**
 * Entries as Linux rounds them: where each CPU has an LRU list of its own, all lists are of one length.
 *
 * @see v6.18 kernel/bpf/hashtab.c, htab_map_alloc
 */
export function hashEntries(def: MapDef, cpus: number): number {
  if ((def.mapFlags & BPF_F_NO_COMMON_LRU) === 0) return def.maxEntries;
  const up = Math.ceil(def.maxEntries / cpus) * cpus;
  // The kernel's sum is 32 bits wide: where it overflows, it rounds down instead.
  return up > 0xffff_ffff ? Math.floor(def.maxEntries / cpus) * cpus : up;
}

/** The number of buckets for so many entries, or -E2BIG. */
export function hashBuckets(entries: number): number {
  if (entries > 2 ** 31) return -E2BIG;
  const buckets = roundUpToPowerOfTwo(entries);
  return buckets > KERNEL_BUCKETS_MAX ? -E2BIG : buckets;
}

/** The smallest power of two that is at least `n` (1 … 2³¹). */
export function roundUpToPowerOfTwo(n: number): number {
  return n <= 1 ? 1 : 2 ** (32 - Math.clz32(n - 1));
}
