import type { MapDef } from "@bpf-ts/uapi";
import { E2BIG, EBADF, EEXIST, EINVAL, ENOENT, ENOMEM, ENOSPC, EOPNOTSUPP } from "@bpf-ts/uapi/errno";
import { BPF_EXIST, BPF_NOEXIST } from "@bpf-ts/uapi/map-flags";
import { BaseMap } from "../base-map.ts";
import type { CreateOptions } from "../create.ts";
import { Chains, plainChains } from "../hash/chains.ts";
import { round8, roundUpToPowerOfTwo } from "../hash/check.ts";
import { Elements } from "../hash/elements.ts";
import { unknownUpdateFlags } from "../hash/hash-map.ts";
import { makeMap } from "../make.ts";
import type { FdValue } from "../map.ts";
import type { MapTable } from "../map-table.ts";
import { SOCK_FLAGS, socketFd } from "../objects/sockets.ts";
import type { OwnMemory } from "../own-memory.ts";
import type { MapType } from "./map-type.ts";

/** The largest key: a program's stack, bytes. */
const KEY_MAX = 512;
/** `U32_MAX / sizeof(struct bpf_shtab_bucket)`. */
const KERNEL_BUCKETS_MAX = 268_435_455;
const KEY_OFFSET = 8;

/**
 * `BPF_MAP_TYPE_SOCKHASH`: sockets by any key. Its hash has no seed.
 *
 * @see v6.18 net/core/sock_map.c, sock_hash_ops
 */
export class SockHashMap extends BaseMap {
  readonly #chains: Chains;
  readonly #elements: Elements;
  readonly #handleOffset: number;
  readonly #values: Map<number, FdValue> = new Map();

  constructor(table: MapTable, own: OwnMemory, def: MapDef, options: CreateOptions) {
    super(table, own, def, options);
    const { keySize, maxEntries } = this.def;
    this.#handleOffset = KEY_OFFSET + round8(keySize);
    this.#chains = new Chains(
      this,
      table.code.chains(plainChains(keySize, "jhash")),
      roundUpToPowerOfTwo(maxEntries),
      0,
    );
    const form = { stride: this.#handleOffset + 8, parts: [], label: `${this.label} elements` };
    this.#elements = new Elements(this, table.code.elements(), form, 0);
  }

  override get asInner(): undefined {
    return undefined;
  }

  get elementCount(): number {
    return this.#values.size;
  }

  #find(key: number): number {
    return this.#chains.find(key, this.#chains.hash(key));
  }

  /** The socket of a key. */
  entry(key: number): FdValue | undefined {
    return this.#values.get(this.#find(key));
  }

  lookup(key: number, _cpu: number): number {
    const element = this.#find(key);
    return element === 0 ? 0 : this.memory.u32[(element + this.#handleOffset) >>> 2]!;
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
    const socket = this.table.hooks.getValue?.(this, fd) ?? -EBADF;
    if (typeof socket === "number") return socket;
    const result = this.store(key, socket, flags);
    if (result !== 0) this.table.hooks.putValue?.(this, socket);
    return result;
  }

  /** `bpf_sock_hash_update`: puts a socket in. On failure the caller keeps its reference. */
  store(key: number, socket: FdValue, flags: number): number {
    if (unknownUpdateFlags(flags, false) !== 0) return -EINVAL;
    if (socket.refused) return socket.refused;
    const chains = this.#chains;
    const hash = chains.hash(key);
    const old = chains.find(key, hash);
    const { previous } = chains;
    if (old !== 0 && flags === BPF_NOEXIST) return -EEXIST;
    if (old === 0 && flags === BPF_EXIST) return -ENOENT;
    if (old === 0 && this.#values.size >= this.def.maxEntries) return -E2BIG;
    const element = this.#elements.take();
    if (element === 0) return -ENOMEM;
    this.memory.copy(element + KEY_OFFSET, key, this.def.keySize);
    this.memory.setU32(element + this.#handleOffset, socket.handle);
    this.#values.set(element, socket);
    if (old === 0) {
      chains.insert(element, hash);
    } else {
      chains.replace(element, hash, old, previous);
      this.#drop(old);
    }
    return 0;
  }

  #drop(element: number): void {
    const socket = this.#values.get(element)!;
    this.#values.delete(element);
    this.#elements.release(element);
    this.table.hooks.putValue?.(this, socket);
  }

  delete(key: number): number {
    const element = this.#find(key);
    if (element === 0) return -ENOENT;
    this.#chains.remove(element, this.#chains.previous);
    this.#drop(element);
    return 0;
  }

  /** An object is gone (a socket was closed): so are its elements. */
  removeObject(object: unknown): void {
    for (const [element, value] of [...this.#values]) {
      if (value.object !== object) continue;
      this.#chains.removeElement(element);
      this.#drop(element);
    }
  }

  protected copyOut(key: number, value: number): number {
    if (this.def.valueSize !== 8) return -ENOSPC;
    const socket = this.entry(key);
    if (socket === undefined) return -ENOENT;
    this.memory.setU64(value, BigInt(socket.id));
    return 0;
  }

  getNextKey(key: number, next: number): number {
    const element = this.#chains.after(key);
    if (element === 0) return -ENOENT;
    this.memory.copy(next, element + KEY_OFFSET, this.def.keySize);
    return 0;
  }

  protected override releaseElements(): void {
    this.#elements.close();
    for (const socket of this.#values.values()) this.table.hooks.putValue?.(this, socket);
    this.#values.clear();
  }
}

/** `BPF_MAP_TYPE_SOCKHASH`. */
export const sockHashType: MapType = {
  check: () => 0,
  create(table, def, options) {
    if (def.maxEntries === 0 || def.keySize === 0 || (def.valueSize !== 4 && def.valueSize !== 8)) return -EINVAL;
    if ((def.mapFlags & ~SOCK_FLAGS) !== 0) return -EINVAL;
    if (def.keySize > KEY_MAX) return -E2BIG;
    if (def.maxEntries > 2 ** 31 || roundUpToPowerOfTwo(def.maxEntries) > KERNEL_BUCKETS_MAX) return -EINVAL;
    return makeMap(table, (own) => new SockHashMap(table, own, def, options));
  },
};
