import {
  BPF_MAP_TYPE_ARRAY,
  BPF_MAP_TYPE_HASH,
  BPF_MAP_TYPE_LRU_HASH,
  BPF_MAP_TYPE_LRU_PERCPU_HASH,
  BPF_MAP_TYPE_PERCPU_ARRAY,
  BPF_MAP_TYPE_PERCPU_HASH,
  BPF_MAP_TYPE_PROG_ARRAY,
} from "@bpf-ts/uapi/map-types";
import { arrayType } from "./array.ts";
import { hashType } from "./hash.ts";
import { lruHashType } from "./lru-hash.ts";
import { lruPercpuHashType } from "./lru-percpu-hash.ts";
import type { MapType } from "./map-type.ts";
import { percpuArrayType } from "./percpu-array.ts";
import { percpuHashType } from "./percpu-hash.ts";
import { progArrayType } from "./prog-array.ts";

/** The map types: a new one is a file beside this one and a line here. */
const MAP_TYPES: Readonly<Record<number, MapType>> = {
  [BPF_MAP_TYPE_HASH]: hashType,
  [BPF_MAP_TYPE_ARRAY]: arrayType,
  [BPF_MAP_TYPE_PROG_ARRAY]: progArrayType,
  [BPF_MAP_TYPE_PERCPU_HASH]: percpuHashType,
  [BPF_MAP_TYPE_PERCPU_ARRAY]: percpuArrayType,
  [BPF_MAP_TYPE_LRU_HASH]: lruHashType,
  [BPF_MAP_TYPE_LRU_PERCPU_HASH]: lruPercpuHashType,
};

/** The implementation of a `BPF_MAP_TYPE_*`; undefined for numbers that are none. */
export function mapTypeOf(type: number): MapType | undefined {
  return MAP_TYPES[type];
}
