import { array, percpuArray } from "./families/array.ts";
import { creation, typedCreation } from "./families/creation.ts";
import { hash, lruHash, lruPercpuHash, percpuHash } from "./families/hash.ts";
import { bloomFilter, queues, stacks } from "./families/keyless.ts";
import { lpmTrie } from "./families/lpm-trie.ts";
import {
  arrayOfMaps,
  cgroupArray,
  hashOfMaps,
  perfEventArray,
  progArray,
  reuseportSockArray,
  sockHash,
  sockMap,
  xskMap,
} from "./families/objects.ts";
import { cpuMap, devMap, devMapHash } from "./families/redirect.ts";
import { arena, ringbuf, stackTrace, userRingbuf } from "./families/rings.ts";
import { specialFields } from "./families/special-fields.ts";
import {
  cgroupStorages,
  cgrpStorage,
  inodeStorage,
  percpuCgroupStorages,
  skStorage,
  taskStorage,
} from "./families/storage.ts";
import { structOps } from "./families/struct-ops.ts";
import type { Family } from "./family.ts";

/** Every family of maps that is compared. */
export const FAMILIES: readonly Family[] = [
  hash,
  percpuHash,
  lruHash,
  lruPercpuHash,
  array,
  percpuArray,
  lpmTrie,
  queues,
  stacks,
  bloomFilter,
  progArray,
  perfEventArray,
  cgroupArray,
  arrayOfMaps,
  hashOfMaps,
  ringbuf,
  userRingbuf,
  stackTrace,
  devMap,
  devMapHash,
  cpuMap,
  sockMap,
  sockHash,
  xskMap,
  reuseportSockArray,
  skStorage,
  taskStorage,
  inodeStorage,
  cgrpStorage,
  cgroupStorages,
  percpuCgroupStorages,
  arena,
  structOps,
  specialFields,
  creation,
  typedCreation,
];
