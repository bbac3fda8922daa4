import { type Bpf, BpfError, type MapCreateAttr, type MapDef, UnsupportedError } from "@bpf-ts/uapi";
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
  BPF_MAP_TYPE_SOCKHASH,
  BPF_MAP_TYPE_SOCKMAP,
  BPF_MAP_TYPE_STACK,
  BPF_MAP_TYPE_STACK_TRACE,
  BPF_MAP_TYPE_XSKMAP,
} from "@bpf-ts/uapi/map-types";
import { LibbpfError } from "../error.ts";
import type { MapSpec } from "../spec/map-spec.ts";
import { adjustedSize } from "../spec/ring-size.ts";

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

/** A map, made or taken over. */
export interface CreatedMap {
  fd: number;
  /** As the kernel has it. */
  def: MapDef;
  /** The object closes it. */
  isOwned: boolean;
}

/**
 * Creates a map, or takes over the one that its spec names.
 *
 * @param warn is told what went less well than asked for
 * @throws LibbpfError LOAD; UnsupportedError
 */
export function createMap(
  bpf: Bpf,
  spec: MapSpec,
  btfFd: number | undefined,
  warn: (text: string) => void,
): CreatedMap {
  if (spec.reuseFd !== undefined) return reuseMap(bpf, spec, spec.reuseFd);
  if (spec.pinning !== 0)
    throw new UnsupportedError("pinned maps", {
      detail: `map ${spec.declaredName}: set its pinning to 0, and reuseFd to share it`,
      details: { map: spec.declaredName },
    });
  const attr = mapCreateAttr(spec, { possibleCpus: bpf.possibleCpus, btfFd });
  let inner: CreatedMap | undefined;
  try {
    if (spec.inner !== undefined) {
      inner = createMap(bpf, spec.inner, btfFd, warn);
      attr.innerMapFd = inner.fd;
    }
    return { fd: create(bpf, spec, attr, warn), def: attr, isOwned: true };
  } catch (cause) {
    throw mapError(spec, "creating it", cause);
  } finally {
    // The kernel has copied what it needs of the template.
    if (inner?.isOwned === true) bpf.close(inner.fd);
  }
}

function create(bpf: Bpf, spec: MapSpec, attr: MapCreateAttr, warn: (text: string) => void): number {
  try {
    return bpf.mapCreate(attr);
  } catch (error) {
    // Kernels take BTF for fewer types of map than objects give it for: libbpf tries again without.
    if (attr.btf === undefined || !(error instanceof BpfError) || error instanceof UnsupportedError) throw error;
    const { btf: _, ...plain } = attr;
    const fd = bpf.mapCreate(plain);
    warn(`map ${spec.declaredName}: created without its BTF types: ${error.message}`);
    return fd;
  }
}

/**
 * What `BPF_MAP_CREATE` is asked for: the spec, with what libbpf fills in. The template of map-in-map types is the caller's.
 *
 * @param env what the kernel has: CPUs, and the object's BTF if it is loaded
 */
export function mapCreateAttr(spec: MapSpec, env: { possibleCpus: number; btfFd: number | undefined }): MapCreateAttr {
  const { type, name, keySize, valueSize, maxEntries, mapFlags, keyTypeId, valueTypeId } = spec;
  const attr: MapCreateAttr = { type, name, keySize, valueSize, mapFlags, maxEntries };
  if (spec.mapExtra !== undefined) attr.mapExtra = spec.mapExtra;
  if (spec.numaNode !== undefined) attr.numaNode = spec.numaNode;
  if (type === BPF_MAP_TYPE_PERF_EVENT_ARRAY && maxEntries === 0) attr.maxEntries = env.possibleCpus;
  attr.maxEntries = adjustedSize(type, attr.maxEntries);
  if (env.btfFd !== undefined && (keyTypeId !== 0 || valueTypeId !== 0) && !WITHOUT_BTF.has(type))
    attr.btf = { btfFd: env.btfFd, keyTypeId, valueTypeId };
  return attr;
}

function reuseMap(bpf: Bpf, spec: MapSpec, fd: number): CreatedMap {
  const info = (() => {
    try {
      return bpf.objGetInfo(fd);
    } catch (cause) {
      throw mapError(spec, `reusing fd ${fd}`, cause);
    }
  })();
  if (info.kind !== "map")
    throw new LibbpfError("LOAD", `map ${spec.declaredName}: fd ${fd}, which it is to reuse, is a ${info.kind}`);
  if (info.type !== spec.type || info.keySize !== spec.keySize || info.valueSize !== spec.valueSize)
    throw new LibbpfError(
      "LOAD",
      `map ${spec.declaredName}: fd ${fd} is a map of type ${info.type} with keys of ${info.keySize} and values of ${info.valueSize} bytes, declared are type ${spec.type}, ${spec.keySize} and ${spec.valueSize}`,
    );
  return { fd, def: info, isOwned: false };
}

/** Puts a data section's contents into its map; constants are frozen. @throws LibbpfError LOAD */
export function fillDataMap(bpf: Bpf, fd: number, spec: MapSpec): void {
  try {
    if (spec.contents !== undefined) {
      if (spec.contents.length !== spec.valueSize)
        throw new LibbpfError(
          "LOAD",
          `map ${spec.declaredName}: contents of ${spec.contents.length} bytes, its value has ${spec.valueSize}`,
        );
      bpf.mapUpdateElem(fd, new Uint8Array(4), spec.contents);
    }
    if (spec.origin === "rodata") bpf.mapFreeze(fd);
  } catch (cause) {
    throw mapError(spec, "setting its contents", cause);
  }
}

/** Says which map a failure of the kernel is about. */
export function mapError(spec: Pick<MapSpec, "declaredName">, doing: string, cause: unknown): unknown {
  if (!(cause instanceof BpfError) || cause instanceof LibbpfError) return cause;
  const details = { ...cause.details, map: spec.declaredName };
  if (cause instanceof UnsupportedError)
    return new UnsupportedError(cause.feature, { detail: `map ${spec.declaredName}`, details, cause });
  return new LibbpfError("LOAD", `map ${spec.declaredName}: ${doing}: ${cause.message}`, {
    ...(cause.errno === undefined ? {} : { errno: cause.errno }),
    cause,
    details,
  });
}
