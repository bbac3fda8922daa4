import type { Bpf, MappedMemory } from "@bpf-ts/uapi";
import { LibbpfError } from "../error.ts";
import { BUSY, DISCARD, HEADER, LENGTH_MASK, PAGE, recordBytes } from "./layout.ts";
import type { RecordCodec } from "./record-codec.ts";
import { Waiters } from "./wakeups.ts";

/** Which ring buffer map is read. */
export interface RingSource {
  readonly fd: number;
  /** For errors. */
  readonly name: string;
  /** Bytes of its data. */
  readonly size: number;
}

/**
 * The consumer of a `BPF_MAP_TYPE_RINGBUF`. Records come in the order in which they were reserved, and each is a copy: reading one takes it out of the
 * ring. Records that a program discarded are skipped and counted; one that is reserved and not committed yet holds up those behind it.
 *
 * Several readers of one ring each get a part of its records.
 *
 * @see v6.12 tools/lib/bpf/ringbuf.c, ring_buffer__consume
 */
export class RingBuffer<R = Uint8Array> implements Disposable, AsyncIterable<R> {
  readonly #bpf: Bpf;
  readonly #source: RingSource;
  readonly #codec: RecordCodec;
  readonly #mask: bigint;
  readonly #consumer: MappedMemory;
  /** The producer's page and the data. */
  readonly #pages: MappedMemory;
  readonly #waiters: Waiters;
  #isOpen = true;
  /** Records that programs discarded, among those that were passed. */
  discarded = 0;

  /** Readers come from {@link BpfMap.ringBuffer}. @throws BpfError what the kernel says to mapping its pages */
  constructor(bpf: Bpf, source: RingSource, codec: RecordCodec) {
    this.#bpf = bpf;
    this.#source = source;
    this.#codec = codec;
    this.#mask = BigInt(source.size - 1);
    this.#waiters = new Waiters(bpf);
    this.#consumer = bpf.mmap(source.fd, PAGE, 0, true);
    try {
      this.#pages = bpf.mmap(source.fd, PAGE + 2 * source.size, PAGE, false);
    } catch (error) {
      this.#consumer[Symbol.dispose]();
      throw error;
    }
  }

  /** Bytes of data that the ring holds at most, headers included. */
  get size(): number {
    return this.#source.size;
  }

  /** Bytes, counted from the beginning, that were consumed. @throws LibbpfError STATE once closed */
  get consumerPosition(): bigint {
    this.#checkOpen();
    return this.#consumer.loadU64(0);
  }

  /** Bytes that were produced. @throws LibbpfError STATE once closed */
  get producerPosition(): bigint {
    this.#checkOpen();
    return this.#pages.loadU64(0);
  }

  /** Bytes that were produced and not consumed: records with their headers, also such as are not committed. */
  get available(): number {
    return Number(this.producerPosition - this.consumerPosition);
  }

  /** Whether the next record is reserved and not committed. */
  get isBusy(): boolean {
    return this.available > 0 && this.#nextHeader(this.consumerPosition) >= BUSY;
  }

  #checkOpen(): void {
    if (!this.#isOpen) throw new LibbpfError("STATE", `the reader of ring buffer ${this.#source.name} is closed`);
  }

  #nextHeader(position: bigint): number {
    return this.#pages.loadU32(PAGE + Number(position & this.#mask));
  }

  /** The next record's bytes; undefined if there is none, or it is not committed yet. @throws LibbpfError STATE once closed */
  readBytes(): Uint8Array | undefined {
    for (;;) {
      const position = this.consumerPosition;
      if (position >= this.producerPosition) return undefined;
      const word = this.#nextHeader(position);
      if (word >= BUSY) return undefined;
      const length = word & LENGTH_MASK;
      const isDiscarded = (word & DISCARD) !== 0;
      const bytes = isDiscarded ? undefined : this.#pages.read(PAGE + Number(position & this.#mask) + HEADER, length);
      this.#consumer.storeU64(0, position + BigInt(recordBytes(length)));
      if (bytes !== undefined) return bytes;
      this.discarded++;
    }
  }

  /** As {@link readBytes}, by the record's type. @throws BtfError for one that does not fit; it is consumed all the same */
  read(): R | undefined {
    const bytes = this.readBytes();
    return bytes === undefined ? undefined : (this.#codec.decode(bytes) as R);
  }

  /**
   * Shows the records that are there, and those that are added meanwhile. A record is out of the ring before it is shown.
   *
   * @param onRecord `false` stops after this record, as does what it throws
   * @param limit at most so many
   * @returns how many were shown
   */
  consume(onRecord: (record: R) => unknown, limit: number = Number.POSITIVE_INFINITY): number {
    let count = 0;
    while (count < limit) {
      const bytes = this.readBytes();
      if (bytes === undefined) break;
      count++;
      if (onRecord(this.#codec.decode(bytes) as R) === false) break;
    }
    return count;
  }

  /**
   * {@link consume}, as soon as there is something to consume.
   *
   * @returns how many records were shown; 0 if the reader was closed instead
   */
  async poll(onRecord: (record: R) => unknown, limit?: number): Promise<number> {
    this.#checkOpen();
    const wakeups = this.#waiters.open([this.#source.fd]);
    try {
      for (;;) {
        const count = this.consume(onRecord, limit);
        if (count > 0 || !(await wakeups.wait())) return count;
      }
    } finally {
      wakeups[Symbol.dispose]();
    }
  }

  /**
   * All records, now and later; it ends when the reader is closed. Waiting ends when the kernel wakes the consumer: records with BPF_RB_NO_WAKEUP
   * come with the next one that does.
   */
  async *[Symbol.asyncIterator](): AsyncIterableIterator<R> {
    this.#checkOpen();
    const wakeups = this.#waiters.open([this.#source.fd]);
    try {
      while (this.#isOpen) {
        const bytes = this.readBytes();
        if (bytes !== undefined) yield this.#codec.decode(bytes) as R;
        else await wakeups.wait();
      }
    } finally {
      wakeups[Symbol.dispose]();
    }
  }

  /** Whether the kernel says that there is something to read. */
  get isReady(): boolean {
    this.#checkOpen();
    return this.#bpf.poll([this.#source.fd]).length > 0;
  }

  /** Ends all iteration and gives the mapped pages back. The map stays open. Doing it twice is no error. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#waiters.close();
    this.#pages[Symbol.dispose]();
    this.#consumer[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
