import * as F from "@bpf-ts/uapi/map-flags";
import * as T from "@bpf-ts/uapi/map-types";
import fc from "fast-check";
import { OPS, WHOLE_MAP, weighted } from "../arbitraries.ts";
import type { Family, ObjectName } from "../family.ts";
import { type BtfName, NAMED_BTF } from "../types.ts";

/** Every kind of object, so that the wrong ones are asked for as well. */
const OWNERS: readonly ObjectName[] = [
  "f:udp",
  "f:tcp-listen",
  "f:self",
  "f:cgroup",
  "f:file",
  "p:filter",
  "self",
  "closed",
  "none",
];

function storage(name: string, type: number, right: readonly ObjectName[]): Family {
  const types: readonly BtfName[] = ["plain", "lock", "kptr", "resLock"];
  return {
    name,
    types: [type],
    spec: fc
      .record({ btf: fc.constantFrom(...types), flags: fc.constantFrom(0, 0, 0, 0, F.BPF_F_CLONE) })
      .map(({ btf, flags }) => ({
        type,
        keySize: 4,
        valueSize: NAMED_BTF[btf].valueSize,
        maxEntries: 0,
        flags: F.BPF_F_NO_PREALLOC | flags,
        btf,
        keys: 1,
      })),
    op: weighted(
      [4, OPS.ownerUpdate],
      [4, OPS.ownerLookup],
      [2, OPS.ownerDelete],
      [1, OPS.forget],
      [1, OPS.next],
      [1, OPS.take],
      [1, OPS.lookupBatch],
      ...WHOLE_MAP,
    ),
    objects: [...right, ...right, ...right, ...OWNERS],
    isOrdered: () => true,
  };
}

export const skStorage: Family = storage("SK_STORAGE", T.BPF_MAP_TYPE_SK_STORAGE, [
  "f:udp",
  "f:udp:2",
  "f:tcp",
  "f:xdp",
]);
export const taskStorage: Family = storage("TASK_STORAGE", T.BPF_MAP_TYPE_TASK_STORAGE, ["f:self"]);
export const inodeStorage: Family = storage("INODE_STORAGE", T.BPF_MAP_TYPE_INODE_STORAGE, [
  "f:file",
  "f:udp",
  "p:filter",
]);
export const cgrpStorage: Family = storage("CGRP_STORAGE", T.BPF_MAP_TYPE_CGRP_STORAGE, ["f:cgroup"]);

/** Values come with the attachment of programs, never by updates: without any, all that user space can do is to be refused. */
function cgroupStorage(name: string, type: number): Family {
  return {
    name,
    types: [type],
    spec: fc
      .record({
        keySize: fc.constantFrom(8, 16),
        valueSize: fc.constantFrom(1, 8, 13),
        flags: fc.constantFrom(0, 0, F.BPF_F_RDONLY_PROG),
      })
      .map((rest) => ({ type, maxEntries: 0, ...rest, keys: 4 })),
    op: weighted(
      [3, OPS.update],
      [3, OPS.lookup],
      [1, OPS.delete],
      [1, OPS.take],
      [1, OPS.next],
      [1, OPS.lookupBatch],
      [1, OPS.updateBatch],
      ...WHOLE_MAP,
    ),
    isOrdered: () => true,
  };
}

export const cgroupStorages: Family = cgroupStorage("CGROUP_STORAGE", T.BPF_MAP_TYPE_CGROUP_STORAGE);
export const percpuCgroupStorages: Family = cgroupStorage(
  "PERCPU_CGROUP_STORAGE",
  T.BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE,
);
