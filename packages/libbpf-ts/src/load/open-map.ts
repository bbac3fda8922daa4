import { Btf } from "@bpf-ts/btf";
import type { Bpf, MapInfo } from "@bpf-ts/uapi";
import { LibbpfError } from "../error.ts";
import { type MemberName, valueTypes } from "../typed/value-types.ts";
import { BpfMap } from "./bpf-map.ts";

/** How {@link openMap} sees a map. */
export interface OpenMapOptions {
  /** For errors; the map's own by default. */
  name?: string;
  /** To find types of records in, where the map itself has none; the map's own by default. */
  types?: Btf;
  /** Names of members in JavaScript, as in {@link OpenOptions}. */
  memberName?: MemberName;
}

/**
 * Any map of a kernel, by its fd, which stays the caller's: typed by the BTF that the kernel has for it.
 *
 * @throws LibbpfError MAP_INVALID if it is no map; BtfError; BpfError with the kernel's errno
 */
export function openMap<K = unknown, V = unknown>(bpf: Bpf, fd: number, options: OpenMapOptions = {}): BpfMap<K, V> {
  const info = bpf.objGetInfo(fd);
  if (info.kind !== "map") throw new LibbpfError("MAP_INVALID", `fd ${fd} is a ${info.kind}, expected a map`);
  const own = btfOf(bpf, info);
  const spec = {
    declaredName: options.name ?? info.name,
    keyTypeId: own === undefined ? 0 : info.btfKeyTypeId,
    valueTypeId: own === undefined ? 0 : info.btfValueTypeId,
  };
  return new BpfMap<K, V>(bpf, fd, info, spec, valueTypes(own ?? options.types, options.memberName), false);
}

/** The types of a map's key and value; undefined without any. */
function btfOf(bpf: Bpf, { btfId, btfKeyTypeId, btfValueTypeId }: MapInfo): Btf | undefined {
  if (btfId === 0 || (btfKeyTypeId === 0 && btfValueTypeId === 0)) return undefined;
  const fd = bpf.getFdById("btf", btfId);
  try {
    const info = bpf.objGetInfo(fd);
    return info.kind === "btf" ? Btf.parse(info.data) : undefined;
  } finally {
    bpf.close(fd);
  }
}
