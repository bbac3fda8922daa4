import type { Bpf, MappedMemory } from "@bpf-ts/uapi";
import { LibbpfError } from "../error.ts";
import { PAGE } from "./layout.ts";
import type { RecordCodec } from "./record-codec.ts";
import { Waiters } from "./wakeups.ts";

/** Where the positions lie in the first page. @see v6.18 include/uapi/linux/perf_event.h, struct perf_event_mmap_page */
const DATA_HEAD = 1024;
const DATA_TAIL = 1032;
/** `struct perf_event_header`: {u32 type; u16 misc; u16 size}. */
const HEADER = 8;
const PERF_RECORD_LOST = 2;
const PERF_RECORD_SAMPLE = 9;

/** How a perf buffer is opened. */
export interface PerfBufferOptions {
  /** Pages of 4096 bytes a CPU: a power of two; 64. */
  pages?: number;
  /** Records after which a CPU's programs wake the reader; 1. */
  wakeupEvents?: number;
  /** Told of records that programs could not write because the reader was too slow. */
  onLost?: (count: bigint, cpu: number) => void;
}

/** The map, and the CPUs that have a slot in it. */
export interface PerfSource {
  readonly fd: number;
  /** For errors. */
  readonly name: string;
  readonly cpus: number;
}

/** One CPU's event and its memory: a page of positions, then the data. */
interface CpuBuffer {
  readonly cpu: number;
  readonly fd: number;
  readonly memory: MappedMemory;
}

/**
 * The reader of a `BPF_MAP_TYPE_PERF_EVENT_ARRAY` that programs write to by `bpf_perf_event_output`: a perf event and a buffer for each CPU. Records
 * of one CPU come in order; CPUs one after the other. A record is as long as the program made it, and up to 7 bytes that perf puts behind it.
 *
 * @see v6.12 tools/lib/bpf/libbpf.c, perf_buffer__new, perf_event_read_simple
 */
export class PerfBuffer<R = Uint8Array> implements Disposable, AsyncIterable<R> {
  readonly #bpf: Bpf;
  readonly #source: PerfSource;
  readonly #codec: RecordCodec;
  readonly #buffers: CpuBuffer[] = [];
  readonly #dataSize: number;
  readonly #onLost: ((count: bigint, cpu: number) => void) | undefined;
  readonly #waiters: Waiters;
  #isOpen = true;
  /** Records that were lost, as far as this was read. */
  lost = 0n;

