import { EAGAIN } from "@bpf-ts/uapi/errno";
import { round8 } from "../hash/check.ts";
import { makeMap } from "../make.ts";
import {
  checkRing,
  FORCE_WAKEUP,
  NO_WAKEUP,
  PAGE,
  RECORD_BUSY,
  RECORD_DISCARD,
  RECORD_HEADER,
  RingMap,
} from "../ring/ring.ts";
import type { MapType } from "./map-type.ts";

/** The longest record: a quarter of what 32 bits count, bytes. */
const RECORD_MAX = 0x3fff_ffff;
/** High half of the first position that a double does not hold exactly. */
const INEXACT_HIGH = 0x20_0000;

/**
 * `BPF_MAP_TYPE_RINGBUF`: programs produce records, user space consumes them from mapped pages.
 *
 * @see v6.18 kernel/bpf/ringbuf.c
 */
export class RingbufMap extends RingMap {
  /** Everything before it has been committed, or that was so when somebody looked. */
  #pending = 0;
  /** Records that are reserved and not committed, by address of the sample. */
  readonly #reserved: Set<number> = new Set();

  get ready(): boolean {
    return this.available !== 0n;
  }

  /** The page of the consumer's position, and nothing else with it. */
  protected mayMapWritable(offset: number, size: number): boolean {
    return offset === 0 && size === PAGE;
  }

  /**
   * `bpf_ringbuf_reserve`: a record of `size` bytes, writable for programs until it is committed; not zeroed.
   *
   * @returns address of the sample, 0 if there is no room
   */
  reserve(size: number): number {
    if (!(size >= 0 && size <= RECORD_MAX)) return 0;
    const length = round8(size + RECORD_HEADER);
    if (length > this.def.maxEntries) return 0;
    const { memory } = this;
    const produced = Number(memory.getU64(this.producer));
    this.#advancePending(produced);
    const end = produced + length;
    if (this.#unconsumed(end) > this.mask || end - this.#pending > this.mask) return 0;
    const offset = produced % this.def.maxEntries;
    const header = this.data + offset;
    const sample = header + RECORD_HEADER;
    // Counted from a page of the kernel's own before the two positions.
    memory.setU32(header + 4, Math.floor(offset / PAGE) + 3);
    memory.setU32(header, size | RECORD_BUSY);
    memory.setU64(this.producer, BigInt(end));
    if (size > 0) memory.addRegion(sample, size, { label: `${this.label} record` });
    this.#reserved.add(sample);
    return sample;
  }

  /** Bytes from the consumer's position to `end`, counted as the kernel counts: modulo 2⁶⁴. User space may have written anything there. */
  #unconsumed(end: number): number {
    const { memory, consumer } = this;
    const high = memory.getU32(consumer + 4);
    if (high >= INEXACT_HIGH) return Number(BigInt.asUintN(64, BigInt(end) - memory.getU64(consumer)));
    const consumed = high * 2 ** 32 + memory.getU32(consumer);
    return end >= consumed ? end - consumed : Number.POSITIVE_INFINITY;
  }

  #advancePending(produced: number): void {
    while (this.#pending < produced) {
      const length = this.memory.getU32(this.data + (this.#pending % this.def.maxEntries));
      if (length >= RECORD_BUSY) return;
      this.#pending += round8((length & ~RECORD_DISCARD) + RECORD_HEADER);
    }
  }

  /**
   * `bpf_ringbuf_submit`, `bpf_ringbuf_discard`.
   *
   * @throws Error if the sample is not a reserved one: the caller's bug, verified programs can't.
   */
  commit(sample: number, flags: number, discard: boolean): void {
    const address = sample >>> 0;
    if (!this.#reserved.delete(address)) throw new Error("commit of what is no reserved record");
    const header = address - RECORD_HEADER;
    const size = this.memory.getU32(header) - RECORD_BUSY;
    if (size > 0) this.memory.removeRegion(address);
    this.memory.setU32(header, discard ? size | RECORD_DISCARD : size);
    const consumed = Number(this.memory.getU64(this.consumer) & BigInt(this.mask));
    const waitsHere = consumed === header - this.data;
    if ((flags & FORCE_WAKEUP) !== 0 || (waitsHere && (flags & NO_WAKEUP) === 0)) this.onWakeup?.();
  }

  /** `bpf_ringbuf_output`, its flags checked already: 0 or -EAGAIN if there is no room. */
  output(data: number, size: number, flags: number): number {
    const sample = this.reserve(size);
    if (sample === 0) return -EAGAIN;
    this.memory.copy(sample, data, size);
    this.commit(sample, flags, false);
    return 0;
  }

  /** Whether this is the sample of a record that is reserved and not committed. */
  isReserved(sample: number): boolean {
    return this.#reserved.has(sample >>> 0);
  }

  /** `bpf_ringbuf_query` of `BPF_RB_AVAIL_DATA` (0), `RING_SIZE` (1), `CONS_POS` (2), `PROD_POS` (3); 0 for others. */
  query(what: number): bigint {
    if (what === 0) return this.available;
    if (what === 1) return BigInt(this.def.maxEntries);
    if (what === 2) return this.memory.getU64(this.consumer);
    return what === 3 ? this.memory.getU64(this.producer) : 0n;
  }
}

/** `BPF_MAP_TYPE_RINGBUF`. */
export const ringbufType: MapType = {
  check: () => 0,
  create(table, def, options) {
    return checkRing(def) || makeMap(table, (own) => new RingbufMap(table, own, def, options));
  },
};
