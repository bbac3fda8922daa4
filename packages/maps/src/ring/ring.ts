import type { MapDef } from "@bpf-ts/uapi";
import { EINVAL, ENOTSUPP } from "@bpf-ts/uapi/errno";
import { BPF_F_NUMA_NODE } from "@bpf-ts/uapi/map-flags";
import { BaseMap } from "../base-map.ts";
import type { CreateOptions } from "../create.ts";
import type { MappableRange } from "../map.ts";
import type { MapTable } from "../map-table.ts";
import type { OwnMemory } from "../own-memory.ts";

/** Bytes of a page: positions have one each. */
export const PAGE = 4096;
/** A record's header: {u32 length with BUSY and DISCARD; u32 page}. */
export const RECORD_HEADER = 8;
export const RECORD_BUSY = 0x8000_0000;
export const RECORD_DISCARD = 0x4000_0000;
/** `BPF_RB_NO_WAKEUP`. */
export const NO_WAKEUP = 1;
/** `BPF_RB_FORCE_WAKEUP`. */
export const FORCE_WAKEUP = 2;

/**
 * What both ring buffers share: the pages that user space maps: {consumer position | producer position | data | data again}.
 *
 * Linux maps the data pages twice, one after the other, so that a record that wraps around is one stretch. A linear memory has no such thing; it has
 * room for the data twice instead. Whoever writes or reads a record begins in the first half and goes on into the second, so records that
 * wrap are whole, and nobody ever looks for their tail at the beginning of the first half.
 *
 * @see v6.18 kernel/bpf/ringbuf.c
 */
export abstract class RingMap extends BaseMap {
  /** Address of the consumer position, 64 bits, alone on its page. */
  readonly consumer: number;
  /** Address of the producer position, 64 bits, alone on its page. */
  readonly producer: number;
  /** Address of the data. */
  readonly data: number;
  /** Size of the data - 1. */
  protected readonly mask: number;
  /** Called when those who wait for the ring should look at it. */
  onWakeup: (() => void) | undefined;

  constructor(table: MapTable, own: OwnMemory, def: MapDef, options: CreateOptions) {
    super(table, own, def, options);
    this.mask = def.maxEntries - 1;
    this.consumer = own.reserve(2 * PAGE + 2 * def.maxEntries, `${this.label} pages`, PAGE);
    this.producer = this.consumer + PAGE;
    this.data = this.consumer + 2 * PAGE;
  }

  /** Bytes that were produced and not consumed yet, counted as the kernel counts: modulo 2⁶⁴. */
  get available(): bigint {
    return BigInt.asUintN(64, this.memory.getU64(this.producer) - this.memory.getU64(this.consumer));
  }

  /** Whether `poll(2)` says that user space has something to do. */
  abstract readonly ready: boolean;

  /** Which parts user space may map writable: what is its own to write. */
  protected abstract mayMapWritable(offset: number, size: number): boolean;

  get elementCount(): number {
    return Number(this.available);
  }

  override mappable(): MappableRange {
    return {
      address: this.consumer,
      size: 2 * PAGE + 2 * this.def.maxEntries,
      mayWrite: (offset, size) => this.mayMapWritable(offset, size),
    };
  }

  lookup(_key: number, _cpu: number): number {
    return 0;
  }

  update(_key: number, _value: number, _flags: number, _cpu: number): number {
    return -ENOTSUPP;
  }

  delete(_key: number): number {
    return -ENOTSUPP;
  }

  getNextKey(_key: number, _next: number): number {
    return -ENOTSUPP;
  }

  protected copyOut(_key: number, _value: number): number {
    return -ENOTSUPP;
  }
}

/** The checks of both ring buffers: a power of two of whole pages. */
export function checkRing(def: MapDef): number {
  if ((def.mapFlags & ~BPF_F_NUMA_NODE) !== 0) return -EINVAL;
  const { maxEntries: size } = def;
  const powerOfTwo = size > 0 && Math.log2(size) % 1 === 0;
  return def.keySize !== 0 || def.valueSize !== 0 || !powerOfTwo || size % PAGE !== 0 ? -EINVAL : 0;
}
