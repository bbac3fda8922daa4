import type { Bpf, MappedMemory } from "@bpf-ts/uapi";
import { E2BIG, EINVAL, ENOSPC } from "@bpf-ts/uapi/errno";
import { LibbpfError } from "../error.ts";
import { BUSY, DISCARD, HEADER, LENGTH_MASK, PAGE, recordBytes } from "./layout.ts";
import type { RecordCodec } from "./record-codec.ts";
import type { RingSource } from "./ring-buffer.ts";
import { Waiters } from "./wakeups.ts";

/** Offset of the data behind the producer's page, which is where the writable mapping begins. */
const DATA = PAGE;

/**
 * The producer of a `BPF_MAP_TYPE_USER_RINGBUF`, whose samples programs take by `bpf_user_ringbuf_drain`. A sample is reserved, filled, and submitted
 * or discarded; programs see none behind one that is still reserved.
 *
 * There may be one producer a ring.
 *
 * @see v6.12 tools/lib/bpf/ringbuf.c, user_ring_buffer__reserve
 */
export class UserRingBuffer<R = Uint8Array> implements Disposable {
  readonly #bpf: Bpf;
  readonly #source: RingSource;
  readonly #codec: RecordCodec;
  readonly #consumer: MappedMemory;
  /** The producer's page and the data. */
  readonly #pages: MappedMemory;
  readonly #waiters: Waiters;
  #isOpen = true;

  /** Producers come from {@link BpfMap.userRingBuffer}. @throws BpfError what the kernel says to mapping its pages */
  constructor(bpf: Bpf, source: RingSource, codec: RecordCodec) {
    this.#bpf = bpf;
    this.#source = source;
    this.#codec = codec;
    this.#waiters = new Waiters(bpf);
    this.#consumer = bpf.mmap(source.fd, PAGE, 0, false);
    try {
      this.#pages = bpf.mmap(source.fd, PAGE + 2 * source.size, PAGE, true);
    } catch (error) {
      this.#consumer[Symbol.dispose]();
      throw error;
    }
  }

  /** Bytes of data that the ring holds at most, headers included. */
  get size(): number {
    return this.#source.size;
  }

  /** Bytes that were produced and that no program has consumed: samples with their headers. @throws LibbpfError STATE once closed */
  get used(): number {
    this.#checkOpen();
    return Number(this.#pages.loadU64(0) - this.#consumer.loadU64(0));
  }

  #checkOpen(): void {
    if (!this.#isOpen)
      throw new LibbpfError("STATE", `the producer of user ring buffer ${this.#source.name} is closed`);
  }

  #refuse(errno: number, why: string): never {
    throw new LibbpfError("NO_ROOM", `user ring buffer ${this.#source.name}: ${why}`, { errno });
  }

  /**
   * A sample of `size` bytes. What it holds at first is what was there before.
   *
   * @throws LibbpfError VALUE EINVAL for a size that is none; NO_ROOM: E2BIG for one that the ring never holds, ENOSPC if programs have to consume
   * something first; STATE once closed
   */
  reserve(size: number): UserRingSample<R> {
    this.#checkOpen();
    if (!Number.isInteger(size) || size < 0)
      throw new LibbpfError("VALUE", `user ring buffer ${this.#source.name}: a sample of ${size} bytes`, {
        errno: EINVAL,
      });
    const total = recordBytes(size);
    if (size > LENGTH_MASK || total > this.size)
      this.#refuse(E2BIG, `a sample of ${size} bytes takes ${total}, the ring has ${this.size}`);
    const room = this.size - this.used;
    if (total > room) this.#refuse(ENOSPC, `a sample of ${size} bytes takes ${total}, there are ${room}`);
    const position = this.#pages.loadU64(0);
    const mask = BigInt(this.size - 1);
    const header = DATA + Number(position & mask);
    this.#pages.storeU32(header, size + BUSY);
    this.#pages.storeU32(header + 4, 0);
    this.#pages.storeU64(0, position + BigInt(total));
    return new UserRingSample(
      this.#pages,
      this.#codec,
      header,
      DATA + Number((position + BigInt(HEADER)) & mask),
      size,
    );
  }

  /** As {@link reserve}, as soon as there is room. @throws as {@link reserve}, but for ENOSPC; STATE if the producer is closed meanwhile */
  async reserveAsync(size: number): Promise<UserRingSample<R>> {
    this.#checkOpen();
    const wakeups = this.#waiters.open([this.#source.fd]);
    try {
      for (;;) {
        try {
          return this.reserve(size);
        } catch (error) {
          if (!(error instanceof LibbpfError) || error.errno !== ENOSPC) throw error;
        }
        await wakeups.wait();
      }
    } finally {
      wakeups[Symbol.dispose]();
    }
  }

  /** Reserves, fills and submits a sample: a value of the ring's type, or bytes. @throws as {@link reserve}; BtfError for what does not fit its type */
  output(value: R | Uint8Array): void {
    const bytes = this.#codec.encode(value);
    const sample = this.reserve(bytes.length);
    sample.write(bytes);
    sample.submit();
  }

  /** Whether the kernel says that the ring is not full. */
  get isReady(): boolean {
    this.#checkOpen();
    return this.#bpf.poll([this.#source.fd]).length > 0;
  }

  /** Ends all waiting and gives the mapped pages back; samples that are reserved stay so. The map stays open. Doing it twice is no error. */
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

/** A sample that is reserved. */
export class UserRingSample<R = Uint8Array> {
  readonly #pages: MappedMemory;
  readonly #codec: RecordCodec;
  readonly #header: number;
  readonly #data: number;
  /** Bytes. */
  readonly size: number;
  #isReserved = true;

  /** Samples come from {@link UserRingBuffer.reserve}. */
  constructor(pages: MappedMemory, codec: RecordCodec, header: number, data: number, size: number) {
    this.#pages = pages;
    this.#codec = codec;
    this.#header = header;
    this.#data = data;
    this.size = size;
  }

  /** Its bytes, to be written to. Ask for them again after a call into the kernel. @throws LibbpfError STATE once committed */
  get bytes(): Uint8Array {
    this.#checkReserved();
    return this.#pages.bytes.subarray(this.#data, this.#data + this.size);
  }

  #checkReserved(): void {
    if (!this.#isReserved) throw new LibbpfError("STATE", "the sample is submitted or discarded", { errno: EINVAL });
  }

  /** Fills it, from `offset` on. @throws LibbpfError VALUE for what does not fit, STATE */
  write(value: R | Uint8Array, offset = 0): this {
    const bytes = this.#codec.encode(value);
    if (!(Number.isInteger(offset) && offset >= 0 && offset + bytes.length <= this.size))
      throw new LibbpfError("VALUE", `${bytes.length} bytes at ${offset} of a sample of ${this.size}`, {
        errno: EINVAL,
      });
    this.bytes.set(bytes, offset);
    return this;
  }

  /** Hands it over to programs. @throws LibbpfError STATE (EINVAL) if that was done, or it was discarded */
  submit(): void {
    this.#commit(this.size);
  }

  /** Programs skip it. @throws LibbpfError STATE (EINVAL) if it is committed */
  discard(): void {
    this.#commit(this.size + DISCARD);
  }

  #commit(word: number): void {
    this.#checkReserved();
    this.#pages.storeU32(this.#header, word);
    this.#isReserved = false;
  }
}
