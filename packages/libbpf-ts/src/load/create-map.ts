import { type Bpf, BpfError, type MapCreateAttr, type MapDef } from "@bpf-ts/uapi";
import {
  BPF_MAP_TYPE_ARENA,
  BPF_MAP_TYPE_ARRAY_OF_MAPS,
  BPF_MAP_TYPE_CGROUP_ARRAY,
  BPF_MAP_TYPE_CPUMAP,
  BPF_MAP_TYPE_DEVMAP,
  BPF_MAP_TYPE_DEVMAP_HASH,
  BPF_MAP_TYPE_HASH_OF_MAPS,
  BPF_MAP_TYPE_PERF_EVENT_ARRAY,
  BPF_MAP_TYPE_QUEUE,
  BPF_MAP_TYPE_RINGBUF,
  BPF_MAP_TYPE_SOCKHASH,
  BPF_MAP_TYPE_SOCKMAP,
  BPF_MAP_TYPE_STACK,
  BPF_MAP_TYPE_STACK_TRACE,
  BPF_MAP_TYPE_USER_RINGBUF,
  BPF_MAP_TYPE_XSKMAP,
} from "@bpf-ts/uapi/map-types";
import { LibbpfError } from "../error.ts";
import type { MapSpec } from "../spec/map-spec.ts";

/** Types whose key and value have no BTF in the kernel. @see v6.12 tools/lib/bpf/libbpf.c, bpf_object__create_map */
const WITHOUT_BTF: ReadonlySet<number> = new Set([
  BPF_MAP_TYPE_PERF_EVENT_ARRAY,
  BPF_MAP_TYPE_CGROUP_ARRAY,
  BPF_MAP_TYPE_STACK_TRACE,
  BPF_MAP_TYPE_ARRAY_OF_MAPS,
  BPF_MAP_TYPE_HASH_OF_MAPS,
  BPF_MAP_TYPE_DEVMAP,
  BPF_MAP_TYPE_DEVMAP_HASH,
  BPF_MAP_TYPE_CPUMAP,
  BPF_MAP_TYPE_XSKMAP,
  BPF_MAP_TYPE_SOCKMAP,
  BPF_MAP_TYPE_SOCKHASH,
  BPF_MAP_TYPE_QUEUE,
  BPF_MAP_TYPE_STACK,
  BPF_MAP_TYPE_ARENA,
]);

const PAGE_SIZE = 4096;

/** A map, made or taken over. */
export interface CreatedMap {
  fd: number;
  /** As the kernel has it. */
  def: MapDef;
  /** The object closes it. */
  isOwned: boolean;
  warning: string | undefined;
}

/** Creates a map, or takes over the one that its spec names. @throws LibbpfError LOAD */
export function createMap(bpf: Bpf, spec: MapSpec, btfFd: number | undefined): CreatedMap {
  if (spec.reuseFd !== undefined) return reuseMap(bpf, spec, spec.reuseFd);
  const attr = attrOf(bpf, spec);
  let inner: number | undefined;
  try {
    if (spec.inner !== undefined) {
      inner = createMap(bpf, spec.inner, undefined).fd;
      attr.innerMapFd = inner;
    }
    const hasBtf = btfFd !== undefined && spec.valueTypeId !== 0 && !WITHOUT_BTF.has(spec.type);
    if (hasBtf) {
      try {
        const fd = bpf.mapCreate({ ...attr, btf: { btfFd, keyTypeId: spec.keyTypeId, valueTypeId: spec.valueTypeId } });
        return { fd, def: attr, isOwned: true, warning: undefined };
      } catch (error) {
        // Older kernels knew fewer types with BTF: libbpf tries again without.
        const fd = bpf.mapCreate(attr);
        const warning = `map ${spec.declaredName}: created without its BTF types: ${error instanceof Error ? error.message : String(error)}`;
        return { fd, def: attr, isOwned: true, warning };
      }
    }
    return { fd: bpf.mapCreate(attr), def: attr, isOwned: true, warning: undefined };
  } catch (cause) {
    throw mapError(spec, "creating it", cause);
  } finally {
    if (inner !== undefined) bpf.close(inner);
  }
}

function attrOf(bpf: Bpf, spec: MapSpec): MapCreateAttr {
  const { type, name, keySize, valueSize, mapFlags } = spec;
  const attr: MapCreateAttr = { type, name, keySize, valueSize, mapFlags, maxEntries: spec.maxEntries };
  if (spec.mapExtra !== undefined) attr.mapExtra = spec.mapExtra;
  if (spec.numaNode !== undefined) attr.numaNode = spec.numaNode;
  if (type === BPF_MAP_TYPE_PERF_EVENT_ARRAY && spec.maxEntries === 0) attr.maxEntries = bpf.possibleCpus;
  if (type === BPF_MAP_TYPE_RINGBUF || type === BPF_MAP_TYPE_USER_RINGBUF)
    attr.maxEntries = ringBufferSize(spec.maxEntries);
  return attr;
}

/** The next power of two of pages: what the kernel demands. 0 and sizes beyond 2³¹ are left for it to refuse. */
function ringBufferSize(bytes: number): number {
  if (bytes === 0) return 0;
  for (let size = PAGE_SIZE; size <= 0x80000000; size *= 2) if (size >= bytes) return size;
  return bytes;
}

function reuseMap(bpf: Bpf, spec: MapSpec, fd: number): CreatedMap {
  let info: ReturnType<Bpf["objGetInfo"]>;
  try {
    info = bpf.objGetInfo(fd);
  } catch (cause) {
    throw mapError(spec, `reusing fd ${fd}`, cause);
  }
  if (info.kind !== "map")
    throw new LibbpfError("LOAD", `map ${spec.declaredName}: fd ${fd}, which it is to reuse, is a ${info.kind}`);
  if (info.keySize !== spec.keySize || info.valueSize !== spec.valueSize) {
    throw new LibbpfError(
      "LOAD",
      `map ${spec.declaredName}: fd ${fd} has keys of ${info.keySize} and values of ${info.valueSize} bytes, declared are ${spec.keySize} and ${spec.valueSize}`,
    );
  }
  return { fd, def: info, isOwned: false, warning: undefined };
}

/** Puts a data section's contents into its map; read-only ones are frozen. @throws LibbpfError LOAD */
export function fillDataMap(bpf: Bpf, fd: number, spec: MapSpec): void {
  if (spec.contents === undefined) return;
  try {
    if (spec.contents.length !== spec.valueSize) {
      throw new LibbpfError("LOAD", `contents of ${spec.contents.length} bytes, its value has ${spec.valueSize}`);
    }
    if (spec.origin !== "bss") bpf.mapUpdateElem(fd, new Uint8Array(4), spec.contents, 0n);
    if (spec.origin === "rodata") bpf.mapFreeze(fd);
  } catch (cause) {
    throw mapError(spec, "setting its contents", cause);
  }
}

function mapError(spec: MapSpec, doing: string, cause: unknown): unknown {
  if (!(cause instanceof BpfError)) return cause;
  return new LibbpfError("LOAD", `map ${spec.declaredName}: ${doing}: ${cause.message}`, {
    ...(cause.errno === undefined ? {} : { errno: cause.errno }),
    cause,
    details: { map: spec.declaredName },
  });
}
