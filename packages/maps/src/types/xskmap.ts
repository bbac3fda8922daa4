import { E2BIG, EEXIST, EINVAL, ENOENT, EOPNOTSUPP } from "@bpf-ts/uapi/errno";
import { BPF_EXIST, BPF_F_NUMA_NODE, BPF_F_RDONLY, BPF_F_WRONLY, BPF_NOEXIST } from "@bpf-ts/uapi/map-flags";
import { unknownUpdateFlags } from "../hash/hash-map.ts";
import { makeMap } from "../make.ts";
import type { InnerRule } from "../map.ts";
import { ObjectArrayMap } from "../objects/object-array.ts";
import type { MapType } from "./map-type.ts";

/**
 * `BPF_MAP_TYPE_XSKMAP`: AF_XDP sockets by index. User space can't read it back.
 *
 * @see v6.18 net/xdp/xskmap.c
 */
export class XskMap extends ObjectArrayMap {
  override get asInner(): InnerRule {
    return "same entries";
  }

  update(key: number, value: number, flags: number, _cpu: number): number {
    if (unknownUpdateFlags(flags, false) !== 0) return -EINVAL;
    const index = this.index(key);
    if (index >= this.def.maxEntries) return -E2BIG;
    const socket = this.acquire(this.memory.getI32(value));
    if (typeof socket === "number") return socket;
    const old = this.entry(index);
    const same = old?.object === socket.object && old !== undefined;
    const error = same ? 0 : old && flags === BPF_NOEXIST ? -EEXIST : !old && flags === BPF_EXIST ? -ENOENT : 0;
    if (same || error !== 0) this.release(socket);
    else this.set(index, socket);
    return error;
  }

  delete(key: number): number {
    const index = this.index(key);
    if (index >= this.def.maxEntries) return -EINVAL;
    this.set(index, undefined);
    return 0;
  }

  protected copyOut(_key: number, _value: number): number {
    return -EOPNOTSUPP;
  }
}

/** `BPF_MAP_TYPE_XSKMAP`. */
export const xskMapType: MapType = {
  check: () => 0,
  create(table, def, options) {
    if (def.maxEntries === 0 || def.keySize !== 4 || def.valueSize !== 4) return -EINVAL;
    if ((def.mapFlags & ~(BPF_F_NUMA_NODE | BPF_F_RDONLY | BPF_F_WRONLY)) !== 0) return -EINVAL;
    return makeMap(table, (own) => new XskMap(table, own, def, options));
  },
};
