import type { MapBatchResult, MapCreateAttr, MapLookupBatchAttr } from "@bpf-ts/uapi";
import {
  BPF_MAP_CREATE,
  BPF_MAP_DELETE_BATCH,
  BPF_MAP_DELETE_ELEM,
  BPF_MAP_FREEZE,
  BPF_MAP_GET_NEXT_KEY,
  type BPF_MAP_LOOKUP_AND_DELETE_BATCH,
  type BPF_MAP_LOOKUP_AND_DELETE_ELEM,
  BPF_MAP_LOOKUP_BATCH,
  type BPF_MAP_LOOKUP_ELEM,
  BPF_MAP_UPDATE_BATCH,
  BPF_MAP_UPDATE_ELEM,
  BPF_OBJ_GET_INFO_BY_FD,
} from "@bpf-ts/uapi/commands";
import { EFAULT, EINVAL, ENOENT } from "@bpf-ts/uapi/errno";
import { commandName } from "@bpf-ts/uapi/names";
import type { Attr } from "./attr.ts";
import type { BpfCall } from "./call.ts";
import { LinuxError } from "./error.ts";
import { decodeMapInfo, MAP_INFO_SIZE } from "./info/map-info.ts";
import { type MapSizes, mapSizes } from "./map-sizes.ts";

/** An address at which nothing lies. */
const NOWHERE = 1n;

/** A buffer as it should be. */
interface Part {
  readonly what: string;
  readonly got: number;
  readonly expected: number;
}

/**
 * The commands on maps. The kernel is told addresses, not lengths: what a buffer has to hold is asked of the kernel each time (fds are reused, so
 * remembering it would be unsafe), and checked before the kernel reads or writes a byte.
 */
export class LinuxMaps {
  readonly #call: BpfCall;
  readonly #cpus: number;

  constructor(call: BpfCall, cpus: number) {
    this.#call = call;
    this.#cpus = cpus;
  }

  create(attr: MapCreateAttr): number {
    const raw = this.#call
      .attr()
      .u32(0, attr.type)
      .u32(4, attr.keySize)
      .u32(8, attr.valueSize)
      .u32(12, attr.maxEntries)
      .u32(16, attr.mapFlags)
      .u32(20, attr.innerMapFd ?? 0)
      .u32(24, attr.numaNode ?? 0)
      .name(28, attr.name)
      .u32(60, attr.btfVmlinuxValueTypeId ?? 0)
      .u64(64, attr.mapExtra ?? 0n)
      .u32(72, attr.valueTypeBtfObjFd ?? 0);
    if (attr.btf !== undefined) raw.u32(48, attr.btf.btfFd).u32(52, attr.btf.keyTypeId).u32(56, attr.btf.valueTypeId);
    return this.#call.run(BPF_MAP_CREATE, raw);
  }