  /**
   * Readers come from {@link BpfMap.perfBuffer}.
   *
   * @throws LibbpfError VALUE for a number of pages that is none; BpfError; UnsupportedError where the kernel opens no perf events
   */
  constructor(bpf: Bpf, source: PerfSource, codec: RecordCodec, options: PerfBufferOptions = {}) {
    const { pages = 64, wakeupEvents = 1, onLost } = options;
    if (!(pages >= 1 && Math.log2(pages) % 1 === 0))
      throw new LibbpfError("VALUE", `perf buffer ${source.name}: ${pages} pages are no power of two`);
    this.#bpf = bpf;
    this.#source = source;
    this.#codec = codec;
    this.#onLost = onLost;
    this.#dataSize = PAGE * pages;
    this.#waiters = new Waiters(bpf);
    try {
      for (let cpu = 0; cpu < source.cpus; cpu++) this.#open(cpu, wakeupEvents);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  #open(cpu: number, wakeupEvents: number): void {
    const bpf = this.#bpf;
    const fd = bpf.perfEventOpen({ kind: "bpf-output", cpu, wakeupEvents });
    let memory: MappedMemory;
    try {
      memory = bpf.mmap(fd, PAGE + this.#dataSize, 0, true);
    } catch (error) {
      bpf.close(fd);
      throw error;
    }
    this.#buffers.push({ cpu, fd, memory });
    bpf.mapUpdateElem(this.#source.fd, u32(cpu), u32(fd));
  }

  #checkOpen(): void {
    if (!this.#isOpen) throw new LibbpfError("STATE", `the reader of perf buffer ${this.#source.name} is closed`);
  }

  /** The next record's bytes, of any CPU; undefined if there is none. @throws LibbpfError STATE once closed */
  readBytes(): { bytes: Uint8Array; cpu: number } | undefined {
    this.#checkOpen();
    for (const buffer of this.#buffers) {
      const bytes = this.#readFrom(buffer);
      if (bytes !== undefined) return { bytes, cpu: buffer.cpu };
    }
    return undefined;
  }

  #readFrom({ memory, cpu }: CpuBuffer): Uint8Array | undefined {
    for (;;) {
      const tail = memory.loadU64(DATA_TAIL);
      if (tail === memory.loadU64(DATA_HEAD)) return undefined;
      const header = this.#copy(memory, tail, HEADER);
      const type = header.getUint32(0, true);
      const size = header.getUint16(6, true);
      if (size < HEADER) throw new LibbpfError("STATE", `perf buffer ${this.#source.name}: a record of ${size} bytes`);
      const record = this.#copy(memory, tail, size);
      memory.storeU64(DATA_TAIL, tail + BigInt(size));
      if (type === PERF_RECORD_SAMPLE) return sampleOf(record);
      if (type === PERF_RECORD_LOST) this.#count(record.getBigUint64(16, true), cpu);
    }
  }

  /** Bytes at a position, around the end. */
  #copy(memory: MappedMemory, position: bigint, length: number): DataView {
    const at = Number(position & BigInt(this.#dataSize - 1));
    const first = Math.min(length, this.#dataSize - at);
    const bytes = new Uint8Array(length);
    bytes.set(memory.read(PAGE + at, first));
    if (first < length) bytes.set(memory.read(PAGE, length - first), first);
    return new DataView(bytes.buffer);
  }

  #count(lost: bigint, cpu: number): void {
    this.lost += lost;
    this.#onLost?.(lost, cpu);
  }

  /** As {@link readBytes}, by the record's type. @throws BtfError for one that does not fit; it is consumed all the same */
  read(): R | undefined {
    const found = this.readBytes();
    return found === undefined ? undefined : (this.#codec.decode(found.bytes) as R);
  }

  /**
   * Shows the records that are there, and those that are added meanwhile. A record is out of the buffer before it is shown.
   *
   * @param onRecord `false` stops after this record, as does what it throws
   * @param limit at most so many
   * @returns how many were shown
   */
  consume(onRecord: (record: R, cpu: number) => unknown, limit: number = Number.POSITIVE_INFINITY): number {
    let count = 0;
    while (count < limit) {
      const found = this.readBytes();
      if (found === undefined) break;
      count++;
      if (onRecord(this.#codec.decode(found.bytes) as R, found.cpu) === false) break;
    }
    return count;
  }

  /** {@link consume}, as soon as there is something to consume. @returns how many records were shown; 0 if the reader was closed instead */
  async poll(onRecord: (record: R, cpu: number) => unknown, limit?: number): Promise<number> {
    this.#checkOpen();
    const wakeups = this.#waiters.open(this.#fds);
    try {
      for (;;) {
        const count = this.consume(onRecord, limit);
        if (count > 0 || !(await wakeups.wait())) return count;
      }
    } finally {
      wakeups[Symbol.dispose]();
    }
  }

  /** All records, now and later; it ends when the reader is closed. */
  async *[Symbol.asyncIterator](): AsyncIterableIterator<R> {
    this.#checkOpen();
    const wakeups = this.#waiters.open(this.#fds);
    try {
      while (this.#isOpen) {
        const found = this.readBytes();
        if (found !== undefined) yield this.#codec.decode(found.bytes) as R;
        else await wakeups.wait();
      }
    } finally {
      wakeups[Symbol.dispose]();
    }
  }

  get #fds(): number[] {
    return this.#buffers.map(({ fd }) => fd);
  }

  /** Ends all iteration, closes the events and gives their memory back. The map stays open. Doing it twice is no error. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#waiters.close();
    for (const { cpu, fd, memory } of this.#buffers) {
      this.#forget(cpu);
      memory[Symbol.dispose]();
      this.#bpf.close(fd);
    }
  }

  /** The map holds an event as long as it is open: it is taken out, unless the map is closed, or somebody else has done so. */
  #forget(cpu: number): void {
    try {
      this.#bpf.mapDeleteElem(this.#source.fd, u32(cpu));
    } catch (error) {
      if (!(error instanceof Error && "errno" in error)) throw error;
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** A raw sample: {header; u32 size; data}. */
function sampleOf(record: DataView): Uint8Array {
  const size = Math.min(record.getUint32(HEADER, true), record.byteLength - HEADER - 4);
  return new Uint8Array(record.buffer, HEADER + 4, size);
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}
