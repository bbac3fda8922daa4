import { E2BIG, EEXIST, EINVAL, ENOENT, ENOSPC, EOPNOTSUPP } from "@bpf-ts/uapi/errno";
import { BPF_EXIST, BPF_NOEXIST } from "@bpf-ts/uapi/map-flags";
import { unknownUpdateFlags } from "../hash/hash-map.ts";
import { makeMap } from "../make.ts";
import type { FdValue } from "../map.ts";
import { ObjectArrayMap } from "../objects/object-array.ts";
import { SOCK_FLAGS, socketFd } from "../objects/sockets.ts";
import type { MapType } from "./map-type.ts";

/**
 * `BPF_MAP_TYPE_SOCKMAP`: sockets by index. User space writes fds and reads cookies, the latter only with 8-byte values.
 *
 * @see v6.18 net/core/sock_map.c, sock_map_ops
 */
export class SockMap extends ObjectArrayMap {
  override get asInner(): undefined {
    return undefined;
  }

  /** A program's value is a socket, which only its owner knows: {@link store} does it. */
  update(_key: number, _value: number, _flags: number, _cpu: number): number {
    return -EOPNOTSUPP;
  }

  override sysUpdate(key: number, value: number, flags: number, _cpu: number): number {
    const error = this.checkLockFlag(flags);
    if (error !== 0) return error;
    const fd = socketFd(this.memory, value, this.def.valueSize);
    if (fd < 0) return -EINVAL;
    const socket = this.acquire(fd);
    if (typeof socket === "number") return socket;
    const result = this.store(key, socket, flags);
    if (result !== 0) this.release(socket);
    return result;
  }

  /** `bpf_sock_map_update`: puts a socket in. On failure the caller keeps its reference. */
  store(key: number, socket: FdValue, flags: number): number {
    if (unknownUpdateFlags(flags, false) !== 0) return -EINVAL;
    const index = this.index(key);
    if (index >= this.def.maxEntries) return -E2BIG;
    if (socket.refused) return socket.refused;
    const exists = this.entry(index) !== undefined;
    if (exists && flags === BPF_NOEXIST) return -EEXIST;
    if (!exists && flags === BPF_EXIST) return -ENOENT;
    this.set(index, socket);
    return 0;
  }

  delete(key: number): number {
    const index = this.index(key);
    if (index >= this.def.maxEntries || this.entry(index) === undefined) return -EINVAL;
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

/** `BPF_MAP_TYPE_SOCKMAP`. */
export const sockMapType: MapType = {
  check: () => 0,
  create(table, def, options) {
    if (def.maxEntries === 0 || def.maxEntries > 0x7fff_ffff || def.keySize !== 4) return -EINVAL;
    if ((def.valueSize !== 4 && def.valueSize !== 8) || (def.mapFlags & ~SOCK_FLAGS) !== 0) return -EINVAL;
    return makeMap(table, (own) => new SockMap(table, own, def, options));
  },
};
