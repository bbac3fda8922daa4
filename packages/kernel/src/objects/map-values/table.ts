import {
  BPF_MAP_TYPE_ARRAY_OF_MAPS,
  BPF_MAP_TYPE_CGROUP_ARRAY,
  BPF_MAP_TYPE_CGRP_STORAGE,
  BPF_MAP_TYPE_HASH_OF_MAPS,
  BPF_MAP_TYPE_INODE_STORAGE,
  BPF_MAP_TYPE_PERF_EVENT_ARRAY,
  BPF_MAP_TYPE_PROG_ARRAY,
  BPF_MAP_TYPE_REUSEPORT_SOCKARRAY,
  BPF_MAP_TYPE_SK_STORAGE,
  BPF_MAP_TYPE_SOCKHASH,
  BPF_MAP_TYPE_SOCKMAP,
  BPF_MAP_TYPE_TASK_STORAGE,
  BPF_MAP_TYPE_XSKMAP,
} from "@bpf-ts/uapi/map-types";
import { innerMaps } from "./inner-maps.ts";
import { cgroups, storageInodes, storageTasks } from "./owners.ts";
import { perfEvents } from "./perf-events.ts";
import { tailCallTargets } from "./programs.ts";
import { reuseportSockets, sockMapSockets, storageSockets, xdpSockets } from "./sockets.ts";
import type { MapValues } from "./values.ts";

/** By map type: what goes into it by fd. */
export const MAP_VALUES: Readonly<Record<number, MapValues>> = {
  [BPF_MAP_TYPE_PROG_ARRAY]: tailCallTargets,
  [BPF_MAP_TYPE_ARRAY_OF_MAPS]: innerMaps,
  [BPF_MAP_TYPE_HASH_OF_MAPS]: innerMaps,
  [BPF_MAP_TYPE_PERF_EVENT_ARRAY]: perfEvents,
  [BPF_MAP_TYPE_CGROUP_ARRAY]: cgroups,
  [BPF_MAP_TYPE_SOCKMAP]: sockMapSockets,
  [BPF_MAP_TYPE_SOCKHASH]: sockMapSockets,
  [BPF_MAP_TYPE_REUSEPORT_SOCKARRAY]: reuseportSockets,
  [BPF_MAP_TYPE_XSKMAP]: xdpSockets,
  [BPF_MAP_TYPE_SK_STORAGE]: storageSockets,
  [BPF_MAP_TYPE_TASK_STORAGE]: storageTasks,
  [BPF_MAP_TYPE_INODE_STORAGE]: storageInodes,
  [BPF_MAP_TYPE_CGRP_STORAGE]: cgroups,
};
