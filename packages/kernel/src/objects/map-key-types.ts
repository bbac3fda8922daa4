import type { Btf, BtfInt } from "@bpf-ts/btf";
import type { MapDef } from "@bpf-ts/uapi";
import { EINVAL, ENOTSUPP } from "@bpf-ts/uapi/errno";
import * as T from "@bpf-ts/uapi/map-types";

/**
 * What each map type asks of its key's BTF type: 0 or an errno. Types that are not listed only ask that there is one.
 *
 * @see v6.18 include/linux/bpf.h, struct bpf_map_ops, map_check_btf
 */
type KeyCheck = (def: MapDef, btf: Btf, keyId: number, valueId: number) => number;

/** The kernel does not ask for the signedness. */
function isPlainInt(btf: Btf, id: number, bits: number): boolean {
  if (btf.kindOf(id) !== "int") return false;
  const int = btf.type(id) as BtfInt;
  return int.bits === bits && int.offset === 0;
}

const noBtf: KeyCheck = () => ENOTSUPP;
const int32Key: KeyCheck = (_def, btf, keyId) => (isPlainInt(btf, keyId, 32) ? 0 : EINVAL);

/** Arrays of one section's variables (`.bss`, `.data`, `.rodata`) have no key type. @see v6.18 kernel/bpf/arraymap.c, array_map_check_btf */
const arrayKey: KeyCheck = (def, btf, keyId, valueId) => {
  if (keyId !== 0) return int32Key(def, btf, keyId, valueId);
  const isSection = def.type === T.BPF_MAP_TYPE_ARRAY && def.maxEntries === 1 && btf.kindOf(valueId) === "datasec";
  return isSection ? 0 : EINVAL;
};

/** `{u64 cgroup; u32 attach type}`, or a u64 alone. @see v6.18 kernel/bpf/local_storage.c, cgroup_storage_check_btf */
const cgroupStorageKey: KeyCheck = (def, btf, keyId) => {
  if (def.keySize === 8) return isPlainInt(btf, keyId, 64) ? 0 : EINVAL;
  if (btf.kindOf(keyId) !== "struct" || btf.vlenOf(keyId) !== 2) return EINVAL;
  const isMember = (index: number, bits: number, offset: number): boolean => {
    const type = btf.resolve(btf.memberTypeOf(keyId, index));
    const isWhole = [0, bits].includes(btf.memberBitfieldSizeOf(keyId, index));
    return isPlainInt(btf, type, bits) && isWhole && btf.memberBitOffsetOf(keyId, index) === offset;
  };
  return isMember(0, 64, 0) && isMember(1, 32, 64) ? 0 : EINVAL;
};

const CHECKS: Readonly<Record<number, KeyCheck>> = {
  [T.BPF_MAP_TYPE_ARRAY]: arrayKey,
  [T.BPF_MAP_TYPE_PERCPU_ARRAY]: arrayKey,
  [T.BPF_MAP_TYPE_LPM_TRIE]: (_def, btf, keyId) => (btf.kindOf(keyId) === "struct" ? 0 : EINVAL),
  [T.BPF_MAP_TYPE_BLOOM_FILTER]: (_def, _btf, keyId) => (keyId === 0 ? 0 : EINVAL),
  [T.BPF_MAP_TYPE_ARENA]: () => 0,
  [T.BPF_MAP_TYPE_SK_STORAGE]: int32Key,
  [T.BPF_MAP_TYPE_TASK_STORAGE]: int32Key,
  [T.BPF_MAP_TYPE_INODE_STORAGE]: int32Key,
  [T.BPF_MAP_TYPE_CGRP_STORAGE]: int32Key,
  [T.BPF_MAP_TYPE_CGROUP_STORAGE]: cgroupStorageKey,
  [T.BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE]: cgroupStorageKey,
  [T.BPF_MAP_TYPE_PERF_EVENT_ARRAY]: noBtf,
  [T.BPF_MAP_TYPE_CGROUP_ARRAY]: noBtf,
  [T.BPF_MAP_TYPE_ARRAY_OF_MAPS]: noBtf,
  [T.BPF_MAP_TYPE_HASH_OF_MAPS]: noBtf,
  [T.BPF_MAP_TYPE_STACK_TRACE]: noBtf,
  [T.BPF_MAP_TYPE_DEVMAP]: noBtf,
  [T.BPF_MAP_TYPE_DEVMAP_HASH]: noBtf,
  [T.BPF_MAP_TYPE_CPUMAP]: noBtf,
  [T.BPF_MAP_TYPE_XSKMAP]: noBtf,
  [T.BPF_MAP_TYPE_SOCKMAP]: noBtf,
  [T.BPF_MAP_TYPE_SOCKHASH]: noBtf,
};

/** Whether a map type asks nothing of its key's type, but that there is one. */
export function takesAnyKeyType(type: number): boolean {
  return CHECKS[type] === undefined;
}

/** @param keyId 0 for none; both ids without modifiers. @returns 0 or a positive errno */
export function checkKeyType(def: MapDef, btf: Btf, keyId: number, valueId: number): number {
  return CHECKS[def.type]?.(def, btf, keyId, valueId) ?? 0;
}