  lookup(cmd: LookupCommand, fd: number, key: Uint8Array, value: Uint8Array, flags: bigint): void {
    this.#check(cmd, fd, (sizes) => [
      { what: "key", got: key.length, expected: sizes.key },
      { what: "value", got: value.length, expected: sizes.value },
    ]);
    this.#call.run(cmd, this.#element(fd, key, flags).pointer(16, value));
  }

  update(fd: number, key: Uint8Array, value: Uint8Array, flags: bigint): void {
    this.#check(BPF_MAP_UPDATE_ELEM, fd, (sizes) => [
      { what: "key", got: key.length, expected: sizes.key },
      { what: "value", got: value.length, expected: sizes.value },
    ]);
    this.#call.run(BPF_MAP_UPDATE_ELEM, this.#element(fd, key, flags).pointer(16, value));
  }

  delete(fd: number, key: Uint8Array): void {
    this.#check(BPF_MAP_DELETE_ELEM, fd, (sizes) => [{ what: "key", got: key.length, expected: sizes.key }]);
    this.#call.run(BPF_MAP_DELETE_ELEM, this.#element(fd, key, 0n));
  }

  nextKey(fd: number, key: Uint8Array | null, next: Uint8Array): boolean {
    this.#check(BPF_MAP_GET_NEXT_KEY, fd, (sizes) => [
      { what: "key", got: key?.length ?? sizes.key, expected: sizes.key },
      { what: "room for the next key", got: next.length, expected: sizes.key },
    ]);
    const result = this.#call.try(BPF_MAP_GET_NEXT_KEY, this.#element(fd, key, 0n).pointer(16, next));
    if (result < 0 && result !== -ENOENT) throw new LinuxError(-result, commandName(BPF_MAP_GET_NEXT_KEY));
    return result === 0;
  }

  lookupBatch(cmd: LookupBatchCommand, fd: number, batch: MapLookupBatchAttr): MapBatchResult {
    const { inBatch, outBatch, count, keys, values, elemFlags = 0n } = batch;
    this.#check(cmd, fd, ({ key, value }) => {
      const state = Math.max(4, key);
      return [
        { what: "start of the batch", got: inBatch?.length ?? state, expected: state },
        { what: "end of the batch", got: outBatch.length, expected: state },
        { what: "room for keys", got: keys.length, expected: count * key },
        { what: "room for values", got: values.length, expected: count * value },
      ];
    });
    const raw = this.#batch(fd, count, elemFlags)
      .pointer(0, inBatch ?? undefined)
      .pointer(8, outBatch)
      .pointer(16, keys)
      .pointer(24, values);
    const result = this.#call.try(cmd, raw);
    if (result < 0 && result !== -ENOENT) throw this.#batchError(cmd, result, raw, count);
    return { count: raw.getU32(32), done: result === -ENOENT };
  }

  updateBatch(fd: number, count: number, keys: Uint8Array, values: Uint8Array, elemFlags: bigint): number {
    this.#check(BPF_MAP_UPDATE_BATCH, fd, (sizes) => [
      { what: "keys", got: keys.length, expected: count * sizes.key },
      { what: "values", got: values.length, expected: count * sizes.value },
    ]);
    const raw = this.#batch(fd, count, elemFlags).pointer(16, keys).pointer(24, values);
    return this.#changeBatch(BPF_MAP_UPDATE_BATCH, raw, count);
  }

  deleteBatch(fd: number, count: number, keys: Uint8Array, elemFlags: bigint): number {
    this.#check(BPF_MAP_DELETE_BATCH, fd, (sizes) => [{ what: "keys", got: keys.length, expected: count * sizes.key }]);
    return this.#changeBatch(BPF_MAP_DELETE_BATCH, this.#batch(fd, count, elemFlags).pointer(16, keys), count);
  }

  freeze(fd: number): void {
    this.#call.run(BPF_MAP_FREEZE, this.#call.attr().u32(0, fd));
  }

  #changeBatch(cmd: number, raw: Attr, count: number): number {
    const result = this.#call.try(cmd, raw);
    if (result < 0) throw this.#batchError(cmd, result, raw, count);
    return raw.getU32(32);
  }

  /** The kernel leaves the count as it was where it refuses the batch as a whole. */
  #batchError(cmd: number, result: number, raw: Attr, count: number): LinuxError {
    const done = raw.getU32(32);
    return new LinuxError(-result, commandName(cmd), { details: { count: done === count ? 0 : done } });
  }

  #element(fd: number, key: Uint8Array | null, flags: bigint): Attr {
    return this.#call
      .attr()
      .u32(0, fd)
      .pointer(8, key ?? undefined)
      .u64(24, flags);
  }

  #batch(fd: number, count: number, elemFlags: bigint): Attr {
    return this.#call.attr().u32(32, count).u32(36, fd).u64(40, elemFlags);
  }

  /**
   * Buffers of the map's sizes, or nothing is done. An fd that is no map, or may not be used so, is told by the kernel, which looks at that first:
   * it is asked with a key that it can't read.
   *
   * @throws LinuxError EINVAL
   */
  #check(cmd: number, fd: number, parts: (sizes: MapSizes) => readonly Part[]): void {
    const sizes = this.#sizesOf(fd);
    // No map: the kernel says so before it looks at any buffer.
    if (sizes === undefined) return;
    const wrong = parts(sizes).find(({ got, expected }) => got !== expected);
    if (wrong === undefined) return;
    const attr = this.#call.attr().u64(16, NOWHERE);
    if (isBatch(cmd)) attr.u32(32, 1).u32(36, fd).u64(0, NOWHERE).u64(8, NOWHERE).u64(24, NOWHERE);
    else attr.u32(0, fd).u64(8, NOWHERE);
    const result = this.#call.try(cmd, attr);
    if (result < 0 && result !== -EFAULT && result !== -EINVAL) throw new LinuxError(-result, commandName(cmd));
    const { what, got, expected } = wrong;
    throw new LinuxError(EINVAL, `${commandName(cmd)}: ${what} of ${got} bytes, expected ${expected}`, {
      details: { what, got, expected },
    });
  }

  /** The sizes of the map behind an fd; undefined if there is none. */
  #sizesOf(fd: number): MapSizes | undefined {
    const bytes = new Uint8Array(MAP_INFO_SIZE);
    const attr = this.#call.attr().u32(0, fd).u32(4, bytes.length).pointer(8, bytes);
    if (this.#call.try(BPF_OBJ_GET_INFO_BY_FD, attr) < 0) return undefined;
    const info = decodeMapInfo(bytes, false);
    return mapSizes(info, this.#cpus);
  }
}

type LookupCommand = typeof BPF_MAP_LOOKUP_ELEM | typeof BPF_MAP_LOOKUP_AND_DELETE_ELEM;
type LookupBatchCommand = typeof BPF_MAP_LOOKUP_BATCH | typeof BPF_MAP_LOOKUP_AND_DELETE_BATCH;

function isBatch(cmd: number): boolean {
  return cmd >= BPF_MAP_LOOKUP_BATCH && cmd <= BPF_MAP_DELETE_BATCH;
}
