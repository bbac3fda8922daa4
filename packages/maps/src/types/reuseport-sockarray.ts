import { E2BIG, EEXIST, EINVAL, ENOENT, ENOSPC } from "@bpf-ts/uapi/errno";
import { BPF_EXIST, BPF_NOEXIST } from "@bpf-ts/uapi/map-flags";
import { checkArray } from "../array/check.ts";
import { unknownUpdateFlags } from "../hash/hash-map.ts";
import { makeMap } from "../make.ts";
import { ObjectArrayMap } from "../objects/object-array.ts";
import { socketFd } from "../objects/sockets.ts";
import type { MapType } from "./map-type.ts";

/**
 * `BPF_MAP_TYPE_REUSEPORT_SOCKARRAY`: SO_REUSEPORT sockets by index. User space writes fds and reads cookies, the latter only with 8-byte values.
 *
 * @see v6.18 kernel/bpf/reuseport_array.c
 */
export class ReuseportSockArrayMap extends ObjectArrayMap {
  /** Programs can't store sockets. */
  update(_key: number, _value: number, _flags: number, _cpu: number): number {
    return -EINVAL;
  }

  override sysUpdate(key: number, value: number, flags: number, _cpu: number): number {
    const lock = this.checkLockFlag(flags);
    if (lock !== 0) return lock;
    if (unknownUpdateFlags(flags, false) !== 0) return -EINVAL;
    const index = this.index(key);
    if (index >= this.def.maxEntries) return -E2BIG;
    const wide = this.def.valueSize === 8;
    const fd = wide ? socketFd(this.memory, value, 8) : this.memory.getI32(value);
    if (wide && fd < 0) return -EINVAL;
    const socket = this.acquire(fd);
    if (typeof socket === "number") return socket;
    const exists = this.entry(index) !== undefined;
    const error =
      exists && flags === BPF_NOEXIST ? -EEXIST : !exists && flags === BPF_EXIST ? -ENOENT : (socket.refused ?? 0);
    if (error !== 0) this.release(socket);
    else this.set(index, socket);
    return error;
  }

  delete(key: number): number {
    const index = this.index(key);
    if (index >= this.def.maxEntries) return -E2BIG;
    if (this.entry(index) === undefined) return -ENOENT;
    this.set(index, undefined);
    return 0;
  }

  protected copyOut(key: number, value: number): number {
    if (this.def.valueSize !== 8) return -ENOSPC;
    const socket = this.entry(this.index(key));
    if (socket === undefined) return -ENOENT;
    this.memory.setU64(value, BigInt(socket.id));
    return 0;
  }
}

/** `BPF_MAP_TYPE_REUSEPORT_SOCKARRAY`. */
export const reuseportSockArrayType: MapType = {
  check: (def) => (def.valueSize !== 4 && def.valueSize !== 8 ? -EINVAL : checkArray(def)),
  create: (table, def, options) => makeMap(table, (own) => new ReuseportSockArrayMap(table, own, def, options)),
};
