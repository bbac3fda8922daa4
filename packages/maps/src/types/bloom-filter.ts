import type { MapDef } from "@bpf-ts/uapi";
import { E2BIG, EINVAL, ENOENT, EOPNOTSUPP } from "@bpf-ts/uapi/errno";
import { BPF_F_NUMA_NODE, BPF_F_ZERO_SEED } from "@bpf-ts/uapi/map-flags";
import { BaseMap } from "../base-map.ts";
import type { CreateOptions } from "../create.ts";
import { ACCESS_FLAGS, accessFlagsOk, KMALLOC_MAX_SIZE, roundUpToPowerOfTwo } from "../hash/check.ts";
import { jhash } from "../jhash.ts";
import { makeMap } from "../make.ts";
import type { MapTable } from "../map-table.ts";
import type { OwnMemory } from "../own-memory.ts";
import type { MapType } from "./map-type.ts";

/**
 * `BPF_MAP_TYPE_BLOOM_FILTER`: remembers values; peek says whether one may have been pushed. `mapExtra` is the number of hash functions, 5 for 0.
 *
 * @see v6.18 kernel/bpf/bloom_filter.c
 */
export class BloomFilterMap extends BaseMap {
  readonly #bits: number;
  /** Number of bits - 1. */
  readonly #mask: number;
  readonly #hashes: number;
  readonly #seed: number;
  #pushed = 0;

  constructor(table: MapTable, own: OwnMemory, def: MapDef, options: CreateOptions) {
    super(table, own, def, options);
    this.#hashes = Number(this.def.mapExtra) || 5;
    this.#mask = bloomBits(def.maxEntries, this.#hashes) - 1;
    this.#seed = (def.mapFlags & BPF_F_ZERO_SEED) !== 0 ? 0 : (options.hashSeed ?? table.random32());
    this.#bits = own.reserve((this.#mask + 1) / 8, `${this.label} bits`);
  }

  /** Values pushed so far, repetitions included: a filter does not know better. */
  get elementCount(): number {
    return this.#pushed;
  }

  /** The `index`-th bit of a value. */
  #bit(value: number, index: number): number {
    return (jhash(this.memory, value, this.def.valueSize, (this.#seed + index) | 0) & this.#mask) >>> 0;
  }

  override peek(value: number): number {
    const { u8 } = this.memory;
    for (let i = 0; i < this.#hashes; i++) {
      const bit = this.#bit(value, i);
      if ((u8[this.#bits + Math.floor(bit / 8)]! & (1 << (bit & 7))) === 0) return -ENOENT;
    }
    return 0;
  }

  override push(value: number, flags: number): number {
    if (flags !== 0) return -EINVAL;
    const { u8 } = this.memory;
    for (let i = 0; i < this.#hashes; i++) {
      const bit = this.#bit(value, i);
      u8[this.#bits + Math.floor(bit / 8)]! |= 1 << (bit & 7);
    }
    this.#pushed++;
    return 0;
  }

  lookup(_key: number, _cpu: number): number {
    return 0;
  }

  update(_key: number, _value: number, _flags: number, _cpu: number): number {
    return -EINVAL;
  }

  delete(_key: number): number {
    return -EOPNOTSUPP;
  }

  getNextKey(_key: number, _next: number): number {
    return -EOPNOTSUPP;
  }

  /** User space's look-up is a question about the value that its buffer holds. */
  protected copyOut(_key: number, value: number): number {
    return this.peek(value);
  }

  override sysUpdate(_key: number, value: number, flags: number, _cpu: number): number {
    return this.checkLockFlag(flags) || this.push(value, flags);
  }
}

/** Bits for so many entries: entries × hashes ÷ ln 2, as integers, rounded up to a power of two, between 64 and 2³². */
function bloomBits(entries: number, hashes: number): number {
  const product = entries * hashes;
  const bits = Math.floor(product / 5) * 7;
  if (product > 0xffff_ffff || bits > 2 ** 31) return 2 ** 32;
  return bits <= 64 ? 64 : roundUpToPowerOfTwo(bits);
}

/** `BPF_MAP_TYPE_BLOOM_FILTER`. */
export const bloomFilterType: MapType = {
  check: (def) => (def.valueSize > KMALLOC_MAX_SIZE ? -E2BIG : 0),
  create(table, def, options) {
    const { mapFlags, mapExtra = 0n } = def;
    if (def.keySize !== 0 || def.valueSize === 0 || def.maxEntries === 0) return -EINVAL;
    if ((mapFlags & ~(BPF_F_NUMA_NODE | BPF_F_ZERO_SEED | ACCESS_FLAGS)) !== 0 || !accessFlagsOk(mapFlags))
      return -EINVAL;
    if ((mapExtra & ~0xfn) !== 0n) return -EINVAL;
    return makeMap(table, (own) => new BloomFilterMap(table, own, def, options));
  },
};
